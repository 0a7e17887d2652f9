/* SPDX-License-Identifier: Apache-2.0 */
/* What front and keeper say at the desk: four bytes of length, little endian, and that many
 * bytes of JSON, over a stream. */
#ifndef POL_DAEMON_FRAME_H
#define POL_DAEMON_FRAME_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#define POL_FRAME_BYTES ((size_t)256 * 1024)

/* One that is being read; zeros: none yet. */
struct pol_frame {
	unsigned char head[4];
	size_t have;			/* bytes read, the head's too */
	size_t len;			/* of data */
	char *data;			/* a NUL stands behind it */
};

/* Reads on until it is whole, or the time (CLOCK_MONOTONIC) has come. 1: whole; 0: it is
 * not, to be called again; -1: the other end is gone, or sent what is no frame. */
int pol_frame_get(struct pol_frame *f, int fd, int64_t until_ns);
/* Wipes it; then it is none. */
void pol_frame_fini(struct pol_frame *f);
/* Sends one. 0; -1: not, or not all of it. */
int pol_frame_put(int fd, const char *data, size_t len, int64_t until_ns);
/* Is there something to read by then? 1, 0, or -1: the end. */
int pol_frame_wait(int fd, int64_t until_ns);

#endif
