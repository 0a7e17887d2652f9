/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_COMPILE_YAML_ERROR_H
#define POL_COMPILE_YAML_ERROR_H

#include <yaml.h>

#include "compile/set.h"

#define POL_YAML_TAG "a ! begins a tag, and tags are not allowed: write `not` to negate, or quote the text"
#define POL_YAML_ANCHOR "an & begins an anchor, and anchors are not allowed: write `and` between tests, or quote the text"
#define POL_YAML_ALIAS "a * begins an alias, and aliases are not allowed: quote it, as in \"*\""

/* Before libyaml sees it: UTF-8, no NUL, no %TAG. A byte order mark at the start is
 * stepped over. */
int pol_yaml_check(struct ast_set *set, uint16_t file, const char **text, size_t *len);
/* The parser's own failure, with a hint where the mistake is a common one. */
int pol_yaml_fail(struct ast_set *set, uint16_t file, const yaml_parser_t *parser,
    const char *text, size_t len);

#endif
