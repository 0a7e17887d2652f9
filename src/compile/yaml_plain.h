/* SPDX-License-Identifier: Apache-2.0 */
/* The plain part of YAML, read fast; the rest is libyaml's. */
#ifndef POL_COMPILE_YAML_PLAIN_H
#define POL_COMPILE_YAML_PLAIN_H

#include "compile/yaml_tree.h"

/* Not an error: who is not certain says so. */
#define POL_PLAIN_UNSURE 1

/*
 * A text that pol_yaml_check() has passed, into t. 0, and t's stack holds the root;
 * POL_PLAIN_UNSURE: the text must be read again from its beginning, by libyaml, into
 * another tree; POLICY_ERR_NOMEM.
 */
int pol_plain_read(struct pol_tree *t, const char *text, size_t len);

#endif
