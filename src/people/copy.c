/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People of which nobody knows whose pages they are (a child was forked while its parent
 * changed them), copied: what deciders see is whole in every moment. The copy is the first
 * of a line of its own.
 */
#include <stdlib.h>

#include "people/impl.h"

static void *
dup_bytes(const void *p, size_t n)
{
	void *copy = p == NULL ? NULL : malloc(n == 0 ? 1 : n);

	if (copy != NULL && n != 0)
		memcpy(copy, p, n);
	return copy;
}

static int
copy_dir(struct pol_dir *to, const struct pol_dir *from)
{
	size_t count = (size_t)1 << from->depth;
	uintptr_t *places = calloc(count, sizeof(*places));

	*to = *from;
	to->places = places;
	if (places == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < count; ) {
		const struct pol_page *page = pol_place_page(from->places[i]);
		size_t times = (size_t)1 << (from->depth - page->depth);
		struct pol_page *made = aligned_alloc(POL_PAGE_ALIGN,
		    (page->bytes + POL_PAGE_ALIGN - 1) & ~(size_t)(POL_PAGE_ALIGN - 1));

		if (made == NULL)
			return POLICY_ERR_NOMEM;
		memcpy(made, page, page->bytes);
		made->in_slab = 0;
		for (size_t k = 0; k < times; k++)
			places[i + k] = (uintptr_t)made + page->slot_bits;
		i += times;
	}
	return 0;
}

static int
copy_grants(struct pol_people *to, const struct pol_people *from)
{
	const struct pol_type_grants **by_type = calloc(from->n_types + 1u, sizeof(*by_type));

	to->by_type = by_type;
	if (by_type == NULL)
		return POLICY_ERR_NOMEM;
	for (uint32_t i = 0; i < from->n_types; i++) {
		if (from->by_type[i] != NULL && (by_type[i] = dup_bytes(from->by_type[i], from->by_type[i]->bytes)) == NULL)
			return POLICY_ERR_NOMEM;
	}
	if (from->anywhere != NULL && (to->anywhere = dup_bytes(from->anywhere, from->anywhere->bytes)) == NULL)
		return POLICY_ERR_NOMEM;
	to->everyone.ids = dup_bytes(from->everyone.ids, from->everyone.n * sizeof(uint32_t));
	to->authenticated.ids = dup_bytes(from->authenticated.ids, from->authenticated.n * sizeof(uint32_t));
	return to->everyone.ids == NULL || to->authenticated.ids == NULL ? POLICY_ERR_NOMEM : 0;
}

static int
copy_names(struct pol_people *to, const struct pol_people *from)
{
	size_t bytes = (from->n_groups + 1u) * sizeof(struct pol_text_ref);
	struct pol_text_ref *names;
	char *text;

	for (uint32_t g = 0; g < from->n_groups; g++)
		bytes += from->group_names[g].len + 1u;
	to->group_names = names = calloc(1, bytes);
	if (names == NULL)
		return POLICY_ERR_NOMEM;
	text = (char *)(names + from->n_groups);
	for (uint32_t g = 0; g < from->n_groups; g++) {
		names[g].len = from->group_names[g].len;
		names[g].data = memcpy(text, from->group_names[g].data, names[g].len);
		text += names[g].len + 1u;
	}
	return 0;
}

int
pol_people_copy(const struct pol_people_root *from, struct pol_people_root **out)
{
	struct pol_people_root *root = calloc(1, sizeof(*root));
	const struct pol_people *w = &from->view;
	int rc;

	*out = NULL;
	if (root == NULL)
		return POLICY_ERR_NOMEM;
	root->bytes = from->bytes;
	root->next_subject = from->next_subject;
	root->view = *w;
	root->view.holders.places = root->view.things.places = root->view.facts.places = NULL;
	root->view.by_type = NULL;
	root->view.anywhere = NULL;
	root->view.everyone.ids = root->view.authenticated.ids = NULL;
	root->view.group_names = NULL;
	rc = copy_dir(&root->view.holders, &w->holders);
	if (rc == 0)
		rc = copy_dir(&root->view.things, &w->things);
	if (rc == 0)
		rc = copy_dir(&root->view.facts, &w->facts);
	if (rc == 0)
		rc = copy_grants(&root->view, w);
	if (rc == 0)
		rc = copy_names(&root->view, w);
	if (rc != 0) {
		pol_people_free(root);
		return rc;
	}
	*out = root;
	return 0;
}
