/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, by landlock: what is not named here cannot be opened, and of what is named only
 * `write` can be written. Nothing can be executed, removed, renamed or made a link of.
 *
 * A rule is about a directory as it is now and all below it, whatever is renamed into it
 * later. So for a file that may be replaced it is its directory that is named: a rule for
 * the file would end with it. That is why all of /etc is read: a resolv.conf or a passwd
 * that another program has written anew must not be out of reach from then on. What is
 * secret there is so by its owner and mode.
 *
 * The numbers are the kernel's; headers are older than it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

/* ---- the kernel's ---- */

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

enum { VERSION = 1, PATH_BENEATH = 1, BIND_TCP = 1, SCOPE_SIGNAL = 2, ABI_KNOWN = 6 };

#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR (UINT64_C(1) << 3)
#define MAKE_REG (UINT64_C(1) << 8)
#define TRUNCATE (UINT64_C(1) << 14)

/* What each version of it can refuse, beside what the one before can. */
static const struct {
	uint64_t fs;
	size_t size;			/* of ruleset_attr */
} versions[ABI_KNOWN + 1] = {
	[1] = { (UINT64_C(1) << 13) - 1, 8 },	/* up to making links */
	[2] = { UINT64_C(1) << 13, 8 },		/* renaming into another directory */
	[3] = { TRUNCATE, 8 },
	[4] = { 0, 16 },			/* binding TCP ports */
	[5] = { UINT64_C(1) << 15, 16 },	/* ioctl of devices */
	[6] = { 0, 24 },			/* signals to others */
};

/* ---- the system's own: read where they are there ---- */

static const char *const systems[] = {
	/* libraries, certificates, time zones, locales */
	"/usr", "/lib", "/lib64", "/lib32",
	/* the set, names of users and hosts, certificates, how names are resolved */
	"/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	/* a store that is nowhere else */
	"/var/lib/policy",
	/* of this process: modules are loaded by descriptor */
	"/proc/self",
	/* what libraries ask of the machine */
	"/proc/sys", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu", "/dev/random", "/dev/urandom",
};

#define WRITTEN "/var/log/policy"

/* ---- rules ---- */

struct rules {
	int fd;
	uint64_t handled;
	char *why;
	size_t room;
	int process;			/* /proc/self */
};

static int
fail(const struct rules *r, const char *path, const char *what)
{
	snprintf(r->why, r->room, "%s%s%s: %s", path, path[0] != '\0' ? ": " : "", what, strerrordesc_np(errno));
	return -1;
}

/* Where it need not be there, it is passed over. */
static int
allow(struct rules *r, const char *path, uint64_t allowed, bool must)
{
	struct path_attr a = { .allowed = allowed & r->handled };
	struct stat st;
	int rc;

	a.parent = open(path, O_PATH | O_CLOEXEC);
	if (a.parent < 0 && !must && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	if (a.parent < 0)
		return fail(r, path, "it cannot be looked at");
	if (fstat(a.parent, &st) != 0 || !S_ISDIR(st.st_mode))
		a.allowed &= READ_FILE | WRITE_FILE | TRUNCATE;	/* of a file there is no more to allow */
	rc = (int)syscall(SYS_landlock_add_rule, r->fd, PATH_BENEATH, &a, 0);
	if (rc != 0)
		rc = fail(r, path, "it cannot be made a rule");
	/* a number of it that the kernel forgets and makes anew is another one to the rule */
	if (rc == 0 && strcmp(path, "/proc/self") == 0)
		r->process = a.parent;
	else
		close(a.parent);
	return rc;
}

/* Of a file, the directory that it lies in. NULL is nothing. */
static int
allow_around(struct rules *r, const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	char *dir;
	int rc;

	if (slash == NULL)
		return 0;
	dir = slash == path ? strdup(path) : strndup(path, (size_t)(slash - path));
	if (dir == NULL)
		return fail(r, path, "it cannot be made a rule");
	rc = allow(r, dir, READ_FILE | READ_DIR, true);
	free(dir);
	return rc;
}

/* The set is a file or a directory. */
static int
allow_set(struct rules *r, const char *path)
{
	struct stat st;

	if (path == NULL)
		return 0;		/* below /etc */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return allow(r, path, READ_FILE | READ_DIR, true);
	return allow_around(r, path);
}

static int
allow_all(struct rules *r, const struct pol_conf *c)
{
	const uint64_t reads = READ_FILE | READ_DIR, writes = reads | WRITE_FILE | MAKE_REG | TRUNCATE;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(systems) / sizeof(systems[0]); i++)
		rc = allow(r, systems[i], reads, false);
	if (rc == 0)
		rc = allow_set(r, c->policy);
	if (rc == 0)
		rc = allow_around(r, c->jwks);
	if (rc == 0 && c->modules != NULL)
		rc = allow(r, c->modules, reads, true);
	if (rc == 0 && c->state != NULL)
		rc = allow(r, c->state, reads, false);
	for (size_t i = 0; rc == 0 && i < c->listeners_count; i++) {
		const struct pol_conf_listener *l = &c->listeners[i];

		rc = allow_around(r, l->certificate);
		if (rc == 0)
			rc = allow_around(r, l->key);
		if (rc == 0)
			rc = allow_around(r, l->client_ca);
	}
	for (size_t i = 0; rc == 0 && i < c->read_count; i++)
		rc = allow(r, c->read[i], reads, true);
	for (size_t i = 0; rc == 0 && i < c->write_count; i++)
		rc = allow(r, c->write[i], writes, true);
	if (rc == 0 && c->write_count == 0)
		rc = allow(r, WRITTEN, writes, false);
	if (rc == 0)
		rc = allow(r, "/dev/null", READ_FILE | WRITE_FILE, false);
	return rc;
}

int
pol_sandbox_files(const struct pol_conf *conf, char *why, size_t room)
{
	struct rules r = { .why = why, .room = room, .process = -1 };
	struct ruleset_attr attr = { 0, 0, 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
	int rc;

	if (abi < 1) {
		snprintf(why, room, "this kernel has no landlock (%s): files are guarded by their owners and modes alone",
		    strerrordesc_np(errno));
		return 1;
	}
	if (abi > ABI_KNOWN)
		abi = ABI_KNOWN;
	for (long i = 1; i <= abi; i++)
		attr.fs |= versions[i].fs;
	if (abi >= 4)
		attr.net = BIND_TCP;
	if (abi >= 6)
		attr.scoped = SCOPE_SIGNAL;
	r.handled = attr.fs;
	r.fd = (int)syscall(SYS_landlock_create_ruleset, &attr, versions[abi].size, 0);
	if (r.fd < 0)
		return fail(&r, "", "landlock takes no rules");
	rc = allow_all(&r, conf);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, r.fd, 0) != 0)
		rc = fail(&r, "", "landlock is not taken on");
	close(r.fd);
	return rc;
}
