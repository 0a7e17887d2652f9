/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a store, packed: a record says only what the row does, and has no byte for what
 * it does not.
 */
#include "people/packed.h"


static const size_t text_at[POL_FACT_TEXTS] = {
	offsetof(struct policy_row, source), offsetof(struct policy_row, id), offsetof(struct policy_row, type),
	offsetof(struct policy_row, name), offsetof(struct policy_row, owner), offsetof(struct policy_row, org),
	offsetof(struct policy_row, by), offsetof(struct policy_row, secret), offsetof(struct policy_row, resource),
	offsetof(struct policy_row, list), offsetof(struct policy_row, attributes),
};
static const struct {
	uint16_t bit;
	size_t at;
} time_at[] = {
	{ POL_FACT_UNTIL, offsetof(struct policy_row, until_ns) }, { POL_FACT_MADE, offsetof(struct policy_row, made_ns) },
	{ POL_FACT_FROM, offsetof(struct policy_row, from_ns) },
};
#define TIMES (sizeof(time_at) / sizeof(time_at[0]))

static struct policy_text
row_text(const struct policy_row *r, unsigned i)
{
	struct policy_text t;

	memcpy(&t, (const char *)r + text_at[i], sizeof(t));
	return t;
}

static uint16_t
has_of(const struct policy_row *r)
{
	unsigned has = r->number != 0 ? (unsigned)POL_FACT_NUMBER : 0;

	for (unsigned i = 0; i < POL_FACT_TEXTS; i++)
		has |= row_text(r, i).data != NULL ? 1u << i : 0;
	for (unsigned i = 0; i < TIMES; i++) {
		int64_t t;

		memcpy(&t, (const char *)r + time_at[i].at, sizeof(t));
		has |= t != 0 ? time_at[i].bit : 0u;
	}
	if (r->by.data != NULL && r->owner.data != NULL && pol_bytes_equal(r->by.data, r->by.len, r->owner.data, r->owner.len))
		has = (has & ~(1u << POL_TEXT_BY)) | POL_FACT_BY_OWNER;
	return (uint16_t)has;
}

/* Appends where there is somewhere to append to. */
static void
put(struct pol_fact *f, size_t *at, const void *data, size_t len)
{
	if (f != NULL && len != 0)
		memcpy((char *)f + *at, data, len);
	*at += len;
}

size_t
pol_fact_pack(const struct policy_row *r, struct pol_fact *f)
{
	uint16_t has = has_of(r);
	size_t at = offsetof(struct pol_fact, rest), end;

	for (unsigned i = 0; i < TIMES; i++) {
		if ((has & time_at[i].bit) != 0)
			put(f, &at, (const char *)r + time_at[i].at, sizeof(int64_t));
	}
	if ((has & POL_FACT_NUMBER) != 0)
		put(f, &at, &r->number, sizeof(r->number));
	for (unsigned i = 0; i < POL_FACT_TEXTS; i++) {
		uint16_t len = (uint16_t)row_text(r, i).len;

		if ((has >> i & 1) != 0)
			put(f, &at, &len, sizeof(len));
	}
	for (unsigned i = 0; i < POL_FACT_TEXTS; i++) {
		if ((has >> i & 1) != 0)
			put(f, &at, row_text(r, i).data, row_text(r, i).len);
	}
	end = (at + 7) & ~(size_t)7;
	if (f == NULL)
		return end;
	memset((char *)f + at, 0, end - at);
	f->hash = 0;
	f->bytes = (uint32_t)end;
	f->kind = (uint8_t)r->kind;
	f->spare = 0;
	f->has = has;
	f->flags = r->flags;
	f->place = 0;
	return end;
}

/* Where the lengths are. */
static const char *
lengths(const struct pol_fact *f)
{
	unsigned times = (unsigned)__builtin_popcount(f->has & (POL_FACT_UNTIL | POL_FACT_MADE | POL_FACT_FROM));

	return f->rest + times * sizeof(int64_t) + ((f->has & POL_FACT_NUMBER) != 0 ? sizeof(uint32_t) : 0);
}

struct policy_text
pol_fact_text(const struct pol_fact *f, unsigned which)
{
	const unsigned texts = f->has & ((1u << POL_FACT_TEXTS) - 1);
	const char *len = lengths(f), *at = len + (unsigned)__builtin_popcount(texts) * sizeof(uint16_t);
	uint16_t n;

	if (which == POL_TEXT_BY && (f->has & POL_FACT_BY_OWNER) != 0)
		which = POL_TEXT_OWNER;
	if ((texts >> which & 1) == 0)
		return (struct policy_text){ NULL, 0 };
	for (unsigned before = texts & ((1u << which) - 1); before != 0; before &= before - 1) {
		memcpy(&n, len, sizeof(n));
		len += sizeof(n);
		at += n;
	}
	memcpy(&n, len, sizeof(n));
	return (struct policy_text){ at, n };
}

void
pol_fact_read(const struct pol_fact *f, struct policy_row *out)
{
	const char *at = f->rest;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	out->kind = f->kind;
	out->flags = f->flags;
	for (unsigned i = 0; i < TIMES; i++) {
		if ((f->has & time_at[i].bit) != 0) {
			memcpy((char *)out + time_at[i].at, at, sizeof(int64_t));
			at += sizeof(int64_t);
		}
	}
	if ((f->has & POL_FACT_NUMBER) != 0)
		memcpy(&out->number, at, sizeof(out->number));
	for (unsigned i = 0; i < POL_FACT_TEXTS; i++) {
		struct policy_text t = pol_fact_text(f, i);

		memcpy((char *)out + text_at[i], &t, sizeof(t));
	}
}
