/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TorchServe's /token: who has the API key gets a new management or inference key, which
 * stands in the key file and nowhere else. Statuses and bodies are TorchServe's, byte by
 * byte; that is why a credential that is not good is a 400 here.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "child.h"
#include "desk.h"
#include "pool.h"

#define MS 1000000L

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static const struct said {
	unsigned status;
	const char *type, *text;
} bad_key = { 400, "InvalidKeyException",
	"Token Authentication failed. Token either incorrect, expired, or not provided correctly" },
    not_found = { 404, "ResourceNotFoundException", "Requested resource is not found, please refer to API document." },
    bad_method = { 405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document." },
    no_keeper = { 501, "NotImplementedException", "This server makes no keys." },
    broken = { 500, "InternalServerException", "The new key could not be made." },
    busy = { 503, "ServiceUnavailableException", "The new key cannot be made now, try again later." };

static int
say(struct pol_call *c, const struct said *s)
{
	char body[512];
	int n = snprintf(body, sizeof(body), "{\n  \"code\": %u,\n  \"type\": \"%s\",\n  \"message\": \"%s\"\n}\n", s->status, s->type, s->text);

	c->status = s->status;
	c->type = "application/json";
	if (s->status == 405)
		pol_call_add(c, "Allow", "GET, POST");
	if (s->status == 503)
		pol_call_add(c, "Retry-After", "1");
	pol_text_add(&c->out, body, n > 0 && (size_t)n < sizeof(body) ? (size_t)n : 0);
	return 0;
}

/* The one member `type` of the query, or NULL: none, several, or another word. */
static const char *
kind_of(const struct pol_call *c)
{
	static const char *const kinds[] = { "management", "inference" };
	const char *at = c->target + c->path_len, *kind = NULL;
	unsigned times = 0;

	while (*at == '?' || *at == '&') {
		size_t n = strcspn(++at, "&");

		if (n >= 5 && strncmp(at, "type=", 5) == 0) {
			times++;
			for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
				if (n - 5 == strlen(kinds[i]) && strncmp(at + 5, kinds[i], n - 5) == 0)
					kind = kinds[i];
		}
		at += n;
	}
	return times == 1 ? kind : NULL;
}

/* The key is in the file; our own set has to have read it before anybody is told. */
static bool
is_in_force(struct pol_call *c, const char *secret)
{
	struct policy_credential key = { .kind = policy_text("bearer"), .data = policy_text(secret) };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity id = { .size = sizeof(id) };
	struct timespec pause = { 0, MS };

	req.credentials = &key;
	req.credentials_count = 1;
	do {
		nanosleep(&pause, NULL);
		if (policy_authenticate(c->policy, &req, &id) == 0 && id.verified != 0)
			return true;
		if (pause.tv_nsec < 64 * MS)
			pause.tv_nsec *= 2;
	} while (pol_child_now() < c->deadline_ns);
	return false;
}

/* One at a time: a key that the next one replaced before our set had read it would never be
 * seen to be in force. */
static bool
take_turn(const struct pol_call *c)
{
	const struct timespec until = { (time_t)(c->deadline_ns / 1000000000), c->deadline_ns % 1000000000 };

	return pthread_mutex_clocklock(&turn, CLOCK_MONOTONIC, &until) == 0;
}

static int
rotate(struct pol_call *c, const struct pol_caller *as, const char *kind)
{
	char args[64];
	const char *secret;
	json_t *answer;
	int rc;

	if (!take_turn(c))
		return POLICY_ERR_UNAVAILABLE;
	snprintf(args, sizeof(args), "{\"kind\":\"%s\"}", kind);
	rc = pol_desk_ask(c, "keys_rotate", as, args, &answer);
	if (rc == 0) {
		secret = json_string_value(json_object_get(answer, "secret"));
		if (secret == NULL || !is_in_force(c, secret))
			rc = POLICY_ERR_UNAVAILABLE;
	}
	pthread_mutex_unlock(&turn);
	json_decref(answer);
	return rc;
}

static int
token(struct pol_call *c)
{
	const char *kind = kind_of(c);
	struct pol_caller as = { .count = 0 };
	int rc = 0;

	if (policy_is_enabled(c->policy) == 0)
		return say(c, &not_found);
	if (strcmp(c->method, "GET") != 0 && strcmp(c->method, "POST") != 0)
		return say(c, &bad_method);
	if (kind == NULL || pol_caller_read(&as, c, "Authorization") != 0 || as.count == 0)
		rc = POLICY_ERR_DENIED;
	else if (c->nonblock)
		rc = POLICY_ERR_AGAIN;
	else
		rc = rotate(c, &as, kind);
	pol_caller_fini(&as);
	switch (rc) {
	case 0:
		c->status = 200;
		c->type = "application/json";
		pol_text_str(&c->out, "\n");
		return 0;
	case POLICY_ERR_AGAIN:
		return c->nonblock ? rc : say(c, &busy);
	case POLICY_ERR_DENIED:
		return say(c, &bad_key);
	case POLICY_ERR_UNAVAILABLE:
		return say(c, &busy);
	case POLICY_ERR_UNSUPPORTED:
		return say(c, &no_keeper);
	default:
		return say(c, &broken);
	}
}

const struct pol_route pol_torchserve_routes[] = {
	{ "*", "/token", false, POL_SERVE_TORCHSERVE, 0, token },
	{ .method = NULL },
};
