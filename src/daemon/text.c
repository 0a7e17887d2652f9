/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows by doubling, up to a size that no answer has a use for. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "utf8.h"

#define TEXT_BYTES ((size_t)64 * 1024 * 1024)

/* Room for len bytes more, and a NUL. */
static bool
make_room(struct pol_text *t, size_t len)
{
	size_t room = t->room != 0 ? t->room : 256;
	char *data;

	if (t->failed)
		return false;
	if (len < t->room - t->len)
		return true;
	if (len > TEXT_BYTES || t->len + len >= TEXT_BYTES) {
		t->failed = true;
		return false;
	}
	while (room <= t->len + len)
		room *= 2;
	data = realloc(t->data, room);
	if (data == NULL) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->room = room;
	return true;
}

void
pol_text_add(struct pol_text *t, const char *data, size_t len)
{
	if (!make_room(t, len))
		return;
	if (len != 0)
		memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void
pol_text_str(struct pol_text *t, const char *s)
{
	pol_text_add(t, s, strlen(s));
}

static void
add_escaped(struct pol_text *t, unsigned char c)
{
	static const char hex[] = "0123456789abcdef", letters[] = "btn\0fr";
	char e[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (c == '"' || c == '\\')
		pol_text_add(t, (char[]){ '\\', (char)c }, 2);
	else if (c >= '\b' && c <= '\r' && c != '\v')
		pol_text_add(t, (char[]){ '\\', letters[c - '\b'] }, 2);
	else
		pol_text_add(t, e, sizeof(e));
}

void
pol_text_json(struct pol_text *t, const char *data, size_t len)
{
	size_t i = 0, plain = 0;

	pol_text_add(t, "\"", 1);
	while (i < len) {
		size_t n = 1;

		if ((unsigned char)data[i] < 0x80) {
			if (data[i] >= 0x20 && data[i] != '"' && data[i] != '\\' && data[i] != 0x7f) {
				i++;
				continue;
			}
		} else if ((n = pol_utf8_len(data + i, data + len)) != 0) {
			i += n;
			continue;
		}
		pol_text_add(t, data + plain, i - plain);
		if (n == 0)
			pol_text_add(t, "\xef\xbf\xbd", 3);
		else
			add_escaped(t, (unsigned char)data[i]);
		plain = ++i;
	}
	pol_text_add(t, data + plain, i - plain);
	pol_text_add(t, "\"", 1);
}

void
pol_text_fini(struct pol_text *t)
{
	free(t->data);
	memset(t, 0, sizeof(*t));
}
