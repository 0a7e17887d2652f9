/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dictionaries of the emitter: what was emitted once is found again. They end
 * with the load and leave no trace in the program: their order is never seen.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "compile/emit.h"

void
pol_emit_dict_init(struct pol_dict *d, struct pol_buf *keys, uint64_t seed, bool is_text)
{
	memset(d, 0, sizeof(*d));
	d->keys = keys;
	d->seed = seed;
	d->is_text = is_text;
}

void
pol_emit_dict_fini(struct pol_dict *d)
{
	free(d->slots);
	d->slots = NULL;
}

static bool
is_key(const struct pol_dict *d, uint32_t off, const void *key, size_t len)
{
	const char *at = d->keys->data + off;

	if (!d->is_text) {
		struct pol_dict_head h;

		memcpy(&h, at - sizeof(h), sizeof(h));
		return h.len == len && memcmp(at, key, len) == 0;
	}
	/* No text holds a NUL: one that is shorter than the key ends the comparison. */
	return strncmp(at, key, len) == 0 && at[len] == '\0';
}

static uint32_t
find(const struct pol_dict *d, const void *key, size_t len, uint32_t hash)
{
	uint32_t i;

	for (i = hash & d->mask; d->slots[i] != 0; i = (i + 1) & d->mask)
		if (d->slots[i] >> 32 == hash && is_key(d, (uint32_t)d->slots[i], key, len))
			break;
	return i;
}

static uint32_t
value_at(const struct pol_dict *d, uint32_t off)
{
	struct pol_dict_head h;

	if (d->is_text)
		return off;
	memcpy(&h, d->keys->data + off - sizeof(h), sizeof(h));
	return h.value;
}

bool
pol_emit_dict_get(const struct pol_dict *d, const void *key, size_t len, uint32_t *value)
{
	uint32_t i;

	if (d->slots == NULL)
		return false;
	i = find(d, key, len, (uint32_t)(pol_hash(key, len, d->seed) >> 32));
	if (d->slots[i] == 0)
		return false;
	*value = value_at(d, (uint32_t)d->slots[i]);
	return true;
}

static int
grow(struct pol_dict *d)
{
	uint32_t i, mask = d->slots == NULL ? 63 : d->mask * 2 + 1;
	uint64_t *slots;

	if (d->slots != NULL && d->n < d->mask / 3 * 2)
		return 0;
	if (mask == UINT32_MAX)
		return POLICY_ERR_LIMIT;
	slots = calloc((size_t)mask + 1, sizeof(*slots));
	if (slots == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; d->slots != NULL && i <= d->mask; i++) {
		uint32_t j = (uint32_t)(d->slots[i] >> 32) & mask;

		if (d->slots[i] == 0)
			continue;
		while (slots[j] != 0)
			j = (j + 1) & mask;
		slots[j] = d->slots[i];
	}
	free(d->slots);
	d->slots = slots;
	d->mask = mask;
	return 0;
}

int
pol_emit_dict_put(struct pol_dict *d, const void *key, size_t len, uint32_t *value, bool *found)
{
	uint32_t hash = (uint32_t)(pol_hash(key, len, d->seed) >> 32), i;
	struct pol_dict_head h = { (uint32_t)len, *value };
	size_t off;
	int rc = grow(d);

	if (rc != 0)
		return rc;
	i = find(d, key, len, hash);
	*found = d->slots[i] != 0;
	if (*found) {
		*value = value_at(d, (uint32_t)d->slots[i]);
		return 0;
	}
	if (len > UINT32_MAX || d->keys->len + len + 2 * sizeof(h) > UINT32_MAX)
		return POLICY_ERR_LIMIT;
	if (!d->is_text && pol_buf_append(d->keys, &h, sizeof(h)) == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	off = pol_buf_append(d->keys, key, len);
	if (off == SIZE_MAX || pol_buf_append(d->keys, "", 1) == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	d->slots[i] = (uint64_t)hash << 32 | (uint32_t)off;
	d->n++;
	if (d->is_text)
		*value = (uint32_t)off;
	return 0;
}
