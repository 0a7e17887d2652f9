/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_MEMBER_H
#define POL_BASE_MEMBER_H

#include <stddef.h>

#include <policy.h>

#define POL_MEMBER_DEPTH 64		/* of lists and objects, the outermost among them */

/*
 * The text that stands under `name` in a JSON object (RFC 8259, all of it is looked at),
 * unescaped into room. 0, with *out in room; POLICY_ERR_ARG: it is no JSON or no object,
 * the member is not there, is there twice or once more with other capitals, is no text, or
 * has a NUL; POLICY_ERR_LIMIT: nested deeper than POL_MEMBER_DEPTH, or the room is too small.
 * Bytes after U+0000 or that are no UTF-8 are no JSON.
 */
int pol_member_find(struct policy_text *out, char *room, size_t room_len, struct policy_text json,
    struct policy_text name);

#endif
