/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module to copy: one API key, in a file of one line, whose holder the set names.
 *
 *	modules: [{ use: skeleton, with: { file: /etc/app/key, user: alice } }]
 *
 * What it shows: settings judged at open, a file read with care and read again when it
 * changes, a secret that is not kept (only its hash is), a comparison that takes the same
 * time whatever is sent, a lock that is never waited for where that is not wished.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <policy_module.h>

#define KEY_LEAST 32			/* shorter ones can be guessed */
#define KEY_MOST 256
#define HASH 32

/* All that a step needs; there may be several steps of one module, so no globals. */
struct skeleton {
	const struct policy_host *host;
	char *file;
	char *user;
	pthread_mutex_t lock;		/* held for moments: over what stands below */
	bool known;
	unsigned char hash[HASH];
};

/* One sentence: what was found, what was wanted. Never a secret. */
__attribute__((format(printf, 3, 4)))
static int
fail(struct policy_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

/* ---- the file ---- */

static int
judge_file(int fd, const char *path, struct policy_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail(err, POLICY_ERR_IO, "%s: error %d", path, errno);
	if (!S_ISREG(st.st_mode))
		return fail(err, POLICY_ERR_INVALID, "%s is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fail(err, POLICY_ERR_UNSAFE, "%s belongs to uid %u, but must belong to root or to this user",
		    path, (unsigned)st.st_uid);
	if ((st.st_mode & 0027) != 0)
		return fail(err, POLICY_ERR_UNSAFE, "%s has mode %04o, but must be 0640 or less", path,
		    (unsigned)st.st_mode & 07777);
	return 0;
}

/* Its one line, without the newline; the caller wipes it. Returns its length. */
static int
read_line(const char *path, char line[KEY_MOST + 2], struct policy_error *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc;
	ssize_t n;

	if (fd < 0)
		return fail(err, errno == ENOENT ? POLICY_ERR_NOENT : POLICY_ERR_IO,
		    "%s cannot be opened: %s", path, strerrordesc_np(errno));
	rc = judge_file(fd, path, err);
	if (rc == 0) {
		n = read(fd, line, KEY_MOST + 2);
		if (n > 0 && line[n - 1] == '\n')
			n--;
		rc = (int)n;
		if (n < 0)
			rc = fail(err, POLICY_ERR_IO, "%s cannot be read: %s", path, strerrordesc_np(errno));
		else if (n < KEY_LEAST || n > KEY_MOST || memchr(line, '\n', (size_t)n) != NULL)
			rc = fail(err, POLICY_ERR_INVALID, "%s must hold one line of %d to %d bytes", path,
			    KEY_LEAST, KEY_MOST);
	}
	close(fd);
	return rc;
}

static bool
digest(unsigned char hash[HASH], const char *data, size_t len)
{
	return EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL) == 1;
}

/* A file that is no longer good takes its key with it: nothing passes by an old one. */
static int
read_key(struct skeleton *s, struct policy_error *err)
{
	char line[KEY_MOST + 2];
	unsigned char hash[HASH] = { 0 };
	int n = read_line(s->file, line, err);

	if (n >= 0 && !digest(hash, line, (size_t)n))
		n = fail(err, POLICY_ERR_NOMEM, "no memory for a digest");
	OPENSSL_cleanse(line, sizeof(line));
	pthread_mutex_lock(&s->lock);
	s->known = n >= 0;
	memcpy(s->hash, hash, sizeof(hash));
	pthread_mutex_unlock(&s->lock);
	return n >= 0 ? 0 : n;
}

/* ---- what the library calls ---- */

static void
skeleton_close(void *state)
{
	struct skeleton *s = state;

	pthread_mutex_destroy(&s->lock);
	OPENSSL_cleanse(s->hash, sizeof(s->hash));
	free(s->file);
	free(s->user);
	free(s);
}

static int
skeleton_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	/* both are there, and are texts: keys[] below says so, and the library sees to it */
	const struct policy_text file = policy_with(args, "file")->u.text;
	const struct policy_text user = policy_with(args, "user")->u.text;
	struct skeleton *s;
	int rc;

	if (file.data[0] != '/')
		return fail(err, POLICY_ERR_INVALID, "file is '%.*s', but must be an absolute path",
		    (int)file.len, file.data);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(err, POLICY_ERR_NOMEM, "out of memory");
	pthread_mutex_init(&s->lock, NULL);
	s->host = args->host;
	s->file = strndup(file.data, file.len);
	s->user = strndup(user.data, user.len);
	if (s->file == NULL || s->user == NULL)
		rc = fail(err, POLICY_ERR_NOMEM, "out of memory");
	else if ((rc = s->host->watch(s->host, s->file)) != 0)
		fail(err, rc, "%s cannot be watched", s->file);
	else
		rc = read_key(s, err);
	if (rc != 0) {
		skeleton_close(s);
		return rc;
	}
	*state = s;
	return 0;
}

/* A key is named, in an audit or a revocation, by the beginning of its hash. */
static void
say_who(const struct skeleton *s, struct policy_identity *id, const unsigned char hash[HASH])
{
	static const struct policy_text absent = { NULL, 0 };	/* the step's own type */
	char name[17];

	for (unsigned i = 0; i < 8; i++)
		snprintf(name + 2 * i, 3, "%02x", hash[i]);
	s->host->set_subject(id, absent, policy_text(s->user));
	s->host->set_token_id(id, policy_text(name));
}

static enum policy_check_result
skeleton_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct skeleton *s = state;
	const struct policy_text sent = call->credential->data;
	unsigned char wanted[HASH], found[HASH];
	enum policy_check_result r = POLICY_CHECK_ERROR;
	bool known;

	/* the flag says that we heed this ourselves */
	if ((call->flags & POLICY_CALL_NONBLOCK) == 0)
		pthread_mutex_lock(&s->lock);
	else if (pthread_mutex_trylock(&s->lock) != 0)
		return POLICY_CHECK_AGAIN;
	known = s->known;
	memcpy(wanted, s->hash, sizeof(wanted));
	pthread_mutex_unlock(&s->lock);

	/* hashes, so that lengths do not tell; and all bytes of them, whatever differs */
	if (known && digest(found, sent.data, sent.len))
		r = CRYPTO_memcmp(found, wanted, HASH) == 0 ? POLICY_CHECK_PASS : POLICY_CHECK_FAIL;
	if (r == POLICY_CHECK_PASS)
		say_who(s, id, found);
	OPENSSL_cleanse(wanted, sizeof(wanted));
	OPENSSL_cleanse(found, sizeof(found));
	return r;
}

/* At every call, whatever it is for: the file may have changed before it was watched. */
static int64_t
skeleton_serve(void *state, uint32_t why)
{
	struct skeleton *s = state;
	struct policy_error err = POLICY_ERROR_INIT;

	(void)why;
	if (read_key(s, &err) != 0)
		s->host->log(s->host, POLICY_LOG_ERROR, err.text);
	return -1;			/* when it changes, not before */
}

static const char *const kinds[] = { "api_key", NULL };
static const struct policy_module_key keys[] = {
	{ "file", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED },
	{ "user", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = "skeleton", .version = "1.0",
	.flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK | POLICY_MODULE_CACHEABLE,
	.kinds = kinds, .keys = keys,
	.open = skeleton_open, .check = skeleton_check, .close = skeleton_close,
	.serve = skeleton_serve,
};
