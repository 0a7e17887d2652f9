/* SPDX-License-Identifier: Apache-2.0 */
/* A request's credentials, judged: by the cache, within a snapshot; else by the set's
 * modules, outside of any. */
#ifndef POL_API_JUDGE_H
#define POL_API_JUDGE_H

#include "api/handle.h"
#include "auth/cache.h"

/* What was found of one list of credentials. */
struct pol_judged {
	const struct policy_credential *list;	/* NULL: nothing yet */
	size_t n;
	int rc;				/* negative: they could not be judged */
	enum policy_reason reason;	/* POLICY_REASON_RULE: they are good */
	const char *packed;		/* the identities: in small, or in heap */
	uint32_t len;
	uint64_t serial;		/* of the stack that found it */
	struct pol_cache_stand stand;	/* on what they stand; version 0: not known to be alive in any */
	bool cached;			/* by `key` */
	bool open;			/* whoever they are may what no deny entry denies */
	struct pol_cache_key key;
	char *heap;
	char small[POL_PACKED_MAX];
};

static inline void
pol_judge_init(struct pol_judged *j)
{
	j->list = NULL;
	j->heap = NULL;
	j->open = false;
}
void pol_judge_fini(struct pol_judged *j);

/* The shape of a list: 0, POLICY_ERR_ARG or POLICY_ERR_LIMIT. */
int pol_judge_shape(const struct policy_credential *list, size_t n);
/* Within s, a list of good shape: what the cache has, or what needs no module. False: it
 * is to be asked for. */
bool pol_judge_look(struct policy *p, const struct pol_snapshot *s, const struct policy_request *req, int64_t now,
    struct pol_judged *j);
/* Outside, what was looked for. May block, as the modules do. req is of our size; what
 * fails is told in j. */
void pol_judge_ask(struct policy *p, const struct policy_request *req, struct pol_judged *j);
/*
 * Within s, of those that are good: do they stand on what they stood on, and is that alive?
 * POLICY_REASON_RULE, or why not. False: they are to be judged anew; then nothing is found.
 */
bool pol_judge_alive(struct policy *p, const struct pol_snapshot *s, int64_t now, struct pol_judged *j,
    enum policy_reason *reason);
/* The engine's clock, Unix ns. */
int64_t pol_judge_clock(const struct policy *p);

#endif
