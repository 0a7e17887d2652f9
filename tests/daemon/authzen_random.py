# SPDX-License-Identifier: Apache-2.0
"""Random sets and questions: a search finds exactly what an evaluation allows; policyd says of
a question what `policyctl decide --batch` says of it."""
import json
import os
import random
import subprocess

from authzen_world import EVALUATION, EVALUATIONS, SEARCH, World

TYPES, ACTIONS = ('file', 'folder'), ('read', 'write', 'share', 'ping')
USERS = [f'u{i}' for i in range(12)] + ['service:s1', 'service:s2']
GROUPS = ('g1', 'g2', 'g3')
FILES, FOLDERS = [f'f{i}' for i in range(10)], ['top', 'a', 'b', 'a/x']


def a_set(r):
    def some(list_, most):
        return r.sample(list_, r.randint(0, min(most, len(list_))))

    def entry():
        e = {'actions': r.choice(ACTIONS)}
        if r.random() < 0.3 and e['actions'] != 'ping':
            e['resources'] = r.choice(['file/f1', 'file/f*', 'folder/**', 'folder/a', 'file'])
        if r.random() < 0.4:
            e[r.choice(['when', 'unless'])] = r.choice([
                'resource.status == "open"', 'subject.level > 2', 'resource.size < subject.level', 'context.hour < 12', 'has resource.status',
                'subject.team == resource.team', 'action.force == true', 'own' if e['actions'] == 'share' else 'not has subject.level'])
        return e
    roles = {}
    for i in range(5):
        roles[f'r{i}'] = {'allow': [entry() for _ in range(r.randint(1, 3))]}
        if r.random() < 0.3:
            roles[f'r{i}']['deny'] = [entry()]
        if i and r.random() < 0.3:
            roles[f'r{i}']['includes'] = f'r{r.randrange(i)}'
    users = {u: {'roles': some(list(roles), 2), 'groups': some(GROUPS, 2),
                 'attributes': {k: v for k, v in (('level', r.randint(0, 5)), ('team', r.choice('xyz'))) if r.random() < 0.7}} for u in USERS}
    things = {f'folder/{f}': ({'parent': r.choice(FOLDERS)} if r.random() < 0.6 else {}) for f in FOLDERS}
    for f in FILES:
        things[f'file/{f}'] = {k: v for k, v in (('parent', r.choice(FOLDERS)), ('owner', r.choice(USERS[:12])), ('status', r.choice(['open', 'shut'])),
                                                 ('size', r.randint(0, 5)), ('team', r.choice('xyz'))) if r.random() < 0.6}
    grants = [{'role': r.choice(list(roles)), 'to': r.choice(USERS + [f'group:{g}' for g in GROUPS] + ['authenticated', 'everyone', 'service:*']),
               **({'resource': r.choice(['folder/top', 'folder/a', 'file/f2', 'file/f*', 'folder/**'])} if r.random() < 0.7 else {})} for _ in range(6)]
    return json.dumps({
        'policy': 1, 'resources': {'folder': {'parent': 'folder'}, 'file': {'parent': 'folder', 'owner': 'owner'}},
        'actions': {'read': {'resource': ['file', 'folder']}, 'write': {'resource': ['file', 'folder']}, 'share': {'resource': 'file'}, 'ping': None},
        'roles': roles, 'users': users, 'groups': {g: {'roles': some(list(roles), 1)} for g in GROUPS}, 'grants': grants, 'entities': things,
        **({'authenticated': {'roles': r.choice(list(roles))}} if r.random() < 0.3 else {})})


def subject(text):
    kind, _, name = text.rpartition(':')
    return {'type': kind or 'user', 'id': name}


def searches(w, r, count):
    """Each of the three against every candidate there is, by evaluations."""
    names = {'file': FILES, 'folder': FOLDERS}
    candidates = {'action': [{'name': a} for a in ACTIONS]}
    for kind in ('subject', 'resource', 'action'):
        t = r.choice(TYPES)
        q = {'subject': subject(r.choice(USERS + ['nobody'])), 'action': {'name': r.choice(ACTIONS)}, 'resource': {'type': t, 'id': r.choice(names[t] + ['unknown'])}}
        if r.random() < 0.5:
            q['context'] = {'hour': r.choice([3, 15, 'x'])}
        if r.random() < 0.3:
            q['action']['properties'] = {'force': True}
        if r.random() < 0.2:
            q['token'] = {'scopes': r.sample(ACTIONS, 2)}
        if r.random() < 0.2:
            q['groups'] = [r.choice(GROUPS)]
        if kind == 'action':
            q.pop('action')
        candidates['subject'] = [subject(u) for u in USERS if subject(u)['type'] == q['subject']['type']]
        candidates['resource'] = [{'type': t, 'id': i} for i in names[t]]
        a = w.post(SEARCH + kind, q)
        found = a.json['results'] if a.status == 200 else None
        each = [{**q, kind: {**q.get(kind, {}), **c}} for c in candidates[kind]]
        allowed = w.post(EVALUATIONS, {'evaluations': each}).decisions
        wanted = [c for c, yes in zip(candidates[kind], allowed) if yes]
        yield len(wanted)
        key = json.dumps
        count.check(f'{kind} search: {json.dumps(q)}', sorted(map(key, wanted)), found is not None and sorted(map(key, found)))


def a_question(r):
    def value(depth=0):
        return r.choice([lambda: r.choice(['x', 'open', '', 'é', 'a\0b']), lambda: r.randint(-5, 5), lambda: r.random() * 4, lambda: True, lambda: None,
                         lambda: [value(depth + 1) for _ in range(r.randint(0, 2))] if depth < 3 else 1,
                         lambda: {r.choice('abc'): value(depth + 1)} if depth < 3 else 2])()

    def bag():
        return {k: value() for k in r.sample(['status', 'size', 'level', 'team', 'force', 'hour'], 2)}

    def entity(e):
        if r.random() < 0.3:
            e['properties'] = bag()
        if r.random() < 0.03:
            e[r.choice(list(e))] = value()
        return e
    t = r.choice(TYPES)
    q = {'subject': entity(subject(r.choice(USERS + ['nobody', 'group:g1']))), 'action': entity({'name': r.choice(ACTIONS + ('fly',))}),
         'resource': entity({'type': r.choice([t, t, t, 'ship']), 'id': r.choice(FILES + FOLDERS)})}
    for name, chance, make in (('context', 0.3, bag), ('groups', 0.2, lambda: r.sample(GROUPS, 1)), ('token', 0.2, lambda: {
            'scopes': r.choice([None, [], list(ACTIONS[:2])]), 'id': r.choice([None, 't1']), 'x': value()}),
            ('actor', 0.1, lambda: entity(subject(r.choice(USERS)))), ('other', 0.1, value)):
        if r.random() < chance:
            q[name] = make()
    return q


def parity(args, w, r, count):
    asked = [a_question(r) for _ in range(300)]
    p = subprocess.run([args.policyctl, 'decide', '--batch', '-p', os.path.join(w.folder, 'set', 'set.yaml')],
                       input=''.join(json.dumps(q) + '\n' for q in asked).encode(), capture_output=True)
    said = [json.loads(line) for line in p.stdout.decode().splitlines()]
    count.check('policyctl answers each', len(asked), len(said))
    refused = 0
    batch = []
    for start in range(0, 300, 100):
        batch += w.post(EVALUATIONS, {'evaluations': asked[start:start + 100]}).json['evaluations']
    for q, theirs, inner in zip(asked, said, batch):
        a = w.post(EVALUATION, q)
        if a.status == 400:            # policyctl has a meaning for a question without a subject or a resource
            refused += 1
            count.check(f'refused by policyd, allowed by policyctl: {json.dumps(q)}', (False, False), (theirs['decision'], inner['decision']))
            count.check(f'refused alone, not in a batch: {json.dumps(q)}', 400, inner['context'].get('error', {}).get('status'))
        else:
            count.check(f'policyctl and policyd: {json.dumps(q)}', theirs, a.json and {'decision': a.json['decision'], 'context': {
                k: v for k, v in a.json['context'].items() if k != 'status'}})
            count.check(f'alone and in a batch: {json.dumps(q)}', a.json, inner)
    return refused


def run(args, count):
    r = random.Random(args.seed)
    tried = sets = found = refused = 0
    for i in range(args.sets):
        w = World(args, f'random{i}', {'set.yaml': a_set(r)})
        sets += 1
        for _ in range(30):
            for n in searches(w, r, count):
                tried, found = tried + 1, found + n
        refused += parity(args, w, r, count)
        w.end(count)
    print(f'random: {sets} sets, {tried} searches with {found} results, {sets * 300} questions beside policyctl, {refused} of them refused; seed {args.seed}')
    count.check('searches find something', True, found > tried / 4)
    count.check('most questions are no malformed ones', True, refused < sets * 100)
