# SPDX-License-Identifier: Apache-2.0
"""The same questions to policyd and to Cerbos, a decision point of others with AuthZEN of its
own: their decisions must be equal. Where they answer otherwise, a table says what the standard
wants, and policyd must be what it wants."""
import http.client
import json
import os
import subprocess
import time

from authzen_world import EVALUATION, EVALUATIONS, KNOWN, SEARCH, World, free_port

URL = 'https://pdp.example'
OURS = '''
policy: 1
resources: { model: { owner: owner } }
actions: { read: , list: , write: , delete: }
roles:
  user: { allow: [ read, list, { actions: write, when: own } ] }
  admin: { allow: "*" }
users: { alice: { roles: user }, root: { roles: admin }, eve: {} }
'''
THEIRS = '''---
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  version: default
  resource: model
  rules:
    - { actions: ["read", "list"], effect: EFFECT_ALLOW, roles: ["user"] }
    - { actions: ["write"], effect: EFFECT_ALLOW, roles: ["user"], condition: { match: { expr: R.attr.owner == P.id } } }
    - { actions: ["*"], effect: EFFECT_ALLOW, roles: ["admin"] }
'''
ROLES = {'alice': ['user'], 'root': ['admin'], 'eve': ['none']}
TESTS = 115


class Cerbos:
    def __init__(self, args):
        self.folder = os.path.join(args.tmp, 'cerbos')
        os.makedirs(os.path.join(self.folder, 'pol'))
        self.port = free_port()
        for name, text in (('pol/model.yaml', THEIRS), ('conf.yaml', f'''
server: {{ httpListenAddr: "127.0.0.1:{self.port}", grpcListenAddr: "127.0.0.1:{free_port()}" }}
storage: {{ driver: disk, disk: {{ directory: "{self.folder}/pol", watchForChanges: false }} }}
telemetry: {{ disabled: true }}
''')):
            with open(os.path.join(self.folder, name), 'w') as f:
                f.write(text)
        self.log = open(os.path.join(self.folder, 'log'), 'w')
        self.process = subprocess.Popen([args.cerbos, 'server', f'--config={self.folder}/conf.yaml'], stdout=self.log, stderr=self.log)

    def settle(self):
        for _ in range(600):
            if self.process.poll() is not None:
                return False
            try:
                if self.request('GET', '/_cerbos/health').status == 200:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        return False

    def request(self, method, path, body=b'', headers=()):
        return World.send(http.client.HTTPConnection('127.0.0.1', self.port, timeout=20), method, path, body, headers, True)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def question(who='alice', action='read', **properties):
    return {'subject': {'type': 'user', 'id': who, 'properties': {'cerbos.roles': ROLES[who]}}, 'action': {'name': action},
            'resource': {'type': 'model', 'id': 'm1', 'properties': properties}}


def differ(single, batch):
    return sum(a != b for a, b in zip(single, batch))


def decisions(pair, count):
    """What both know how to say: the same"""
    asked = [question(who, action, **p) for who in ROLES for action in ('read', 'list', 'write', 'delete')
             for p in ({}, {'owner': 'alice'}, {'owner': 'root'}, {'owner': None}, {'owner': 5}, {'other': [1, {'a': 'b'}]})]
    got = []
    for at in pair:
        answers = [at.request('POST', EVALUATION, json.dumps(q).encode(), [('Content-Type', 'application/json')]) for q in asked]
        many = at.request('POST', EVALUATIONS, json.dumps({'evaluations': asked[:50]}).encode(), [('Content-Type', 'application/json')])
        got.append(([a.decision for a in answers], many.decisions))
    for q, a, b in zip(asked, got[0][0], got[1][0]):
        count.check(f'policyd and Cerbos: {json.dumps(q)}', b, a)
    count.check('policyd: a batch as one by one', got[0][0][:50], got[0][1])
    count.check('some are allowed, some are not', {True, False}, set(got[0][0]))
    print(f'beside Cerbos: {len(asked)} decisions, none otherwise; in a batch of 50, other than alone (7.2): '
          f'policyd {differ(*got[0])}, Cerbos {differ(*got[1])}')


def text(q):
    return json.dumps(q).encode()


def is_error(a):
    return a.status == 400 and isinstance(a.json, str)


def said(a):
    """An answer in a few words"""
    if a.status != 200:
        return f'{a.status} {"a text" if isinstance(a.json, str) else "an object" if isinstance(a.json, dict) else "no JSON"}'
    if 'policy_decision_point' in a.json:
        return f'200 {a.json["policy_decision_point"]}'
    if 'evaluations' in a.json:
        return f'200 {[e.get("decision") for e in a.json["evaluations"]]}'
    return f'200 {a.json["decision"]}' if 'decision' in a.json else f'200 {sorted(a.json)[:2]}'


def verdict(a, b, wants):
    if wants(b):
        return ''
    return '  <- the body: 10.1.2' if a.status == b.status == 400 else '  <- not what it wants'


def probes():
    """what, clause of the standard, method, path, body, headers, what it wants"""
    q, head = question(), [('Content-Type', 'application/json')]
    item = {'subject': q['subject'], 'action': q['action'], 'evaluations': [{'resource': q['resource']}, {}]}
    stop = {**q, 'evaluations': [{'action': {'name': 'delete'}}, {}]}

    def single(body, h=head):
        return 'POST', EVALUATION, body, h

    def batch(body):
        return 'POST', EVALUATIONS, text(body), head
    yield ('a decision', '6.2', *single(text(q)), lambda a: a.decision is True)
    yield ('X-Request-ID comes back', '10.1.3', *single(text(q), head + [('X-Request-ID', 'x1')]), lambda a: a.headers['X-Request-ID'] == 'x1')
    yield ('unknown members', '10.1.1', *single(text({**q, 'foo': {'bar': 1}})), lambda a: a.decision is True)
    yield ('unknown members of an entity', '10.1.1', *single(text({**q, 'action': {'name': 'read', 'foo': 1}})), lambda a: a.decision is True)
    for member in ('subject', 'action', 'resource'):
        yield (f'no {member}', '6.1', *single(text({k: v for k, v in q.items() if k != member})), is_error)
        yield (f'{member} is null', '11.5', *single(text({**q, member: None})), is_error)
        yield (f'{member} is a text', '6.1', *single(text({**q, member: 'x'})), is_error)
    yield ('resource.id is missing', '5.2', *single(text({**q, 'resource': {'type': 'model'}})), is_error)
    yield ('action.name is a number', '5.3', *single(text({**q, 'action': {'name': 1}})), is_error)
    yield ('an empty body', '10.1', *single(b''), is_error)
    yield ('malformed JSON', '10.1', *single(b'{"subject": '), is_error)
    yield ('a name twice', '11.5', *single(b'{"action":{"name":"delete"},' + text(q)[1:]), is_error)
    yield ('bytes that are no UTF-8', '11.5', *single(text(q).replace(b'm1', b'm\xff')), is_error)
    yield ('text/plain', '10.1', *single(text(q), [('Content-Type', 'text/plain')]), is_error)
    yield ('no Content-Type', '10.1', *single(text(q), []), is_error)
    yield ('charset=utf-8', '10.1', *single(text(q), [('Content-Type', 'application/json; charset=utf-8')]), lambda a: a.decision is True)
    yield ('GET of an evaluation', '10.1', 'GET', EVALUATION, b'', [], lambda a: a.status in (404, 405))
    yield ('evaluations: empty', '7.1', *batch({**q, 'evaluations': []}), lambda a: a.decision is True)
    yield ('evaluations: absent', '7.1', *batch(q), lambda a: a.decision is True)
    yield ('evaluations: {} inherits', '7.1.1', *batch({**q, 'evaluations': [{}]}), lambda a: a.decisions == [True])
    yield ('evaluations: a default that none uses', '7.1.1', *batch({**q, 'resource': {}, 'evaluations': [{'resource': q['resource']}]}), lambda a: a.decisions == [True])
    yield ('evaluations: one is invalid', '7.2.1', *batch(item), lambda a: a.decisions == [True, False])
    yield ('deny_on_first_deny', '7.1.2.1', *batch({**stop, 'options': {'evaluations_semantic': 'deny_on_first_deny'}}), lambda a: a.decisions == [False])
    yield ('permit_on_first_permit', '7.1.2.1', *batch({**stop, 'options': {'evaluations_semantic': 'permit_on_first_permit'}}), lambda a: a.decisions == [False, True])
    for kind in ('subject', 'resource', 'action'):
        yield (f'{kind} search', '8 (optional)', 'POST', SEARCH + kind, text(q), head, lambda a: a.status == 200 and isinstance(a.json['results'], list))
    yield ('metadata', '9.2.2', 'GET', KNOWN, b'', [], lambda a: a.status == 200 and 'access_evaluation_endpoint' in a.json)
    yield ('metadata: not from Host', '9.2.3', 'GET', KNOWN, b'', [('Host', 'evil.example')], lambda a: b'evil' not in a.body)
    yield ('metadata: https', '9.1.1', 'GET', KNOWN, b'', [], lambda a: a.status == 200 and a.json['policy_decision_point'].startswith('https:'))


def run(args, count):
    args.cerbos = os.path.join(args.tools, 'cerbos', 'node_modules', '@cerbos', 'cerbos-linux-x64', 'cerbos-linux-x64')
    if not os.access(args.cerbos, os.X_OK):
        return count.skip(TESTS, 'Cerbos (not in build/tools: ./bootstrap check installs it where npm is)')
    cerbos = Cerbos(args)
    try:
        if not cerbos.settle():
            return count.skip(TESTS, f'Cerbos does not run: {cerbos.process.poll()}')
        ours = World(args, 'beside', {'set.yaml': OURS}, url=URL)
        decisions((ours, cerbos), count)
        total = agree = 0
        print(f'{"beside Cerbos":40} {"section":13} {"policyd":22} Cerbos')
        for what, clause, method, path, body, headers, wants in probes():
            a, b = ours.request(method, path, body, headers), cerbos.request(method, path, body, headers)
            count.check(f'{what} ({clause})', True, bool(wants(a)))
            total += 1
            agree += bool(wants(b))
            if not wants(b) or said(a) != said(b):
                print(f'{what:40} {clause:13} {said(a):22} {said(b)}{verdict(a, b, wants)}')
        print(f'beside Cerbos: {total} probes, Cerbos does all that the standard wants in {agree}')
        ours.end(count)
    finally:
        cerbos.end()
