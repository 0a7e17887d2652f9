/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares values, three-valued: what cannot be compared is unknown. Lists are
 * joined as Kleene's or and and, so the order of their elements never matters.
 */
#include "core/eval.h"

struct cursor {
	const struct pol_val *list;
	uint32_t record, at;		/* computed lists: which record, where in it */
};

static bool
is_number(const struct pol_val *v)
{
	return (v->type == POLICY_INT && !v->ident) || v->type == POLICY_DOUBLE;
}

/* Of two numbers, by value: -1, 0, 1. */
static int
order(const struct pol_val *a, const struct pol_val *b)
{
	if (a->type == POLICY_INT && b->type == POLICY_INT)
		return (a->u.i > b->u.i) - (a->u.i < b->u.i);
	if (a->type == POLICY_DOUBLE && b->type == POLICY_DOUBLE)
		return (a->u.d > b->u.d) - (a->u.d < b->u.d);
	if (a->type == POLICY_INT)
		return pol_num_cmp(a->u.i, b->u.d);
	return -pol_num_cmp(b->u.i, a->u.d);
}

static inline int
same_text(struct pol_eval *ev, const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return POL_F;
	if (a_len >= 64 && !pol_spend(ev, (uint32_t)(a_len / 64)))
		return POL_E;
	return pol_bytes_same(a, b, a_len) ? POL_T : POL_F;
}

/* Text as it stands: its bytes are at hand. */
static inline bool
is_text(const struct pol_val *v)
{
	return v->type == POLICY_STRING && !v->is_now;
}

/* Of values that are not both texts as they stand. */
static __attribute__((noinline)) int
same_other(struct pol_eval *ev, const struct pol_val *a, const struct pol_val *b)
{
	char ta[POL_NUM_TEXT], tb[POL_NUM_TEXT];
	struct policy_text x, y;

	if (is_number(a))
		return is_number(b) ? (order(a, b) == 0 ? POL_T : POL_F) : POL_E;
	if (a->type == POLICY_BOOL)
		return b->type == POLICY_BOOL ? (a->u.i == b->u.i ? POL_T : POL_F) : POL_E;
	if (a->type == POLICY_NULL)	/* an element of a list */
		return b->type == POLICY_NULL ? POL_T : POL_E;
	if (!pol_facts_text(ev, a, ta, &x) || !pol_facts_text(ev, b, tb, &y))
		return POL_E;
	return same_text(ev, x.data, x.len, y.data, y.len);
}

int
pol_compare_same(struct pol_eval *ev, const struct pol_val *a, const struct pol_val *b)
{
	return is_text(a) && is_text(b) ? same_text(ev, a->u.s, a->n, b->u.s, b->n) : same_other(ev, a, b);
}

static bool
next_role(struct pol_eval *ev, struct cursor *c, struct pol_val *out)
{
	const uint32_t *ids;
	uint32_t n;

	while (pol_roles_list(ev, c->list->base, c->record, &ids, &n)) {
		if (c->at < n) {
			struct pol_str name = pol_role_name(ev->p, ids[c->at++]);

			pol_facts_bytes(out, pol_str_at(ev->p, name), name.len);
			return true;
		}
		c->record++;
		c->at = 0;
	}
	return false;
}

static bool
next_group(struct pol_eval *ev, struct cursor *c, struct pol_val *out)
{
	const struct pol_side *side = c->list->base;

	while (c->record < side->n_records) {
		const struct pol_holder *h = side->records[c->record];
		uint32_t id, at = c->at == 0 ? 0 : c->at - 1;

		/* itself first: it may be a group that was sent along */
		while ((id = c->at == 0 ? h->id : pol_more_next_group(pol_holder_more(h), &at)) != POL_NONE) {
			uint32_t g = id - POL_HOLDER_GROUP;

			c->at = at + 1;
			if (g < ev->w->n_groups) {
				pol_facts_bytes(out, ev->w->group_names[g].data, ev->w->group_names[g].len);
				return true;
			}
		}
		c->record++;
		c->at = 0;
	}
	return false;
}

/* The next element; an element of a list where text is due is due as text. */
static bool
next(struct pol_eval *ev, struct cursor *c, struct pol_val *out)
{
	const struct pol_val *l = c->list;

	if (!pol_spend(ev, 1))
		return false;
	switch ((enum pol_where)l->where) {
	case POL_IN_GROUPS:
		return next_group(ev, c, out);
	case POL_IN_ROLES:
		return next_role(ev, c, out);
	default:
		break;
	}
	if (c->at == l->n)
		return false;
	if (l->where == POL_IN_TEXTS) {
		const struct policy_text *t = (const struct policy_text *)l->u.p + c->at;

		pol_facts_bytes(out, t->data, (uint32_t)t->len);
	} else if (l->where == POL_IN_STORE) {
		pol_facts_stored(out, (const struct pol_sval *)l->u.p + c->at, l->base);
	} else {
		pol_facts_sent(out, (const struct policy_value *)l->u.p + c->at);
	}
	out->ident = l->ident;
	c->at++;
	return true;
}

/* The texts that a stored list begins with, most often all of it: is it one of them? */
static inline bool
is_stored(struct pol_eval *ev, struct cursor *c, const struct pol_val *one)
{
	const struct pol_sval *items = c->list->u.p;

	for (; c->at < c->list->n && items[c->at].type == POLICY_STRING && pol_spend(ev, 1); c->at++) {
		const char *s = POL_AT(c->list->base, items[c->at].u.off);

		if (same_text(ev, s, items[c->at].n, one->u.s, one->n) == POL_T)
			return true;
	}
	return false;
}

int
pol_compare_any(struct pol_eval *ev, const struct pol_val *list, const struct pol_val *one)
{
	struct cursor c = { list, 0, 0 };
	struct pol_val x;
	int any = POL_F;

	if (list->where == POL_IN_STORE && is_text(one)) {
		if (is_stored(ev, &c, one))
			return POL_T;
		if (c.at == list->n)
			return POL_F;
	}
	while (next(ev, &c, &x)) {
		int v = pol_compare_same(ev, &x, one);

		if (v == POL_T)
			return POL_T;
		if (v == POL_E)
			any = POL_E;
	}
	return any;
}

/* overlaps (all false) and covers (all true): of b's elements, which are in a? */
static int
lists(struct pol_eval *ev, bool covers, const struct pol_val *a, const struct pol_val *b)
{
	int stop = covers ? POL_F : POL_T, all = covers ? POL_T : POL_F;
	struct cursor c = { b, 0, 0 };
	struct pol_val x;

	if (a->type != POLICY_LIST || b->type != POLICY_LIST)
		return POL_E;
	while (next(ev, &c, &x)) {
		int v = pol_compare_any(ev, a, &x);

		if (v == stop)
			return stop;
		if (v == POL_E)
			all = POL_E;
	}
	return all;
}

static int
ordered(enum pol_cmp cmp, const struct pol_val *a, const struct pol_val *b)
{
	int o;

	if (!is_number(a) || !is_number(b))
		return POL_E;
	o = order(a, b);
	switch (cmp) {
	case POL_CMP_LT:
		return o < 0 ? POL_T : POL_F;
	case POL_CMP_LE:
		return o <= 0 ? POL_T : POL_F;
	case POL_CMP_GT:
		return o > 0 ? POL_T : POL_F;
	default:
		return o >= 0 ? POL_T : POL_F;
	}
}

static int
in_network(struct pol_eval *ev, const struct pol_ip *ip, const struct pol_val *net)
{
	char tmp[POL_NUM_TEXT];
	struct policy_text t;
	struct pol_net n;

	if (net->type == POL_T_NET)
		return pol_net_contains(net->u.p, ip) ? POL_T : POL_F;
	if (!pol_spend(ev, 4) || !pol_facts_text(ev, net, tmp, &t) || pol_net_parse(&n, t.data, t.len) != 0)
		return POL_E;
	return pol_net_contains(&n, ip) ? POL_T : POL_F;
}

static int
within(struct pol_eval *ev, const struct pol_val *a, const struct pol_val *b)
{
	struct cursor c = { b, 0, 0 };
	char tmp[POL_NUM_TEXT];
	struct policy_text t;
	struct pol_ip ip;
	struct pol_val x;
	int any = POL_F;

	if (a->type == POL_T_IP)
		memcpy(&ip, a->u.p, sizeof(ip));
	else if (!pol_facts_text(ev, a, tmp, &t) || pol_ip_parse(&ip, t.data, t.len) != 0)
		return POL_E;
	if (b->type != POLICY_LIST)
		return in_network(ev, &ip, b);
	while (next(ev, &c, &x)) {
		int v = in_network(ev, &ip, &x);

		if (v == POL_T)
			return POL_T;
		if (v == POL_E)
			any = POL_E;
	}
	return any;
}

static bool
time_of(struct pol_eval *ev, const struct pol_val *v, struct pol_time *out)
{
	char tmp[POL_NUM_TEXT];
	struct policy_text t;

	if (v->is_now) {
		*out = ev->now;
		return true;
	}
	if (v->type == POL_T_TIME) {
		out->sec = v->u.i;
		out->ns = v->n;
		return true;
	}
	return pol_facts_text(ev, v, tmp, &t) && pol_time_parse(out, t.data, t.len) == 0;
}

int
pol_compare_rest(struct pol_eval *ev, enum pol_cmp cmp, const struct pol_val *a, const struct pol_val *b)
{
	struct pol_time x, y;
	int v;

	switch (cmp) {
	case POL_CMP_NE:
		v = pol_compare_same(ev, a, b);
		return v == POL_E ? POL_E : v == POL_T ? POL_F : POL_T;
	case POL_CMP_LT:
	case POL_CMP_LE:
	case POL_CMP_GT:
	case POL_CMP_GE:
		return ordered(cmp, a, b);
	case POL_CMP_IN:
		return b->type == POLICY_LIST ? pol_compare_any(ev, b, a) : POL_E;
	case POL_CMP_CONTAINS:
		return a->type == POLICY_LIST ? pol_compare_any(ev, a, b) : POL_E;
	case POL_CMP_OVERLAPS:
	case POL_CMP_COVERS:
		return lists(ev, cmp == POL_CMP_COVERS, a, b);
	case POL_CMP_WITHIN:
		return within(ev, a, b);
	case POL_CMP_BEFORE:
	case POL_CMP_AFTER:
		if (!time_of(ev, a, &x) || !time_of(ev, b, &y))
			return POL_E;
		v = pol_time_cmp(x, y);
		return (cmp == POL_CMP_BEFORE ? v < 0 : v > 0) ? POL_T : POL_F;
	default:
		return POL_E;
	}
}
