#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Searches of random sets, and of the AuthZEN scenarios, beside the reference's, which tries everything.
  search.py --driver FILE [--reference DIR] [--vectors FILE] [--sets N] [--requests N] [--seed N]
Candidates are the reference's (declared users, entities, actions) and whoever and whatever else a set names; each is
decided by the reference. The last line reads `N passed, N failed[, N skipped]`."""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import ask
import gen
import reference
from run import write

HERE = os.path.dirname(os.path.abspath(__file__))
REFUSED = 65
KINDS = 'subject', 'resource', 'action'
count = collections.Counter()


def literal(pattern):
    """(type, id) of a pattern that names one thing, or None"""
    t, g = pattern[0], pattern[1]
    if g is None or '*' in re.sub(r'\\.', '', g, flags=re.S): return None
    return t, re.sub(r'\\(.)', r'\1', g, flags=re.S)


def entries(p):
    for r in p.roles.values(): yield from r['allow'] + r['deny']
    for es in p.scopes.values(): yield from es
    for c in p.creds.values(): yield from c['ceiling'] or []


def named(p):
    """(subjects, things) that the set names, without fixtures"""
    w = p.base
    held = {h for g in w.groups.values() for h in g['members']} | {h for g in w.grants for h in g['to'] if h not in p.every}
    things = set(w.ents) | {x for g in w.grants if g['resource'] for x in [literal(g['resource'])] if x}
    things |= {x for e in entries(p) for q in e['resources'] for x in [literal(q)] if x}
    subjects = set(w.users) | {(t, i) for t, i in held if t != 'group' and i != '*'} | \
        set(w.ents) | {x for g in w.grants if g['resource'] for x in [literal(g['resource'])] if x}
    return subjects, things


def wanted(mod, p, kind, q):
    """what the reference allows of the names that there are; None: the request is refused"""
    subjects, things = named(p)
    t = q[kind]['type'] if kind != 'action' else None
    names = [i for x, i in (subjects if kind == 'subject' else things) if x == t] if t is not None else list(p.actions)
    out = []
    for i in {'-'} | set(names):         # one more, so that a request is refused also where nothing is known
        if kind == 'subject' and len(i.encode()) > 255: continue
        one = {**q, kind: {**q['action'], 'name': i} if kind == 'action' else {**q[kind], 'id': i}}
        try: ok = p.decide(*(one.get(k) for k in reference.ASKED))[0]
        except mod.RequestError: return None
        if ok and i in names: out.append(i)
    return sorted(out, key=lambda s: s.encode())


def declared(p, kind, q):
    """the reference's own searches, for requests that they take"""
    if any(q.get(k) for k in ('token', 'actor', 'groups')): return None
    if kind == 'subject': return [i for t, i in p.base.users if t == q['subject']['type'] and decide(p, q, kind, i)]
    if kind == 'resource': return [i for t, i in p.base.ents if t == q['resource']['type'] and decide(p, q, kind, i)]
    return None


def decide(p, q, kind, i):
    return p.decide(*({**q, kind: {**q[kind], 'id': i}}.get(k) for k in reference.ASKED))[0]


def run(driver, directory, asked):
    lines = ''.join(json.dumps({'seek': k, **q}) + '\n' for k, q in asked)
    done = subprocess.run([driver, directory], input=lines.encode('utf-8', 'surrogateescape'), capture_output=True, timeout=300)
    if done.returncode == REFUSED: return None
    out = done.stdout.decode('utf-8', 'surrogateescape').splitlines()
    if done.returncode or len(out) != len(asked): sys.exit(f'driver: exit {done.returncode}, {len(out)} answers to {len(asked)}: {done.stderr[-500:]}')
    return [json.loads(x) for x in out]


def searches(rng, q):
    """a request as searches for what stands in it, at a time that a host's clock can say"""
    if not re.match('(19|20)', str(q.get('now'))): q['now'] = '2026-06-01T12:00:00Z'
    for kind in KINDS:
        if isinstance(q.get(kind), dict) and (kind == 'action' or isinstance(q[kind].get('type'), str)):
            yield kind, q if kind == 'action' else {**q, kind: {**q[kind], 'id': '-'}}


def differ(what, kind, q, got, want):
    count['wrong'] += 1
    if count['wrong'] <= 10: print(f'failed: {what}: {kind}: {json.dumps(q)[:600]}\n  found  {got}\n  wanted {want}')


def compare(mod, p, what, asked, got):
    for (kind, q), found in zip(asked, got):
        want = wanted(mod, p, kind, q)
        if want is None:
            count['refused'] += 1
            if not isinstance(found, dict) or 'error' not in found: differ(what, kind, q, found, 'an error')
            continue
        count[kind] += 1
        count['found'] += len(want)
        if found != want: differ(what, kind, q, found, want); continue
        mine = declared(p, kind, q)
        if mine is not None and not set(mine) <= set(found): differ(what, kind, q, found, mine)


def random_sets(args, mod, tmp):
    for n in range(args.sets):
        rng = random.Random(f'{args.seed}/search/{n}')
        files, info = gen.make_set(rng, fault_share=0)
        write(tmp, files)
        try: p = mod.load_set([tmp], False)
        except mod.LoadError: continue
        asked = [x for q in ask.make_requests(rng, info, args.requests) if isinstance(q, dict) for x in searches(rng, q)]
        got = run(args.driver, tmp, asked)
        if got is None: differ(f'set {n}', '', {}, 'refused', 'loads'); continue
        count['sets'] += 1
        compare(mod, p, f'set {n}, seed {args.seed}', asked, got)


def scenario(args, mod, tmp, title, policy, data, cases):
    with open(os.path.join(HERE, '..', 'authzen', policy + '.yaml'), encoding='utf-8') as fh: text = fh.read()
    write(tmp, [('a.yaml', text), ('b.yaml', json.dumps({'policy': 1, **data}))])
    p = mod.load_set([tmp], False)
    asked = [(kind, {k: v for k, v in c.items()}) for kind, c, _, _ in cases]
    for kind, q in asked:
        if kind == 'action': q['action'] = {'name': '-'}
        else: q[kind] = {**q[kind], 'id': '-'}
    got = run(args.driver, tmp, asked)
    compare(mod, p, title, asked, got)
    for (kind, q, want, exact), found in zip(cases, got):
        names = [r['name' if kind == 'action' else 'id'] for r in want]
        count['vectors'] += 1
        if sorted(found) != sorted(names) if exact else not set(names) <= set(found): differ(title, kind, q, found, names)


def vectors(args, mod, tmp):
    with open(args.vectors, encoding='utf-8') as fh: data = json.load(fh)
    fixture, roles, cases = data['certification']['fixture'], {'alice': 'writer', 'bob': 'reader'}, []
    for c in data['certification']['cases']:
        kind, body = c['path'].rsplit('/', 1)[1], c.get('expect_body') or {}
        if kind in KINDS and c['expect_status'] == 200 and 'results' in body and isinstance(c.get('request'), dict):
            cases.append((kind, c['request'], body['results'], not body['results']))
    scenario(args, mod, tmp, 'certification', 'cert', {
        'users': {u['id']: {'roles': roles[u['id']], 'attributes': u.get('properties', {})} for u in fixture['subjects']},
        'entities': {f"record/{r['id']}": r['properties'] for r in fixture['resources']}}, cases)
    people = {u['id']: {'attributes': {'role': u['role'], 'department': u['department']}} for u in data['search']['users']}
    for title, of, kinds in (('search', data['search'], KINDS), ('idp', data['idp'], ('resource',))):
        stored = {f"record/{r['id']}": {k: v for k, v in r.items() if k != 'id'} for r in of['records']}
        cases = [(k, c['request'], c['expected']['results'], True) for k in kinds for c in of[k if title == 'search' else 'resource_search']]
        scenario(args, mod, tmp, title, 'search', {'users': people, 'entities': stored}, cases)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--driver', required=True)
    a.add_argument('--reference', default=reference.DEFAULT)
    a.add_argument('--vectors')
    for name, n in (('sets', 200), ('requests', 12), ('seed', 1)): a.add_argument('--' + name, type=int, default=n)
    args = a.parse_args()
    text = reference.source(args.reference)
    if text is None:
        print('search: reference not found, skipped\n0 passed, 0 failed, 1 skipped')
        return 0
    mod = reference.compiled(text)
    with tempfile.TemporaryDirectory(prefix='ps') as tmp:
        tmp = os.path.join(tmp, 's')
        random_sets(args, mod, tmp)
        if args.vectors: vectors(args, mod, tmp)
    tried = sum(count[k] for k in KINDS)
    print(', '.join(f'{k} {count[k]}' for k in ('sets',) + KINDS + ('refused', 'found', 'vectors')))
    print(f'{tried + count["refused"] - count["wrong"]} passed, {count["wrong"]} failed')
    return 1 if count['wrong'] or not tried else 0


if __name__ == '__main__':
    sys.exit(main())
