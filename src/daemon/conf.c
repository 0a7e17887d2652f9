/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of policyd.yaml, one row each, and what must hold between them. */
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "conf.h"
#include "conf_read.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define TOP(member) .at = offsetof(struct pol_conf, member)
#define ON(member) .at = offsetof(struct pol_conf_listener, member)

static const struct pol_word serve_words[] = {
	{ "authzen", POL_SERVE_AUTHZEN }, { "proxy", POL_SERVE_PROXY },
	{ "health", POL_SERVE_HEALTH }, { "metrics", POL_SERVE_METRICS }, { "manage", POL_SERVE_MANAGE },
	{ "ml-blocks", POL_SERVE_ML_BLOCKS }, { "integrate-ai", POL_SERVE_INTEGRATE_AI }, { NULL, 0 }
};

static const struct pol_word may_words[] = {
	{ "evaluate", POL_MAY_EVALUATE }, { "search", POL_MAY_SEARCH }, { "admin", POL_MAY_ADMIN }, { NULL, 0 }
};

static const struct pol_key peer_keys[] = {
	{ "user", POL_KEY_USER, .at = 0 },
	{ "group", POL_KEY_GROUP, .at = 0 },
	{ "may", POL_KEY_WORDS, true, .at = offsetof(struct pol_conf_peer, may), .words = may_words },
	{ .name = NULL }
};

static const struct pol_key tls_keys[] = {
	{ "certificate", POL_KEY_PATH, true, ON(certificate) },
	{ "key", POL_KEY_PATH, true, ON(key) },
	{ "client_ca", POL_KEY_PATH, false, ON(client_ca) },
	{ .name = NULL }
};

static const struct pol_key proxy_keys[] = {
	{ "routes", POL_KEY_TEXT, true, ON(routes) },
	{ "bodies", POL_KEY_BYTES, false, ON(body_bytes), 0, 64 * MIB },
	{ .name = NULL }
};

static const struct pol_key iai_keys[] = {
	{ "step", POL_KEY_TEXT, false, ON(iai.step) },
	{ "kind", POL_KEY_TEXT, false, ON(iai.kind) },
	{ "customer", POL_KEY_TEXT, false, ON(iai.customer) },
	{ "env", POL_KEY_TEXT, false, ON(iai.env) },
	{ "realm", POL_KEY_TEXT, false, ON(iai.realm) },
	{ "iss", POL_KEY_TEXT, false, ON(iai.iss) },
	{ "domain", POL_KEY_TEXT, false, ON(iai.domain) },
	{ .name = NULL }
};

static const struct pol_key profile_keys[] = {
	{ "integrate-ai", POL_KEY_MAP, .keys = iai_keys },
	{ .name = NULL }
};

static const struct pol_key listener_keys[] = {
	{ "unix", POL_KEY_PATH, false, ON(unix_path) },
	{ "mode", POL_KEY_MODE, false, ON(unix_mode), 1, 0777 },
	{ "tcp", POL_KEY_ADDRESS, false, ON(host) },
	{ "systemd", POL_KEY_TEXT, false, ON(activation) },
	{ "tls", POL_KEY_MAP, .keys = tls_keys },
	{ "serve", POL_KEY_WORDS, true, ON(serve), .words = serve_words },
	{ "peers", POL_KEY_LIST, false, ON(peers), 0, 256, .keys = peer_keys, .item = sizeof(struct pol_conf_peer),
	  .count_at = offsetof(struct pol_conf_listener, peers_count) },
	{ "proxy", POL_KEY_MAP, .keys = proxy_keys },
	{ "profiles", POL_KEY_MAP, .keys = profile_keys },
	{ "forwarded", POL_KEY_BOOL, false, ON(forwarded) },
	{ .name = NULL }
};

static const struct pol_key limit_keys[] = {
	{ "connections", POL_KEY_COUNT, false, TOP(connections), 1, 65536 },
	{ "idle", POL_KEY_SECONDS, false, TOP(idle_s), 1, 3600 },
	{ "wait", POL_KEY_SECONDS, false, TOP(wait_s), 1, 300 },
	{ "waiting", POL_KEY_COUNT, false, TOP(waiting), 1, 256 },
	{ "queued", POL_KEY_COUNT, false, TOP(queued), 1, 65536 },
	{ "head", POL_KEY_BYTES, false, TOP(head_bytes), 4 * KIB, 1 * MIB },
	{ "body", POL_KEY_BYTES, false, TOP(body_bytes), 1 * KIB, 64 * MIB },
	{ "batch", POL_KEY_COUNT, false, TOP(batch), 1, 10000 },
	{ .name = NULL }
};

static const struct pol_key top_keys[] = {
	{ "policyd", POL_KEY_VERSION, true, .min = 1, .max = 1 },
	{ "policy", POL_KEY_PATH, false, TOP(policy) },
	{ "modules", POL_KEY_PATH, false, TOP(modules) },
	{ "state", POL_KEY_PATH, false, TOP(state) },
	{ "read", POL_KEY_LIST, false, TOP(read), 1, 64, .item = sizeof(char *), .count_at = offsetof(struct pol_conf, read_count) },
	{ "write", POL_KEY_LIST, false, TOP(write), 1, 16, .item = sizeof(char *), .count_at = offsetof(struct pol_conf, write_count) },
	{ "user", POL_KEY_TEXT, false, TOP(user) },
	{ "url", POL_KEY_TEXT, false, TOP(url) },
	{ "jwks", POL_KEY_PATH, false, TOP(jwks) },
	{ "threads", POL_KEY_COUNT, false, TOP(threads), 1, 64 },
	{ "limits", POL_KEY_MAP, .keys = limit_keys },
	{ "listeners", POL_KEY_LIST, true, TOP(listeners), 1, 16, .keys = listener_keys,
	  .item = sizeof(struct pol_conf_listener), .count_at = offsetof(struct pol_conf, listeners_count), .lined = true },
	{ .name = NULL }
};

static int
check_kind(const struct pol_conf_listener *l, const struct pol_place *p)
{
	int kinds = (l->unix_path != NULL) + (l->host != NULL) + (l->activation != NULL);

	if (kinds != 1)
		return pol_conf_fault(p, POLICY_ERR_INVALID, "found %s of unix, tcp and systemd, wanted one of them",
		    kinds == 0 ? "none" : "several");
	if (l->unix_path != NULL && strlen(l->unix_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return pol_conf_fault(p, POLICY_ERR_LIMIT, "unix: found %zu bytes, wanted at most %zu", strlen(l->unix_path),
		    sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	if (l->unix_mode != 0 && l->unix_path == NULL)
		return pol_conf_fault(p, POLICY_ERR_INVALID, "mode: found beside no unix, wanted with unix");
	if (l->peers != NULL && l->host != NULL)
		return pol_conf_fault(p, POLICY_ERR_INVALID,
		    "peers: found beside tcp, wanted with unix or systemd: who calls over TCP shows a credential");
	if (l->certificate != NULL && l->unix_path != NULL)
		return pol_conf_fault(p, POLICY_ERR_INVALID, "tls: found beside unix, wanted with tcp or systemd");
	return 0;
}

static int
check_listener(struct pol_conf_listener *l, const char *file, struct policy_error *err)
{
	struct pol_place p = { file, l->line, 0, err };
	int rc = check_kind(l, &p);

	if (rc != 0)
		return rc;
	if (l->routes != NULL && (l->serve & POL_SERVE_PROXY) == 0)
		return pol_conf_fault(&p, POLICY_ERR_INVALID, "proxy: found where serve has no proxy");
	if ((l->serve & POL_SERVE_PROXY) != 0 && l->routes == NULL)
		return pol_conf_fault(&p, POLICY_ERR_INVALID,
		    "serve: found proxy, wanted beside it what routes it has, as proxy: { routes: default }");
	if ((l->iai.step != NULL || l->iai.kind != NULL || l->iai.customer != NULL || l->iai.env != NULL || l->iai.realm != NULL ||
	    l->iai.iss != NULL || l->iai.domain != NULL) && (l->serve & POL_SERVE_INTEGRATE_AI) == 0)
		return pol_conf_fault(&p, POLICY_ERR_INVALID, "profiles: found integrate-ai where serve has none");
	for (size_t i = 0; i < l->peers_count; i++)
		if (!l->peers[i].has_id)
			return pol_conf_fault(&p, POLICY_ERR_INVALID, "peers: found neither user nor group, wanted one of them");
	if (l->unix_path != NULL && l->unix_mode == 0)
		l->unix_mode = 0660;
	return 0;
}

static int
check_url(struct pol_conf *c, const struct pol_place *p)
{
	size_t n = c->url != NULL ? strlen(c->url) : 0;
	const char *host = "";

	if (n == 0)
		return 0;
	if (strncmp(c->url, "https://", 8) == 0)
		host = c->url + 8;
	while (n > 8 && c->url[n - 1] == '/')
		c->url[--n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (strchr("?#\"\\<>`{}|^@", c->url[i]) != NULL || c->url[i] <= ' ' || c->url[i] > '~')
			host = "";
	if (host[0] == '\0' || host[0] == '/')
		return pol_conf_fault(p, POLICY_ERR_INVALID, "url: found \"%s\", wanted one as https://pdp.example", c->url);
	return 0;
}

static int
check(struct pol_conf *c, struct policy_error *err)
{
	struct pol_place p = { c->file, 0, 0, err };
	int rc = check_url(c, &p);

	for (size_t i = 0; rc == 0 && i < c->listeners_count; i++)
		rc = check_listener(&c->listeners[i], c->file, err);
	if (rc == 0 && c->connections < c->threads)
		rc = pol_conf_fault(&p, POLICY_ERR_INVALID, "connections: found %u, wanted at least one a thread, %u",
		    c->connections, c->threads);
	return rc;
}

static const struct pol_conf defaults = {
	.threads = 2, .waiting = 8, .queued = 256, .connections = 1024, .idle_s = 15, .wait_s = 10,
	.head_bytes = 32 * KIB, .body_bytes = MIB, .batch = 1000
};

int
pol_conf_text(struct pol_conf **out, const char *file, const char *text, size_t len, struct policy_error *err)
{
	struct pol_place p = { file, 0, 0, err };
	struct pol_conf *c = malloc(sizeof(*c));
	int rc;

	*out = NULL;
	if (c == NULL)
		return pol_conf_fault(&p, POLICY_ERR_NOMEM, "out of memory");
	*c = defaults;
	c->file = strdup(file);
	rc = c->file == NULL ? pol_conf_fault(&p, POLICY_ERR_NOMEM, "out of memory") :
	    pol_conf_read(c, top_keys, c->file, text, len, err);
	if (rc == 0)
		rc = check(c, err);
	if (rc != 0) {
		pol_conf_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

int
pol_conf_new(struct pol_conf **out, const char *file, struct policy_error *err)
{
	char *text = NULL;
	size_t len = 0;
	int rc = pol_conf_load(&text, &len, file, err);

	*out = NULL;
	if (rc == 0)
		rc = pol_conf_text(out, file, text, len, err);
	free(text);
	return rc;
}

bool
pol_conf_has_desk(const struct pol_conf *c)
{
	for (size_t i = 0; i < c->listeners_count; i++)
		if ((c->listeners[i].serve & POL_SERVE_DESK) != 0)
			return true;
	return false;
}

void
pol_conf_free(struct pol_conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->listeners_count; i++) {
		struct pol_conf_listener *l = &c->listeners[i];
		char *texts[] = { l->unix_path, l->host, l->port, l->activation, l->certificate, l->key, l->client_ca, l->routes,
		    l->iai.step, l->iai.kind, l->iai.customer, l->iai.env, l->iai.realm, l->iai.iss, l->iai.domain };

		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			free(texts[k]);
		free(l->peers);
	}
	for (size_t i = 0; i < c->read_count; i++)
		free(c->read[i]);
	for (size_t i = 0; i < c->write_count; i++)
		free(c->write[i]);
	free(c->read);
	free(c->write);
	free(c->listeners);
	free(c->file);
	free(c->policy);
	free(c->modules);
	free(c->state);
	free(c->user);
	free(c->url);
	free(c->jwks);
	free(c);
}
