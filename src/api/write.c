/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that admin/ writes, on top of what was judged: nothing may have been put in force in
 * between, neither through another process nor by the service.
 */
#include "api/child.h"
#include "api/service.h"
#include "api/store.h"
#include "base/err.h"

/* The store in force, held, also in a child. */
static int
take(struct policy *p, struct pol_store **st, struct policy_error *err)
{
	int rc = pol_child_ready(p, false);

	*st = rc == 0 ? pol_store_take(p) : NULL;
	if (rc != 0)
		return pol_err_set(err, POLICY_ERR_UNAVAILABLE, NULL, 0, 0, "the store cannot be opened in this process");
	return *st != NULL ? 0 : pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0, "the set has no store");
}

/* Under the store's lock. A reload may have put another store in its place. */
static uint64_t
mark(const struct pol_store *st)
{
	return st->since * 0x9e3779b97f4a7c15u ^ (uintptr_t)st;
}

uint64_t
pol_store_seen(struct policy *p)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_store *st;
	uint64_t seen;

	if (take(p, &st, &err) != 0)
		return 0;
	pol_ticket_lock(&p->wiped->store);
	seen = mark(st);
	pol_ticket_unlock(&p->wiped->store);
	pol_store_drop(st);
	return seen;
}

int
pol_store_sync(struct policy *p, uint64_t *seen, struct policy_error *err)
{
	struct pol_store *st;
	int rc = take(p, &st, err);

	if (rc != 0)
		return rc;
	rc = pol_store_poll(p, st, err);
	/* what is in force is at least this, and what is judged is read behind it */
	pol_ticket_lock(&p->wiped->store);
	*seen = mark(st);
	pol_ticket_unlock(&p->wiped->store);
	pol_store_drop(st);
	return rc > 0 ? 0 : rc;
}

/* Under the store's lock. */
static int
write_it(struct policy *p, struct pol_store *st, const struct policy_row *rows, size_t n, const struct pol_rows *packed,
    struct policy_error *err)
{
	struct policy_error said = POLICY_ERROR_INIT;
	uint64_t since = st->since;
	int rc;

	st->asked = pol_service_now();
	rc = pol_store_code(st->store->apply(st->state, rows, n, &since, &said));
	if (rc == POLICY_ERR_AGAIN)
		return pol_err_set(err, rc, NULL, 0, 0, "the store has changed meanwhile");
	if (rc != 0)
		return pol_err_set(err, rc == POLICY_ERR_NOMEM ? rc : POLICY_ERR_UNAVAILABLE, NULL, 0, 0,
		    "%s cannot be written: %s", st->store->name, pol_store_why(rc, &said));
	rc = pol_store_put_rows(p, st, packed);
	if (rc != 0)
		return pol_err_set(err, rc == POLICY_ERR_NOMEM ? rc : POLICY_ERR_UNAVAILABLE, NULL, 0, 0,
		    "it is written, but not in force here: %s", policy_strerror(rc));
	st->since = since;
	pol_store_fresh(p, st);
	return 0;
}

static int
pack(struct pol_rows *packed, const struct policy_row *rows, size_t n, struct policy_error *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = pol_rows_add(packed, &rows[i]);

		if (rc != 0)
			return pol_err_set(err, rc == POLICY_ERR_NOMEM ? rc : POLICY_ERR_INVALID, NULL, 0, 0, "row %zu: %s", i,
			    rc == POLICY_ERR_INVALID ? "a text of it is too long" : policy_strerror(rc));
	}
	return 0;
}

int
pol_store_write(struct policy *p, const struct policy_row *rows, size_t n, uint64_t seen, struct policy_error *err)
{
	struct pol_rows packed;
	struct pol_store *st;
	int rc = take(p, &st, err);

	if (rc != 0)
		return rc;
	pol_rows_init(&packed);
	if (pol_handle_only_reads(p))
		rc = pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0, "the store is opened for reading only");
	else if (st->store->apply == NULL)
		rc = pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0, "%s is read only", st->store->name);
	if (rc == 0)
		rc = pack(&packed, rows, n, err);
	if (rc == 0) {
		pol_ticket_lock(&p->wiped->store);
		/* the service may have put in force what nobody judged on */
		rc = mark(st) == seen ? write_it(p, st, rows, n, &packed, err) :
		    pol_err_set(err, POLICY_ERR_AGAIN, NULL, 0, 0, "the store has changed meanwhile");
		pol_ticket_unlock(&p->wiped->store);
	}
	pol_rows_fini(&packed);
	pol_store_drop(st);
	return rc;
}

int
pol_store_backup(struct policy *p, const char *path, struct policy_error *err)
{
	struct policy_error said = POLICY_ERROR_INIT;
	struct pol_store *st;
	int rc = take(p, &st, err);

	if (rc != 0)
		return rc;
	if (!POL_STORE_HAS(st->store, backup)) {
		rc = pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0, "%s makes no copies", st->store->name);
	} else {
		pol_ticket_lock(&p->wiped->store);
		rc = pol_store_code(st->store->backup(st->state, path, &said));
		pol_ticket_unlock(&p->wiped->store);
		if (rc != 0)
			pol_err_set(err, rc, NULL, 0, 0, "%s cannot be copied: %s", st->store->name, pol_store_why(rc, &said));
	}
	pol_store_drop(st);
	return rc;
}
