/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the text of a set: refused with a sentence, or a set that can be
 * dumped, compiled and asked, the full way and the quick. Never a crash, a leak, two
 * answers to one question, or an allow of nothing.
 */
#include <stdlib.h>

#include "compile/compile.h"
#include "core/core.h"
#include "fuzz/target.h"

#define MOST 8				/* of subjects and things of the set that ask and are asked about */

static void
see(void *ctx, const struct pol_engine *e, enum policy_stage stage, uint32_t entry,
    enum policy_outcome outcome, uint32_t term, int term_value, bool for_actor)
{
	(void)e;
	(void)term;
	(void)term_value;
	*(uint64_t *)ctx += (uint64_t)stage + entry + outcome + for_actor;
}

/* A witness sees the full way, and holds the quick one to it; without, the quick one is
 * taken where there is one. Only a limit may part them: a witness costs more. */
static void
ask(const struct pol_engine *e, const struct policy_request *req)
{
	struct pol_time now = { 1700000000, 0 };
	struct pol_answer full, fast;
	const char *why;
	uint64_t seen = 0;
	struct pol_witness w = { see, &seen };
	int rc, rc_fast;

	if (pol_request_sizes(req, &why) != 0)
		return;
	rc = pol_decide(e, req, now, NULL, &full, &w, &why);
	rc_fast = pol_decide(e, req, now, NULL, &fast, NULL, &why);
	if (rc == POLICY_ERR_INTERNAL || rc_fast == POLICY_ERR_INTERNAL)
		abort();
	if (rc != POLICY_ERR_LIMIT && (rc != rc_fast || full.verdict != fast.verdict ||
	    full.reason != fast.reason || full.entry != fast.entry || full.kind != fast.kind))
		abort();
	if (rc_fast != 0 && fast.verdict != POLICY_DENY)
		abort();
}

/* The first few records of a dictionary. */
static size_t
records(const struct pol_dir *d, const void *out[MOST])
{
	uintptr_t last = 0;
	size_t n = 0;

	for (uint64_t i = 0; i >> d->depth == 0; i++) {
		const struct pol_page *page = pol_place_page(d->places[i]);

		if (d->places[i] == last)
			continue;
		last = d->places[i];
		for (uint32_t k = 0; k <= pol_place_mask(last) && n < MOST; k++) {
			if (page->slots[k] != 0)
				out[n++] = (const char *)page + ((uint64_t)(page->slots[k] & POL_SLOT_AT) << 3);
		}
	}
	return n;
}

/* One subject on each of the things, and on one of which nothing is stored. */
static void
ask_about(const struct pol_engine *e, struct policy_request *req, uint32_t action)
{
	const struct pol_program *p = e->program;
	const struct pol_type *types = POL_AT(p, p->types.off);
	const void *things[MOST];
	size_t n = records(&e->people->things, things);
	struct pol_str name = pol_action_key(p, action);

	req->action = (struct policy_text){ pol_str_at(p, name), name.len };
	req->resource_type = req->resource_id = policy_text(NULL);
	if (p->types.n == 0) {
		ask(e, req);
		return;
	}
	name = types[action % p->types.n].name;
	req->resource_type = (struct policy_text){ pol_str_at(p, name), name.len };
	req->resource_id = policy_text("a/b");
	ask(e, req);
	for (size_t i = 0; i < n; i++) {
		const struct pol_thing *t = things[i];

		req->resource_type = (struct policy_text){ pol_str_at(p, types[t->type].name), types[t->type].name.len };
		req->resource_id = (struct policy_text){ t->id, t->id_len };
		ask(e, req);
	}
}

static void
ask_all(const struct pol_engine *e)
{
	const void *who[MOST];
	size_t n = records(&e->people->holders, who);

	for (uint32_t i = 0; i < e->program->actions.n && i < 32; i++) {
		struct policy_request req = POLICY_REQUEST_INIT;

		req.subject_id = policy_text("alice");
		ask_about(e, &req, i);
		for (size_t k = 0; k < n && i < 8; k++) {
			const struct pol_holder *h = who[k];

			req.subject_type = (struct policy_text){ h->text, h->type_len };
			req.subject_id = (struct policy_text){ pol_holder_name(h), h->name_len };
			ask_about(e, &req, i);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pol_source source = { "input.yaml", (const char *)data, size, true };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_people_root *people = NULL;
	struct pol_code *code = NULL;
	struct ast_set *set = NULL;
	struct pol_engine engine;
	struct pol_buf dump;
	int rc;

	rc = pol_set_read(&set, &source, 1, &opt, &err);
	if (rc == 0)
		rc = pol_code_emit(&code, set, &err);
	if (rc == 0)
		rc = pol_set_people(&people, set, pol_code_program(code), true, &err);
	if (rc != 0 && err.text[0] == '\0')
		abort();		/* refused without a sentence */
	if (rc == 0) {
		pol_buf_init(&dump);
		(void)pol_set_dump(set, &dump);
		pol_buf_fini(&dump);
		pol_code_engine(code, &engine);
		pol_engine_people(&engine, pol_people_view(people));
		ask_all(&engine);
	}
	pol_people_free(people);
	pol_code_free(code);
	pol_set_free(set);
	return 0;
}
