/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection for reading only. SQLite would open the log for writing where it may, and
 * make one where there is none, for a reader too; so between it and the system there is a
 * layer that opens no file but for reading. The index of the log is opened elsewhere, and
 * has a word of the name to say the same.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

#define LAYER "policy-reading"

static sqlite3_vfs layer;
static sqlite3_vfs *below;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	(void)vfs;
	flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_DELETEONCLOSE);
	return below->xOpen(below, name, file, flags | SQLITE_OPEN_READONLY, out);
}

static int
delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_READONLY;
}

static void
put(void)
{
	below = sqlite3_vfs_find(NULL);
	if (below == NULL)
		return;
	layer = *below;
	layer.pNext = NULL;
	layer.zName = LAYER;
	layer.xOpen = open_file;
	layer.xDelete = delete_file;
	sqlite3_vfs_register(&layer, 0);
}

int
pol_reading_connect(struct pol_sqlite *s, int flags)
{
	static const char ends[] = "?readonly_shm=1", hex[] = "0123456789abcdef";
	char *name, *to;
	int rc = pthread_once(&once, put) == 0 ? sqlite3_initialize() : SQLITE_ERROR;

	if (rc != SQLITE_OK)
		return rc;
	name = to = malloc(strlen("file:") + 3 * strlen(s->path) + sizeof(ends));
	if (name == NULL)
		return SQLITE_NOMEM;
	to = stpcpy(to, "file:");
	for (const unsigned char *c = (const unsigned char *)s->path; *c != '\0'; c++) {
		*to++ = '%';
		*to++ = hex[*c >> 4];
		*to++ = hex[*c & 15];
	}
	strcpy(to, ends);
	rc = sqlite3_open_v2(name, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | flags, LAYER);
	free(name);
	return rc;
}
