/* SPDX-License-Identifier: Apache-2.0 */
/* What the front half shares: how it fails, and the set's own memory. */
#include "compile/set.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "compile/compile.h"

int
pol_set_show(const char *data, size_t len)
{
	if (len <= 64)
		return (int)len;
	len = 64;
	while (len > 61 && ((unsigned char)data[len] & 0xc0u) == 0x80u)
		len--;
	return (int)len;
}

/* One line, and nothing that a terminal obeys. */
static void
format(char out[1024], const char *fmt, va_list ap)
{
	size_t i;

	(void)vsnprintf(out, 1024, fmt, ap);
	for (i = 0; out[i] != 0; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = '?';
}

static const char *
file_of(const struct ast_set *set, const struct pol_node *at)
{
	return at != NULL && at->file < set->n_files ? set->files[at->file] : NULL;
}

static int
refuse(struct ast_set *set, int code, const struct pol_node *at, const char *fmt, va_list ap)
{
	char text[1024];

	format(text, fmt, ap);
	return pol_err_set(set->err, code, file_of(set, at), at ? at->line : 0, at ? at->column : 0, "%s", text);
}

int
pol_set_fail(struct ast_set *set, const struct pol_node *at, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = refuse(set, POLICY_ERR_INVALID, at, fmt, ap);
	va_end(ap);
	return rc;
}

int
pol_set_limit(struct ast_set *set, const struct pol_node *at, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = refuse(set, POLICY_ERR_LIMIT, at, fmt, ap);
	va_end(ap);
	return rc;
}

void
pol_set_warn(const struct ast_set *set, const struct pol_node *at, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (set->warning == NULL)
		return;
	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	set->warning(set->warning_ctx, file_of(set, at), at->line, at->column, text);
}

int
pol_set_nomem(struct ast_set *set)
{
	return pol_err_nomem(set->err);
}

void *
pol_set_alloc(struct ast_set *set, size_t n, size_t size)
{
	void *p = pol_arena_array(&set->arena, n, size);

	if (p == NULL)
		(void)pol_set_nomem(set);
	return p;
}

int
pol_set_grow(void *list, size_t *cap)
{
	size_t more = *cap ? *cap * 2 : 8;
	void *old, *to;

	memcpy(&old, list, sizeof(old));
	to = more > SIZE_MAX / sizeof(void *) ? NULL : realloc(old, more * sizeof(void *));
	if (to == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(list, &to, sizeof(to));
	*cap = more;
	return 0;
}

static const size_t lists[] = {
	offsetof(struct ast_set, types), offsetof(struct ast_set, actions), offsetof(struct ast_set, named),
	offsetof(struct ast_set, parts), offsetof(struct ast_set, roles), offsetof(struct ast_set, scopes),
	offsetof(struct ast_set, kinds), offsetof(struct ast_set, everyone), offsetof(struct ast_set, users),
	offsetof(struct ast_set, groups), offsetof(struct ast_set, grants), offsetof(struct ast_set, things),
	offsetof(struct ast_set, tests), offsetof(struct ast_set, limits), offsetof(struct ast_set, entries),
	offsetof(struct ast_set, steps), offsetof(struct ast_set, mapped), offsetof(struct ast_set, routes),
};
#define LISTS (sizeof(lists) / sizeof(lists[0]))

static struct ast_list
list_of(const struct ast_set *set, size_t i)
{
	struct ast_list l;

	memcpy(&l, (const char *)set + lists[i], sizeof(l));
	return l;
}

void
pol_set_back(struct ast_set *set, const struct ast_set *before)
{
	struct ast_set now = *set;
	size_t i;

	*set = *before;
	set->arena = now.arena;
	for (i = 0; i < LISTS; i++) {
		struct ast_list l = list_of(&now, i);

		l.n = list_of(before, i).n;
		memcpy((char *)set + lists[i], &l, sizeof(l));
	}
}

void
pol_set_free(struct ast_set *set)
{
	size_t i;

	if (set == NULL)
		return;
	for (i = 0; i < LISTS; i++)
		free(list_of(set, i).list);
	pol_arena_fini(&set->arena);
	free(set);
}
