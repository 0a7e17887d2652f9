/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that are written in the set: defaults of attributes, and literals of
 * conditions. A literal time, address or network is parsed here, once and for all.
 */
#include <string.h>

#include "base/num.h"
#include "compile/emit.h"

/* How a literal is to be read: equal values of two kinds are two constants. */
enum kind { PLAIN, TIME, IP, NET };

static int
emit_list(struct pol_emit *e, const struct policy_value *v, struct pol_sval *out)
{
	uint32_t i, off;
	int rc;

	rc = pol_emit_text_block(e, NULL, v->count * sizeof(*out), 8, &off);
	out->n = v->count;
	out->u.off = off;
	for (i = 0; rc == 0 && i < v->count; i++) {
		struct pol_sval item;

		rc = pol_emit_value(e, &v->u.items[i], &item);
		if (rc == 0)
			memcpy(e->blob.data + off + i * sizeof(item), &item, sizeof(item));
	}
	return rc;
}

/* Nested no deeper than YAML may be: recursion is safe. */
int
pol_emit_value(struct pol_emit *e, const struct policy_value *v, struct pol_sval *out)
{
	struct pol_str s;
	int rc;

	memset(out, 0, sizeof(*out));
	out->type = (uint8_t)v->type;
	if (v->type == POLICY_LIST)
		return emit_list(e, v, out);
	if (v->type != POLICY_STRING)
		return pol_emit_text_rc(e, pol_encode_value(&e->blob, 0, v, out));
	rc = pol_emit_text(e, v->u.text.data, v->u.text.len, &s);
	if (rc != 0)
		return rc;
	out->n = s.len;
	out->u.off = s.off;
	return 0;
}

int
pol_emit_value_ident(struct pol_emit *e, const struct policy_value *v, struct policy_value *out)
{
	struct policy_value *items;
	char text[POL_NUM_TEXT];
	uint32_t i;
	int rc = 0;

	*out = *v;
	if (v->type == POLICY_INT) {
		out->type = POLICY_STRING;
		out->u.text.len = pol_num_format(text, v->u.integer);
		out->u.text.data = pol_arena_copy(&e->arena, text, out->u.text.len);
		return out->u.text.data != NULL ? 0 : pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	}
	if (v->type != POLICY_LIST)
		return 0;
	items = pol_arena_array(&e->arena, v->count, sizeof(*items));
	if (items == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	for (i = 0; rc == 0 && i < v->count; i++)
		rc = pol_emit_value_ident(e, &v->u.items[i], &items[i]);
	out->u.items = items;
	return rc;
}

/* A literal is a single value or a list of those. */
static void
add_key(struct pol_buf *b, const struct policy_value *v)
{
	uint32_t i;

	pol_buf_append(b, &v->type, sizeof(v->type));
	switch ((enum policy_type)v->type) {
	case POLICY_STRING:
		pol_buf_append(b, &v->u.text.len, sizeof(v->u.text.len));
		pol_buf_append(b, v->u.text.data, v->u.text.len);
		break;
	case POLICY_LIST:
		pol_buf_append(b, &v->count, sizeof(v->count));
		for (i = 0; i < v->count; i++)
			add_key(b, &v->u.items[i]);
		break;
	case POLICY_BOOL:
		pol_buf_append(b, &v->u.boolean, sizeof(v->u.boolean));
		break;
	case POLICY_DOUBLE:
		pol_buf_append(b, &v->u.real, sizeof(v->u.real));
		break;
	default:
		pol_buf_append(b, &v->u.integer, sizeof(v->u.integer));
	}
}

static int
find_const(struct pol_emit *e, enum kind kind, const struct policy_value *v, uint32_t *index, bool *found)
{
	e->tmp.len = 0;
	pol_buf_append(&e->tmp, &kind, sizeof(kind));
	add_key(&e->tmp, v);
	if (e->tmp.failed)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	*index = (uint32_t)(e->table[EMIT_CONSTS].len / sizeof(struct pol_sval));
	return pol_emit_text_rc(e, pol_emit_dict_put(&e->consts, e->tmp.data, e->tmp.len, index, found));
}

int
pol_emit_value_const(struct pol_emit *e, const struct policy_value *v, uint32_t *index)
{
	struct pol_sval row;
	bool found;
	int rc = find_const(e, PLAIN, v, index, &found);

	if (rc != 0 || found)
		return rc;
	rc = pol_emit_value(e, v, &row);
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_CONSTS, &row, sizeof(row), NULL);
}

static int
bad(const struct pol_emit *e, const struct pol_node *at, const struct policy_value *v, const char *want)
{
	bool text = v->type == POLICY_STRING;

	return pol_emit_text_fail(e, at, POLICY_ERR_INVALID, "\"%.*s\" is no %s",
	    text ? (int)v->u.text.len : 0, text ? v->u.text.data : "", want);
}

int
pol_emit_value_time(struct pol_emit *e, const struct policy_value *v,
    const struct pol_node *at, uint32_t *index)
{
	struct pol_sval row;
	struct pol_time t;
	bool found;
	int rc = find_const(e, TIME, v, index, &found);

	if (rc != 0 || found)
		return rc;
	if (v->type != POLICY_STRING || pol_time_parse(&t, v->u.text.data, v->u.text.len) != 0)
		return bad(e, at, v, "time: RFC 3339 with an offset is wanted");
	memset(&row, 0, sizeof(row));
	row.type = POL_T_TIME;
	row.n = t.ns;
	row.u.i = t.sec;
	return pol_emit_text_row(e, EMIT_CONSTS, &row, sizeof(row), NULL);
}

static int
emit_ip(struct pol_emit *e, const struct policy_value *v, const struct pol_node *at, struct pol_sval *out)
{
	struct pol_ip ip;
	uint32_t off;
	int rc;

	memset(&ip, 0, sizeof(ip));
	memset(out, 0, sizeof(*out));
	if (v->type != POLICY_STRING || pol_ip_parse(&ip, v->u.text.data, v->u.text.len) != 0)
		return bad(e, at, v, "address");
	rc = pol_emit_text_block(e, &ip, sizeof(ip), 8, &off);
	out->type = POL_T_IP;
	out->u.off = off;
	return rc;
}

static int
emit_net(struct pol_emit *e, const struct policy_value *v, const struct pol_node *at, struct pol_sval *out)
{
	struct pol_net net;
	uint32_t off;
	int rc;

	memset(&net, 0, sizeof(net));
	memset(out, 0, sizeof(*out));
	if (v->type != POLICY_STRING || pol_net_parse(&net, v->u.text.data, v->u.text.len) != 0)
		return bad(e, at, v, "network: ADDRESS/PREFIX without host bits is wanted");
	rc = pol_emit_text_block(e, &net, sizeof(net), 8, &off);
	out->type = POL_T_NET;
	out->u.off = off;
	return rc;
}

/* left: an address; else a network, or a list of networks. */
int
pol_emit_value_net(struct pol_emit *e, const struct policy_value *v, bool left,
    const struct pol_node *at, uint32_t *index)
{
	struct pol_sval row;
	uint32_t i, off;
	bool found;
	int rc = find_const(e, left ? IP : NET, v, index, &found);

	if (rc != 0 || found)
		return rc;
	if (left) {
		rc = emit_ip(e, v, at, &row);
	} else if (v->type != POLICY_LIST) {
		rc = emit_net(e, v, at, &row);
	} else {
		memset(&row, 0, sizeof(row));
		rc = pol_emit_text_block(e, NULL, v->count * sizeof(row), 8, &off);
		for (i = 0; rc == 0 && i < v->count; i++) {
			rc = emit_net(e, &v->u.items[i], at, &row);
			if (rc == 0)
				memcpy(e->blob.data + off + i * sizeof(row), &row, sizeof(row));
		}
		row.type = POLICY_LIST;
		row.n = v->count;
		row.u.off = off;
	}
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_CONSTS, &row, sizeof(row), NULL);
}
