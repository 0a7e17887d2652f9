/* SPDX-License-Identifier: Apache-2.0 */
#include "modules/drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/name.h"

static struct drive *
of(const struct policy_host *h)
{
	return (struct drive *)(void *)h->step;
}

static void
drive_log(const struct policy_host *h, enum policy_log_level level, const char *text)
{
	struct drive *d = of(h);
	size_t n = strlen(d->log);

	(void)level;
	d->logged++;
	snprintf(d->log + n, sizeof(d->log) - n, "%s\n", text);
}

static void
drive_wake(const struct policy_host *h)
{
	of(h)->woken++;
}

static int
drive_watch(const struct policy_host *h, const char *path)
{
	struct drive *d = of(h);

	if (path[0] != '/' || d->watched == 8 || strlen(path) >= sizeof(d->watch[0]))
		return POLICY_ERR_ARG;
	memcpy(d->watch[d->watched++], path, strlen(path) + 1);
	return 0;
}

static int
drive_source(const struct policy_host *h, struct policy_text source)
{
	struct drive *d = of(h);

	if (source.len >= sizeof(d->source))
		return POLICY_ERR_LIMIT;
	memcpy(d->source, source.data, source.len);
	d->source[source.len] = '\0';
	return 0;
}

/* ---- the store ---- */

static int
is_text(struct policy_text a, struct policy_text b)
{
	return a.data != NULL && b.data != NULL && pol_bytes_equal(a.data, a.len, b.data, b.len);
}

static struct policy_text
copy_text(struct policy_account *out, struct policy_text t)
{
	char *at = out->bytes + out->bytes_count;

	if (t.data == NULL)
		return t;
	memcpy(at, t.data, t.len);
	at[t.len] = '\0';
	out->bytes_count += (uint32_t)t.len + 1;
	return (struct policy_text){ at, t.len };
}

static void
copy_row(struct policy_account *out, const struct policy_row *r)
{
	out->flags = r->flags;
	out->number = r->number;
	out->made_ns = r->made_ns;
	out->from_ns = r->from_ns;
	out->until_ns = r->until_ns;
	out->bytes_count = 0;
	out->id = copy_text(out, r->id);
	out->type = copy_text(out, r->type);
	out->name = copy_text(out, r->name);
	out->owner = copy_text(out, r->owner);
	out->org = copy_text(out, r->org);
	out->by = copy_text(out, r->by);
	out->source = copy_text(out, r->source);
	out->secret = copy_text(out, r->secret);
	out->list = copy_text(out, r->list);
}

static int
drive_find_user(const struct policy_host *h, struct policy_text type, struct policy_text name, struct policy_account *out)
{
	const struct drive *d = of(h);

	if (type.data == NULL)
		type = policy_text("user");
	for (unsigned i = 0; i < d->n_rows; i++) {
		const struct policy_row *r = &d->rows[i];

		if (r->kind == POLICY_ROW_USER && (r->flags & POLICY_ROW_GONE) == 0 && is_text(r->name, name) &&
		    is_text(r->type.data != NULL ? r->type : policy_text("user"), type)) {
			copy_row(out, r);
			return 0;
		}
	}
	return d->rows != NULL ? POLICY_ERR_NOENT : POLICY_ERR_UNAVAILABLE;
}

static int
tell_token(const struct drive *d, const struct policy_row *r, struct policy_account *token, struct policy_account *user)
{
	static const struct policy_row nobody = { .flags = POLICY_ROW_GONE };
	const struct policy_row *owner = &nobody;

	for (unsigned i = 0; i < d->n_rows; i++) {
		if (d->rows[i].kind == POLICY_ROW_USER && is_text(d->rows[i].id, r->owner))
			owner = &d->rows[i];
	}
	copy_row(token, r);
	copy_row(user, owner);
	return 0;
}

static int
drive_find_token(const struct policy_host *h, const unsigned char sha256[32], struct policy_account *token,
    struct policy_account *user)
{
	const struct drive *d = of(h);
	char hex[65];

	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
	for (unsigned i = 0; i < d->n_rows; i++) {
		if (d->rows[i].kind == POLICY_ROW_TOKEN && is_text(d->rows[i].secret, policy_text(hex)))
			return tell_token(d, &d->rows[i], token, user);
	}
	return d->rows != NULL ? POLICY_ERR_NOENT : POLICY_ERR_UNAVAILABLE;
}

static int
drive_find_token_id(const struct policy_host *h, struct policy_text id, struct policy_account *token,
    struct policy_account *user)
{
	const struct drive *d = of(h);

	for (unsigned i = 0; i < d->n_rows; i++) {
		const struct policy_row *r = &d->rows[i];

		if (r->kind == POLICY_ROW_TOKEN && is_text(r->id, id) && (r->source.data == NULL || is_text(r->source, d->args.name)))
			return tell_token(d, r, token, user);
	}
	return d->rows != NULL ? POLICY_ERR_NOENT : POLICY_ERR_UNAVAILABLE;
}

static void
drive_report_password(const struct policy_host *h, struct policy_text uid, int good, struct policy_text seen,
    const char *rehash)
{
	struct drive *d = of(h);

	(void)uid;
	d->good += good != 0;
	d->wrong += good == 0;
	snprintf(d->seen, sizeof(d->seen), "%.*s", (int)seen.len, seen.data != NULL ? seen.data : "");
	snprintf(d->rehash, sizeof(d->rehash), "%s", rehash != NULL ? rehash : "");
}

static void
drive_claim(void *ctx, struct policy_text claim, struct policy_text value)
{
	struct drive *d = ctx;
	char *room = d->claims[d->n_claims].room;

	if (d->n_claims == 16 || claim.len + value.len > sizeof(d->claims[0].room))
		return;
	memcpy(room, claim.data, claim.len);
	memcpy(room + claim.len, value.data, value.len);
	d->claims[d->n_claims].claim = (struct policy_text){ room, claim.len };
	d->claims[d->n_claims++].value = (struct policy_text){ room + claim.len, value.len };
}

void
drive_init(struct drive *d, const struct policy_module *m)
{
	memset(d, 0, sizeof(*d));
	d->module = m;
	d->host = (struct policy_host){ .size = sizeof(d->host), .abi = POLICY_MODULE_ABI,
	    .step = (struct policy_host_step *)(void *)d, .log = drive_log, .wake = drive_wake,
	    .watch = drive_watch, .source = drive_source, .find_user = drive_find_user, .find_token = drive_find_token,
	    .find_token_id = drive_find_token_id, .report_password = drive_report_password };
	pol_identity_offer(&d->host);
	d->err = (struct policy_error)POLICY_ERROR_INIT;
	d->args = (struct policy_open_args){ .size = sizeof(d->args), .host = &d->host, .name = policy_text(m->name) };
}

/* A test that hands on what the library would have refused is wrong itself. */
static void
check_key(const struct policy_module *m, const struct policy_attr *a)
{
	static const uint32_t types[] = { POLICY_NULL, POLICY_STRING, POLICY_LIST, POLICY_INT, POLICY_BOOL,
	    POLICY_INT, POLICY_OBJECT };
	const struct policy_module_key *k = m->keys;

	for (; k != NULL && k->name != NULL; k++) {
		if (pol_bytes_equal(k->name, strlen(k->name), a->name.data, a->name.len) &&
		    types[k->type] == a->value.type)
			return;
	}
	fprintf(stderr, "%s has no key '%.*s' of that type\n", m->name, (int)a->name.len, a->name.data);
	abort();
}

int
drive_open(struct drive *d, const struct policy_attr *with, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		check_key(d->module, &with[i]);
	d->args.with = (struct policy_value){ .type = POLICY_OBJECT, .count = n, .u.members = with };
	if (d->args.now_ns == 0)
		d->args.now_ns = d->now_ns;
	return d->module->open(&d->state, &d->args, &d->err);
}

static int64_t
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

enum policy_check_result
drive_check_all(struct drive *d, const struct policy_credential *all, size_t n, size_t which, uint32_t *used)
{
	struct policy_call call = { .size = sizeof(call), .flags = d->call_flags, .credential = &all[which],
	    .all = all, .all_count = n, .used = used };
	enum policy_check_result r;

	d->n_claims = 0;
	pol_identity_begin(&d->f);
	d->f.step = d->module->name;
	d->f.subject_type = d->args.subject_type.data != NULL ? d->args.subject_type : policy_text("user");
	d->f.kinds = d->args.kinds;
	d->f.n_kinds = d->args.kinds_count;
	d->f.claim = drive_claim;
	d->f.claim_ctx = d;
	call.now_ns = d->now_ns != 0 ? d->now_ns : now(CLOCK_REALTIME);
	call.deadline_ns = d->deadline_ns != 0 ? d->deadline_ns : now(CLOCK_MONOTONIC) + 5000000000;
	if (d->module->claims != NULL && d->module->claims(d->state, call.credential) == 0)
		return POLICY_CHECK_IGNORE;
	r = d->module->check(d->state, &call, &d->f.id);
	if (r == POLICY_CHECK_PASS && (d->f.spoilt != 0 || (d->f.id.subject_id.len == 0 &&
	    (d->module->flags & POLICY_MODULE_SECOND_FACTOR) == 0)))
		r = POLICY_CHECK_ERROR;
	return r;
}

enum policy_check_result
drive_check(struct drive *d, const char *kind, const char *name, const char *data)
{
	struct policy_credential c = { policy_text(kind), policy_text(name), policy_text(data), { 0, 0 } };
	uint32_t used = 0;

	return drive_check_all(d, &c, 1, 0, &used);
}

void
drive_close(struct drive *d)
{
	if (d->state != NULL)
		d->module->close(d->state);
	d->state = NULL;
}
