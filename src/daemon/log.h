/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says of itself: lines on standard error, with systemd's marks of level. */
#ifndef POL_DAEMON_LOG_H
#define POL_DAEMON_LOG_H

#include <stdarg.h>

#include <policy.h>

/* One line; control bytes become '?'. No secret. */
void pol_log(enum policy_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pol_logv(enum policy_log_level level, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* As an error of libpolicy has it: file:line:column: text. */
void pol_log_error(const struct policy_error *err);
/* policy_log_fn of the set. */
void pol_log_set(void *ctx, enum policy_log_level level, const char *text);

#endif
