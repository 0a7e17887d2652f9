/* SPDX-License-Identifier: Apache-2.0 */
/* route: what a request of HTTP is taken for. Nobody is asked for, so nothing is decided. */
#include "cli/cli.h"

static int
say_json(const struct policy_routed *r)
{
	struct pol_json j = { .data = NULL };

	pol_json_open(&j, NULL, '{');
	pol_json_bool(&j, "found", r->found != 0);
	if (r->found != 0) {
		pol_json_bool(&j, "public", r->is_public != 0);
		if (r->action_len != 0)
			pol_json_text(&j, "action", r->action, r->action_len);
		if (r->resource_type_len != 0) {
			pol_json_open(&j, "resource", '{');
			pol_json_text(&j, "type", r->resource_type, r->resource_type_len);
			pol_json_text(&j, "id", r->resource_id, r->resource_id_len);
			pol_json_close(&j, '}');
		}
		pol_json_text(&j, "file", r->file, r->file_len);
		pol_json_uint(&j, "line", r->line);
	}
	pol_json_close(&j, '}');
	return pol_out_json(&j);
}

static void
say(const struct policy_routed *r)
{
	if (r->found == 0) {
		puts("no route");
		return;
	}
	fputs(r->is_public != 0 ? "public" : "", stdout);
	fputs(r->is_public != 0 && r->action_len != 0 ? "  " : "", stdout);
	pol_out_text_n(stdout, r->action, r->action_len);
	if (r->resource_type_len != 0) {
		fputc(' ', stdout);
		pol_out_text_n(stdout, r->resource_type, r->resource_type_len);
		fputc('/', stdout);
		pol_out_text_n(stdout, r->resource_id, r->resource_id_len);
	}
	fputs("  route ", stdout);
	pol_out_text_n(stdout, r->file, r->file_len);
	printf(":%u\n", r->line);
}

int
pol_cmd_route(const struct pol_args *a)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_routed r = POLICY_ROUTED_INIT;
	struct policy_http http = POLICY_HTTP_INIT;
	struct policy_set *set;
	int rc, status;

	if (a->n_words != 2)
		return pol_out_usage(a, "METHOD and TARGET are wanted");
	if (a->n_paths == 0)
		return pol_out_usage(a, "-p PATH is wanted");
	if (pol_open_set(&set, a, a->paths, a->n_paths, &err) != 0)
		return pol_out_error(a, &err);
	http.set = policy_text(a->set);
	http.method = policy_text(a->words[0]);
	http.target = policy_text(a->words[1]);
	http.body = policy_text(a->body);
	rc = policy_set_route(set, &http, &r, &err);
	policy_set_close(set);
	if (rc != 0 && !a->json)
		return (void)pol_out_error(a, &err), POL_NO;
	status = a->json ? say_json(&r) : (say(&r), POL_YES);
	return status != POL_YES ? status : r.found != 0 ? POL_YES : POL_NO;
}
