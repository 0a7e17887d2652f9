# SPDX-License-Identifier: Apache-2.0
"""Foreign vectors over HTTP: certification, Todo, API gateway, Search, IdP. They and the sets
for them lie beside the checkout; people and things, there in fixtures, become sections here."""
import json
import os
import re

from authzen_world import EVALUATION, EVALUATIONS, SEARCH, World

URL = 'https://pdp.example'


def opened(path):
    """The text of a set whose `fixtures` are sections of their own: what stood in it is moved out."""
    text = open(path).read()
    lines, inside = [], False
    for line in text.splitlines():
        if re.match(r'\S', line):
            inside = line.startswith('fixtures:')
            if inside:
                continue
        lines.append(line[2:] if inside and line.startswith('  ') else line)
    return '\n'.join(lines) + '\n'


def section(name, data):
    return json.dumps({'policy': 1, name: data})       # JSON is YAML


def holds(wanted, got, exact):
    """A search: all that is wanted, of the type asked; and where that is nothing, nothing"""
    return got == wanted if exact or not wanted else all(r in got for r in wanted)


def certification(args, data, sets, count):
    w = World(args, 'cert', {'cert.yaml': opened(os.path.join(sets, 'cert.yaml'))}, url=URL)
    valued = 0
    for c in data['cases']:
        name = f'certification {c["id"]}: {c["title"]}'
        body = c['request_raw'].encode() if 'request_raw' in c else json.dumps(c['request']).encode() if 'request' in c else b''
        headers = {**({'Content-Type': 'application/json'} if c['method'] == 'POST' else {}), **c.get('headers', {})}
        if c['id'] == 'c-4-5-2':       # only where a token was given: none ever is
            count.check(name, 400, w.request(c['method'], c['path'], body, list(headers.items())).status)
            continue
        a = w.request(c['method'], c['path'], body, list(headers.items()))
        count.check(name, c['expect_status'], a.status)
        for k, v in c.get('expect_headers', {}).items():
            count.check(f'{name}: {k}', v, a.headers[k])
        if a.status != 200:
            count.check(f'{name}: an error is a text', True, isinstance(a.json, str))
            continue
        count.check(f'{name}: type', 'application/json', a.headers['Content-Type'])
        wanted = c.get('expect_body') or {}
        valued += bool(wanted)
        if 'results' in wanted:
            count.check(name, True, holds(wanted['results'], a.json['results'], False))
            kind = c['path'].rsplit('/', 1)[1]
            count.check(f'{name}: of the type asked', True, all(
                'name' in r if kind == 'action' else r['type'] == c['request'][kind]['type'] for r in a.json['results']))
        elif 'evaluations' in wanted:
            count.check(name, [e['decision'] for e in wanted['evaluations']], a.decisions)
        elif wanted:
            count.check(name, wanted['decision'], a.decision)
        elif c['path'] == EVALUATIONS:
            count.check(name, True, all(isinstance(d, bool) for d in a.decisions))
        elif c['method'] == 'GET':
            count.check(name, (URL, True, True), (a.json['policy_decision_point'], all(
                v.startswith('https://') for k, v in a.json.items() if k.endswith('_endpoint')), all(
                isinstance(x, str) for x in a.json.get('capabilities', []))))
    print(f'certification: {len(data["cases"])} cases, {valued} with values')
    w.end(count)


def todo(args, data, sets, count):
    people = {kind + u['id']: {'roles': u['properties']['roles'], 'attributes': {'email': u['properties']['email']}}
              for u in data['todo']['users'] for kind in ('', 'identity:')}
    w = World(args, 'todo', {'todo.yaml': opened(os.path.join(sets, 'todo.yaml')), 'people.yaml': section('users', people)})
    singles = data['todo']['evaluation'] + data['todo']['evaluation_draft01'] + data['api_gateway']['evaluation']
    for e in singles:
        count.check(f'todo: {json.dumps(e["request"])}', e['expected'], w.post(EVALUATION, e['request']).decision)
    for e in data['todo']['evaluations']:
        count.check(f'todo, batch: {json.dumps(e["request"])[:200]}', [x['decision'] for x in e['expected']],
                    w.post(EVALUATIONS, e['request']).decisions)
    print(f'todo and gateway: {len(singles)} evaluations, {len(data["todo"]["evaluations"])} batches')
    w.end(count)


def search(args, data, sets, count):
    things = {f'record/{r["id"]}': {k: v for k, v in r.items() if k != 'id'} for r in data['search']['records']}
    w = World(args, 'search', {'search.yaml': opened(os.path.join(sets, 'search.yaml')), 'things.yaml': section('entities', things)})
    asked = 0
    for kind in ('subject', 'resource', 'action'):
        for e in data['search'][kind] + (data['idp']['resource_search'] if kind == 'resource' else []):
            a = w.post(SEARCH + kind, e['request'])
            got = sorted(map(json.dumps, map(sorted_dict, a.json['results']))) if a.status == 200 else a.status
            count.check(f'{kind} search: {json.dumps(e["request"])}', sorted(map(json.dumps, map(sorted_dict, e['expected']['results']))), got)
            asked += 1
    print(f'search and IdP: {asked} searches, exact')
    w.end(count)


def sorted_dict(d):
    return dict(sorted(d.items()))


def run(args, count):
    sets = os.path.join(args.shared, 'reference', 'authzen')
    file = os.path.join(args.shared, 'vectors', 'authzen-interop.json')
    if not (os.path.exists(file) and os.path.isdir(sets)):
        return count.skip(3, 'AuthZEN vectors (none beside the tree)')
    with open(file) as f:
        data = json.load(f)
    certification(args, data['certification'], sets, count)
    todo(args, data, sets, count)
    search(args, data, sets, count)
