#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""apps.py OUT [--shared DIR] [--sizes 5,10,...]: github, gdrive and tinytodo of the Cedar paper as policies of ours.

With the shared data (DIR/bench/workloads) the worlds, requests and decisions are those; and always, of one size and
with `own-` before the name, worlds that universe.py draws. What is written is what an administrator of ours would
write: teams are groups, who may what on a thing are grants on that thing, what lies in it says `parent`.
"""
import json, os, subprocess, sys

import universe
from common import Folder, arguments, generator, quoted, request, value

HERE = os.path.dirname(os.path.abspath(__file__))
OPA = os.path.join(HERE, '..', 'peers', 'opa')      # its policies, and what makes data of entities
SIZES = '5,10,15,20,30,40,50'
KEPT = {'github': 'github', 'gdrive': 'gdrive-fixed', 'tinytodo': 'tinytodo'}     # where the shared data keep it

GITHUB = '''\
policy: 1
description: organisations, teams and repositories
resources:
  Organization:
  Repository: { parent: Organization }
actions:
  read:     { resource: Repository }
  triage:   { resource: Repository }
  write:    { resource: Repository }
  maintain: { resource: Repository }
  admin:    { resource: Repository }
roles:                               # granted on a repository, or on an organisation for all its repositories
  reader:     { allow: read }
  triager:    { includes: reader, allow: triage }
  writer:     { includes: triager, allow: write }
  maintainer: { includes: writer, allow: maintain }
  admin:      { includes: maintainer, allow: admin }
'''

GDRIVE = '''\
policy: 1
description: a drive - folders in folders, documents in several of them
resources:
  Folder:   { parent: Folder, owner: { resource: owners, subject: id, type: User } }
  Document: { parent: Folder }
actions:
  read:           { resource: Document }
  write:          { resource: Document }
  share:          { resource: Document }
  changeOwner:    { resource: Document }
  createDocument: { resource: Folder, when: own }
roles:                               # granted on a folder: for all that lies in it
  viewer:  { allow: read }
  owner:   { includes: viewer, allow: [write, share] }
  author:  { includes: owner, allow: changeOwner }        # granted on single documents
  creator: { allow: createDocument }                      # of whom the folder itself names as an owner
authenticated: { roles: creator }
'''

TINYTODO = '''\
policy: 1
description: lists of tasks, shared with teams
resources:
  Application:
  List:
actions:
  CreateList: { resource: Application }
  GetLists:   { resource: Application }
  GetList:    { resource: List }
  UpdateList: { resource: List }
  DeleteList: { resource: List }
  CreateTask: { resource: List }
  UpdateTask: { resource: List }
  DeleteTask: { resource: List }
  EditShares: { resource: List }
roles:
  person: { allow: { actions: [CreateList, GetLists], resources: Application/TinyTodo } }
  reader: { allow: GetList }                              # these are granted on a list
  editor: { includes: reader, allow: [UpdateList, CreateTask, UpdateTask, DeleteTask] }
  owner:  { includes: editor, allow: [DeleteList, EditShares] }
authenticated: { roles: person }
'''


def inside(world, kinds):
    """Groups: of each entity of KINDS who is directly in it, users and groups, as the language writes members."""
    groups = {e['uid']['id']: [] for e in world if e['uid']['type'] in kinds}
    assert len(groups) == sum(e['uid']['type'] in kinds for e in world), 'two groups of one name'
    for e in world:
        kind, ident = universe.key(e['uid'])
        if kind != 'User' and kind not in kinds: continue
        for p in e['parents']:
            if p['type'] in kinds: groups[p['id']].append(f'User:{ident}' if kind == 'User' else f'group:{ident}')
    return groups


def sections(groups, grants, entities):
    yield 'groups:'
    for name, members in groups.items(): yield f'  {quoted(name)}: {value({"members": members})}'
    yield 'grants:'
    for role, to, thing in grants:
        yield f'  - {{ role: {role}, to: {value(to[0] if len(to) == 1 else to)}, resource: {quoted(thing)} }}'
    if entities: yield 'entities:'
    for thing, said in entities.items(): yield f'  {quoted(thing)}: {value(said)}'


def of(world, kind):
    return [e for e in world if e['uid']['type'] == kind]


def github(world):
    roles = {'readers': 'reader', 'triagers': 'triager', 'writers': 'writer', 'maintainers': 'maintainer',
             'admins': 'admin'}
    grants, entities = [], {}
    for kind in ('Organization', 'Repository'):
        for e in of(world, kind):
            thing = f'{kind}/{e["uid"]["id"]}'
            grants += [(role, [f'group:{universe.target(e["attrs"][level])[1]}'], thing)
                       for level, role in roles.items() if level in e['attrs']]
            if kind == 'Repository': entities[thing] = {'parent': universe.target(e['attrs']['owner'])[1]}
    return sections(inside(world, ('Team', 'Organization', 'OrgPermission', 'RepoPermission')), grants, entities)


def viewer(view):
    """Of whom a view is: `User user_1` is all that user_1 was shown, `Group group_1` all that the group was."""
    kind, name = view.split(' ', 1)
    return f'User:{name}' if kind == 'User' else f'group:{name}'


def gdrive(world):
    groups, grants, entities, owners = {}, [], {}, {}
    for e in of(world, 'View'):                     # what a group was shown, its members were shown
        if e['uid']['id'].startswith('Group '):
            groups[e['uid']['id'][6:]] = [viewer(p['id']) for p in e['parents'] if p['type'] == 'View']
    for e in of(world, 'User'):
        for what, role in (('ownedFolders', 'owner'), ('ownedDocuments', 'author')):
            for kind, ident in (universe.target(o) for o in e['attrs'][what]):
                grants.append((role, [f'User:{e["uid"]["id"]}'], f'{kind}/{ident}'))
                if kind == 'Folder': owners.setdefault(ident, []).append(e['uid']['id'])
    for kind in ('Folder', 'Document'):
        for e in of(world, kind):
            ident, thing = e['uid']['id'], f'{kind}/{e["uid"]["id"]}'
            shown = [viewer(p['id']) for p in e['parents'] if p['type'] == 'View']
            if e['attrs'].get('isPublic'): shown.append('everyone')
            if shown: grants.append(('viewer', shown, thing))
            lies = [p['id'] for p in e['parents'] if p['type'] == 'Folder']
            entities[thing] = {**({'owners': owners[ident]} if kind == 'Folder' and ident in owners else {}),
                               **({'parent': lies} if lies else {})}
    return sections(groups, grants, {k: v for k, v in entities.items() if v})


def tinytodo(world):
    grants = []
    for e in of(world, 'List'):
        thing = f'List/{e["uid"]["id"]}'
        grants += [('owner', [f'User:{universe.target(e["attrs"]["owner"])[1]}'], thing),
                   ('editor', [f'group:{universe.target(e["attrs"]["editors"])[1]}'], thing),
                   ('reader', [f'group:{universe.target(e["attrs"]["readers"])[1]}'], thing)]
    return sections(inside(world, ('Team',)), grants, {})


POLICIES = {'github': (GITHUB, github), 'gdrive': (GDRIVE, gdrive), 'tinytodo': (TINYTODO, tinytodo)}


def half_allowed(app, world, oracle, rng):
    """1000 requests, half of them even draws, half of those balanced between allowed and denied where both exist."""
    drawn = list(universe.uniform(app, world, rng, 20_000))
    out, rest = drawn[:500], {True: [], False: []}
    for r in drawn[500:]: rest[oracle.allows(*r)].append(r)
    for want in (True, False): out += rest[want][:250]
    out += rest[len(rest[True]) > len(rest[False])][250:250 + 1000 - len(out)]
    rng.shuffle(out)
    return [(r, oracle.allows(*r)) for r in out]


def workload(args, name, app, size, world, fixed, cedar, schema):
    folder = Folder(args.out, name, family='apps', app=app, size=size)
    oracle, (head, body) = universe.Oracle(app, world), POLICIES[app]
    for q, expected in fixed:
        if oracle.allows(*q) != expected: sys.exit(f'{name}: the oracle and the data disagree about {q}')
    folder.text('policy.yaml', '# SPDX-License-Identifier: Apache-2.0\n' + head)
    with open(os.path.join(folder.path, 'policy.yaml'), 'a', encoding='utf-8') as f:
        f.writelines(l + '\n' for l in body(world))
    folder.requests('requests.jsonl', (request(w, a, r, e) for (w, a, r), e in fixed))
    stream = universe.uniform(app, world, generator('stream', name), args.stream)
    folder.requests('stream.jsonl', (request(*q) for q in stream))
    folder.text('cedar/policies.cedar', cedar)
    folder.text('cedar/entities.json', json.dumps(world))
    if schema: folder.text('cedar/schema.json', schema)
    if os.path.exists(f'{OPA}/{app}.rego'):
        folder.text('opa/policy.rego', read(f'{OPA}/{app}.rego'))
        with folder.file('opa/data.json') as f:
            subprocess.run([sys.executable, f'{OPA}/data.py', f'{folder.path}/cedar/entities.json'], check=True, stdout=f)
    folder.done()


def read(path):
    with open(path, encoding='utf-8') as f: return f.read()


def shared_app(args, app, size):
    here = os.path.join(args.shared, 'bench', 'workloads', KEPT[app])
    world = json.loads(read(f'{here}/n{size:02}-s1.entities.json'))
    fixed = [((universe.key(q['principal']), q['action']['id'], universe.key(q['resource'])), q['expected'] == 'allow')
             for q in json.loads(read(f'{here}/n{size:02}-s1.requests.json'))]
    workload(args, f'{app}-{size}', app, size, world, fixed, read(f'{here}/policies.cedar'), read(f'{here}/schema.json'))


def own_app(args, app, size):
    world = universe.drawn(app, size, 1)
    fixed = half_allowed(app, world, universe.Oracle(app, world), generator('fixed', app, size))
    workload(args, f'own-{app}-{size}', app, size, world, fixed, read(f'{HERE}/cedar/{app}.cedar'), None)


def main():
    args = arguments(__doc__, ('--shared', {'default': os.environ.get('POLICY_SHARED', '')}),
                     ('--sizes', {'default': SIZES}), ('--own-size', {'type': int, 'default': 50}))
    sizes = [int(s) for s in args.sizes.split(',') if s]
    have = os.path.isdir(os.path.join(args.shared, 'bench', 'workloads')) if args.shared else False
    if not have: print('skipped: the three apps of the paper (no shared data)', file=sys.stderr)
    for app in POLICIES:
        if args.wants(f'own-{app}-{args.own_size}'): own_app(args, app, args.own_size)
        for size in sizes if have else []:
            if args.wants(f'{app}-{size}'): shared_app(args, app, size)


if __name__ == '__main__':
    main()
