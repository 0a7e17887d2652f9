/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only dlopen. What is loaded is what was judged: the file is opened once, looked at
 * through its descriptor, and dlopen gets that descriptor's name under /proc.
 *
 * glibc knows an object by the text that it was loaded by, before it looks at the file:
 * a number that the next module's descriptor gets too would give the last module again,
 * and keeping descriptors open does not help where a host closes all it finds. So the
 * text says which file it stands for (see spell). Where the text is a new one, glibc
 * compares device and inode with what it has, under its own lock: the same file is the
 * same object, whoever asks at the same time, and another file is another. A file that
 * is mapped keeps its inode, and what ran stays mapped: no number comes twice. Hence
 * neither a register of what is loaded nor a descriptor that has to stay open.
 *
 * Nothing is read from the environment here; what glibc reads of it for an object's own
 * dependencies (LD_LIBRARY_PATH) it ignores itself in a set-user-ID program.
 */
#include "load/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "load/builtin.h"
#include "load/walk.h"

#define NAME_MOST 64
#define SPELT 448			/* 14 + 128 * 3 + 11, and some */

#define MODULE_FLAGS (POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK | POLICY_MODULE_CACHEABLE | \
	POLICY_MODULE_CACHE_ASKED | POLICY_MODULE_SCOPED | POLICY_MODULE_SECOND_FACTOR)

/* How both structs begin. */
struct head {
	uint32_t size, abi;
	const char *name, *version;
	uint32_t flags;
};

#define SAME_HEAD(type) \
	_Static_assert(offsetof(type, size) == offsetof(struct head, size) && \
	    offsetof(type, abi) == offsetof(struct head, abi) && \
	    offsetof(type, name) == offsetof(struct head, name) && \
	    offsetof(type, version) == offsetof(struct head, version) && \
	    offsetof(type, flags) == offsetof(struct head, flags), "how it begins")
SAME_HEAD(struct policy_module);
SAME_HEAD(struct policy_store);

/* What is asked of a symbol. */
struct form {
	const char *what, *symbol;
	size_t least;			/* bytes that the first version of the struct had to have */
	uint32_t flags;			/* that we know */
	struct {
		const char *name;
		size_t offset;
	} needs[3];			/* functions that are never NULL */
};

#define END(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))
#define NEEDS(type, member) { #member, offsetof(type, member) }

static const struct form module_form = {
	"module", "policy_module_1", END(struct policy_module, close), MODULE_FLAGS,
	{ NEEDS(struct policy_module, open), NEEDS(struct policy_module, check), NEEDS(struct policy_module, close) },
};
static const struct form store_form = {
	"store", "policy_store_1", END(struct policy_store, close), POLICY_STORE_HEEDS_READ_ONLY,
	{ NEEDS(struct policy_store, open), NEEDS(struct policy_store, changes), NEEDS(struct policy_store, close) },
};

struct search {
	const struct form *form;
	const char *name;
	char path[PATH_MAX];		/* for messages */
	int fd;
	struct stat st;
	struct pol_walk_judge j;
	struct policy_error why;
};

#define REFUSE(s, ...) pol_err_set(&(s)->why, POLICY_ERR_INVALID, NULL, 0, 0, __VA_ARGS__)

static bool
is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= NAME_MOST && name[n] == '\0';
}

/* ---- the file ---- */

/* What `name` stands for, before it is opened: opening a device may do something. */
static int
look(struct search *s, int dir, const char *file)
{
	struct stat st;
	int fd = openat(dir, file, O_PATH | O_NOFOLLOW | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return pol_walk_errno(&s->j, s->path, errno);
	if (fstat(fd, &st) != 0)
		rc = pol_walk_errno(&s->j, s->path, errno);
	else if (S_ISLNK(st.st_mode))
		rc = pol_walk_fault(&s->j, "%s is a symbolic link, but must be the file itself", s->path);
	else if (!S_ISREG(st.st_mode))
		rc = REFUSE(s, "%s is not a regular file", s->path);
	close(fd);
	return rc;
}

static int
open_in(struct search *s, int dir)
{
	char file[NAME_MOST + sizeof(".so")];
	int rc;

	snprintf(file, sizeof(file), "%s.so", s->name);
	rc = look(s, dir, file);
	if (rc != 0)
		return rc;
	/* it may be another thing by now: NOFOLLOW, NONBLOCK, NOCTTY, and judged anew */
	s->fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &s->st) != 0)
		return pol_walk_errno(&s->j, s->path, errno);
	if (!S_ISREG(s->st.st_mode))
		return REFUSE(s, "%s is not a regular file", s->path);
	return pol_walk_judge(&s->j, &s->st, "file", s->path, false);
}

static int
open_file(struct search *s, const char *dir)
{
	struct pol_walk_end end;
	int n, rc;

	if (!is_name(s->name))
		return REFUSE(s, "the name must be 1 to %d of a-z, 0-9 and _", NAME_MOST);
	if (dir == NULL || dir[0] != '/')
		return REFUSE(s, "the directory of modules is '%s', but must be an absolute path", dir != NULL ? dir : "");
	n = snprintf(s->path, sizeof(s->path), "%s/%s.so", dir, s->name);
	if (n < 0 || (size_t)n >= sizeof(s->path))
		return pol_walk_errno(&s->j, "the path", ENAMETOOLONG);
	rc = pol_walk_open(&end, dir, &s->j);
	if (rc != 0)
		return rc;
	if (end.name[0] != '\0')
		rc = REFUSE(s, "%s is not a directory", dir);
	else
		rc = open_in(s, end.dir);
	pol_walk_close(&end);
	return rc;
}

/* ---- the object ---- */

/*
 * glibc maps what the program headers say, and touches it: of a file that was cut short
 * that is a SIGBUS. What is no ELF file of this machine at all, dlopen says itself.
 */
static int
judge_length(struct search *s)
{
	ElfW(Ehdr) e;
	ElfW(Phdr) p;
	const uint64_t size = (uint64_t)s->st.st_size;

	if (pread(s->fd, &e, sizeof(e), 0) != (ssize_t)sizeof(e) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0)
		return REFUSE(s, "%s is not a shared object", s->path);
	if (e.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) || e.e_phentsize != sizeof(p))
		return 0;
	for (unsigned i = 0; i < e.e_phnum; i++) {
		const uint64_t at = e.e_phoff + i * sizeof(p);

		if (at > size || pread(s->fd, &p, sizeof(p), (off_t)at) != (ssize_t)sizeof(p) ||
		    (p.p_type == PT_LOAD && (p.p_offset > size || p.p_filesz > size - p.p_offset)))
			return REFUSE(s, "%s is cut short: it has %llu bytes, which is not all that its headers name",
			    s->path, (unsigned long long)size);
	}
	return 0;
}

/*
 * A name of the descriptor that no other file's descriptor ever has: a step "./" for each
 * bit of device and inode, written ".//" where the bit is set. To the kernel both are
 * nothing; to glibc each is another text.
 */
static void
spell(char out[SPELT], int fd, const struct stat *st)
{
	const uint64_t id[2] = { st->st_dev, st->st_ino };
	char *p = stpcpy(out, "/proc/self/fd/");

	for (unsigned i = 0; i < 128; i++)
		p = stpcpy(p, (id[i / 64] >> (i % 64) & 1) != 0 ? ".//" : "./");
	snprintf(p, (size_t)(out + SPELT - p), "%d", fd);
}

/* What dlerror says, without the name that only we know. */
static int
refuse_for(struct search *s, const char *spelt)
{
	const char *text = dlerror();
	const size_t n = strlen(spelt);

	if (text == NULL)
		text = "the dynamic linker does not say why";
	else if (strncmp(text, spelt, n) == 0)
		text += strncmp(text + n, ": ", 2) == 0 ? n + 2 : n;
	return REFUSE(s, "%s cannot be loaded: %s", s->path, text);
}

static int
load(struct search *s, void **handle)
{
	char spelt[SPELT];
	struct stat st;
	int rc = judge_length(s);

	if (rc != 0)
		return rc;
	spell(spelt, s->fd, &s->st);
	if (stat(spelt, &st) != 0 || st.st_dev != s->st.st_dev || st.st_ino != s->st.st_ino)
		return pol_err_set(&s->why, POLICY_ERR_IO, NULL, 0, 0,
		    "%s cannot be loaded by its descriptor: /proc must be mounted", s->path);
	*handle = dlopen(spelt, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	return *handle != NULL ? 0 : refuse_for(s, spelt);
}

/* ---- the handshake ---- */

/* The symbol of that object itself, and how long its symbol table says it is. */
static int
find_symbol(struct search *s, void *handle, const char **at, size_t *len)
{
	const char *symbol = s->form->symbol;
	struct link_map *own = NULL, *its = NULL;
	const ElfW(Sym) *entry = NULL;
	Dl_info info;

	*at = dlsym(handle, symbol);
	if (*at == NULL) {
		dlerror();
		return REFUSE(s, "%s has no symbol %s, by which it would be a %s", s->path, symbol, s->form->what);
	}
	if (dlinfo(handle, RTLD_DI_LINKMAP, &own) != 0 ||
	    dladdr1(*at, &info, (void **)&its, RTLD_DL_LINKMAP) == 0 || own != its)
		return REFUSE(s, "%s has no symbol %s of its own: a library that it needs has it", s->path, symbol);
	if (dladdr1(*at, &info, (void **)&entry, RTLD_DL_SYMENT) == 0 || entry == NULL)
		return REFUSE(s, "%s does not say how long its %s is", s->path, symbol);
	*len = entry->st_size;
	return 0;
}

static int
judge_head(struct search *s, const struct head *h, size_t len)
{
	const struct form *f = s->form;

	/* first: what the rest means hangs on it */
	if (h->abi != POLICY_MODULE_ABI)
		return REFUSE(s, "%s is of ABI %u, but this library's is %u: it must be built anew", s->path,
		    h->abi, POLICY_MODULE_ABI);
	if (h->size < f->least || h->size > len)
		return REFUSE(s, "%s says that its %s has %u bytes, but it must have at least %zu, and has %zu",
		    s->path, f->symbol, h->size, f->least, len);
	if (h->name == NULL || strcmp(h->name, s->name) != 0)
		return REFUSE(s, "%s calls itself '%.64s', but must have the name of its file, '%s'", s->path,
		    h->name != NULL ? h->name : "", s->name);
	if (h->version == NULL)
		return REFUSE(s, "%s has no version", s->path);
	if ((h->flags & ~f->flags) != 0)
		return REFUSE(s, "%s has flags 0x%x, of which this library does not know 0x%x", s->path,
		    h->flags, h->flags & ~f->flags);
	return 0;
}

static int
shake_hands(struct search *s, void *handle, const void **out)
{
	const struct form *f = s->form;
	struct head h = { 0 };
	const char *at = NULL;
	size_t len = 0;
	int rc = find_symbol(s, handle, &at, &len);

	if (rc != 0)
		return rc;
	if (len < sizeof(h))
		return REFUSE(s, "%s has a %s of %zu bytes, but it must have at least %zu", s->path, f->symbol,
		    len, f->least);
	memcpy(&h, at, sizeof(h));
	rc = judge_head(s, &h, len);
	for (size_t i = 0; rc == 0 && i < sizeof(f->needs) / sizeof(f->needs[0]); i++) {
		void (*fn)(void);

		memcpy(&fn, at + f->needs[i].offset, sizeof(fn));
		if (fn == NULL)
			rc = REFUSE(s, "%s has no %s()", s->path, f->needs[i].name);
	}
	if (rc == 0)
		*out = at;
	return rc;
}

static int
find(const void **out, const struct form *form, const char *dir, const char *name, struct policy_error *err)
{
	struct search s = { .form = form, .name = name, .fd = -1, .why = POLICY_ERROR_INIT };
	void *handle = NULL;
	int rc;

	s.j = (struct pol_walk_judge){ .shown = "", .err = &s.why };
	rc = open_file(&s, dir);
	if (rc == 0)
		rc = load(&s, &handle);
	/* also where it is refused it stays loaded: its constructors ran */
	if (rc == 0)
		rc = shake_hands(&s, handle, out);
	if (s.fd >= 0)
		close(s.fd);
	return rc == 0 ? 0 : pol_err_set(err, rc, NULL, 0, 0, "%s %.*s: %s", form->what, NAME_MOST + 1, name, s.why.text);
}

int
pol_module_load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	const void *found = pol_builtin_find(name);
	int rc = found != NULL ? 0 : find(&found, &module_form, dir, name, err);

	*out = found;
	return rc;
}

int
pol_store_load(const struct policy_store **out, const char *dir, const char *name, struct policy_error *err)
{
	const void *found = NULL;
	int rc = find(&found, &store_form, dir, name, err);

	*out = found;
	return rc;
}
