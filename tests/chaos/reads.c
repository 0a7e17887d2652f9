/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POLICY_READ_ONLY: a process that reads a store which another one writes. What it would
 * take to write is not there: no descriptor, no key, no call.
 */
#include "admins.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define SECOND INT64_C(1000000000)

static int orders = -1;		/* to who writes */

/* more: what the rules of admins.h lack; or, where it has modules, a set of its own. */
static struct policy *
open_with(const char *more, uint32_t flags)
{
	static const char little[] = "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc } }\n";

	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy *p = NULL;
	char text[8192];

	snprintf(text, sizeof(text), "%s%sstore: { url: \"%s\" }\n", more[0] != '\0' ? little : admins_rules, more, admins_url);
	opt.flags = POLICY_NO_THREAD | flags;
	opt.module_dir = admins_modules;
	opt.clock = admins_clock;
	admins_err = (struct policy_error)POLICY_ERROR_INIT;
	(void)policy_open_text(&p, "set", text, strlen(text), &opt, &admins_err);
	return p;
}

/* ---- who writes: another process, which does what a letter says ---- */

static int
obey(struct policy **p, char letter)
{
	struct policy_user want = POLICY_USER_INIT;
	struct told got;
	struct as root;

	as_user(&root, "root");
	switch (letter) {
	case 'o':
		*p = open_with("", 0);
		return *p != NULL;
	case 'c':
		policy_close(*p);
		return 1;
	case 'b':
		return bootstrap(*p, "root", &got) == 0;
	case 'a':
		want.name = policy_text("ann");
		want.password = policy_text("correct horse");
		return policy_user_create(*p, &root.req, &want, NULL, NULL, NULL) == 0;
	case 'g':
		return grant(*p, &root.req, "ann", "reader", NULL, 0, 0, &got) == 0;
	case 't':
		return token(*p, &root.req, "ann", "token", NULL, 0, 0, &got) == 0;
	default:
		return 0;
	}
}

static void
write_forever(int fd)
{
	struct policy *p = NULL;
	char letter;

	while (read(fd, &letter, 1) == 1) {
		const char done = (char)obey(&p, letter);

		if (write(fd, &done, 1) != 1)
			break;
	}
	_exit(0);
}

static int
order(char letter)
{
	char done = 0;

	return write(orders, &letter, 1) == 1 && read(orders, &done, 1) == 1 && done == 1;
}

static int
begin(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return 0;
	fflush(stdout);
	if (fork() == 0) {
		close(pair[0]);
		write_forever(pair[1]);
	}
	close(pair[1]);
	orders = pair[0];
	return 1;
}

/* ---- who reads ---- */

/* How many descriptors of this process are open on the store, and that none may write. */
static unsigned
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0, writing = 0;

	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char link[300], to[512];
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%s", e->d_name);
		len = readlink(link, to, sizeof(to) - 1);
		if (len <= 0 || strncmp(to, admins_dir, strlen(admins_dir)) != 0)
			continue;
		n++;
		if ((fcntl(atoi(e->d_name), F_GETFL) & O_ACCMODE) == O_RDONLY)
			continue;
		printf("    %s\n", to);
		writing++;
	}
	closedir(d);
	chaos_check(writing == 0, "no descriptor on the store may write");
	return n;
}

static void
serve(struct policy *p)
{
	usleep(210000);			/* the store's pace */
	(void)policy_service(p, 0);
}

static void
sees(struct policy *p)
{
	struct as ann;

	as_user(&ann, "ann");
	chaos_check(!may(p, &ann.req, "read", "doc", "1"), "nobody yet");
	chaos_check(order('a') && order('g'), "another process makes ann and grants her a role");
	chaos_check(!may(p, &ann.req, "read", "doc", "1"), "of which nobody has told us");
	chaos_check(policy_sync(p, NULL) == 0, "who asks the store is told");
	chaos_check(may(p, &ann.req, "read", "doc", "1"), "and it holds here at once");
}

static int
unsupported(int rc)
{
	const int good = rc == POLICY_ERR_UNSUPPORTED && strstr(admins_err.text, "reading only") != NULL;

	if (!good)
		printf("    %d %s\n", rc, admins_err.text);
	return good;
}

static void
changes_nothing(struct policy *p)
{
	struct policy_user u = POLICY_USER_INIT;
	struct policy_grant g = POLICY_GRANT_INIT;
	struct policy_token_info t = POLICY_TOKEN_INFO_INIT;
	struct policy_import i = POLICY_IMPORT_INIT;
	struct policy_error *err = &admins_err;
	char copy[128];
	struct told got;
	struct as by;
	const struct policy_request *root = as_user(&by, "root");

	u.name = policy_text("eve");
	g.who = policy_text("ann");
	g.role = policy_text("reader");
	chaos_check(unsupported(policy_user_create(p, root, &u, told_user, &got, err)), "create a user");
	chaos_check(unsupported(policy_user_change(p, root, "ann", POLICY_CHANGE_VOID, NULL, err)), "change one");
	chaos_check(unsupported(policy_user_password(p, root, "ann", policy_text(NULL), policy_text("another one"), err)), "a password");
	chaos_check(unsupported(policy_user_delete(p, root, "ann", err)), "delete one");
	chaos_check(unsupported(policy_grant_add(p, root, &g, told_grant, &got, err)), "grant");
	chaos_check(unsupported(policy_grant_remove(p, root, "x", err)), "take a grant away");
	chaos_check(unsupported(policy_token_create(p, root, &t, told_token, &got, err)), "make a token");
	chaos_check(unsupported(policy_token_renew(p, root, "x", 0, told_token, &got, err)), "renew one");
	chaos_check(unsupported(policy_token_revoke(p, root, "x", err)), "revoke one");
	chaos_check(unsupported(policy_admin_bootstrap(p, &u, "admin", told_user, &got, err)), "make the first");
	i.user.name = policy_text("eve");
	chaos_check(unsupported(policy_admin_import(p, root, &i, 1, NULL, NULL, err)), "import");
	got.n = 0;
	chaos_check(policy_user_show(p, root, "ann", told_user, &got, err) == 0 && strcmp(got.text, "ann") == 0, "shows one");
	chaos_check(policy_user_list(p, root, told_user, &got, err) == 0 && got.n == 3, "lists all");
	chaos_check(policy_grant_list(p, root, "ann", told_grant, &got, err) == 0 && strcmp(got.text, "reader") == 0, "grants");
	chaos_check(order('t'), "a token is made elsewhere");
	got.n = 0;
	chaos_check(policy_token_list(p, root, "ann", told_token, &got, err) == 0 && got.n == 1, "which is listed");
	snprintf(copy, sizeof(copy), "%s/copy", admins_dir);
	chaos_check(policy_admin_backup(p, root, copy, err) == 0 && unlink(copy) == 0, "and a copy is no change of it");
}

/* In a child it is what it was. */
static void
in_a_child(struct policy *p)
{
	struct policy_user u = POLICY_USER_INIT;
	struct as ann, root;
	int status = -1;
	pid_t child;

	as_user(&ann, "ann");
	as_user(&root, "root");
	u.name = policy_text("eve");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		const unsigned had = chaos_failed;

		chaos_check(may(p, &ann.req, "read", "doc", "1"), "a child decides");
		chaos_check(unsupported(policy_user_create(p, &root.req, &u, NULL, NULL, &admins_err)), "and changes nothing");
		chaos_check(policy_user_list(p, &root.req, told_user, &(struct told){ .n = 0 }, &admins_err) == 0, "it reads the store");
		(void)descriptors();
		_exit(chaos_failed == had ? 0 : 1);
	}
	waitpid(child, &status, 0);
	chaos_check(status == 0, "a child of it only reads too");
}

/* ---- what it loads ---- */

static int
login(struct policy *p, const char *password)
{
	struct policy_credential c = { .kind = POLICY_TEXT("password"), .name = POLICY_TEXT("ann"), .data = policy_text(password) };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity id = POLICY_IDENTITY_INIT;

	req.credentials = &c;
	req.credentials_count = 1;
	return policy_authenticate(p, &req, &id) == 0 && id.subject_id.len == 3;
}

/* Wrong ones count here at once, and are written nowhere. */
static void
passwords(void)
{
	static const char step[] = "modules: [ { use: password, with: { store: true } } ]\n";
	struct policy *p = open_with(step, POLICY_READ_ONLY), *other;

	if (!chaos_check(p != NULL, admins_err.text))
		return;
	chaos_check(login(p, "correct horse"), "the right one");
	for (int i = 0; i < 6; i++)
		chaos_check(!login(p, "wrong"), "a wrong one");
	serve(p);
	chaos_check(!login(p, "correct horse"), "after six of them nobody is let in for a second");
	other = open_with(step, POLICY_READ_ONLY);
	chaos_check(other != NULL && login(other, "correct horse"), "of which the store knows nothing");
	policy_close(other);
	admins_time += 2 * SECOND;
	chaos_check(login(p, "correct horse"), "then he is");
	for (int i = 0; i < 5; i++)
		chaos_check(!login(p, "wrong"), "and may be wrong again");
	chaos_check(login(p, "correct horse"), "five times");
	policy_close(p);
}

static int
opens(const char *step, uint32_t flags, const char *says)
{
	struct policy *p = open_with(step, flags);
	const int good = says == NULL ? p != NULL : p == NULL && strstr(admins_err.text, says) != NULL;

	if (!good)
		printf("    %s\n", admins_err.text);
	policy_close(p);
	return good;
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0)
		abort();
}

static int
is_built(const char *module)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s.so", admins_modules, module);
	if (access(path, R_OK) == 0)
		return 1;
	chaos_skip(1, module);
	return 0;
}

static void
steps(void)
{
	char step[1024], secret[128], none[160];

	snprintf(secret, sizeof(secret), "%s/secret", admins_dir);
	snprintf(none, sizeof(none), "%s/none", admins_dir);
	put(secret, "0123456789012345678901234567890123456789\n");
	snprintf(step, sizeof(step), "modules: [ { use: jwt, with: { issuer: us, audience: us, secret_file: %s, sign_with: %s,"
	    " registered: true } } ]\n", secret, none);
	if (is_built("jwt")) {
		chaos_check(opens(step, 0, "no such file"), "who may sign wants the key");
		chaos_check(opens(step, POLICY_READ_ONLY, NULL), "who only reads does not ask for it");
	}
	snprintf(step, sizeof(step), "modules: [ { use: token_file, kind: [management, inference, api],"
	    " with: { file: %s, format: torchserve, write: true } } ]\n", none);
	if (is_built("token_file")) {
		chaos_check(opens(step, POLICY_READ_ONLY, NULL) && access(none, F_OK) != 0, "a file of keys is not made");
		chaos_check(opens(step, 0, NULL) && access(none, F_OK) == 0, "but by who may");
		chaos_check(opens(step, POLICY_READ_ONLY, NULL), "and read then");
		unlink(none);
	}
	snprintf(step, sizeof(step), "modules: [ { use: password, control: required, with: { store: true } }, { use: totp, with: { file: %s } } ]\n",
	    secret);
	put(secret, "HOTP/T30/6 ann - 3132333435363738393031323334353637383930\n");
	if (is_built("totp")) {
		chaos_check(opens(step, POLICY_READ_ONLY, "reading only"), "codes that cannot be used up are no codes");
		snprintf(none, sizeof(none), "%s.used", secret);
		chaos_check(access(none, F_OK) != 0, "and nothing is written for them");
		chaos_check(opens(step, 0, NULL), "who may write has them");
		unlink(none);
	}
	unlink(secret);
}

static void
on_sqlite(void)
{
	struct policy *p;

	if (!admins_fresh(1)) {
		chaos_skip(1, "store_sqlite is not built");
		return;
	}
	chaos_check(open_with("", POLICY_READ_ONLY) == NULL, "a store that is not there is not made");
	chaos_check(strstr(admins_err.text, "No such file") != NULL, admins_err.text);
	if (!chaos_check(begin() && order('o') && order('b'), "another process writes"))
		return;
	p = open_with("", POLICY_READ_ONLY);
	if (!chaos_check(p != NULL, admins_err.text))
		return;
	chaos_check(descriptors() >= 2, "a file and its log");
	sees(p);
	changes_nothing(p);
	in_a_child(p);
	chaos_check(policy_reload(p, &admins_err) == 0, "reloaded");
	(void)descriptors();
	passwords();
	chaos_check(order('c'), "who writes goes");
	serve(p);
	chaos_check(may(p, &(struct policy_request){ .size = sizeof(struct policy_request), .subject_id = POLICY_TEXT("ann") },
	    "read", "doc", "1"), "what it left is read on");
	chaos_check(order('o') && order('t'), "it comes again");
	serve(p);
	(void)descriptors();
	policy_close(p);
	steps();
	close(orders);
	(void)wait(NULL);
}

int
main(void)
{
	if (!chaos_check(admins_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	(void)admins_fresh(0);
	chaos_check(opens("", POLICY_READ_ONLY, "does not know how to be opened for reading only"),
	    "a store that might write is not opened");
	on_sqlite();
	admins_end();
	return chaos_finish();
}
