# SPDX-License-Identifier: Apache-2.0
"""What AuthZEN 1.0 says a decision point must do, one test or more for each; on authzen.yaml."""
import copy
import json
import os

from authzen_world import EVALUATION, EVALUATIONS, HERE, KNOWN, SEARCH, TOKENS, World, question

URL = 'https://pdp.example'
JSON = ('Content-Type', 'application/json')


def without(request, *path):
    """A copy that lacks a member: without(q, 'subject', 'id')"""
    q = copy.deepcopy(request)
    inner = q
    for p in path[:-1]:
        inner = inner[p]
    del inner[path[-1]]
    return q


def put_in(request, value, *path):
    q = copy.deepcopy(request)
    inner = q
    for p in path[:-1]:
        inner = inner[p]
    inner[path[-1]] = value
    return q


def is_error(answer, status=400):
    """The status and a JSON text: section 10.1.2 calls it an error message string"""
    return answer.status == status and isinstance(answer.json, str) and answer.json != ''


def single(w, count):
    good = question()
    a = w.post(EVALUATION, good)
    count.check('a decision: 200', (200, True), (a.status, a.decision))
    count.check('a decision: the type', 'application/json', a.headers['Content-Type'])
    count.check('a decision: why', ('rule', True), (a.reason, '/authzen.yaml:' in a.json['context']['rule']))
    a = w.post(EVALUATION, question('bob', 'write'))
    count.check('a deny is a 200 too', (200, False, 'no_rule'), (a.status, a.decision, a.reason))
    count.check('a deny says no status of its own', None, a.json['context'].get('status'))
    for action, why in (('fly', 'unknown_action'), ('read', 'unknown_resource')):
        a = w.post(EVALUATION, question('alice', action, 'spaceship/1' if why == 'unknown_resource' else 'r1'))
        count.check(why, (200, False, why), (a.status, a.decision, a.reason))
    count.check('an unknown subject is a deny', False, w.post(EVALUATION, question('nobody')).decision)
    count.check('nulls are not sent', False, b'null' in w.post(EVALUATION, question('zoe', 'fly')).body)
    first = w.post(EVALUATION, good).body
    count.check('the same request, the same answer', True, all(w.post(EVALUATION, good).body == first for _ in range(20)))
    for context in ({}, {'time': '2025-06-27T18:03-07:00', 'ip': '192.168.1.1'}, None):
        count.check('context changes nothing of it', True, w.post(EVALUATION, {**good, 'context': context}).decision)


def properties(w, count):
    for what, q, wanted in (
            ('of the store, against the caller\'s', put_in(question('alice', 'write', 'r2'), {'status': 'active'}, 'resource', 'properties'), False),
            ('of a resource unknown to the store', put_in(question('alice', 'write', 'r9'), {'status': 'active'}, 'resource', 'properties'), True),
            ('of a resource unknown to the store, no', put_in(question('alice', 'write', 'r9'), {'status': 'archived'}, 'resource', 'properties'), False),
            ('of the subject, by the store', question('bob', 'write', 'r2'), True),
            ('of the subject, by the caller', put_in(question('zoe', 'write', 'r2'), {'role': 'admin'}, 'subject', 'properties'), True),
            ('of the subject, by the caller, no', put_in(question('zoe', 'write', 'r2'), {'role': 'x'}, 'subject', 'properties'), False),
            ('of the action', put_in(question('alice', 'delete'), {'soft': True}, 'action', 'properties'), True),
            ('of the action, no', put_in(question('alice', 'delete'), {'soft': False}, 'action', 'properties'), False),
            ('of the action, a text is no truth', put_in(question('alice', 'delete'), {'soft': 'true'}, 'action', 'properties'), False),
            ('in the context', question('bob', 'delete', context={'office': True}), True),
            ('in the context, no', question('bob', 'delete', context={'office': 1}), False),
            ('that are null', put_in(question('alice', 'delete'), {'soft': None}, 'action', 'properties'), False),
            ('through two parents', question('dave', 'read', 'r3'), True),
            ('through no parent', question('dave', 'read', 'r1'), False)):
        count.check(f'properties {what}', wanted, w.post(EVALUATION, q).decision)


def malformed(w, count):
    good = question()
    for member in ('subject', 'action', 'resource'):
        count.check(f'no {member}', True, is_error(w.post(EVALUATION, without(good, member))))
        for value in (None, 'alice', 5, True, [], [good[member]], {}):
            count.check(f'{member} is {value}', True, is_error(w.post(EVALUATION, put_in(good, value, member))))
        for part in good[member]:
            count.check(f'no {member}.{part}', True, is_error(w.post(EVALUATION, without(good, member, part))))
            for value in (None, 5, 1.5, False, ['a'], {'a': 'b'}, ''):
                if value != '' or (member, part) == ('subject', 'id'):      # an empty text is a text; nobody is called so
                    count.check(f'{member}.{part} is {value!r}', True, is_error(w.post(EVALUATION, put_in(good, value, member, part))))
        for value in ('x', 1, [], False):
            count.check(f'{member}.properties is {value!r}', True, is_error(w.post(EVALUATION, put_in(good, value, member, 'properties'))))
        count.check(f'{member}.properties is null', True, w.post(EVALUATION, put_in(good, None, member, 'properties')).decision)
    for value in ('x', 1, [], False):
        count.check(f'context is {value!r}', True, is_error(w.post(EVALUATION, {**good, 'context': value})))
    for what, body in (('nothing', b''), ('a space', b' '), ('half of it', b'{"subject": '), ('a list', b'[]'), ('a text', b'"x"'),
                       ('null', b'null'), ('a number', b'1'), ('two values', b'{} {}'), ('a comma too many', b'{"a":1,}'),
                       ('a name twice', b'{"subject":{"type":"user","id":"alice"},' + json.dumps(good).encode()[1:]),
                       ('a name twice, deep', json.dumps(good).encode()[:-1] + b',"x":[{"a":1,"\\u0061":2}]}'),
                       ('bad UTF-8', json.dumps(good).encode().replace(b'alice', b'al\xffce')),
                       ('an overlong form', json.dumps(good).encode().replace(b'alice', b'al\xc1\xa9ce')),
                       ('a surrogate', json.dumps(good).encode().replace(b'alice', b'al\\ud800ce')),
                       ('a byte order mark', b'\xef\xbb\xbf' + json.dumps(good).encode()),
                       ('a NUL', json.dumps(good).encode() + b'\0'),
                       ('UTF-16', json.dumps(good).encode('utf-16')),
                       ('an integer beyond 64 bits', put_number(good, b'9223372036854775808')),
                       ('a number too large', put_number(good, b'1e999')),
                       ('depth', put_number(good, b'[' * 100 + b']' * 100))):
        count.check(f'a body that is {what}', True, is_error(w.post(EVALUATION, body)))
    for body in (b'[]', b'"x"', b'null', b'1', b'[{"subject":1}]'):
        count.check(f'a body that is {body}: told so', True, 'an object is wanted' in str(w.post(EVALUATION, body).json))
    count.check('64 bits', True, w.post(EVALUATION, put_number(good, b'-9223372036854775808')).decision)
    for sent, wanted in (('application/json', 200), ('application/json; charset=utf-8', 200), ('APPLICATION/JSON;Charset="UTF-8"', 200),
                         ('application/json ; charset=utf-8 ', 200), ('application/json;charset=latin1', 400), ('application/json; charset=utf-8x', 400),
                         ('text/plain', 400), ('application/jsonx', 400), ('application/x-json', 400), ('text/json', 400), ('', 400),
                         ('application/x-www-form-urlencoded', 400), ('application/json, text/plain', 400)):
        a = w.request('POST', EVALUATION, json.dumps(good).encode(), [('Content-Type', sent)])
        count.check(f'Content-Type: {sent}', wanted, a.status)
        count.check(f'Content-Type: {sent}: never 415, and a text', True, wanted == 200 or is_error(a))
    count.check('no Content-Type', True, is_error(w.request('POST', EVALUATION, json.dumps(good).encode())))
    count.check('Content-Type twice', True, w.request('POST', EVALUATION, json.dumps(good).encode(), [JSON, JSON]).status == 400)
    long = put_in(good, 'a' * 300, 'subject', 'id')
    a = w.post(EVALUATION, long)
    count.check('an id too long is not cut', (200, False, 'limit'), (a.status, a.decision, a.reason))
    count.check('a NUL in an id', True, is_error(w.post(EVALUATION, put_in(good, 'al\0ice', 'subject', 'id'))))


def put_number(request, number):
    return json.dumps({**request, 'context': {'n': 0}}).encode().replace(b'{"n": 0}', b'{"n": ' + number + b'}')


def lenient(w, count):
    good = question()
    count.check('unknown members', True, w.post(EVALUATION, {**good, 'foo': 'bar', 'futureField': {'nested': True}, 'options': 5, 'evaluations': 7}).decision)
    for member in ('subject', 'action', 'resource'):
        count.check(f'unknown members of {member}', True, w.post(EVALUATION, put_in(good, {'a': [1]}, member, 'extra')).decision)
    count.check('any order', True, w.post(EVALUATION, dict(reversed(good.items()))).decision)
    escaped = json.dumps(good).replace('alice', '\\u0061lice').replace('subject', '\\u0073ubject').encode()
    count.check('escapes', True, w.post(EVALUATION, escaped).decision)
    a = w.request('POST', EVALUATION, json.dumps(good).encode(), [JSON, ('X-Request-ID', 'bfe9eb29-ab87-4ca3')])
    count.check('X-Request-ID comes back', (200, 'bfe9eb29-ab87-4ca3'), (a.status, a.headers['X-Request-ID']))
    a = w.request('POST', EVALUATION, b'{', [JSON, ('X-Request-ID', 'of-an-error')])
    count.check('X-Request-ID of an error too', (400, 'of-an-error'), (a.status, a.headers['X-Request-ID']))
    for method in ('GET', 'PUT', 'DELETE'):
        count.check(f'{method} is no evaluation', True, w.request(method, EVALUATION, b'', [JSON]).status in (404, 405))
    count.check('no such endpoint', 404, w.request('POST', '/access/v1/evaluate', json.dumps(good).encode(), [JSON]).status)
    count.check('below an endpoint', 404, w.request('POST', EVALUATION + '/x', json.dumps(good).encode(), [JSON]).status)


def more(w, count):
    """What is ours: tokens, groups, actors."""
    good = question()
    for what, q, wanted in (
            ('scopes that have it', {**good, 'token': {'scopes': ['reading']}}, (True, 'rule')),
            ('scopes that have it not', {**good, 'token': {'scopes': ['write']}}, (False, 'insufficient_scope')),
            ('no scopes', {**good, 'token': {'scopes': []}}, (False, 'insufficient_scope')),
            ('an unscoped token', {**good, 'token': {'scopes': None, 'id': 't1'}}, (True, 'rule')),
            ('a token that is null', {**good, 'token': None}, (True, 'rule')),
            ('groups', {**question('zoe'), 'groups': ['staff']}, (True, 'rule')),
            ('other groups', {**question('zoe'), 'groups': ['guests']}, (False, 'no_rule')),
            ('an actor who may', {**good, 'actor': {'type': 'user', 'id': 'bob'}}, (True, 'rule')),
            ('an actor who may not', {**good, 'actor': {'type': 'user', 'id': 'zoe'}}, (False, 'no_rule')),
            ('now is not for callers', {**good, 'now': '1970-01-01T00:00:00Z'}, (True, 'rule'))):
        a = w.post(EVALUATION, q)
        count.check(what, wanted, (a.decision, a.reason))
    for what, q in (('token', 'x'), ('token', {'scopes': 'read'}), ('token', {'scopes': [1]}), ('token', {'kind': 1}), ('token', {'id': 1}),
                    ('groups', 'staff'), ('groups', [1]), ('groups', {}), ('actor', 'bob'), ('actor', {'id': 'bob'}), ('actor', {'type': 'user'})):
        count.check(f'{what}: {q}', True, is_error(w.post(EVALUATION, {**good, what: q})))


def credentials(w, count):
    def bearer(name):
        return {'type': 'bearer', 'data': TOKENS.get(name, name)}
    q = without(question(), 'subject')
    a = w.post(EVALUATION, {**q, 'credential': bearer('alice')})
    count.check('a credential alone', (True, 'rule', {'type': 'user', 'id': 'alice'}), (a.decision, a.reason, a.json['context'].get('subject')))
    a = w.post(EVALUATION, {**q, 'action': {'name': 'write'}, 'credential': bearer('bob')})
    count.check('a credential of one who may not', (False, 'no_rule'), (a.decision, a.reason))
    count.check('a credential is not sent back', False, TOKENS['bob'].encode() in a.body)
    a = w.post(EVALUATION, {**q, 'credential': bearer('a-token-of-nobody-at-all-123456')})
    count.check('a bad credential', (200, False, 'bad_credential', 401), (a.status, a.decision, a.reason, a.json['context'].get('status')))
    a = w.post(EVALUATION, {**question(), 'credential': bearer('alice')})
    count.check('a credential and its subject', (True, 'rule'), (a.decision, a.reason))
    for subject in ('bob', 'service/alice', 'Alice', 'alice2', 'alic'):
        a = w.post(EVALUATION, {**question(subject), 'credential': bearer('alice')})
        count.check(f'a credential of alice for {subject}', (False, 'bad_credential', 401), (a.decision, a.reason, a.json['context'].get('status')))
        count.check('and nobody is named', None, a.json['context'].get('subject'))
    a = w.post(EVALUATION, {**question('bob', 'write', 'r2'), 'credential': bearer('alice')})
    count.check('what alice may not, for bob who may', (False, 'bad_credential', None), (a.decision, a.reason, a.json['context'].get('subject')))
    a = w.post(EVALUATION, {**question(), 'credential': bearer('x' * 40)})
    count.check('a subject does not help a bad credential', (False, 'bad_credential'), (a.decision, a.reason))
    for what, c in (('a text', 'x'), ('no data', {'type': 'bearer'}), ('no type', {'data': 'x'}), ('data is a number', {'type': 'bearer', 'data': 1}),
                    ('empty data', {'type': 'bearer', 'data': ''}), ('a name that is a number', {'type': 'bearer', 'data': 'x', 'name': 1}),
                    ('a peer', {'type': 'peer', 'data': 'x'}), ('a peer without data', {'type': 'peer', 'data': ''}),
                    ('no kind at all', {'type': '', 'data': 'x'})):
        count.check(f'credential: {what}', True, is_error(w.post(EVALUATION, {**question(), 'credential': c})))
    for what, extra in (('groups', {'groups': ['staff']}), ('token', {'token': {'scopes': ['read']}})):
        a = w.post(EVALUATION, {**question(), 'credential': bearer('alice'), **extra})
        count.check(f'{what} beside a credential, and told so', (True, True), (is_error(a), 'a credential says itself' in str(a.json)))
    a = w.post(EVALUATIONS, {**q, 'credential': bearer('alice'), 'evaluations': [
        {}, {'action': {'name': 'write'}}, {'resource': {'type': 'record', 'id': 'r2'}, 'action': {'name': 'write'}},
        {'subject': {'type': 'user', 'id': 'alice'}}, {'subject': {'type': 'user', 'id': 'bob'}}, {'credential': bearer('bob')}, {'groups': ['staff']}]})
    count.check('a credential for a batch', [True, True, False, True, False, False, False], a.decisions)
    count.check('a credential for a batch: why', ['rule', 'rule', 'no_rule', 'rule', 'bad_credential', 'error', 'error'],
                [e['context']['reason'] for e in a.json['evaluations']])
    a = w.post(EVALUATIONS, {**q, 'credential': bearer('x' * 30), 'evaluations': [{}, {}]})
    count.check('a bad credential for a batch', [('bad_credential', 401)] * 2,
                [(e['context']['reason'], e['context'].get('status')) for e in a.json['evaluations']])
    count.check('a search takes no credential', True, is_error(w.post(SEARCH + 'action', {**question(), 'credential': bearer('alice')})))


def batch(w, count):
    good = question()
    one = w.post(EVALUATION, good).json
    for what, q in (('absent', good), ('empty', {**good, 'evaluations': []}), ('null', {**good, 'evaluations': None})):
        count.check(f'evaluations {what}: a single answer', one, w.post(EVALUATIONS, q).json)
    count.check('evaluations absent, and no subject', True, is_error(w.post(EVALUATIONS, without(good, 'subject'))))
    both = [question(), question('bob', 'write'), question('bob')]
    a = w.post(EVALUATIONS, {'evaluations': both})
    count.check('a batch', [True, False, True], a.decisions)
    count.check('a batch has no decision beside it', ['evaluations'], list(a.json))
    count.check('a batch answers as single ones', [w.post(EVALUATION, q).json for q in both], a.json['evaluations'])
    r1, r2 = {'type': 'record', 'id': 'r1'}, {'type': 'record', 'id': 'r2'}
    write = {**question('alice', 'write'), 'resource': r1}
    for what, q, wanted in (
            ('{} inherits everything', {**write, 'evaluations': [{}, {'resource': r2}]}, [True, False]),
            ('an entity is taken whole', {**put_in(question('zoe', 'write', 'r2'), {'role': 'admin'}, 'subject', 'properties'),
                                          'evaluations': [{}, {'subject': {'type': 'user', 'id': 'zoe'}}]}, [True, False]),
            ('an action is taken whole', {**put_in(question('alice', 'delete'), {'soft': True}, 'action', 'properties'),
                                          'evaluations': [{}, {'action': {'name': 'delete'}}]}, [True, False]),
            ('context is taken whole', {**question('bob', 'delete'), 'context': {'office': True}, 'evaluations': [{}, {'context': {'x': 1}}, {'context': None}]},
             [True, False, True]),
            ('a bad default that none uses', {**write, 'resource': {}, 'evaluations': [{'resource': r1}, {'resource': r2}]}, [True, False]),
            ('a bad default that one uses', {**write, 'resource': {}, 'evaluations': [{'resource': r1}, {}]}, [True, False]),
            ('a default of a wrong type that none uses', {**write, 'subject': 'x', 'evaluations': [{'subject': {'type': 'user', 'id': 'alice'}}]}, [True]),
            ('null inherits', {**write, 'evaluations': [{'subject': None, 'resource': r1}]}, [True]),
            ('half of an entity is no merge', {**write, 'evaluations': [{'resource': {'id': 'r1'}}, {'subject': {'id': 'alice'}}, {}]}, [False, False, True]),
            ('unknown members', {**write, 'evaluations': [{'foo': 1}], 'bar': 2}, [True]),
            ('an item that is none', {**write, 'evaluations': [{}, 5, None, 'x', [], {}]}, [True, False, False, False, False, True])):
        a = w.post(EVALUATIONS, q)
        count.check(what, (200, wanted), (a.status, a.decisions))
    bad = w.post(EVALUATIONS, {**without(write, 'resource'), 'evaluations': [{'resource': r1}, {}, {'resource': {'type': 'record', 'id': 'a\0b'}}]})
    count.check('an invalid item: 200, and said in its place', (200, [None, 400, 400]),
                (bad.status, [e['context'].get('error', {}).get('status') for e in bad.json['evaluations']]))
    for value in ('x', 1, {}, True):
        count.check(f'evaluations: {value}', True, is_error(w.post(EVALUATIONS, {**write, 'evaluations': value})))
    for n, wanted in ((1, 200), (20, 200), (21, 400)):
        count.check(f'{n} evaluations where 20 is the limit', wanted, w.post(EVALUATIONS, {**write, 'evaluations': [{}] * n}).status)
    semantics(w, count)


def semantics(w, count):
    q = {**question(), 'evaluations': [{}, {'action': {'name': 'fly'}}, {'subject': {}}, {}]}
    for semantic, wanted in (('execute_all', [True, False, False, True]), (None, [True, False, False, True]),
                             ('deny_on_first_deny', [True, False]), ('permit_on_first_permit', [True])):
        count.check(f'{semantic}', wanted, w.post(EVALUATIONS, {**q, 'options': {'evaluations_semantic': semantic}}).decisions)
    turned = {**q, 'evaluations': [{'subject': {}}, {'action': {'name': 'fly'}}, {}, {}]}
    for semantic, wanted in (('deny_on_first_deny', [False]), ('permit_on_first_permit', [False, False, True])):
        count.check(f'{semantic}, an invalid one first', wanted, w.post(EVALUATIONS, {**turned, 'options': {'evaluations_semantic': semantic}}).decisions)
    for semantic in ('deny_on_first_deny', 'permit_on_first_permit'):
        same = {**question('alice', 'read' if semantic[0] == 'd' else 'fly'), 'evaluations': [{}] * 3}
        count.check(f'{semantic}, none stops', 3, len(w.post(EVALUATIONS, {**same, 'options': {'evaluations_semantic': semantic}}).decisions))
    for options in ('x', 1, [], {'evaluations_semantic': 'other'}, {'evaluations_semantic': 1}, {'evaluations_semantic': ''}, {'evaluations_semantic': 'execute_al'}):
        count.check(f'options: {options}', True, is_error(w.post(EVALUATIONS, {**q, 'options': options})))
    for options in (None, {}, {'another': 5}, {'another': 1, 'evaluations_semantic': 'execute_all'}):
        count.check(f'options: {options}', 4, len(w.post(EVALUATIONS, {**q, 'options': options}).decisions))


def search(w, count):
    q = question()
    for kind, request, wanted in (
            ('subject', q, ['alice', 'bob', 'carol']), ('subject', without(q, 'subject', 'id'), ['alice', 'bob', 'carol']),
            ('subject', put_in(q, 7, 'subject', 'id'), ['alice', 'bob', 'carol']),
            ('subject', question(resource='r3'), ['alice', 'bob', 'carol', 'dave']), ('subject', question(resource='folder/b'), ['alice', 'bob', 'carol', 'dave']),
            ('subject', put_in(q, 'spaceship', 'subject', 'type'), []), ('subject', question(action='fly'), []),
            ('subject', put_in(q, 'spaceship', 'resource', 'type'), []), ('subject', question('x', 'write', 'r2'), ['bob']),
            ('resource', q, ['r1', 'r2', 'r3']), ('resource', without(q, 'resource', 'id'), ['r1', 'r2', 'r3']),
            ('resource', question('dave'), ['r3']), ('resource', question('dave', 'read', 'folder/x'), ['a', 'b']),
            ('resource', question('alice', 'write'), ['r1', 'r3']), ('resource', question('zoe'), []), ('resource', question('alice', 'fly'), []),
            ('resource', put_in(q, 'spaceship', 'resource', 'type'), []),
            ('resource', put_in(question('zoe', 'write'), {'role': 'admin'}, 'subject', 'properties'), ['r2']),
            ('action', without(q, 'action'), ['read', 'write']), ('action', q, ['read', 'write']), ('action', {**q, 'action': 'x'}, ['read', 'write']),
            ('action', question('bob', 'x', 'r2'), ['read', 'write']), ('action', question('bob', 'x', 'r1', context={'office': True}), ['delete', 'read']),
            ('action', question('zoe'), []), ('action', put_in(q, 'spaceship', 'resource', 'type'), []), ('action', question('alice', 'x', 'r77'), ['read'])):
        a = w.post(SEARCH + kind, request)
        count.check(f'{kind} search of {json.dumps(request)}', (200, wanted), (a.status, a.names))
        count.check(f'{kind} search: nothing else in it', True, a.status == 200 and all(
            set(r) == ({'name'} if kind == 'action' else {'type', 'id'}) and r.get('type') == (None if kind == 'action' else request[kind]['type'])
            for r in a.json['results']))
    for kind, paths in (('subject', (('subject',), ('subject', 'type'), ('action',), ('action', 'name'), ('resource',), ('resource', 'type'), ('resource', 'id'))),
                        ('resource', (('subject',), ('subject', 'type'), ('subject', 'id'), ('action',), ('action', 'name'), ('resource',), ('resource', 'type'))),
                        ('action', (('subject',), ('subject', 'type'), ('subject', 'id'), ('resource',), ('resource', 'type'), ('resource', 'id')))):
        for path in paths:
            count.check(f'{kind} search without {path}', True, is_error(w.post(SEARCH + kind, without(q, *path))))
            count.check(f'{kind} search, {path} a number', True, is_error(w.post(SEARCH + kind, put_in(q, 5, *path))))
    same = put_in(q, 'record', 'subject', 'type')      # a body right for one endpoint, wrong for another
    count.check('the same body by endpoint', [200, 400, 400], [w.post(SEARCH + k, without(same, 'subject', 'id')).status for k in ('subject', 'resource', 'action')])
    for page, wanted in (({}, 200), ({'limit': 1}, 200), ({'limit': 0}, 200), ({'token': ''}, 200), ({'token': None, 'limit': None}, 200),
                         ({'token': 'abc'}, 400), ({'token': 5}, 400), ({'limit': 'x'}, 400), ({'limit': -1}, 400), ({'properties': {}}, 200), ([], 400), ('x', 400)):
        a = w.post(SEARCH + 'subject', {**q, 'page': page})
        count.check(f'page {page}', wanted, a.status)
        if wanted == 200:
            count.check(f'page {page}: all of it, and page first', (['alice', 'bob', 'carol'], ['page', 'results'], {'next_token': ''}),
                        (a.names, list(a.json), a.json['page']))
    count.check('no page where none was asked for', ['results'], list(w.post(SEARCH + 'subject', {**q, 'page': None}).json))
    for body in (b'', b'[]', b'{'):
        count.check(f'a search for {body}', True, is_error(w.post(SEARCH + 'subject', body)))
    count.check('a search in another type', True, is_error(w.request('POST', SEARCH + 'subject', json.dumps(q).encode(), [('Content-Type', 'text/plain')])))
    for kind in ('', 'subjects', 'subject/x'):
        count.check(f'no such search: {kind}', 404, w.post(SEARCH + kind, q).status)


def metadata(w, bare, pathed, count):
    a = w.request('GET', KNOWN)
    count.check('metadata', (200, 'application/json'), (a.status, a.headers['Content-Type']))
    count.check('metadata: who it is', URL, a.json['policy_decision_point'])
    count.check('metadata: endpoints', {k: URL + v for k, v in (
        ('access_evaluation_endpoint', EVALUATION), ('access_evaluations_endpoint', EVALUATIONS), ('search_subject_endpoint', SEARCH + 'subject'),
        ('search_resource_endpoint', SEARCH + 'resource'), ('search_action_endpoint', SEARCH + 'action'))},
        {k: v for k, v in a.json.items() if k.endswith('_endpoint')})
    count.check('metadata: an empty list is left out', True, a.json.get('capabilities') != [] and None not in a.json.values())
    b = w.request('GET', KNOWN, headers=[('Host', 'evil.example'), ('X-Forwarded-Host', 'evil.example')])
    count.check('metadata: not from Host', a.body, b.body)
    count.check('metadata of a tenant', 404, w.request('GET', KNOWN + '/tenant1').status)
    count.check('metadata with a slash', 404, w.request('GET', KNOWN + '/').status)
    count.check('metadata by POST', True, w.post(KNOWN, {}).status in (404, 405))
    count.check('every endpoint of it is there', [400] * 5, [w.post(u[len(URL):], {}).status for k, u in a.json.items() if k.endswith('_endpoint')])
    count.check('no url, no metadata', 404, bare.request('GET', KNOWN).status)
    a = pathed.request('GET', KNOWN + '/pdp/one')
    count.check('a url with a path', (200, URL + '/pdp/one', URL + '/pdp/one' + EVALUATION),
                (a.status, a.json and a.json['policy_decision_point'], a.json and a.json['access_evaluation_endpoint']))
    count.check('a url with a path: elsewhere', [404] * 3, [pathed.request('GET', KNOWN + p).status for p in ('', '/pdp', '/pdp/one/two')])


def counted(w, count):
    """Each decision once, by its reason; a malformed one is none."""
    def now():
        return {line.split()[0]: int(line.split()[1]) for line in w.request('GET', '/metrics').body.decode().splitlines() if line.startswith('policy_decisions_total')}
    before = now()
    w.post(EVALUATION, question())
    w.post(EVALUATION, without(question(), 'subject'))
    w.post(EVALUATION, {**question('bob'), 'credential': {'type': 'bearer', 'data': TOKENS['alice']}})
    w.post(EVALUATIONS, {**question(), 'evaluations': [{}, {'action': {'name': 'fly'}}, {'subject': {}}, {}]})
    after = now()
    count.check('decisions are counted', {('allow', 'rule'): 3, ('deny', 'unknown_action'): 1, ('deny', 'bad_credential'): 1},
                {tuple(k.split('"')[1::2]): n - before.get(k, 0) for k, n in after.items() if n != before.get(k, 0)})


def callers(w, count):
    """On TCP nobody is known by his socket."""
    body = json.dumps(question()).encode()

    def ask(path, *headers):
        return w.request('POST', path, body, [JSON, *headers], w.port)
    for what, headers, wanted in (('nobody', [], (401, 401)), ('a host', ['host'], (200, 200)), ('one who may only ask', ['asker'], (200, 403)),
                                  ('one who may nothing', ['nobody'], (403, 403)), ('a user', ['alice'], (403, 403)), ('a stranger', ['x' * 40], (401, 401))):
        headers = [('Authorization', 'Bearer ' + TOKENS.get(h, h)) for h in headers]
        answers = [ask(p, *headers) for p in (EVALUATION, SEARCH + 'subject')]
        count.check(f'a caller: {what}', wanted, tuple(a.status for a in answers))
        for a in answers:
            count.check(f'a caller: {what}: an error is a text', True, a.status == 200 or isinstance(a.json, str))
            count.check(f'a caller: {what}: a challenge with 401 alone', a.status == 401, a.headers['WWW-Authenticate'] is not None)
    count.check('who may ask is not whom he asks about', True, ask(EVALUATION, ('Authorization', 'Bearer ' + TOKENS['asker'])).decision)
    count.check('metadata is anybody\'s', 200, w.request('GET', KNOWN, port=w.port).status)


def run(args, count):
    with open(os.path.join(HERE, 'authzen.yaml')) as f:
        files = {'authzen.yaml': f.read()}
    w = World(args, 'musts', files, url=URL, batch=20, tcp=True)
    for part in (single, properties, malformed, lenient, more, credentials, batch, search, counted, callers):
        part(w, count)
    bare, pathed = World(args, 'bare', files), World(args, 'pathed', files, url=URL + '/pdp/one')
    metadata(w, bare, pathed, count)
    for each in (w, bare, pathed):
        each.end(count)
