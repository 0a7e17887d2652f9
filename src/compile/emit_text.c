/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lowest floor of the emitter: texts, small arrays, rows of tables, and the
 * errors of all of it. Nothing is written beyond what 32-bit offsets reach.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "compile/emit.h"

int
pol_emit_text_fail(const struct pol_emit *e, const struct pol_node *at, int code,
    const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (code == POLICY_ERR_NOMEM)
		return pol_err_nomem(e->err);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (at == NULL)
		return pol_err_set(e->err, code, NULL, 0, 0, "%s", text);
	return pol_err_set(e->err, code, e->set->files[at->file], at->line, at->column, "%s", text);
}

int
pol_emit_text_rc(const struct pol_emit *e, int rc)
{
	if (rc == 0)
		return 0;
	if (rc == POLICY_ERR_NOMEM)
		return pol_err_nomem(e->err);
	return pol_emit_text_fail(e, NULL, POLICY_ERR_LIMIT, "the compiled set is larger than 4 GiB");
}

int
pol_emit_text_block(struct pol_emit *e, const void *data, size_t len, size_t align, uint32_t *off)
{
	size_t at;

	if (e->blob.len + len + align > UINT32_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_LIMIT);
	if (pol_buf_align(&e->blob, align) != 0)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	at = pol_buf_append(&e->blob, data, len);
	if (at == SIZE_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	*off = (uint32_t)at;
	return 0;
}

int
pol_emit_text_row(struct pol_emit *e, enum emit_table t, const void *row, size_t size, uint32_t *index)
{
	struct pol_buf *b = &e->table[t];

	if (b->len + size > UINT32_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_LIMIT);
	if (index != NULL)
		*index = (uint32_t)(b->len / size);
	return pol_buf_append(b, row, size) == SIZE_MAX ? pol_emit_text_rc(e, POLICY_ERR_NOMEM) : 0;
}

int
pol_emit_text(struct pol_emit *e, const char *s, size_t len, struct pol_str *out)
{
	bool found;
	int rc = pol_emit_dict_put(&e->texts, s, len, &out->off, &found);

	out->len = (uint32_t)len;
	return pol_emit_text_rc(e, rc);
}

int
pol_emit_text_node(struct pol_emit *e, const struct pol_node *n, size_t most,
    const char *what, struct pol_str *out)
{
	if (n->count > most)
		return pol_emit_text_fail(e, n, POLICY_ERR_LIMIT,
		    "this %s has %u bytes; at most %zu are wanted", what, n->count, most);
	return pol_emit_text(e, n->u.text, n->count, out);
}

/* FILE:LINE. Not looked up among all texts: only neighbours share a place. */
int
pol_emit_text_place(struct pol_emit *e, struct ast_place at, struct pol_str *out)
{
	char text[POL_MAX_FILE + 16];
	int len, rc;

	if (e->last_at.line == at.line && e->last_at.file == at.file) {
		*out = e->last_place;
		return 0;
	}
	len = snprintf(text, sizeof(text), "%s:%u", e->set->files[at.file], at.line);
	out->len = (uint32_t)len;
	rc = pol_emit_text_block(e, text, (size_t)len + 1, 1, &out->off);
	e->last_at = at;
	e->last_place = *out;
	return rc;
}

int
pol_emit_text_u32(struct pol_emit *e, const uint32_t *list, size_t n, struct pol_span *out)
{
	memset(out, 0, sizeof(*out));
	if (n == 0)
		return 0;
	out->n = (uint32_t)n;
	return pol_emit_text_block(e, list, n * sizeof(*list), sizeof(*list), &out->off);
}
