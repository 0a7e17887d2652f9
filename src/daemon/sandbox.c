/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

bool
pol_sandbox_word(enum pol_sandbox_mode *out, const char *word)
{
	static const char *const words[] = {
		[POL_SANDBOX_KILL] = "kill", [POL_SANDBOX_ERRNO] = "errno", [POL_SANDBOX_LOG] = "log", [POL_SANDBOX_OFF] = "off",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum pol_sandbox_mode)i;
			return true;
		}
	}
	return false;
}

/* Another thread would keep what this one gives up. */
static bool
is_alone(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	if (d == NULL)
		return false;
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n == 1;
}

int
pol_sandbox_front(const struct pol_conf *conf, enum pol_sandbox_mode mode, char *why, size_t room)
{
	const struct rlimit none = { 0, 0 };
	int files;

	if (room > 0)
		why[0] = '\0';
	if (!is_alone()) {
		snprintf(why, room, "the process has other threads already, or there is no /proc");
		return -1;
	}
	/* no memory of it in a file, nor for who runs as the same user */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0) {
		snprintf(why, room, "the kernel does not let rights be given up");
		return -1;
	}
	files = pol_sandbox_files(conf, why, room);
	if (files >= 0 && pol_sandbox_calls(mode, why, room) != 0)
		return -1;
	return files;
}
