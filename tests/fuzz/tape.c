/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the JSON of a request: refused with a sentence and a place, or a row of nodes
 * each of which ends where its list says, whose texts are UTF-8; and what is taken here
 * jansson takes too, with its names once.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "daemon/tape.h"
#include "daemon/tape_text.h"
#include "fuzz/target.h"

static int
skip_some(const struct pol_tape_node *name, const struct pol_tape_node *value)
{
	return name->len == 1 && value->kind == POL_TAPE_TEXT;
}

/* Of node i, and what is in it; returns the node behind. */
static size_t
walk(const struct pol_tape *t, size_t i, const json_t *j)
{
	const struct pol_tape_node *n = &t->nodes[i];
	size_t end = pol_tape_next(t, i), k = i + 1;

	if (i >= t->count || end > t->count || end <= i)
		abort();
	switch (n->kind) {
	case POL_TAPE_TEXT:
		if (!json_is_string(j) || json_string_length(j) != n->len || memcmp(json_string_value(j), n->u.text, n->len) != 0)
			abort();
		return end;
	case POL_TAPE_INT:
		if (!json_is_integer(j) || json_integer_value(j) != n->u.integer)
			abort();
		return end;
	case POL_TAPE_REAL:
		if (!json_is_real(j) || json_real_value(j) != n->u.real)
			abort();
		return end;
	case POL_TAPE_LIST:
		if (!json_is_array(j) || json_array_size(j) != n->len)
			abort();
		for (size_t item = 0; item < n->len; item++)
			k = walk(t, k, json_array_get(j, item));
		break;
	case POL_TAPE_OBJECT:
		if (!json_is_object(j) || json_object_size(j) != n->len)
			abort();
		for (uint32_t m = 0; m < n->len; m++) {
			const struct pol_tape_node *name = &t->nodes[k];
			char *copy = name->kind == POL_TAPE_TEXT ? strndup(name->u.text, name->len) : NULL;
			const json_t *value = copy != NULL && strlen(copy) == name->len ? json_object_get(j, copy) : NULL;

			free(copy);
			if (value == NULL)
				abort();
			k = walk(t, k + 1, value);
		}
		break;
	default:
		if (n->kind != (json_is_null(j) ? POL_TAPE_NULL : json_is_true(j) ? POL_TAPE_TRUE : json_is_false(j) ? POL_TAPE_FALSE : 0))
			abort();
		return end;
	}
	if (k != end)
		abort();
	return end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *why;
	struct policy_attrs attrs;
	struct pol_tape t;
	json_error_t err;
	json_t *j;
	size_t at = SIZE_MAX;

	pol_tape_init(&t);
	why = pol_tape_read(&t, text, size, &at);
	if (why != NULL && (why[0] == '\0' || at > size))
		abort();		/* refused without a sentence, or nowhere */
	if (why == NULL) {
		j = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &err);
		if (j == NULL || walk(&t, 0, j) != t.count)
			abort();
		json_decref(j);
		if (t.nodes[0].kind == POL_TAPE_OBJECT) {
			(void)pol_tape_attrs(&t, &attrs, 0, NULL);
			(void)pol_tape_attrs(&t, &attrs, 0, skip_some);
		}
	}
	pol_tape_fini(&t);
	return 0;
}
