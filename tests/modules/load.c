/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: what is refused, with which words, and what is the same module. The modules
 * are compiled here, each from the same few lines with something else wrong in it.
 *
 * Of the environment nothing is read when a module is loaded, so a set-user-ID program
 * has nothing to ignore here; dependencies are glibc's to find, and it ignores LD_ there.
 */
#include "chaos/chaos.h"
#include "load/module.h"
#include "modules/drive.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/pol-load-XXXXXX", dir[64];
static struct policy_error err;
static const struct policy_module *m;

static const char source[] =
    "#include <policy_module.h>\n"
    "#ifndef SIZE\n#define SIZE sizeof(struct policy_module)\n#endif\n"
    "#ifndef ABI\n#define ABI POLICY_MODULE_ABI\n#endif\n"
    "#ifndef VERSION\n#define VERSION \"1\"\n#endif\n"
    "#ifndef FLAGS\n#define FLAGS 0\n#endif\n"
    "#ifndef ANSWER\n#define ANSWER POLICY_CHECK_FAIL\n#endif\n"
    "#ifndef OPEN\n#define OPEN my_open\n#endif\n"
    "#ifndef CHECK\n#define CHECK my_check\n#endif\n"
    "#ifndef CLOSE\n#define CLOSE my_close\n#endif\n"
    "#ifdef CALLS\nextern int CALLS(void);\nint calls(void);\nint calls(void) { return CALLS(); }\n#endif\n"
    "#if defined STORE\n"
    "static int my_open(void **s, const struct policy_store_args *a, struct policy_error *e)\n"
    "{ (void)a; (void)e; *s = NULL; return 0; }\n"
    "static int my_check(void *s, uint64_t *n, policy_row_fn *r, void *c, struct policy_error *e)\n"
    "{ (void)s; (void)n; (void)r; (void)c; (void)e; return 0; }\n"
    "static void my_close(void *s) { (void)s; }\n"
    "const struct policy_store policy_store_1 = { .size = sizeof(struct policy_store), .abi = ABI,\n"
    "    .name = NAME, .version = VERSION, .open = OPEN, .changes = CHECK, .close = CLOSE };\n"
    "#elif defined TINY\n"
    "const char tiny[4] __asm__(\"policy_module_1\") __attribute__((visibility(\"default\"))) = \"no\";\n"
    "#elif !defined NOTHING\n"
    "static int my_open(void **s, const struct policy_open_args *a, struct policy_error *e)\n"
    "{ (void)a; (void)e; *s = NULL; return 0; }\n"
    "static enum policy_check_result my_check(void *s, const struct policy_call *c, struct policy_identity *i)\n"
    "{ (void)s; (void)c; (void)i; return ANSWER; }\n"
    "static void my_close(void *s) { (void)s; }\n"
    "static int64_t my_serve(void *s, uint32_t w) { (void)s; (void)w; return -1; }\n"
    "#define ALL { .size = SIZE, .abi = ABI, .name = NAME, .version = VERSION, .flags = FLAGS, \\\n"
    "    .open = OPEN, .check = CHECK, .close = CLOSE, .serve = my_serve }\n"
    "#ifdef LONGER\n"
    "const struct { struct policy_module m; void *more[2]; } longer __asm__(\"policy_module_1\")\n"
    "    __attribute__((visibility(\"default\"))) = { ALL, { 0 } };\n"
    "#else\n"
    "const struct policy_module policy_module_1 = ALL;\n"
    "#endif\n"
    "#endif\n";

#define TO_CLOSE "(__builtin_offsetof(struct policy_module,close)+sizeof(void*))"

/* ---- making things ---- */

static char *
at(const char *name)
{
	static char path[4][256];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void
put(const char *path, const void *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	chaos_check(fd >= 0 && write(fd, text, n) == (ssize_t)n && fchmod(fd, 0644) == 0, path);
	close(fd);
}

static int
run(const char *fmt, ...)
{
	char command[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

/* file.so in our directory, which calls itself `name`; how: more for the compiler. */
static void
build(const char *file, const char *name, const char *how)
{
	const char *cc = getenv("CC"), *src = getenv("top_srcdir");

	chaos_check(run("%s -shared -fPIC -w -O0 -I'%s/src/include' -DNAME='\"%s\"' -o '%s/%s.so' '%s/odd.c' %s && "
	    "chmod 0755 '%s/%s.so'", cc != NULL ? cc : "cc", src != NULL ? src : ".", name, dir, file, top, how,
	    dir, file) == 0, file);
}

static int
load_from(const char *where, const char *name)
{
	err = (struct policy_error)POLICY_ERROR_INIT;
	m = (const void *)&err;
	return pol_module_load(&m, where, name, &err);
}

static int
load(const char *name)
{
	return load_from(dir, name);
}

static void
refuses_from(const char *where, const char *name, int wanted, const char *part)
{
	int rc = load_from(where, name);

	if (!chaos_check(rc == wanted && err.code == wanted && m == NULL && strstr(err.text, part) != NULL, part))
		printf("    %s: %d: %s\n", name, rc, err.text);
	chaos_check(strstr(err.text, "/proc/self") == NULL, "our own name of a descriptor is nobody's business");
}

static void
refuses(const char *name, int wanted, const char *part)
{
	refuses_from(dir, name, wanted, part);
}

/* ---- names, directories, owners ---- */

static void
names(void)
{
	static const char *const bad[] = { "", ".", "..", "/good", "../good", "a/b", "./good", "Good", "good.so", "go od",
	    "good\n", "-good", "g\xc3\xb6od",
	    "a234567890123456789012345678901234567890123456789012345678901234x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(bad[i], POLICY_ERR_INVALID, "must be 1 to 64 of a-z");
	refuses("a23456789012345678901234567890123456789012345678901234567890123_", POLICY_ERR_NOENT, "No such file");
	refuses("absent", POLICY_ERR_NOENT, "/absent.so");
	refuses_from("", "good", POLICY_ERR_INVALID, "must be an absolute path");
	refuses_from(NULL, "good", POLICY_ERR_INVALID, "must be an absolute path");
	refuses_from("tmp", "good", POLICY_ERR_INVALID, "the directory of modules is 'tmp'");
	refuses_from("/nowhere", "good", POLICY_ERR_NOENT, "/nowhere");
	refuses_from(at("good.so"), "good", POLICY_ERR_INVALID, "is not a directory");
	chaos_check(load("good") == 0 && strcmp(m->name, "good") == 0, "a good one");
	chaos_check(pol_module_load(&m, dir, "absent", NULL) == POLICY_ERR_NOENT, "nobody asks why");
}

static void
kinds_of_file(void)
{
	chaos_check(symlink("good.so", at("link.so")) == 0, "symlink");
	refuses("link", POLICY_ERR_UNSAFE, "is a symbolic link");
	chaos_check(mkfifo(at("fifo.so"), 0644) == 0, "mkfifo");
	refuses("fifo", POLICY_ERR_INVALID, "is not a regular file");
	chaos_check(mkdir(at("folder.so"), 0755) == 0, "mkdir");
	refuses("folder", POLICY_ERR_INVALID, "is not a regular file");
}

static void
modes(void)
{
	static const mode_t bad[] = { 0666, 0664, 0646, 0602, 0775 };
	char link[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		chmod(at("good.so"), bad[i]);
		refuses("good", POLICY_ERR_UNSAFE, "must not be able to write it");
	}
	chmod(at("good.so"), 01666);	/* sticky is for directories */
	refuses("good", POLICY_ERR_UNSAFE, "mode 1666");
	chmod(at("good.so"), 0755);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		chmod(dir, bad[i] | 0111);
		refuses("good", POLICY_ERR_UNSAFE, "the directory");
		chmod(dir, 0755);
		chmod(top, bad[i] | 0111);	/* above it */
		refuses("good", POLICY_ERR_UNSAFE, "the directory");
		chmod(top, 0755);
	}
	/* the directory itself may be reached by a link: both of its sides are looked at */
	snprintf(link, sizeof(link), "%s/l", top);
	chaos_check(symlink(dir, link) == 0 && load_from(link, "good") == 0, "a link to the directory");
	chmod(dir, 0777);
	refuses_from(link, "good", POLICY_ERR_UNSAFE, "mode 0777");
	chmod(dir, 0755);
	chaos_check(load("good") == 0, "as it was");
}

static void
owners(void)
{
	if (geteuid() != 0) {
		chaos_skip(9, "files of somebody else's (not root)");
		return;
	}
	chaos_check(chown(at("good.so"), 12345, 0) == 0, "chown");
	refuses("good", POLICY_ERR_UNSAFE, "belongs to uid 12345");
	chaos_check(chown(at("good.so"), 0, 0) == 0 && chown(dir, 12345, 0) == 0, "chown");
	refuses("good", POLICY_ERR_UNSAFE, "belongs to uid 12345");
	chaos_check(chown(dir, 0, 0) == 0, "chown back");
	chmod(dir, 01777);
	chaos_check(load("good") == 0, "root's sticky directory may be written");
	chmod(dir, 0755);
	chaos_check(load("good") == 0, "as it was");
}

/* ---- what is in the file ---- */

static void
handshakes(void)
{
	static const struct {
		const char *name, *how, *part;
	} rows[] = {
		{ "h_nothing", "-DNOTHING", "has no symbol policy_module_1" },
		{ "h_abi", "-DABI=2", "is of ABI 2, but this library's is 1" },
		{ "h_abi0", "-DABI=0", "is of ABI 0" },
		{ "h_short", "'-DSIZE=" TO_CLOSE "-8'", "it must have at least" },
		{ "h_zero", "-DSIZE=0", "has 0 bytes" },
		{ "h_lies", "-DSIZE=4096", "says that its policy_module_1 has 4096 bytes" },
		{ "h_tiny", "-DTINY", "of 4 bytes" },
		{ "h_version", "-DVERSION=NULL", "has no version" },
		{ "h_flags", "-DFLAGS=0x40000001", "does not know 0x40000000" },
		{ "h_open", "-DOPEN=NULL", "has no open()" },
		{ "h_check", "-DCHECK=NULL", "has no check()" },
		{ "h_close", "-DCLOSE=NULL", "has no close()" },
		{ "h_undefined", "-DCALLS=nowhere_at_all -Wl,-z,lazy", "undefined symbol: nowhere_at_all" },
		{ "h_missing", "-Wl,--no-as-needed -Wl,-rpath,/nowhere -L. -l:libpol_gone.so", "libpol_gone.so" },
		{ "h_store", "-DSTORE", "has no symbol policy_module_1" },
	};
	char how[256];

	/* a library to need: it has the symbol, and one that is gone by then */
	build("libpol_dep", "h_dep", "");
	snprintf(how, sizeof(how), "-DNOTHING -Wl,--no-as-needed -Wl,-rpath,'%s' '%s/libpol_dep.so'", dir, dir);
	build("h_dep", "h_dep", how);
	refuses("h_dep", POLICY_ERR_INVALID, "of its own: a library that it needs has it");
	build("other", "good", "");
	refuses("other", POLICY_ERR_INVALID, "calls itself 'good', but must have the name of its file, 'other'");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, "h_missing") == 0) {
			build("libpol_gone", "gone", "-Wl,-soname,libpol_gone.so");
			snprintf(how, sizeof(how), "-Wl,--no-as-needed '%s/libpol_gone.so'", dir);
			build("h_missing", "h_missing", how);
			unlink(at("libpol_gone.so"));
		} else {
			build(rows[i].name, rows[i].name, rows[i].how);
		}
		refuses(rows[i].name, POLICY_ERR_INVALID, rows[i].part);
		refuses(rows[i].name, POLICY_ERR_INVALID, rows[i].part);	/* also the second time */
	}
}

/* Older and newer headers than ours. */
static void
other_sizes(void)
{
	build("older", "older", "'-DSIZE=" TO_CLOSE "'");
	build("newer", "newer", "-DLONGER '-DSIZE=sizeof(struct policy_module)+2*sizeof(void*)'");
	chaos_check(load("older") == 0 && m->serve != NULL && !POL_HAS(m, serve) && POL_HAS(m, close),
	    "of a shorter struct what it does not have is not looked at");
	chaos_check(load("newer") == 0 && POL_HAS(m, serve) && !POL_HAS(m, issue), "a longer struct is fine");
	chaos_check(load("good") == 0 && POL_HAS(m, serve) && !POL_HAS(m, claims), "one of ours");
}

static size_t
bytes_of(const char *path, char *room, size_t most)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, room, most) : -1;

	close(fd);
	return n > 0 ? (size_t)n : 0;
}

static void
broken_files(void)
{
	static char text[1 << 18];
	const size_t n = bytes_of(at("good.so"), text, sizeof(text));
	unsigned cut = 0, whole = 0, odd = 0;

	chaos_check(n > 4096 && n < sizeof(text), "the file of a module");
	put(at("bad.so"), "", 0);
	refuses("bad", POLICY_ERR_INVALID, "is not a shared object");
	put(at("bad.so"), "#!/bin/sh\nexit 0\n", 17);
	refuses("bad", POLICY_ERR_INVALID, "is not a shared object");
	for (size_t k = 4; k < n; k += k < 1024 ? 31 : 257) {
		put(at("bad.new"), text, k);
		chaos_check(rename(at("bad.new"), at("bad.so")) == 0, "rename");
		int rc = load("bad");
		if (rc == POLICY_ERR_INVALID && strstr(err.text, "calls itself") == NULL)
			cut++;
		else if (rc == POLICY_ERR_INVALID)
			whole++;		/* what is gone is for debuggers only */
		else
			odd++;
	}
	chaos_check(cut > 20 && odd == 0, "a module that was cut short is refused");
	printf("%u lengths refused, %u whole but for section headers\n", cut, whole);
	text[4] = (char)(text[4] ^ 3);	/* for another size of pointers */
	put(at("bad.new"), text, n);
	chaos_check(rename(at("bad.new"), at("bad.so")) == 0, "rename");
	refuses("bad", POLICY_ERR_INVALID, "cannot be loaded: wrong ELF class");
	memset(text + 4, 0xff, 60);
	put(at("bad.new"), text, n);
	chaos_check(rename(at("bad.new"), at("bad.so")) == 0, "rename");
	refuses("bad", POLICY_ERR_INVALID, "bad.so");
}

/* ---- which module it is ---- */

static int
lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static void
same_file_same_module(void)
{
	const struct policy_module *first, *other;
	const int free_fd = lowest_free();
	int spare;

	chaos_check(load("good") == 0, "once");
	first = m;
	chaos_check(load("good") == 0 && m == first, "the same file is the same module");
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	chaos_check(load("good") == 0 && m == first, "also by another descriptor");
	chaos_check(link(at("good.so"), at("good2.so")) == 0, "link");
	refuses("good2", POLICY_ERR_INVALID, "calls itself 'good'");
	close(spare);
	chaos_check(lowest_free() == free_fd, "no descriptor is kept");
	chaos_check(dlsym(RTLD_DEFAULT, "policy_module_1") == NULL, "what a module exports is nobody else's to find");

	/* numbers that modules were loaded by come again, for other files */
	build("number", "number", "");
	chaos_check(load("number") == 0 && m != first && strcmp(m->name, "number") == 0, "another file, the same number");
	other = m;
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	chaos_check(load("number") == 0 && m == other, "the second number too");
	build("third", "third", "");
	chaos_check(load("third") == 0 && strcmp(m->name, "third") == 0, "of a name that glibc has beside the first");
	close(spare);
}

static void
renamed_and_swapped(void)
{
	const struct policy_module *old;

	build("swap", "swap", "'-DVERSION=\"1\"' -DANSWER=3");
	chaos_check(load("swap") == 0 && strcmp(m->version, "1") == 0, "the first build");
	old = m;
	build("swap_new", "swap", "'-DVERSION=\"2\"' -DANSWER=2");
	chaos_check(rename(at("swap_new.so"), at("swap.so")) == 0, "rename");
	chaos_check(load("swap") == 0 && m != old && strcmp(m->version, "2") == 0, "a newer build, renamed over it");
	chaos_check(old->check(NULL, NULL, NULL) == 3 && m->check(NULL, NULL, NULL) == 2, "both go on");
	build("swap_bad", "swap", "-DABI=7");
	chaos_check(rename(at("swap_bad.so"), at("swap.so")) == 0, "rename");
	refuses("swap", POLICY_ERR_INVALID, "ABI 7");
	chaos_check(old->check(NULL, NULL, NULL) == 3, "a bad build harms none");
}

/* Many builds, each renamed over the last: inodes that come again are told apart too. */
static void
many_builds(void)
{
	static char text[1 << 18];
	const size_t n = bytes_of(at("third.so"), text, sizeof(text));
	const struct policy_module *seen[50];
	unsigned twice = 0;

	for (unsigned i = 0; i < 50; i++) {
		put(at("third.new"), text, n);
		chaos_check(rename(at("third.new"), at("third.so")) == 0 && load("third") == 0, "a build");
		seen[i] = m;
		for (unsigned k = 0; k < i; k++)
			twice += seen[k] == m;
	}
	chaos_check(twice == 0, "each build is a module of its own");
}

static void *
loads(void *arg)
{
	const struct policy_module *const *wanted = arg, *got;
	uintptr_t bad = 0;

	for (unsigned i = 0; i < 300; i++) {
		const unsigned k = i % 3;
		static const char *const which[] = { "t_a", "t_b", "t_c" };

		bad += pol_module_load(&got, dir, which[k], NULL) != 0 || strcmp(got->name, which[k]) != 0;
		bad += wanted[k] != NULL && got != wanted[k];
	}
	return (void *)bad;
}

static void
threads(void)
{
	const struct policy_module *wanted[3] = { NULL, NULL, NULL };
	pthread_t t[4];
	uintptr_t bad = 0;
	void *said;

	build("t_a", "t_a", "");
	build("t_b", "t_b", "");
	build("t_c", "t_c", "");
	for (unsigned round = 0; round < 2; round++) {	/* first none is loaded, then all are */
		for (unsigned i = 0; i < 4; i++)
			chaos_check(pthread_create(&t[i], NULL, loads, wanted) == 0, "a thread");
		for (unsigned i = 0; i < 4; i++) {
			pthread_join(t[i], &said);
			bad += (uintptr_t)said;
		}
		chaos_check(load("t_a") == 0, "a");
		wanted[0] = m;
		chaos_check(load("t_b") == 0, "b");
		wanted[1] = m;
		chaos_check(load("t_c") == 0, "c");
		wanted[2] = m;
	}
	chaos_check(bad == 0, "threads that load at once get what they asked for");
}

static void
built_in_and_stores(void)
{
	const struct policy_store *s;

	chaos_check(load_from("/nowhere", "peer") == 0 && strcmp(m->name, "peer") == 0, "peer is built in");
	build("peer", "peer", "-DABI=9");
	chaos_check(load("peer") == 0, "and comes before a file of that name");
	build("store_odd", "store_odd", "-DSTORE");
	err = (struct policy_error)POLICY_ERROR_INIT;
	chaos_check(pol_store_load(&s, dir, "store_odd", &err) == 0 && s->apply == NULL, "a store");
	chaos_check(pol_store_load(&s, dir, "good", &err) == POLICY_ERR_INVALID && s == NULL &&
	    strstr(err.text, "policy_store_1, by which it would be a store") != NULL, "a module is none");
	err = (struct policy_error)POLICY_ERROR_INIT;
	chaos_check(pol_store_load(&s, dir, "peer", &err) == POLICY_ERR_INVALID, "nor is what is built in");
	build("store_bad", "store_bad", "-DSTORE -DCHECK=NULL");
	err = (struct policy_error)POLICY_ERROR_INIT;
	chaos_check(pol_store_load(&s, dir, "store_bad", &err) == POLICY_ERR_INVALID &&
	    strstr(err.text, "has no changes()") != NULL, "a store without changes()");
}

/* What the tree builds for tests, copied: who may write the build is not our matter. */
static void
our_own(void)
{
	static const struct { const char *name; uint32_t flags; } rows[] = {
		{ "return", 0 },
		{ "return_block", POLICY_MODULE_MAY_BLOCK },
		{ "return_heeds", POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK },
		{ "return_cache", POLICY_MODULE_CACHEABLE },
		{ "return_asked", POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_CACHEABLE | POLICY_MODULE_CACHE_ASKED },
		{ "return_scoped", POLICY_MODULE_SCOPED },
		{ "return_second", POLICY_MODULE_SECOND_FACTOR },
		{ "skeleton", POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK | POLICY_MODULE_CACHEABLE },
	};
	const char *build_dir = getenv("top_builddir");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		chaos_check(run("cp '%s/modules/.libs/%s.so' '%s/%s.so' && chmod 0644 '%s/%s.so'", build_dir != NULL ? build_dir :
		    "build", rows[i].name, dir, rows[i].name, dir, rows[i].name) == 0, "cp");
		if (!chaos_check(load(rows[i].name) == 0 && m->flags == rows[i].flags && POL_HAS(m, serve), rows[i].name))
			printf("    %s\n", err.text);
	}
}

/* A module through its file: opened, asked, closed. */
static void
skeleton_at_work(void)
{
	const char key[] = "0123456789abcdef0123456789abcdef";
	const struct policy_credential c = { POLICY_TEXT("api_key"), { NULL, 0 }, { key, sizeof(key) - 1 }, { 0, 0 } };
	const struct policy_credential bad = { POLICY_TEXT("api_key"), { NULL, 0 }, { key, sizeof(key) - 2 }, { 0, 0 } };
	const struct policy_attr with[] = {
		{ POLICY_TEXT("file"), { .type = POLICY_STRING, .u.text = policy_text(at("key")) } },
		DRIVE_ATTR_TEXT("user", "alice"),
	};
	static struct drive d;
	uint32_t used = 0;

	put(at("key"), key, sizeof(key) - 1);
	chmod(at("key"), 0600);
	chaos_check(load("skeleton") == 0, "skeleton");
	drive_init(&d, m);
	chaos_check(drive_open(&d, with, 2) == 0, "it opens");
	chaos_check(drive_check_all(&d, &c, 1, 0, &used) == POLICY_CHECK_PASS && strcmp(d.f.id.subject_id.data, "alice") == 0,
	    "the key passes");
	chaos_check(drive_check_all(&d, &bad, 1, 0, &used) == POLICY_CHECK_FAIL, "another does not");
	drive_close(&d);
}

/* ---- in a child ---- */

/* A host that closes all it finds, and descriptors that then come again. */
static int
closes_all(void)
{
	const struct policy_module *good;

	if (load("good") != 0)
		return 1;
	good = m;
	closefrom(3);
	if (load("after") != 0 || strcmp(m->name, "after") != 0)
		return 2;
	closefrom(3);
	if (load("good") != 0 || m != good)
		return 3;
	return load("after") == 0 && strcmp(m->name, "after") == 0 ? 0 : 4;
}

static int
without_proc(void)
{
	if (chroot(top) != 0 || chdir("/") != 0)
		return 1;
	if (load_from("/m", "after") != POLICY_ERR_IO || strstr(err.text, "/proc must be mounted") == NULL) {
		printf("%s\n", err.text);
		return 2;
	}
	return load_from("/m", "peer") == 0 ? 0 : 3;
}

static int
without_descriptors(void)
{
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	return load("after") == POLICY_ERR_IO && err.text[0] != '\0' ? 0 : 1;
}

static void
child(int (*what)(void), const char *name)
{
	pid_t pid;
	int status = -1;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(what());
	waitpid(pid, &status, 0);
	if (!chaos_check(status == 0, name))
		printf("status %x\n", (unsigned)status);
}

int
main(void)
{
	char path[128];

	umask(022);
	if (!chaos_check(mkdtemp(top) != NULL && chmod(top, 0755) == 0, "a directory"))
		return chaos_finish();
	snprintf(dir, sizeof(dir), "%s/m", top);
	chaos_check(mkdir(dir, 0755) == 0, "a directory of modules");
	snprintf(path, sizeof(path), "%s/odd.c", top);
	put(path, source, sizeof(source) - 1);
	build("good", "good", "");
	build("after", "after", "");
	names();
	kinds_of_file();
	modes();
	owners();
	handshakes();
	other_sizes();
	broken_files();
	same_file_same_module();
	renamed_and_swapped();
	many_builds();
	threads();
	built_in_and_stores();
	our_own();
	skeleton_at_work();
	child(closes_all, "a host that closes all descriptors");
	child(without_descriptors, "no descriptor left");
	if (geteuid() == 0)
		child(without_proc, "no /proc");
	else
		chaos_skip(1, "no /proc (not root)");
	chaos_check(run("rm -rf '%s'", top) == 0, "rm");
	return chaos_finish();
}
