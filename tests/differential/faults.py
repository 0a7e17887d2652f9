# SPDX-License-Identifier: Apache-2.0
"""One fault for a set that was sound. A fault may also miss (nothing there to spoil): the reference says whether the set is refused."""
import random

from pools import BAD_NETS, BAD_TIMES, Src

BAD_CONDITIONS = ['context.a = 1', "context.a == 'x'", 'context.a && context.b', 'ownn', 'request.a == 1', 'context.a < 1.2.3', 'context.a in [1 2]',
                  'context.a in [context.b]', 'context.a overlaps "b"', 'context.a covers 1.5', 'context.a == ["x"]', '[] != context.a', 'true', '5', '"a"',
                  'context.a like context.b', 'context.a like "a\\\\"', 'context.a like "{b}"', 'context.a like "{context.b"', 'context.a matches "v[0-9"',
                  'context.a matches "("', 'context.a matches 3', '"a" matches "a"', 'context.a matches "*"', 'context.a matches context.b', '(context.a',
                  'context.a)', 'context.a or', 'and context.a', 'not', 'has context', 'has own', 'has "a"', 'context.', '.a == 1', 'context.a.', 'context..a == 1',
                  'context.a < 9223372036854775808', 'context.a < -9223372036854775809', 'context.a == "x', 'context.a == 01', 'context.a == 1e3', 'context.a == +1',
                  'context.a == .5', 'context.a == 5.', 'context.é == 1', 'context.a == null', 'context.a == 1 == 2', 'context.a like "' + 'a' * 257 + '"',
                  'context.a matches "' + 'é' * 129 + '"', 'context.a within 10', '"10.0.0.1/8" within "10.0.0.0/8"', 'own own', 'own.a == 1', 'own == true',
                  'context.a in 5 6', 'context.a in [,]', 'context.a in [1,]', 'context.a in [1,,2]', 'not not', 'context.a ! = 1', 'subject == "a"', 'has has',
                  'context.a == 1;', 'context.a <> 1', 'context.a == -', 'context.a == "a"b"', 'CONTEXT.a == 1', 'context.a AND context.b', 'context.a in "a" "b"']
ODD = [None, '', [], {}, True, 5, 'x', ['x'], {'x': 1}, [[]], [None], {'x': None}, Src('~')]
PLACES = ('users', 'groups', 'roles', 'actions', 'resources', 'scopes', 'credentials', 'entities', 'conditions', 'grants', 'fixtures', 'tests', 'everyone')
BAD_PATTERNS = ['*', '**', '*/1', '**/x', 'nothing', 'nothing/*', 'd*/1', 'doc/', '/a', 'doc/a\\', 'doc/*\\\\\\', '', 'é/1', 'doc 1/a']
BAD_NUMBERS = [Src('9223372036854775808'), Src('-9223372036854775809'), Src('9' * 400 + '.0'), [1, Src('18446744073709551616')], {'a': Src('1' * 30)}]


def rows(docs, section):
    """(mapping, key) of every row of a section, those of the fixtures too"""
    out = []
    for _, d in docs:
        for at in (d, d.get('fixtures')):
            v = at.get(section) if isinstance(at, dict) else None
            if isinstance(v, dict): out += [(v, k) for k in v]
            elif isinstance(v, list): out += [(v, i) for i in range(len(v))]
    return out


def one_row(docs, section, rng, form=dict):
    """a row as a mapping that may be changed"""
    found = rows(docs, section)
    if not found: return {}
    at, k = rng.choice(found)
    if at[k] is None: at[k] = {}
    return at[k] if isinstance(at[k], form) else {}


def an_entry(docs, rng):
    row = one_row(docs, 'roles', rng)
    e = {'actions': '**'}
    for k in ('allow', 'deny'):
        v = row.get(k)
        for x in v if isinstance(v, list) else [v]:
            if isinstance(x, dict) and rng.random() < .5: return x
    row[rng.choice(('allow', 'deny'))] = e
    return e


def first(docs): return docs[0][1]
def more(d, section, k, v): d[section] = {**(d.get(section) if isinstance(d.get(section), dict) else {}), k: v}


def unknown_key(docs, g):
    at = g.choice(('', 'users', 'groups', 'roles', 'actions', 'resources', 'credentials', 'grants', 'fixtures', 'entry'))
    k = g.choice(('role', 'on', 'member', 'Allow', 'action', 'form', 'x', 'enabled', 'subjects'))
    (first(docs) if not at else an_entry(docs, g) if at == 'entry' else first(docs).setdefault('fixtures', {}) if at == 'fixtures' else one_row(docs, at, g))[k] = 'x'


def odd_value(docs, g):
    """anything of any shape, anywhere"""
    at, k = first(docs), g.choice(PLACES)
    for _ in range(g.randint(0, 4)):
        nxt = at.get(k) if isinstance(at, dict) else at[k]
        if not isinstance(nxt, (dict, list)) or not nxt: break
        at, k = nxt, g.choice(list(nxt)) if isinstance(nxt, dict) else g.randrange(len(nxt))
    at[k] = g.choice(ODD)


def policy_line(docs, g): g.choice(docs)[1]['policy'] = g.choice((2, 1.0, True, '1', None, [], 0, Src('01'), Src('1.0')))
def missing_policy(docs, g): del g.choice(docs)[1]['policy']
def unknown_role(docs, g):
    k = g.choice(('users', 'groups', 'grants', 'includes', 'everyone', 'authenticated'))
    if k == 'includes': one_row(docs, 'roles', g)['includes'] = 'nobody'
    elif k in ('everyone', 'authenticated'): first(docs)[k] = {'roles': ['nobody']}
    else: one_row(docs, k, g)['role' if k == 'grants' else 'roles'] = 'nobody'
def unknown_group(docs, g):
    k = g.choice(('users', 'groups', 'grants'))
    one_row(docs, k, g).update({'users': {'groups': 'nowhere'}, 'groups': {'members': ['group:nowhere']}, 'grants': {'to': 'group:nowhere'}}[k])
def unknown_action(docs, g):
    x, k = g.choice(('raed', 'x:*', 'nothing**', 'all', '')), g.choice(('roles', 'scopes', 'credentials', 'actions', 'entry'))
    if k == 'entry': an_entry(docs, g)['actions'] = x
    elif k == 'scopes': more(first(docs), k, 's9', [x])
    else: one_row(docs, k, g)[{'roles': g.choice(('allow', 'deny')), 'credentials': 'ceiling', 'actions': 'implies'}[k]] = x
def unknown_type(docs, g):
    k = g.choice(('actions', 'resources', 'entities', 'grants', 'entry'))
    if k == 'entities': more(first(docs), k, g.choice(('nothing/1', 'doc', 'doc/', '/1')), None)
    elif k == 'entry': an_entry(docs, g)['resources'] = g.choice(BAD_PATTERNS)
    else: one_row(docs, k, g).update({'actions': {'resource': 'nothing'}, 'resources': {'parent': ['nothing']}, 'grants': {'resource': g.choice(BAD_PATTERNS)}}[k])
def bad_condition(docs, g):
    c = g.choice(BAD_CONDITIONS + [f'context.ip within "{x}"' for x in BAD_NETS] + [f'context.t before "{x}"' for x in BAD_TIMES])
    k = g.choice(('conditions', 'entry', 'actions', 'credentials'))
    if k == 'conditions': more(first(docs), k, 'spoilt', c)
    else: (an_entry(docs, g) if k == 'entry' else one_row(docs, k, g))[g.choice(('when', 'unless'))] = g.choice((c, [c], ['has context.a', c]))
def bad_name(docs, g):
    k, x = g.choice((('conditions', 'own'), ('conditions', 'in'), ('conditions', 'a b'), ('conditions', '1a'), ('conditions', 'a.b'), ('actions', 'all'), ('actions', 'a*'),
                     ('actions', 'a b'), ('actions', 'a\\b'), ('resources', 'a/b'), ('resources', 'é'), ('users', 'group:a'), ('users', 'everyone'), ('users', 'my type:a'),
                     ('users', 'user:'), ('users', 'user:*'), ('credentials', 'api-key'), ('credentials', 'JWT'), ('groups', ''), ('conditions', 'all')))
    more(first(docs), k, x, 'has context.a' if k == 'conditions' else None)
def bad_member(docs, g):
    x = g.choice(('device:*', 'anonymous', 'everyone', 'group:', 'x y:1', ':a', 'authenticated:1', None, ''))
    one_row(docs, *g.choice((('groups',), ('grants',))), g).update({'members': x, 'to': x} if g.random() < .2 else {'members': [x]} if g.random() < .5 else {'to': [x]})
def bad_time(docs, g): one_row(docs, 'grants', g)[g.choice(('from', 'until'))] = g.choice(BAD_TIMES + [None, 5, []])
def cycle(docs, g):
    k, d = g.randrange(4), first(docs)
    if k == 0: d['conditions'] = {**d.get('conditions', {}), 'ca': 'cb', 'cb': 'not ca'}
    elif k == 1: d['roles'] = {**d.get('roles', {}), 'za': {'includes': 'zb'}, 'zb': {'includes': ['za']}}
    elif k == 2: more(d, 'roles', 'za', {'includes': 'za'})
    elif isinstance(d.get('actions', {}), dict): d['actions'] = {**d.get('actions', {}), 'za': {'implies': 'zz'}, 'zb': {'implies': 'za', 'aliases': 'zz'}}
def twice(docs, g):
    """a name declared again, in the last file"""
    k = g.choice(('users', 'groups', 'actions', 'resources', 'scopes', 'credentials', 'entities', 'conditions', 'roles', 'alias', 'id'))
    if k == 'id':
        for e in (an_entry(docs, g), an_entry(docs, g)): e['id'] = 'same'
        return
    if k == 'alias': return one_row(docs, 'actions', g).update(aliases=g.choice(('read', ['zz', 'zz'], 'write', 'view')))
    found = rows(docs, k)
    if found:
        at, x = g.choice(found)
        if isinstance(at, dict): docs.append(('zz.yaml', {'policy': 1, k: {x if k != 'users' or ':' in x else 'user:' + x: at[x]}}))
def bad_number(docs, g):
    k = g.choice(('users', 'entities', 'resources'))
    if k == 'resources': one_row(docs, k, g)['attributes'] = {'n': {'type': 'number', 'default': g.choice(BAD_NUMBERS)}}
    elif k == 'users': one_row(docs, k, g)['attributes'] = {'n': g.choice(BAD_NUMBERS)}
    else: one_row(docs, k, g)['n'] = g.choice(BAD_NUMBERS)
def bad_family(docs, g):
    one_row(docs, 'entities', g).update(g.choice(({'parent': g.choice(([['a']], {'a': 1}, '', [None], 'nothing/', 'doc/', ['folder/'], ['', 'a']))},
                                                  {'inherit': g.choice((Src('no'), 'false', 0, [], {}, Src('yes')))})))
def bad_resource(docs, g):
    a = lambda **x: {'attributes': {'s': x}}
    one_row(docs, 'resources', g).update(g.choice((
        {'owner': {'subject': 'id'}}, {'owner': {'resource': 'o', 'type': 'group'}}, {'owner': []}, {'owner': None}, {'owner': {'resource': 'o', 'type': 'a b'}}, {'parent': []},
        {'parent': {'from': 'id'}}, {'parent': {'type': 'doc', 'from': 'name'}}, {'parent': {'type': ['doc', 'folder', 'org', 'Box-1', 'dev_x'], 'from': 'id'}}, a(),
        a(type='integer'), a(type='string', default=None), a(type='string', default=''), a(type='number', default='1'), a(type='number', default=True), a(type='boolean', default='false'), a(type='list', default='a'),
        a(type='time', default='2026-01-01'), a(type='ip', default='10.0.0'), a(type='ip', default=5), a(type='string', optional=True), a(type='string', **{'from': 'token'}),
        {'attributes': {'parent': {'type': 'number'}}}, {'attributes': {'inherit': {'type': 'string'}}}, {'attributes': []}, {'attributes': {'parent': {'type': 'list', 'default': [True]}}})))
def bad_entry(docs, g):
    e = an_entry(docs, g)
    how = g.randrange(6)
    if how == 0: e.pop('actions', None)
    else: e.update(({'actions': []}, {'resources': []}, {'when': None}, {'unless': []}, {'actions': [None]}, {'reason': None})[how - 1] if g.random() < .8 else {'id': g.choice((None, [], {}))})
def nested_entries(docs, g): one_row(docs, 'roles', g)['allow'] = [['**']]
def no_actions(docs, g): [d.pop('actions', None) for _, d in docs]
def undeclared(docs, g): an_entry(docs, g).update(when='has resource.zz or own')
def bare_group(docs, g): first(docs)['groups'] = {**first(docs).get('groups', {}), 'only-a-group': {'members': 'zed'}, 'another': {'members': ['only-a-group']}}
def leaning(docs, g):
    first(docs).setdefault('fixtures', {})['groups'] = {**first(docs).get('fixtures', {}).get('groups', {}), 'later': None}
    more(first(docs), 'groups', 'sooner', {'members': 'group:later'})
def bad_test(docs, g):
    first(docs)['tests'] = g.choice(([{'as': 'a'}], [{'deny': 'x'}], {'as': 'a'}, [{'as': 'a', 'denies': 'x'}], [{'as': 'anonymous', 'groups': 'g', 'deny': 'x'}], [{'as': 'a', 'deny': 'x', 'now': 'noon'}],
                                    [{'as': 'a', 'allow': 'x', 'because': 'rule'}], [{'as': 'a', 'deny': 'x', 'because': 'no-rule'}], [{'as': 'a', 'deny': 'x doc'}], [{'as': 'a', 'deny': 'x', 'token': None}],
                                    [{'as': 'a', 'deny': 'x doc/1', 'with': {'doc/1': {'o': 'b'}, 'o': 'c'}}], [{'as': 'group:a', 'deny': 'x'}], [None], ['x'], [{'as': 'a', 'deny': ['x', None]}]))


# ----- faults of the text -----
def replace(files, rng, f):
    i = rng.randrange(len(files))
    return files[:i] + [(files[i][0], f(files[i][1], rng))] + files[i + 1:]


def a_line(text, g, f):
    ls = text.split('\n')[:-1]
    i = g.randrange(len(ls))
    return '\n'.join(ls[:i] + f(ls, i) + ls[i + 1:]) + '\n'


def line_lost(t, g): return a_line(t, g, lambda ls, i: [])
def line_twice(t, g): return a_line(t, g, lambda ls, i: [ls[i], ls[i]])
def char_lost(t, g):
    i = g.randrange(len(t))
    if t[i] == ' ' and t[i - 1:i] == ':': return t      # `{key:[x]}`: PyYAML reads it, libyaml refuses it, and so do we
    return t[:i] + t[i + 1:]
def text_swap(t, g):
    a, b = g.choice(((' == ', ' = '), ('actions:', 'action:'), ('true', 'yes'), (' and ', ' && '), ('"', "'"), ('[', '{'), ('}', ''), (': ', ':'), (' in ', ' of '),
                     ('group:', 'groups:'), ('/', ':'), ('read', 'raed'), ('r1', 'r9'), ('doc', 'dok'), ('alice', 'everyone'), ('**', '*'), ('Z', ''), ('from', 'form')))
    return t.replace(a, b, 1)
def yaml_extra(t, g):
    return g.choice((lambda: t + '---\npolicy: 1\n', lambda: t.replace(': ', ': &a ', 1), lambda: t.replace(': ', ': !!str ', 1), lambda: t + 'users: *a\n', lambda: '',
                     lambda: '- policy: 1\n', lambda: t + '<<: {}\n', lambda: t + 'policy: 1\n', lambda: t + '? [a, b]\n: 1\n', lambda: t + '"": 1\n', lambda: t + '"description": "a\\0b"\n',
                     lambda: t + 'x\n', lambda: '\ufeff' + t, lambda: '--- \n' + t + '...\n', lambda: t + '\n# end', lambda: t + '# \udcff\n', lambda: t.rstrip('\n'), lambda: '%YAML 1.1\n---\n' + t,
                     lambda: t + 'description: "open\n', lambda: t + 'users: {a\n', lambda: t.replace('policy: 1', 'policy: 0x1'), lambda: t.replace('\n', '\r\n')))()


class Fault:
    def __init__(f, name, docs=None, text=None): f.name, f.docs, f.text = name, docs, text
    def on_docs(f, docs, rng):
        if f.docs: f.docs(docs, rng)
    def on_text(f, files, rng): return replace(files, rng, f.text) if f.text else files


DOCS = [unknown_key, odd_value, odd_value, policy_line, missing_policy, unknown_role, unknown_group, unknown_action, unknown_type, bad_condition, bad_condition, bad_condition, bad_name,
        bad_member, bad_time, cycle, twice, twice, bad_number, bad_family, bad_resource, bad_resource, bad_entry, nested_entries, no_actions, undeclared, bare_group, leaning, bad_test]
TEXT = [line_lost, line_twice, char_lost, text_swap, text_swap, yaml_extra]
ALL = [Fault(f.__name__, docs=f) for f in DOCS] + [Fault(f.__name__, text=f) for f in TEXT]


def pick(rng: random.Random): return rng.choice(ALL)
