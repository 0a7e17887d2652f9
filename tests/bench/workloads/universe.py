# SPDX-License-Identifier: Apache-2.0
"""The three apps of the Cedar paper: worlds of their shape drawn from a seed, and their rules as plain Python.

A world is Cedar's JSON: an array of {"uid", "parents", "attrs"}. The oracle says what the policies mean, entity by
entity, with no engine: by it the requests of the drawn worlds get their decision, and those of the shared data are
checked. github: permission groups of repositories and organisations. gdrive: views, owners, public documents.
tinytodo: owners, readers and editors of lists. A link between two entities is there with probability 1/20.
"""
from common import generator

LINK = 0.05
ACTIONS = {
    'github': {a: 'Repository' for a in ('read', 'triage', 'write', 'maintain', 'admin')},
    'gdrive': {**{a: 'Document' for a in ('read', 'write', 'share', 'changeOwner')}, 'createDocument': 'Folder'},
    'tinytodo': {'CreateList': 'Application', 'GetLists': 'Application',
                 **{a: 'List' for a in ('GetList', 'UpdateList', 'DeleteList', 'CreateTask', 'UpdateTask', 'DeleteTask',
                                        'EditShares')}},
}
LEVELS = ('readers', 'triagers', 'writers', 'maintainers', 'admins')
ORDER = tuple(ACTIONS['github'])


def ref(kind, ident):
    return {'__entity': {'type': kind, 'id': ident}}


def named(kind, ident):
    return {'type': kind, 'id': ident}


def entity(kind, ident, parents=(), **attrs):
    return {'uid': named(kind, ident), 'parents': list(parents), 'attrs': attrs}


def github(rng, n):
    def some(kind, stem, levels):
        return [named(kind, f'{stem}_{i}_{rng.choice(levels)}') for i in range(n) if rng.random() < LINK]
    def few(kind, stem, first=0):
        return [named(kind, f'{stem}_{i}') for i in range(first, n) if rng.random() < LINK]
    org_levels, out = ('readers', 'writers', 'admins'), []
    for i in range(n):
        out.append(entity('Organization', f'org_{i}', some('OrgPermission', 'org', org_levels),
                          **{l: ref('OrgPermission', f'org_{i}_{l}') for l in org_levels}))
        out += [entity('OrgPermission', f'org_{i}_{l}') for l in org_levels]
        out.append(entity('Repository', f'repo_{i}', owner=ref('Organization', f'org_{rng.randrange(n)}'),
                          **{l: ref('RepoPermission', f'repo_{i}_{l}') for l in LEVELS}))
        out += [entity('RepoPermission', f'repo_{i}_{l}') for l in LEVELS]
        out.append(entity('Team', f'team_{i}', some('RepoPermission', 'repo', LEVELS) + few('Team', 'team', i + 1)))
        out.append(entity('User', f'user_{i}', some('RepoPermission', 'repo', LEVELS) +
                          some('OrgPermission', 'org', org_levels) + few('Team', 'team') + few('Organization', 'org')))
    return out


def gdrive(rng, n):
    def few(kind, stem, first=0):
        return [named(kind, f'{stem}_{i}') for i in range(first, n) if rng.random() < LINK]
    def views():
        return few('View', 'User user') + few('View', 'Group group')
    out, members = [], [[] for _ in range(n)]
    for i in range(n):
        groups = few('Group', 'group')
        for g in groups: members[int(g['id'][6:])].append(named('View', f'User user_{i}'))
        out += [entity('User', f'user_{i}', groups, documentsAndFoldersWithViewAccess=ref('View', f'User user_{i}'),
                       ownedDocuments=[{'__entity': d} for d in few('Document', 'doc')],
                       ownedFolders=[{'__entity': f} for f in few('Folder', 'folder')]),
                entity('View', f'User user_{i}')]
    for i in range(n):
        out += [entity('Group', f'group_{i}'), entity('View', f'Group group_{i}', members[i]),
                entity('Document', f'doc_{i}', views() + few('Folder', 'folder'), isPublic=rng.random() < .5),
                entity('Folder', f'folder_{i}', views() + few('Folder', 'folder', i + 1))]
    return out


def tinytodo(rng, n):
    def few(first=0):
        return [named('Team', f'team_{i}') for i in range(first, n) if rng.random() < LINK]
    app, out = [named('Application', 'TinyTodo')], [entity('Application', 'TinyTodo')]
    for i in range(n):
        out += [entity('User', f'user_{i}', few() + app), entity('Team', f'team_{i}', few(i + 1) + app),
                entity('List', f'list_{i}', app, owner=ref('User', f'user_{rng.randrange(n)}'),
                       readers=ref('Team', f'team_{rng.randrange(n)}'), editors=ref('Team', f'team_{rng.randrange(n)}'))]
    return out


def drawn(app, n, seed):
    world = {'github': github, 'gdrive': gdrive, 'tinytodo': tinytodo}[app](generator(app, n, seed), n)
    wider = dict(zip(ORDER, ORDER[1:])) if app == 'github' else {}
    return world + [entity('Action', a, [named('Action', wider[a])] if a in wider else []) for a in ACTIONS[app]]


def key(uid):
    return uid['type'], uid['id']


def target(reference):
    return key(reference['__entity'])


class Oracle:
    def __init__(self, app, world):
        self.rule = getattr(self, app)
        self.direct = {key(e['uid']): [key(p) for p in e['parents']] for e in world}
        self.attrs = {key(e['uid']): e['attrs'] for e in world}
        self.closed = {}

    def above(self, thing):
        """THING and everything it is in."""
        if thing not in self.closed:
            seen, todo = {thing}, [thing]
            while todo:
                new = [p for p in self.direct.get(todo.pop(), ()) if p not in seen]
                seen.update(new)
                todo += new
            self.closed[thing] = seen
        return self.closed[thing]

    def allows(self, principal, action, resource):
        return self.rule(principal, action, resource)

    def github(self, who, action, repo):
        a, mine = self.attrs[repo], self.above(who)
        org, asked = self.attrs[target(a['owner'])], ORDER.index(action)
        return any(target(a[l]) in mine for l in LEVELS[asked:]) or \
            (asked <= 0 and target(org['readers']) in mine) or (asked <= 2 and target(org['writers']) in mine) or \
            target(org['admins']) in mine

    def gdrive(self, who, action, thing):
        a, above = self.attrs[who], self.above(thing)
        documents = {target(d) for d in a['ownedDocuments']}
        folders = {target(f) for f in a['ownedFolders']}
        if action == 'changeOwner': return thing in documents
        if action == 'createDocument': return thing in folders
        if above & (documents | folders): return True
        return action == 'read' and (self.attrs[thing]['isPublic'] or
                                     target(a['documentsAndFoldersWithViewAccess']) in above)

    def tinytodo(self, who, action, thing):
        if thing[0] == 'Application': return action in ('CreateList', 'GetLists')
        a, mine = self.attrs[thing], self.above(who)
        if target(a['owner']) == who: return True
        if action == 'GetList' and target(a['readers']) in mine: return True
        return action in ('GetList', 'UpdateList', 'CreateTask', 'UpdateTask', 'DeleteTask') and \
            target(a['editors']) in mine


def uniform(app, world, rng, count):
    """COUNT requests (principal, action, resource): action, then principal and resource of its type, each drawn evenly."""
    of = {}
    for e in world: of.setdefault(e['uid']['type'], []).append(key(e['uid']))
    actions = list(ACTIONS[app].items())
    for _ in range(count):
        action, kind = rng.choice(actions)
        yield rng.choice(of['User']), action, rng.choice(of[kind])
