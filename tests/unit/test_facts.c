/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: whose word is heard first, what a null is, what `own` compares.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/asks.h"
#include "unit/unit.h"

static const char things[] =
    "policy: 1\n"
    "resources:\n"
    "  plain:\n"
    "  doc:\n"
    "    attributes:\n"
    "      any: { type: number }\n"
    "      dflt: { type: number, default: 7 }\n"
    "      store: { type: number, from: store }\n"
    "      sdef: { type: number, from: store, default: 7 }\n"
    "      caller: { type: number, from: caller }\n"
    "      cdef: { type: number, from: caller, default: 7 }\n"
    "      list: { type: list, default: [x, 1] }\n"
    "      word: { type: string, default: 007 }\n"
    "      yes: { type: boolean, default: true }\n"
    "      when: { type: time, default: \"2026-01-01T00:00:00Z\" }\n"
    "      ip: { type: ip, default: 10.0.0.1 }\n"
    "fixtures:\n"
    "  entities:\n"
    "    doc/full: { any: 1, dflt: 1, store: 1, sdef: 1, caller: 1, cdef: 1 }\n"
    "    doc/null: { any: ~, dflt: ~, store: null, sdef: , caller: ~, cdef: ~ }\n"
    "    plain/full: { any: 1, none: ~ }\n"
    "roles:\n";

#define SENT "'resource':{'any':2,'dflt':2,'store':2,'sdef':2,'caller':2,'cdef':2}"
#define NULLS "'resource':{'any':null,'dflt':null,'store':null,'sdef':null,'caller':null,'cdef':null}"

static void
the_store_comes_before_the_caller_before_the_default(void)
{
	static const struct asks_cond full[] = {
		{ 'T', "resource.any == 1", SENT }, { 'T', "resource.dflt == 1", SENT }, { 'T', "resource.store == 1", SENT },
		{ 'T', "resource.sdef == 1", SENT }, { 'T', "resource.caller == 2", SENT }, { 'T', "resource.cdef == 2", SENT },
		{ 'T', "resource.any == 1", NULLS }, { 'T', "resource.caller == 1", NULLS }, { 'T', "resource.cdef == 1", NULLS },
		{ 'T', "resource.caller == 1", NULL }, { 'T', "resource.cdef == 1", NULL },
	};
	static const struct asks_cond none[] = {
		{ 'T', "resource.any == 2", SENT }, { 'T', "resource.dflt == 2", SENT }, { 'E', "resource.store == 2", SENT },
		{ 'T', "resource.sdef == 7", SENT }, { 'T', "resource.caller == 2", SENT }, { 'T', "resource.cdef == 2", SENT },
		{ 'F', "has resource.any", NULLS }, { 'T', "resource.dflt == 7", NULLS }, { 'F', "has resource.store", SENT },
		{ 'T', "resource.sdef == 7", NULLS }, { 'F', "has resource.caller", NULLS }, { 'T', "resource.cdef == 7", NULLS },
		{ 'T', "has resource.dflt", NULL }, { 'T', "resource.cdef == 7", NULL },
		{ 'T', "resource.list contains \"x\"", NULL }, { 'T', "resource.list contains 1", NULL },
		{ 'E', "resource.list contains 2", NULL }, { 'T', "resource.word == \"007\"", NULL },
		{ 'T', "resource.yes", NULL }, { 'F', "resource.yes", "'resource':{'yes':false}" },
		{ 'T', "resource.when after \"2025-01-01T00:00:00Z\"", NULL },
		{ 'T', "resource.ip within \"10.0.0.0/8\"", NULL },
		{ 'T', "resource.any == \"text\"", "'resource':{'any':'text'}" },
	};

	ASKS_CONDS(things, "ann", "doc/full", full);
	ASKS_CONDS(things, "ann", "doc/none", none);
	ASKS_CONDS(things, "ann", "doc/null", none);	/* a stored null is no value */
}

static void
a_thing_has_its_type_and_id_and_nothing_has_none(void)
{
	static const struct asks_cond plain[] = {
		{ 'T', "resource.type == \"plain\"", "'resource':{'type':'x','id':'y'}" },
		{ 'T', "resource.id == \"full\"", "'resource':{'type':'x','id':'y'}" },
		{ 'T', "resource.any == 1", "'resource':{'any':2}" },
		{ 'T', "resource.other == 2", "'resource':{'other':2}" },
		{ 'T', "resource.none == 2", "'resource':{'none':2}" },
		{ 'F', "has resource.none", NULL },
	};
	static const struct asks_cond nothing[] = {
		{ 'F', "has resource.id or has resource.type or has resource.any", NULL },
		{ 'E', "resource.type == \"plain\"", NULL },
	};
	static const struct asks_cond empty[] = { { 'T', "resource.id == \"\"", NULL } };

	ASKS_CONDS(things, "ann", "plain/full", plain);
	ASKS_CONDS(things, "ann", NULL, nothing);
	ASKS_CONDS(things, "ann", "plain/", empty);
}

/* A set without resource types takes any: only the caller knows such a thing. */
static void
an_undeclared_type_is_what_the_caller_says(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "resource.type == \"odd\" and resource.id == \"1\" and resource.x == 1", "'resource':{'x':1}" },
		{ 'E', "own", "'resource':{'owner':'ann'}" },
		{ 'T', "resource.parent == \"p\"", "'resource':{'parent':'p'}" },
		{ 'T', "resource.parent == \"5\"", "'resource':{'parent':5}" },
	};

	ASKS_CONDS(NULL, "ann", "odd/1", rows);
}

static const char people[] =
    "policy: 1\n"
    "fixtures:\n"
    "  users:\n"
    "    ann: { attributes: { level: 1, hole: ~, deep: { a: { b: 5, n: ~ }, l: [1, [2]], t: x }, type: robot, id: other } }\n"
    "    svc:ann: { attributes: { level: 9 } }\n"
    "roles:\n";

static void
the_store_comes_before_the_credential_before_the_caller(void)
{
	static const struct asks_cond ann[] = {
		{ 'T', "subject.level == 1", "'subject':{'level':3},'token':{'subject':{'level':2}}" },
		{ 'T', "subject.hole == 2", "'subject':{'hole':3},'token':{'subject':{'hole':2}}" },
		{ 'T', "subject.hole == 3", "'subject':{'hole':3},'token':{'subject':{'hole':null}}" },
		{ 'T', "subject.hole == 3", "'subject':{'hole':3},'token':{'subject':'text'}" },
		{ 'T', "subject.hole == 3", "'subject':{'hole':3}" },
		{ 'T', "subject.hole == 2 and subject.z == 5", "'subject':{'y':1,'hole':3,'z':5},'token':{'x':1,'y':2,'subject':{'y':1,'hole':2}}" },
		{ 'F', "has subject.hole", "'subject':{'hole':null}" },
		{ 'T', "subject.id == \"ann\"", "'subject':{'id':'x'},'token':{'subject':{'id':'y'}}" },
		{ 'T', "subject.type == \"user\"", "'subject':{'type':'x'},'token':{'subject':{'type':'y'}}" },
		{ 'T', "token.subject.level == 2", "'token':{'subject':{'level':2}}" },
	};
	static const struct asks_cond service[] = {
		{ 'T', "subject.level == 9 and subject.type == \"svc\" and subject.id == \"ann\"", NULL },
	};
	static const struct asks_cond unknown[] = {
		{ 'T', "subject.level == 2", "'subject':{'level':3},'token':{'subject':{'level':2}}" },
		{ 'T', "subject.level == 3", "'subject':{'level':3},'token':{}" },
	};
	static const struct asks_cond nobody[] = {
		{ 'F', "has subject.id or has subject.type or has subject.level", "'token':{'subject':{'level':2}}" },
		{ 'T', "has subject.roles and has subject.groups", NULL },
	};

	ASKS_CONDS(people, "ann", NULL, ann);
	ASKS_CONDS(people, "svc:ann", NULL, service);
	ASKS_CONDS(people, "bob", NULL, unknown);
	ASKS_CONDS(people, NULL, NULL, nobody);
}

static void
paths_go_into_objects_of_store_and_caller(void)
{
	static const struct asks_cond rows[] = {
		{ 'T', "subject.deep.a.b == 5", NULL },
		{ 'F', "has subject.deep.a.n", NULL },
		{ 'F', "has subject.deep.a.c", NULL },
		{ 'F', "has subject.deep.a.b.c", NULL },
		{ 'F', "has subject.deep.l.a", NULL },
		{ 'T', "subject.deep.l contains 1", NULL },
		{ 'T', "subject.deep.t == \"x\"", NULL },
		{ 'E', "subject.deep.a == 5", NULL },
		{ 'E', "subject.deep.a", NULL },
		{ 'F', "has subject.deep.z", "'subject':{'deep':{'z':1}}" },
		{ 'T', "context.a.b.c == \"x\"", "'context':{'a':{'x':0,'b':{'c':'x'}}}" },
		{ 'F', "has context.a.b.c", "'context':{'a':{'b':{'c':null}}}" },
		{ 'F', "has context.a.b.c", "'context':{'a':{'b':null}}" },
		{ 'F', "has context.a.b", "'context':{'a.b':1,'a':[1]}" },
		{ 'T', "has context.a.b and not has context.a.c", "'context':{'a':{'b':{}}}" },
		{ 'T', "context.time.x == 1 or not has context.time.x", "'context':{'time':{'x':1}}" },
		{ 'T', "action.x.y == 1", "'action':{'x':{'y':1}}" },
		{ 'F', "has subject.id.x", NULL },
	};

	ASKS_CONDS(people, "ann", NULL, rows);
}

/* The action's name is the declared one; the token's own members, the clock. */
static void
what_the_engine_says_itself(void)
{
	static const char set[] =
	    "policy: 1\nactions: { do: { aliases: [make, build] }, tell: }\neveryone: { roles: r }\n"
	    "roles: { r: { allow: { actions: \"*\", when: action.name == \"do\" } } }\n";
	static const struct ask rows[] = {
		{ "allow", "ann", "do", NULL, NULL }, { "allow", "ann", "build", NULL, "'action':{'name':'x'}" },
		{ "no_rule", "ann", "tell", NULL, "'action':{'name':'do'}" },
	};
	static const struct asks_cond conds[] = {
		{ 'T', "context.time == \"1970-01-01T00:00:00Z\"", "'context':{'time':'2000-01-01T00:00:00Z'}" },
		{ 'T', "context.time == \"2026-01-01T00:00:00.5+01:00\"", "'now':'2026-01-01T00:00:00.5+01:00'" },
		{ 'F', "context.time == \"2025-12-31T23:00:00.5Z\"", "'now':'2026-01-01T00:00:00.5+01:00'" },
		{ 'T', "context.time after \"2025-12-31T23:00:00.499999999Z\"", "'now':'2026-01-01T00:00:00.5+01:00'" },
		{ 'T', "context.time before \"2025-12-31T23:00:00.500000001Z\"", "'now':'2026-01-01T00:00:00.5+01:00'" },
		{ 'E', "context.time < 5", NULL }, { 'E', "context.time", NULL }, { 'T', "has context.time", NULL },
		{ 'F', "context.time in [\"x\"]", NULL }, { 'T', "context.time in [\"1970-01-01T00:00:00Z\"]", NULL },
		{ 'T', "context.time matches \"1970.*\"", NULL },
		{ 'F', "has token.scopes or has token.kind or has token.id or has token.x", NULL },
		{ 'F', "has token.scopes or has token.kind or has token.id or has token.x", "'token':{}" },
		{ 'T', "token.kind == \"k\" and token.id == \"i\" and token.x == 1", "'token':{'kind':'k','id':'i','x':1}" },
		{ 'F', "has token.kind or has token.id", "'token':{'kind':null,'id':null}" },
		{ 'F', "has actor.id or has actor.type or has actor.x or has actor.roles", NULL },
	};
	static const struct asks_cond scoped[] = {
		{ 'T', "token.scopes contains \"n0\" and \"y0\" in token.scopes", "'token':{'scopes':['n0','y0']}" },
		{ 'T', "token.scopes overlaps [\"n1\"] and not token.scopes contains \"z\"", "'token':{'scopes':['n1','y1']}" },
	};

	ASKS(set, rows);
	ASKS_CONDS(NULL, "ann", NULL, conds);
	ASKS_CONDS(NULL, "ann", NULL, scoped);
}

static const char owned[] =
    "policy: 1\n"
    "resources:\n"
    "  doc: { owner: by }\n"
    "  job: { owner: { resource: by, subject: uid, type: svc } }\n"
    "  home: { owner: id }\n"
    "  kind: { owner: { resource: type, subject: team } }\n"
    "  free:\n"
    "  dated: { owner: by, attributes: { by: { type: string, default: ann } } }\n"
    "  told: { owner: by, attributes: { by: { type: list, from: caller } } }\n"
    "fixtures:\n"
    "  entities: { doc/a: { by: ann }, doc/l: { by: [bob, ann] }, doc/n: { by: 12 }, doc/e: { by: [] }, told/x: { by: bob } }\n"
    "  users: { svc:bot: { attributes: { uid: 0012 } } }\n"
    "roles:\n";

static void
own_compares_type_and_attribute(void)
{
	static const struct { const char *who, *thing; struct asks_cond row; } rows[] = {
		{ "ann", "doc/a", { 'T', "own", "'resource':{'by':'bob'}" } },
		{ "bob", "doc/a", { 'F', "own", "'resource':{'by':'bob'}" } },
		{ "svc:ann", "doc/a", { 'F', "own", NULL } },
		{ "svc:ann", "doc/x", { 'F', "own", NULL } },
		{ "ann", "doc/x", { 'E', "own", NULL } },
		{ "ann", "doc/x", { 'T', "own", "'resource':{'by':'ann'}" } },
		{ "ann", "doc/x", { 'E', "own", "'resource':{'by':null}" } },
		{ "ann", "doc/x", { 'E', "own", "'resource':{'by':true}" } },
		{ "ann", "doc/x", { 'E', "own", "'resource':{'by':{'x':'ann'}}" } },
		{ "ann", "doc/x", { 'T', "own", "'resource':{'by':[1,'ann']}" } },
		{ "ann", "doc/x", { 'F', "own", "'resource':{'by':[1,'bob']}" } },
		{ "ann", "doc/x", { 'E', "own", "'resource':{'by':[null,'bob']}" } },
		{ "ann", "doc/x", { 'F', "own", "'resource':{'by':[]}" } },
		{ "ann", "doc/l", { 'T', "own", NULL } },
		{ "cy", "doc/l", { 'F', "own", NULL } },
		{ "ann", "doc/e", { 'F', "own", "'resource':{'by':'ann'}" } },
		{ "12", "doc/n", { 'T', "own", NULL } },
		{ "12", "doc/x", { 'T', "own", "'resource':{'by':12}" } },
		{ "12", "doc/x", { 'E', "own", "'resource':{'by':12.0}" } },
		{ NULL, "doc/a", { 'E', "own", NULL } },
		{ NULL, "doc/e", { 'E', "own", NULL } },
		{ "ann", "free/x", { 'E', "own", "'resource':{'owner':'ann'}" } },
		{ "ann", NULL, { 'E', "own", NULL } },
		{ "svc:bot", "job/1", { 'T', "own", "'resource':{'by':'0012'}" } },
		{ "svc:bot", "job/1", { 'F', "own", "'resource':{'by':12}" } },
		{ "svc:new", "job/1", { 'T', "own", "'resource':{'by':12},'subject':{'uid':12}" } },
		{ "svc:new", "job/1", { 'T', "own", "'resource':{'by':['x',12]},'token':{'subject':{'uid':'12'}}" } },
		{ "svc:new", "job/1", { 'E', "own", "'resource':{'by':12}" } },
		{ "svc:new", "job/1", { 'E', "own", "'resource':{'by':'12'},'subject':{'uid':['12']}" } },
		{ "12", "job/1", { 'F', "own", "'resource':{'by':12},'subject':{'uid':12}" } },
		{ "ann", "home/ann", { 'T', "own", "'resource':{'id':'bob'}" } },
		{ "bob", "home/ann", { 'F', "own", "'resource':{'id':'bob'}" } },
		{ "ann", "kind/1", { 'T', "own", "'subject':{'team':'kind'}" } },
		{ "ann", "kind/1", { 'F', "own", "'subject':{'team':'doc'}" } },
		{ "ann", "dated/1", { 'T', "own", NULL } },
		{ "ann", "dated/1", { 'F', "own", "'resource':{'by':'bob'}" } },
		{ "ann", "told/x", { 'T', "own", "'resource':{'by':['ann']}" } },
		{ "bob", "told/x", { 'T', "own", NULL } },
		{ "bob", "told/x", { 'T', "own", "'resource':{'by':null}" } },
	};

	for (size_t i = 0; i < ASKS_N(rows); i++)
		asks_check_conds(__FILE__, __LINE__, owned, rows[i].who, rows[i].thing, &rows[i].row, 1);
}

CU_TestInfo suite_facts[] = {
	{ "the store comes before the caller before the default", the_store_comes_before_the_caller_before_the_default },
	{ "a thing has its type and id, and nothing has none", a_thing_has_its_type_and_id_and_nothing_has_none },
	{ "an undeclared type is what the caller says", an_undeclared_type_is_what_the_caller_says },
	{ "the store comes before the credential before the caller", the_store_comes_before_the_credential_before_the_caller },
	{ "paths go into objects of store and caller", paths_go_into_objects_of_store_and_caller },
	{ "what the engine says itself", what_the_engine_says_itself },
	{ "own compares type and attribute", own_compares_type_and_attribute },
	CU_TEST_INFO_NULL
};
