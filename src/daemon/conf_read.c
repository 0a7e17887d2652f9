/* SPDX-License-Identifier: Apache-2.0 */
/* YAML, event by event: nothing but maps, lists and plain values, no anchor, no tag. */
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "conf_read.h"

#define DEPTH 6

struct reader {
	yaml_parser_t yaml;
	yaml_event_t event;
	bool has_event;
	struct pol_place place;		/* of the event */
	unsigned depth;
};

static int read_map(struct reader *r, void *base, const struct pol_key *keys);
static int read_value(struct reader *r, void *base, const struct pol_key *k);

/* The next event; 0, or the file is no YAML, or has what is not taken here. */
static int
next(struct reader *r)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (!yaml_parser_parse(&r->yaml, &r->event)) {
		r->place.line = r->yaml.problem_mark.line + 1;
		r->place.column = r->yaml.problem_mark.column + 1;
		if (r->yaml.error == YAML_MEMORY_ERROR)
			return pol_conf_fault(&r->place, POLICY_ERR_NOMEM, "out of memory");
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "no YAML: %s",
		    r->yaml.problem != NULL ? r->yaml.problem : "malformed");
	}
	r->has_event = true;
	r->place.line = r->event.start_mark.line + 1;
	r->place.column = r->event.start_mark.column + 1;
	if (r->event.type == YAML_SCALAR_EVENT) {
		anchor = r->event.data.scalar.anchor;
		tag = r->event.data.scalar.tag;
	} else if (r->event.type == YAML_MAPPING_START_EVENT) {
		anchor = r->event.data.mapping_start.anchor;
		tag = r->event.data.mapping_start.tag;
	} else if (r->event.type == YAML_SEQUENCE_START_EVENT) {
		anchor = r->event.data.sequence_start.anchor;
		tag = r->event.data.sequence_start.tag;
	}
	if (anchor != NULL || tag != NULL || r->event.type == YAML_ALIAS_EVENT)
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID,
		    "found %s: values are wanted as they are", tag != NULL ? "a tag" : "an anchor or alias");
	return 0;
}

static const char *
found(const struct reader *r)
{
	switch (r->event.type) {
	case YAML_MAPPING_START_EVENT:
		return "a map";
	case YAML_SEQUENCE_START_EVENT:
		return "a list";
	case YAML_SCALAR_EVENT:
		return "a single value";
	default:
		return "nothing";
	}
}

/* The scalar at hand, without a NUL inside. */
static int
scalar(struct reader *r, const char *name, const char **text, size_t *len)
{
	*text = "";
	*len = 0;
	if (r->event.type != YAML_SCALAR_EVENT)
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: found %s, wanted a single value",
		    name, found(r));
	*text = (const char *)r->event.data.scalar.value;
	*len = r->event.data.scalar.length;
	if (memchr(*text, '\0', *len) != NULL)
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: found a NUL byte in a value", name);
	return 0;
}

static int
read_words(struct reader *r, const struct pol_key *k, unsigned *bits)
{
	const char *text;
	size_t len;
	unsigned bit;
	int rc;

	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: found %s, wanted a list of words",
		    k->name, found(r));
	for (*bits = 0; (rc = next(r)) == 0 && r->event.type != YAML_SEQUENCE_END_EVENT; *bits |= bit) {
		char all[160];

		rc = scalar(r, k->name, &text, &len);
		if (rc != 0)
			return rc;
		bit = pol_conf_word(k, text);
		if (bit != 0 && (*bits & bit) == 0)
			continue;
		pol_conf_words(k, all, sizeof(all));
		return bit != 0 ? pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: \"%s\" is repeated", k->name, text) :
		    pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: found \"%s\", wanted %s", k->name, text, all);
	}
	if (rc == 0 && *bits == 0)
		rc = pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: found an empty list", k->name);
	return rc;
}

static int
read_list(struct reader *r, void *base, const struct pol_key *k)
{
	const struct pol_key path = { k->name, POL_KEY_PATH, .at = 0 };	/* of a list without keys */
	char **list = (char **)(void *)((char *)base + k->at);
	size_t *n = (size_t *)(void *)((char *)base + k->count_at);
	int rc;

	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: found %s, wanted a list",
		    k->name, found(r));
	while ((rc = next(r)) == 0 && r->event.type != YAML_SEQUENCE_END_EVENT) {
		char *grown, *item;

		if (*n == k->max)
			return pol_conf_fault(&r->place, POLICY_ERR_LIMIT, "%s: more than %llu", k->name,
			    (unsigned long long)k->max);
		grown = realloc(*list, (*n + 1) * k->item);
		if (grown == NULL)
			return pol_conf_fault(&r->place, POLICY_ERR_NOMEM, "out of memory");
		*list = grown;
		item = grown + *n * k->item;
		memset(item, 0, k->item);
		++*n;
		if (k->lined)
			*(unsigned *)(void *)item = (unsigned)r->place.line;
		rc = k->keys != NULL ? read_map(r, item, k->keys) : read_value(r, item, &path);
		if (rc != 0)
			return rc;
	}
	if (rc == 0 && *n < k->min)
		rc = pol_conf_fault(&r->place, POLICY_ERR_INVALID, "%s: found an empty list", k->name);
	return rc;
}

static int
read_value(struct reader *r, void *base, const struct pol_key *k)
{
	const char *text;
	size_t len;
	int rc;

	switch (k->kind) {
	case POL_KEY_MAP:
		return read_map(r, base, k->keys);
	case POL_KEY_LIST:
		return read_list(r, base, k);
	case POL_KEY_WORDS:
		return read_words(r, k, (unsigned *)(void *)((char *)base + k->at));
	default:
		rc = scalar(r, k->name, &text, &len);
		return rc != 0 ? rc : pol_conf_scalar(k, base, text, len, &r->place);
	}
}

/* The key whose name is at hand; its bit in *seen is set. */
static int
find_key(struct reader *r, const struct pol_key *keys, uint64_t *seen, const struct pol_key **out)
{
	char all[400] = "";
	const char *text;
	size_t len;
	int rc = scalar(r, "a key", &text, &len);

	*out = keys;
	if (rc != 0)
		return rc;
	for (const struct pol_key *k = keys; k->name != NULL; k++) {
		uint64_t bit = (uint64_t)1 << (k - keys);

		if (strcmp(k->name, text) == 0) {
			if ((*seen & bit) != 0)
				return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "the key \"%s\" is repeated", text);
			*seen |= bit;
			*out = k;
			return 0;
		}
		if (strlen(all) + strlen(k->name) + 3 < sizeof(all)) {
			strcat(all, k == keys ? "" : ", ");
			strcat(all, k->name);
		}
	}
	return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "unknown key \"%s\": wanted one of %s", text, all);
}

static int
read_map(struct reader *r, void *base, const struct pol_key *keys)
{
	struct pol_place start = r->place;
	const struct pol_key *k;
	uint64_t seen = 0;
	int rc;

	if (r->event.type != YAML_MAPPING_START_EVENT)
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "found %s, wanted a map with the key \"%s\"",
		    found(r), keys->name);
	if (++r->depth > DEPTH)
		return pol_conf_fault(&r->place, POLICY_ERR_LIMIT, "nested deeper than %d", DEPTH);
	while ((rc = next(r)) == 0 && r->event.type != YAML_MAPPING_END_EVENT) {
		rc = find_key(r, keys, &seen, &k);
		if (rc == 0)
			rc = next(r);
		if (rc == 0)
			rc = read_value(r, base, k);
		if (rc != 0)
			return rc;
	}
	r->depth--;
	for (k = keys; rc == 0 && k->name != NULL; k++)
		if (k->required && (seen & (uint64_t)1 << (k - keys)) == 0)
			rc = pol_conf_fault(&start, POLICY_ERR_INVALID, "the key \"%s\" is wanted here", k->name);
	return rc;
}

/* One document, whose top is a map. */
static int
read_document(struct reader *r, void *base, const struct pol_key *keys)
{
	int rc = next(r);		/* the stream's start */

	if (rc == 0)
		rc = next(r);
	if (rc == 0 && r->event.type == YAML_STREAM_END_EVENT)
		return pol_conf_fault(&r->place, POLICY_ERR_INVALID, "found an empty file, wanted the key \"%s\"", keys->name);
	if (rc == 0)
		rc = next(r);
	if (rc == 0)
		rc = read_map(r, base, keys);
	if (rc == 0)
		rc = next(r);		/* the document's end */
	if (rc == 0)
		rc = next(r);
	if (rc == 0 && r->event.type != YAML_STREAM_END_EVENT)
		rc = pol_conf_fault(&r->place, POLICY_ERR_INVALID, "found a second document, wanted one");
	return rc;
}

int
pol_conf_read(void *base, const struct pol_key *keys, const char *file, const char *text,
    size_t len, struct policy_error *err)
{
	struct reader r = { .place = { file, 1, 1, err } };
	int rc;

	if (!yaml_parser_initialize(&r.yaml))
		return pol_conf_fault(&r.place, POLICY_ERR_NOMEM, "out of memory");
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, len);
	rc = read_document(&r, base, keys);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.yaml);
	return rc;
}
