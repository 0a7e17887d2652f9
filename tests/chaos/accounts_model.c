/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <sys/mman.h>

_Atomic int64_t accounts_clock = INT64_C(1900000000) * SEC;
policy_log_fn *accounts_log;

struct memory *accounts_memory;
char accounts_dir[] = "/tmp/libpolicy-accounts-XXXXXX", accounts_url[64];

static char modules[4096];

int
accounts_room(void)
{
	accounts_memory = mmap(NULL, sizeof(*accounts_memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(accounts_url, sizeof(accounts_url), "memory:%p", (void *)accounts_memory);
	return accounts_memory != MAP_FAILED && mkdtemp(accounts_dir) != NULL;
}

void
accounts_fresh(void)
{
	memset(accounts_memory, 0, offsetof(struct memory, rows));
	accounts_memory->fd = -1;
}

int
accounts_end(void)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf %s", accounts_dir);
	return system(command);
}

static int64_t
now(void *ctx)
{
	(void)ctx;
	return atomic_load(&accounts_clock);
}

int
accounts_begin(struct accounts *a, const char *url, const char *stale, const char *extra)
{
	const char *build = getenv("top_builddir");
	char at[4096];

	memset(a, 0, sizeof(*a));
	a->seed = 88172645463325252u;
	for (unsigned u = 0; u < USERS; u++)	/* by whom a token is made, who is made later */
		snprintf(a->users[u].uid, sizeof(a->users[u].uid), "uid-%u-1", u);
	snprintf(at, sizeof(at), "%s/modules/.libs", build != NULL ? build : ".");
	snprintf(a->url, sizeof(a->url), "%s", url);
	snprintf(a->set, sizeof(a->set),
	    "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc } }\nroles: { reader: { allow: read } }\n"
	    "modules:\n  - { use: api_key }\n  - { use: password, cache: 30s, with: { store: true } }\n"
	    "store: { url: \"%s\", stale: %s }\n%s", url, stale, extra);
	return realpath(at, modules) != NULL;
}

struct policy *
accounts_open(const struct accounts *a, uint32_t flags)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;

	opt.flags = flags;
	opt.module_dir = modules;
	opt.clock = now;
	opt.log = accounts_log;
	if (policy_open_text(&p, "set", a->set, strlen(a->set), &opt, &err) != 0)
		printf("    %s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
	return p;
}

uint32_t
accounts_dice(struct accounts *a, uint32_t n)
{
	a->seed ^= a->seed << 13;
	a->seed ^= a->seed >> 7;
	a->seed ^= a->seed << 17;
	return (uint32_t)(a->seed >> 33) % n;
}

void
accounts_hash(char out[384], const char *prefix, unsigned long cost, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char salt[192];

	if (data == NULL || crypt_gensalt_rn(prefix, cost, NULL, 0, salt, sizeof(salt)) == NULL)
		abort();
	snprintf(out, 384, "%s", crypt_rn(password, salt, data, (int)sizeof(*data)));
	free(data);
}

void
accounts_secret(struct account_token *t)
{
	static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static unsigned n;
	uint32_t crc = 0xffffffffu;

	memcpy(t->old, t->secret, sizeof(t->old));
	snprintf(t->secret, sizeof(t->secret), "pol_%043u", ++n);
	for (const char *p = t->secret; p < t->secret + 47; p++) {
		crc ^= (unsigned char)*p;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
	}
	crc = ~crc;
	for (int i = 5; i >= 0; i--, crc /= 62)
		t->secret[47 + i] = base62[crc % 62];
	t->secret[53] = '\0';
}

/* Hashing takes as long as it should: a few passwords are hashed, once. */
void
accounts_password(struct account *c)
{
	enum { POOL = 5 };
	static char hashes[POOL][384];
	static unsigned n;
	const char *was = hashes[n % POOL];
	const unsigned i = was[0] != '\0' && strcmp(was, c->hash) == 0 ? (n += 2) % POOL : n++ % POOL;

	snprintf(c->password, sizeof(c->password), "pw-%u", i);
	if (hashes[i][0] == '\0')
		accounts_hash(hashes[i], "$y$", 0, c->password);
	memcpy(c->hash, hashes[i], sizeof(c->hash));
}

static void
put(struct accounts *a, const struct policy_row *row)
{
	struct policy_error err = POLICY_ERROR_INIT;
	uint64_t seen = pol_store_seen(a->p);
	int rc;

	while ((rc = pol_store_write(a->p, row, 1, seen, &err)) == POLICY_ERR_AGAIN && pol_store_sync(a->p, &seen, &err) == 0)
		;
	if (rc != 0) {
		printf("a row could not be written: %s\n", err.text);
		abort();
	}
}

void
accounts_user(struct accounts *a, unsigned u)
{
	const struct account *c = &a->users[u];
	struct policy_row r = { .size = sizeof(r), .kind = POLICY_ROW_USER, .id = policy_text(c->uid), .name = policy_text(c->name) };

	if (!c->there) {
		r.flags = POLICY_ROW_GONE;
	} else {
		r.flags = c->off ? POLICY_ROW_OFF : 0;
		r.secret = policy_text(c->hash);
		r.made_ns = c->made;
		r.from_ns = c->from;
	}
	put(a, &r);
}

void
accounts_token(struct accounts *a, unsigned u, unsigned t)
{
	const struct account *c = &a->users[u];
	struct account_token *k = &a->users[u].tokens[t];
	struct policy_row r = { .size = sizeof(r), .kind = POLICY_ROW_TOKEN, .id = policy_text(k->id), .owner = policy_text(c->uid),
	    .type = policy_text("token"), .from_ns = k->from, .made_ns = k->from, .until_ns = k->until };
	unsigned char sum[32];
	char hex[65];

	EVP_Digest(k->secret, strlen(k->secret), sum, NULL, EVP_sha256(), NULL);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	r.secret = policy_text(hex);
	r.flags = k->gone ? POLICY_ROW_GONE : 0;
	if (t == 2) {
		r.flags |= POLICY_ROW_ACTOR;
		memcpy(k->by, a->users[(u + 1) % USERS].uid, sizeof(k->by));
		r.by = policy_text(k->by);
	}
	put(a, &r);
}

void
accounts_role(struct accounts *a, unsigned u)
{
	const struct account *c = &a->users[u];
	char id[40];
	struct policy_row r = { .size = sizeof(r), .kind = POLICY_ROW_GRANT, .owner = policy_text(c->uid), .name = policy_text("reader") };

	snprintf(id, sizeof(id), "g-%s", c->uid);
	r.id = policy_text(id);
	r.flags = c->role ? 0 : POLICY_ROW_GONE;
	put(a, &r);
}

void
accounts_make(struct accounts *a, unsigned u)
{
	struct account *c = &a->users[u];

	c->life++;
	snprintf(c->uid, sizeof(c->uid), "uid-%u-%u", u, c->life);
	snprintf(c->name, sizeof(c->name), "n%u", u);
	accounts_password(c);
	c->there = c->role = true;
	c->off = false;
	c->made = c->from = atomic_load(&accounts_clock);
	accounts_user(a, u);
	accounts_role(a, u);
	for (unsigned t = 0; t < TOKENS; t++) {
		struct account_token *k = &c->tokens[t];

		k->gone = false;
		k->until = 0;
		snprintf(k->id, sizeof(k->id), "t-%u-%u-%u", u, t, c->life);
		accounts_secret(k);
		k->from = c->from;
		accounts_token(a, u, t);
	}
}

/* ---- asking ---- */

static int
ask(struct policy *p, const struct policy_credential *c, const char *actor)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	int rc;

	req.credentials = c;
	req.credentials_count = 1;
	req.actor_id = policy_text(actor);
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	req.resource_id = policy_text("1");
	rc = policy_decide(p, &req, &d);
	if ((d.verdict == POLICY_ALLOW) != (d.reason == POLICY_REASON_RULE) || (rc != 0 && d.verdict != POLICY_DENY))
		return -1000;
	return d.verdict == POLICY_ALLOW ? 1 : -(int)d.reason;
}

int
accounts_with_actor(struct policy *p, const char *token, const char *actor)
{
	const struct policy_credential c = { policy_text("bearer"), { NULL, 0 }, policy_text(token), { 0, 0 } };

	return ask(p, &c, actor);
}

int
accounts_bearer(struct policy *p, const char *token)
{
	return accounts_with_actor(p, token, NULL);
}

int
accounts_login(struct policy *p, const char *name, const char *password)
{
	const struct policy_credential c = { policy_text("password"), policy_text(name), policy_text(password), { 0, 0 } };

	return ask(p, &c, NULL);
}

static bool
may(const struct account *c)
{
	return c->there && !c->off && c->role;
}

bool
accounts_is_good(const struct accounts *a, unsigned u, unsigned t)
{
	const struct account *c = &a->users[u];
	const struct account_token *k = &c->tokens[t];

	return may(c) && !k->gone && k->from >= c->from && (k->until == 0 || atomic_load(&accounts_clock) < k->until) &&
	    (t != 2 || (may(&a->users[(u + 1) % USERS]) && strcmp(k->by, a->users[(u + 1) % USERS].uid) == 0));
}

bool
accounts_logs_in(const struct accounts *a, unsigned u)
{
	return may(&a->users[u]);
}
