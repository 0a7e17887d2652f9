# SPDX-License-Identifier: Apache-2.0
"""What cannot be answered at once: passwords, whose hash takes long, and decisions that must be
recorded first. The thread that serves hands them on; answers are those of any other question."""
import concurrent.futures
import glob
import json
import os

from authzen_world import EVALUATION, EVALUATIONS, SEARCH, World, put, question
from live import crypt


def password(name, data):
    return {'type': 'password', 'name': name, 'data': data}


def passwords(args, files, count):
    if not os.path.exists(os.path.join(args.modules, 'password.so')):
        return count.skip(12, 'password (the module is not built)')
    people = put(args.tmp, 'people', f'alice:{crypt("one secret")}\nbob:{crypt("two secrets")}\n')
    steps = f'policy: 1\nmodules:\n  - {{ use: password, with: {{ file: "{people}" }} }}\n'
    w = World(args, 'passwords', {**files, 'policy.yaml': steps})
    q = {k: v for k, v in question().items() if k != 'subject'}
    for what, c, wanted in (('right', password('alice', 'one secret'), (True, 'rule')), ('wrong', password('alice', 'two secrets'), (False, 'bad_credential')),
                            ('of nobody', password('zoe', 'x'), (False, 'bad_credential')), ('without a name', {'type': 'password', 'data': 'x'}, (False, 'bad_credential'))):
        a = w.post(EVALUATION, {**q, 'credential': c})
        count.check(f'a password: {what}', wanted, (a.decision, a.reason))
    a = w.post(EVALUATION, {**question('bob'), 'credential': password('alice', 'one secret')})
    count.check('a password of another', (False, 'bad_credential'), (a.decision, a.reason))
    a = w.post(EVALUATIONS, {**q, 'credential': password('bob', 'two secrets'), 'evaluations': [
        {}, {'action': {'name': 'write'}}, {'resource': {}}, {'resource': {'type': 'a\0b', 'id': 'x'}}, {'subject': {'type': 'user', 'id': 'bob'}}]})
    count.check('a password for a batch', [True, False, False, False, True], a.decisions)
    a = w.post(EVALUATIONS, {**q, 'credential': password('bob', 'two secrets'), 'evaluations': [{'resource': {'type': 'record', 'id': 'x' * 2000}}, {}]})
    count.check('a password for a batch that begins with one too long', [False, True], a.decisions)

    def ask(i):
        right = i % 2 == 0
        return w.request('POST', EVALUATION, json.dumps({**q, 'credential': password('alice', 'one secret' if right else f'wrong {i}')}).encode(),
                         [('Content-Type', 'application/json')])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(ask, i) for i in range(16)]
        meanwhile = [w.post(EVALUATION, question()).decision for _ in range(50)]
        answers = [f.result() for f in waiting]
    count.check('others are answered meanwhile', {True}, set(meanwhile))
    got = [(a.decision, a.reason) for a in answers]
    count.check('sixteen at once: right ones', {(True, 'rule')}, set(got[0::2]))
    count.check('sixteen at once: wrong ones', {(False, 'bad_credential')}, set(got[1::2]))
    w.end(count)
    with open(os.path.join(w.folder, 'log')) as f:
        text = f.read()
    count.check('no password is logged', [], [s for s in ('one secret', 'two secrets', 'wrong 1') if s in text])


def records(args, files, count):
    steps = f'policy: 1\naudit: {{ file: "{args.tmp}/audit-%h-%p.jsonl", must: 2s }}\n'
    w = World(args, 'records', {**files, 'policy.yaml': steps})
    count.check('a decision that is recorded', True, w.post(EVALUATION, question()).decision)
    count.check('a batch that is recorded', [True, False, False], w.post(EVALUATIONS, {**question(), 'evaluations': [
        {}, {'action': {'name': 'fly'}}, {'subject': {}}]}).decisions)
    count.check('a search is none', ['read', 'write'], w.post(SEARCH + 'action', question()).names)
    w.end(count)
    lines = [json.loads(line) for f in glob.glob(os.path.join(args.tmp, 'audit-*.jsonl')) for line in open(f)]
    count.check('what is recorded', [['read', 'allow'], ['read', 'allow'], ['fly', 'deny']],
                [[r['action'], r['decision']] for r in lines if 'action' in r and 'decision' in r])


def run(args, count):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'authzen.yaml')) as f:
        files = {'authzen.yaml': f.read()}
    passwords(args, files, count)
    records(args, files, count)
