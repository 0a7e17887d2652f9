/* SPDX-License-Identifier: Apache-2.0 */
/* dump: a set in one stable form, whatever the order and number of its files. */
#include "cli/cli.h"

int
pol_cmd_dump(const struct pol_args *a)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_json j = { NULL, 0, 0, false };
	struct policy_set *set;
	char *text;
	size_t len;
	int rc, status = POL_YES;

	if (a->n_words == 0)
		return pol_out_usage(a, "a file or directory is wanted");
	if (pol_open_set(&set, a, a->words, a->n_words, &err) != 0)
		return pol_out_error(a, &err);
	rc = policy_set_dump(set, &text, &len, &err);
	policy_set_close(set);
	if (rc != 0)
		return pol_out_error(a, &err);
	if (a->json) {
		pol_json_open(&j, NULL, '{');
		pol_json_text(&j, "dump", text, len);
		pol_json_close(&j, '}');
		status = pol_out_json(&j);
	} else {
		fwrite(text, 1, len, stdout);
	}
	policy_author_free(text);
	return status;
}
