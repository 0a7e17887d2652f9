/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is every line there, as it was written? Within a file each line's sum is over the one
 * before, so nothing in it can be changed, left out, moved or put in. What is missing at
 * its end shows in the line that says it ended, or, where the process runs or died, in
 * its head.
 */
#include "audit/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "audit/chain.h"
#include "audit/json.h"
#include "base/err.h"
#include "base/name.h"

#define SUM_TAIL (sizeof(",\"sum\":\"\"}") - 1 + POL_SUM_HEX)
#define HEAD_MOST 512u

/* Where a chain stood: a head's word, or the end of a file. */
struct end {
	const char *path;
	uint64_t chain, seq;
	unsigned char sum[POL_SUM];
	bool found;
};

struct verifying {
	struct pol_chain *chain;
	struct policy_activity_verified *out;
	struct policy_error *err;
	struct end *heads, *ends;
	size_t n_heads, n_ends;

	/* of the file at hand */
	const char *path;
	uint64_t line, number, seq;
	unsigned char sum[POL_SUM], torn[POL_SUM];
	bool begun, ended, has_torn;
};

static int
broken(const struct verifying *v, const char *what)
{
	return pol_err_set(v->err, POLICY_ERR_INVALID, v->path, (uint32_t)v->line, 1, "%s", what);
}

/* ---- members ---- */

/* Of a line: what it needs to be known by. */
struct said {
	struct policy_text event;
	uint64_t seq, chain, count;
	unsigned char prev[POL_SUM], torn[POL_SUM], continues[POL_SUM], of[POL_SUM];
	bool has_seq, has_chain, has_prev, has_torn, has_continues, has_of;
};

static bool
hex64(uint64_t *out, struct policy_text t)
{
	*out = 0;
	for (size_t i = 0; t.len == 16 && i < t.len; i++) {
		const char *d = memchr("0123456789abcdef", t.data[i], 16);

		if (d == NULL)
			return false;
		*out = *out << 4 | (uint64_t)(strchr("0123456789abcdef", *d) - "0123456789abcdef");
	}
	return t.len == 16;
}

static void
take(struct said *s, struct policy_text name, const struct pol_ajson_value *v)
{
	const struct { const char *name; unsigned char *to; bool *has; } sums[] = {
		{ "prev", s->prev, &s->has_prev }, { "torn", s->torn, &s->has_torn },
		{ "continues", s->continues, &s->has_continues }, { "of", s->of, &s->has_of },
	};

	for (size_t i = 0; v->kind == POL_AJSON_TEXT && i < sizeof(sums) / sizeof(sums[0]); i++) {
		if (pol_bytes_equal(name.data, name.len, sums[i].name, strlen(sums[i].name)))
			*sums[i].has = pol_chain_bytes(sums[i].to, v->text.data, v->text.len) == 0;
	}
	if (pol_bytes_equal(name.data, name.len, "event", 5))
		s->event = v->text;
	else if (pol_bytes_equal(name.data, name.len, "chain", 5))
		s->has_chain = hex64(&s->chain, v->text);
	else if (pol_bytes_equal(name.data, name.len, "count", 5))
		s->count = v->number;
	else if (pol_bytes_equal(name.data, name.len, "seq", 3)) {
		s->seq = v->number;
		s->has_seq = v->kind == POL_AJSON_NUMBER;
	}
}

static bool
read_said(struct said *s, const char *line, size_t len, char *room, size_t room_len)
{
	struct pol_ajson_value v;
	struct policy_text name;
	struct pol_ajson j;

	memset(s, 0, sizeof(*s));
	if (!pol_ajson_begin(&j, line, len, room, room_len))
		return false;
	while (pol_ajson_member(&j, &name, &v))
		take(s, name, &v);
	return !j.failed;
}

static bool
is(struct policy_text t, const char *word)
{
	return pol_bytes_equal(t.data, t.len, word, strlen(word));
}

/* ---- heads and ends ---- */

static int
add_end(struct end **list, size_t *n, const struct end *e)
{
	struct end *more = realloc(*list, (*n + 1) * sizeof(*more));

	if (more == NULL)
		return POLICY_ERR_NOMEM;
	*list = more;
	more[(*n)++] = *e;
	return 0;
}

static int
read_head(struct verifying *v, const char *path, bool needed)
{
	static const unsigned char none[POL_SUM];
	unsigned char sum[POL_SUM], want[POL_SUM];
	char line[HEAD_MOST], room[HEAD_MOST];
	struct end e = { .path = path };
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct said s;
	ssize_t n;

	v->path = path;
	v->line = 1;
	if (fd < 0 && errno == ENOENT && !needed)
		return 0;
	n = fd >= 0 ? read(fd, line, sizeof(line)) : -1;
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return pol_err_set(v->err, POLICY_ERR_IO, NULL, 0, 0, "%s: cannot be read", path);
	while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\n'))
		n--;
	if ((size_t)n < SUM_TAIL || pol_chain_bytes(want, line + n - SUM_TAIL + 8, POL_SUM_HEX) != 0 ||
	    !read_said(&s, line, (size_t)n, room, sizeof(room)) || !s.has_chain || !s.has_seq || !s.has_of)
		return broken(v, "the head is none");
	if (pol_chain_sum(v->chain, sum, none, line, (size_t)n - SUM_TAIL) != 0 || CRYPTO_memcmp(sum, want, sizeof(sum)) != 0)
		return broken(v, "the head's sum is another: it was changed, or this is not its key");
	e.chain = s.chain;
	e.seq = s.seq;
	memcpy(e.sum, s.of, sizeof(e.sum));
	v->out->heads++;
	return add_end(&v->heads, &v->n_heads, &e);
}

/* A line of a chain whose head is known. */
static int
hold_head(struct verifying *v)
{
	for (size_t i = 0; i < v->n_heads; i++) {
		struct end *h = &v->heads[i];

		if (h->chain != v->number || h->seq != v->seq)
			continue;
		if (memcmp(h->sum, v->sum, sizeof(h->sum)) != 0)
			return broken(v, "the head has another sum for this record");
		h->found = true;
	}
	return 0;
}

/* ---- lines ---- */

static int
begin(struct verifying *v, const struct said *s)
{
	if (!s->has_prev || memcmp(s->prev, v->sum, sizeof(v->sum)) != 0)
		return broken(v, "this begin does not follow the line before: lines are missing");
	if (s->has_torn != v->has_torn || (v->has_torn && memcmp(s->torn, v->torn, sizeof(v->torn)) != 0))
		return broken(v, v->has_torn ? "the line before is none, and nothing says that it was torn" : "a torn line is missing before this");
	v->out->torn += v->has_torn;
	v->has_torn = false;
	v->number = s->chain;
	if (!s->has_continues)
		return s->seq == 1 ? (void)v->out->chains++, 0 : broken(v, "a chain begins behind its first record");
	for (size_t i = v->n_ends; i-- > 0;) {
		if (v->ends[i].chain != s->chain)
			continue;
		if (v->ends[i].seq + 1 != s->seq || memcmp(v->ends[i].sum, s->continues, POL_SUM) != 0)
			return broken(v, "this file does not go on where the one before ends: files are missing, or in another order");
		return 0;
	}
	v->out->chains++;
	v->out->missing_before++;
	return 0;
}

/* A line with its end cut off; `whole`: it had one. */
static int
take_line(struct verifying *v, const char *line, size_t len, char *room)
{
	unsigned char want[POL_SUM], prev[POL_SUM];
	struct said s;

	if (len < SUM_TAIL || memcmp(line + len - SUM_TAIL, ",\"sum\":\"", 8) != 0 ||
	    pol_chain_bytes(want, line + len - SUM_TAIL + 8, POL_SUM_HEX) != 0 ||
	    !read_said(&s, line, len, room, 2 * len + 64) || !s.has_seq) {
		if (v->has_torn || !v->begun)
			return broken(v, "this is no record");
		v->has_torn = true;	/* so the next must say */
		return pol_chain_sum(v->chain, v->torn, v->sum, line, len) != 0 ? POLICY_ERR_INTERNAL : 0;
	}
	memcpy(prev, v->sum, sizeof(prev));
	if (is(s.event, "begin")) {
		int rc = s.has_chain ? begin(v, &s) : broken(v, "this is no record");

		if (rc != 0)
			return rc;
		v->begun = true;
		v->ended = false;
	} else if (!v->begun || v->ended || v->has_torn || s.seq != v->seq + 1) {
		return broken(v, v->has_torn ? "the line before is no record" : v->ended ? "the file ended before this record" :
		    "this is not the record that comes next: lines are missing, or were moved");
	}
	if (pol_chain_sum(v->chain, v->sum, prev, line, len - SUM_TAIL) != 0)
		return POLICY_ERR_INTERNAL;
	if (CRYPTO_memcmp(v->sum, want, sizeof(want)) != 0)
		return broken(v, "the sum of this line is another: it or the one before was changed, or this is not its key");
	v->seq = s.seq;
	v->out->lines++;
	v->ended = is(s.event, "end");
	if (is(s.event, "dropped"))
		v->out->dropped += s.count;
	return hold_head(v);
}

/* Behind the last line of a file. */
static int
end_file(struct verifying *v)
{
	struct end e = { .path = v->path, .chain = v->number, .seq = v->seq };
	bool held = false;

	memcpy(e.sum, v->sum, sizeof(e.sum));
	v->line++;
	if (!v->begun)
		return broken(v, "the file has no record");
	if (v->has_torn)
		return broken(v, "the line before is no record");
	for (size_t i = 0; i < v->n_heads; i++) {
		const struct end *h = &v->heads[i];

		if (h->chain != v->number)
			continue;
		held |= h->found;
		if (!v->ended && h->seq > v->seq)
			return broken(v, "records are missing here: the head knows of later ones");
	}
	if (!v->ended && !held)
		return broken(v, "the file does not end, and no head says how far it went");
	v->out->open += !v->ended;
	return add_end(&v->ends, &v->n_ends, &e) != 0 ? pol_err_nomem(v->err) : 0;
}

static int
take_file(struct verifying *v, const char *path)
{
	char *line = NULL, *room = NULL;
	size_t cap = 0, room_cap = 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc = 0;
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	ssize_t n;

	v->path = path;
	v->line = v->seq = v->number = 0;
	v->begun = v->ended = v->has_torn = false;
	memset(v->sum, 0, sizeof(v->sum));
	if (f == NULL)
		return pol_err_set(v->err, errno == ENOENT ? POLICY_ERR_NOENT : POLICY_ERR_IO, NULL, 0, 0, "%s: cannot be read: %s", path, strerror(errno));
	while (rc == 0 && (n = getline(&line, &cap, f)) > 0) {
		v->line++;
		if (line[n - 1] != '\n') {	/* the process died while it wrote */
			v->out->torn++;
			v->ended = false;
			break;
		}
		if (room_cap < 2 * (size_t)n + 64) {
			free(room);
			room_cap = 2 * (size_t)n + 4096;
			room = malloc(room_cap);
		}
		rc = room != NULL ? take_line(v, line, (size_t)n - 1, room) : pol_err_nomem(v->err);
	}
	if (rc == 0 && ferror(f))
		rc = pol_err_set(v->err, POLICY_ERR_IO, NULL, 0, 0, "%s: cannot be read", path);
	if (rc == 0)
		rc = end_file(v);
	free(line);
	free(room);
	fclose(f);
	return rc;
}

/* ---- all ---- */

static int
new_chain(struct verifying *v, const char *path)
{
	char key[POL_KEY_MOST];
	size_t len = 0;
	int rc = path != NULL ? pol_chain_key(key, &len, path, v->err) : 0;

	if (rc == 0 && pol_chain_new(&v->chain, key, len) != 0)
		rc = pol_err_set(v->err, POLICY_ERR_INTERNAL, NULL, 0, 0, "no hash from libcrypto");
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int
pol_verify(const char *const *files, size_t n, const char *key, const char *const *heads, size_t n_heads,
    bool must_be_found, struct policy_activity_verified *out, struct policy_error *err)
{
	struct verifying v = { .out = out, .err = err };
	int rc = new_chain(&v, key);

	for (size_t i = 0; rc == 0 && i < n_heads; i++)
		rc = read_head(&v, heads[i], false);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = take_file(&v, files[i]);
	for (size_t i = 0; rc == 0 && must_be_found && i < v.n_heads; i++) {
		if (!v.heads[i].found) {
			v.path = v.heads[i].path;
			v.line = 1;
			rc = broken(&v, "the record that this head names is in none of the files");
		}
	}
	pol_chain_free(v.chain);
	free(v.heads);
	free(v.ends);
	return rc;
}
