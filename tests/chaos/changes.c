/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single changes to a large set while others decide: `changes [GRANTS [CHANGES]]`.
 * What is not changed is answered as ever by every thread at every moment; what was
 * changed is answered so by the next decision; old snapshots do not pile up.
 */
#include "chaos.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/handle.h"

enum { DECIDERS = 2 };

#ifdef CHAOS_SANITIZER
static unsigned long grants = 20000, changes = 1000;
#else
static unsigned long grants = 1000000, changes = 10000;
#endif

static struct policy *p;
static atomic_int stop;
static atomic_ulong decided, wrong;

static int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* May user `who` read document `doc`? */
static int
may_read(const char *who, unsigned long doc, uint64_t *generation)
{
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	char id[24];

	snprintf(id, sizeof(id), "d%lu", doc);
	r.subject_id = policy_text(who);
	r.action = policy_text("read");
	r.resource_type = policy_text("doc");
	r.resource_id = policy_text(id);
	if (policy_decide(p, &r, &d) != 0)
		return -1;
	*generation = d.generation;
	return d.verdict == POLICY_ALLOW;
}

static void *
decider(void *arg)
{
	unsigned long x = (unsigned long)(uintptr_t)arg * 7919 + 1, n = 0, bad = 0;
	uint64_t last = 0, generation = 0;
	char who[24];

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		unsigned long i = (x >> 33) % grants;

		snprintf(who, sizeof(who), "u%lu", i);
		bad += may_read(who, i, &generation) != 1;
		bad += generation < last;
		last = generation;
		bad += may_read(who, (i + 1) % grants, &generation) != 0;
		bad += generation < last;
		last = generation;
		n += 2;
	}
	atomic_fetch_add(&decided, n);
	atomic_fetch_add(&wrong, bad);
	return NULL;
}

struct grant {
	unsigned long doc;
	int add;
};

static int
change(void *ctx, struct pol_people_root *from, const struct pol_program *program, struct pol_people_root **out)
{
	const struct grant *g = ctx;
	struct pol_who who = { policy_text("user"), policy_text("x") };
	uint32_t role = pol_find_role(program, "reader", 6);
	struct pol_grant_fact f;
	uint64_t hash;
	char id[24];

	snprintf(id, sizeof(id), "d%lu", g->doc);
	memset(&f, 0, sizeof(f));
	f.roles = &role;
	f.n_roles = 1;
	f.to = &who;
	f.n_to = 1;
	f.has_resource = true;
	f.type = pol_find_type(program, "doc", 3, &hash);
	f.glob = policy_text(id);
	return g->add ? pol_people_add_grant(from, program, &f, out) :
	    pol_people_remove_grant(from, program, &f, out);
}

static int
order(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Adds, and takes away what was added before: at most two of x's grants stand. */
static void
change_all(void)
{
	int64_t *took = calloc(changes, sizeof(*took)), sum = 0, begin;
	unsigned long refused = 0, late = 0, waiting = 0;
	uint64_t generation = 0;

	for (unsigned long i = 0; i < changes; i++) {
		struct grant g = { (i / 2) * 7 % grants, i % 2 == 0 };

		begin = clock_ns();
		refused += pol_handle_change(p, change, &g) != 0;
		took[i] = clock_ns() - begin;
		sum += took[i];
		late += may_read("x", g.doc, &generation) != g.add;
		late += generation != i + 2;
		if (p->n_waiting > waiting)
			waiting = p->n_waiting;
	}
	qsort(took, changes, sizeof(*took), order);
	printf("%lu changes of %lu grants: mean %.1f, median %.1f, p99 %.1f, most %.1f us; at most %lu old snapshots\n",
	    changes, grants, (double)sum / 1e3 / (double)changes, (double)took[changes / 2] / 1e3,
	    (double)took[changes * 99 / 100] / 1e3, (double)took[changes - 1] / 1e3, waiting);
	chaos_check(refused == 0, "a change failed");
	chaos_check(late == 0, "a change was not seen by the next decision");
	chaos_check(waiting <= 80, "old snapshots pile up");
	free(took);
}

static char *
make_set(size_t *len)
{
	static const char head[] = "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc } }\n"
	    "roles: { reader: { allow: read } }\ngrants:\n";
	char *text = malloc(sizeof(head) + grants * 64), *at;

	if (text == NULL)
		return NULL;
	memcpy(text, head, sizeof(head));
	at = text + sizeof(head) - 1;
	for (unsigned long i = 0; i < grants; i++)
		at += sprintf(at, "- { role: reader, to: u%lu, resource: doc/d%lu }\n", i, i);
	*len = (size_t)(at - text);
	return text;
}

static int
open_set(void)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_limits l = POLICY_LIMITS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	int64_t begin;
	size_t len = 0;
	char *text = make_set(&len);
	int rc;

	l.file_bytes = (uint64_t)1 << 30;
	l.nodes = (uint64_t)1 << 30;
	o.limits = &l;
	begin = clock_ns();
	rc = text == NULL ? -1 : policy_open_text(&p, "large.yaml", text, len, &o, &err);
	printf("loaded %zu bytes in %.2f s %s\n", len, (double)(clock_ns() - begin) / 1e9, err.text);
	free(text);
	return rc;
}

int
main(int argc, char **argv)
{
	pthread_t t[DECIDERS];

	if (argc > 1)
		grants = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		changes = strtoul(argv[2], NULL, 10);
	if (grants < 2 || changes < 2 || !chaos_check(open_set() == 0, "the set does not open"))
		return chaos_finish();
	for (int i = 0; i < DECIDERS; i++)
		pthread_create(&t[i], NULL, decider, (void *)(uintptr_t)(i + 1));
	change_all();
	atomic_store(&stop, 1);
	for (int i = 0; i < DECIDERS; i++)
		pthread_join(t[i], NULL);
	printf("%lu decisions meanwhile\n", (unsigned long)decided);
	chaos_check(wrong == 0, "what was not changed was answered otherwise");
	chaos_check(decided > 0, "nobody decided");
	policy_close(p);
	return chaos_finish();
}
