/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a set for a verb: limits, warnings, progress. */
#include "cli/cli.h"

/* A file that may be long may also hold more: the shortest node takes about four bytes. */
#define BYTES_PER_NODE 4
#define LEAST_NODES 100000

void
pol_open_limits(struct policy_limits *out, const struct pol_args *a)
{
	*out = (struct policy_limits)POLICY_LIMITS_INIT;
	if (a->max_size == 0)
		return;
	out->file_bytes = a->max_size;
	out->nodes = a->max_size / BYTES_PER_NODE;
	if (out->nodes < LEAST_NODES)
		out->nodes = LEAST_NODES;
}

/* What is said of a file as a whole, its owner or mode, everyone should know; what is
 * said of a line is for who checks the set. */
static void
tell(void *ctx, const char *file, uint32_t line, uint32_t column, const char *text)
{
	(void)ctx;
	if (line == 0)
		pol_out_finding("warning", file, line, column, text);
}

static void
progress(void *ctx, uint64_t done, uint64_t total)
{
	pol_progress_show(ctx, done, total);
}

int
pol_open_set_with(struct policy_set **out, const struct pol_args *a, const char *const *paths, size_t n,
    policy_warning_fn *warning, void *ctx, struct policy_error *err)
{
	struct policy_set_options opt = POLICY_SET_OPTIONS_INIT;
	struct policy_limits limits;
	struct pol_progress p;
	int rc;

	pol_open_limits(&limits, a);
	pol_progress_begin(&p, "reading");
	opt.flags = a->fixtures ? POLICY_SET_FIXTURES : 0;
	opt.limits = &limits;
	opt.warning = warning;
	opt.warning_ctx = ctx;
	opt.progress = progress;
	opt.progress_ctx = &p;
	rc = policy_set_open(out, paths, n, &opt, err);
	pol_progress_end(&p);
	return rc;
}

int
pol_open_set(struct policy_set **out, const struct pol_args *a, const char *const *paths, size_t n,
    struct policy_error *err)
{
	return pol_open_set_with(out, a, paths, n, tell, NULL, err);
}
