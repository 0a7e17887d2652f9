/* SPDX-License-Identifier: Apache-2.0 */
/* Change number c writes the rows a, b and c of the key c % KEYS, all with the number c: so
 * what has to be there follows from the newest change alone. */
#include "tests/modules/store_kills.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/modules/store_env.h"

enum { KEYS = 10 };

struct kills *
kills_new(void)
{
	return mmap(NULL, sizeof(struct kills), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int
ignore(void *ctx, const struct policy_row *r)
{
	(void)ctx;
	(void)r;
	return 0;
}

static int
write_one(struct store *s)
{
	static struct room rooms[3];
	static char filler[9000];
	struct policy_row rows[3];

	memset(filler, 'f', sizeof(filler));
	for (unsigned i = 0; i < 3; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%c%u", "abc"[i], (unsigned)((s->since + 1) % KEYS));
		row_make(&rows[i], &rooms[i], POLICY_ROW_USER, id, (unsigned)(s->since + 1));
		rows[i].attributes = (struct policy_text){ filler, sizeof(filler) - (s->since * 97) % 9000 };
	}
	return store_apply(s, rows, 3);
}

static int
catch_up(struct kills *k, struct store *s)
{
	int rc = -1;

	for (unsigned i = 0; rc != 0 && i < k->tries; i++) {
		rc = policy_store_1.changes(s->state, &s->since, ignore, NULL, &s->err);
		if (rc != 0 && i > 2)
			usleep(20000);
	}
	return rc;
}

int
kills_write(struct kills *k, const char *url, unsigned n, void (*after)(struct kills *k))
{
	struct store s;
	int rc = -1;

	for (unsigned i = 0; rc != 0 && i < k->tries; i++) {
		rc = store_open(&s, url);
		if (rc != 0 && i > 2)
			usleep(20000);
	}
	if (rc == 0)
		rc = catch_up(k, &s);
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		if (s.since < atomic_load(&k->acked))
			return -1000;
		atomic_store(&k->tried, s.since + 1);
		rc = write_one(&s);
		if (rc == 0) {
			atomic_store(&k->acked, s.since);
			if (after != NULL)
				after(k);
		} else {
			atomic_fetch_add(&k->failures, 1);
			rc = catch_up(k, &s);
		}
	}
	store_close(&s);
	return rc;
}

const char *
kills_check(struct kills *k, const char *url)
{
	static char said[256];
	unsigned long numbers[3][KEYS] = { { 0 } };
	struct seen seen = { 0 };
	struct store s;
	int rc = store_open(&s, url);

	if (rc == 0)
		rc = store_changes(&s, &seen);
	snprintf(said, sizeof(said), "%.250s", s.err.text);
	store_close(&s);
	if (rc != 0)
		return said;
	for (size_t i = 0; i < seen.n; i++)
		numbers[seen.rows[i].id.data[0] - 'a'][seen.rows[i].id.data[1] - '0'] = seen.rows[i].number;
	seen_drop(&seen);
	if (s.since < atomic_load(&k->acked) || s.since > atomic_load(&k->tried)) {
		snprintf(said, sizeof(said), "newest change %lu, tried %lu, acknowledged %lu", (unsigned long)s.since,
		    atomic_load(&k->tried), atomic_load(&k->acked));
		return said;
	}
	for (unsigned long c = s.since; c > 0 && c + KEYS > s.since; c--) {
		for (unsigned i = 0; i < 3; i++) {
			if (numbers[i][c % KEYS] != c) {
				snprintf(said, sizeof(said), "change %lu: row %c has %lu", c, "abc"[i], numbers[i][c % KEYS]);
				return said;
			}
		}
	}
	atomic_store(&k->acked, s.since);
	atomic_store(&k->tried, s.since);
	return NULL;
}
