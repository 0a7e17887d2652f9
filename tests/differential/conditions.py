# SPDX-License-Identifier: Apache-2.0
"""Random conditions as text. `Env` says what may be read: whether `own` is sound here and which attributes of `resource` are declared."""
from pools import (ACTIONS, ADDRESSES, ALIASES, BY_KIND, DOT_REGEXES, GROUPS, IDS, KINDS, LIKES, NEAR, NETS, NUMBERS, OWNERS, PATH_NAMES, REGEXES,
                   ROLES, SCOPES, TEXTS, TIMES, TYPES, VERSIONS)
from yamlout import decimal

OPS = ('==', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'overlaps', 'covers', 'like', 'matches', 'within', 'before', 'after')
ROOTS = ('resource',) * 8 + ('subject',) * 8 + ('context',) * 8 + ('token',) * 2 + ('actor', 'action')
KNOWN = {'text': ('subject.id', 'subject.type', 'resource.id', 'resource.type', 'action.name', 'action.name', 'token.kind', 'actor.id', 'actor.type', 'token.id'),
         'texts': ('subject.roles', 'subject.groups', 'token.scopes', 'actor.roles', 'actor.groups'), 'time': ('context.time',)}
VALUES_OF = {'subject.type': ['user', 'device', 'service'], 'resource.type': TYPES, 'resource.id': IDS, 'action.name': ACTIONS + ALIASES, 'token.kind': KINDS,
             'subject.id': OWNERS, 'actor.id': OWNERS, 'subject.roles': ROLES, 'subject.groups': GROUPS, 'token.scopes': SCOPES + ACTIONS[:5],
             'actor.roles': ROLES, 'actor.groups': GROUPS, 'actor.type': ['user', 'device']}
NEEDS = {'within': {'ip'}, 'matches': {'version', 'text'}, 'overlaps': {'texts', 'numbers', 'mixed'}, 'covers': {'texts', 'numbers', 'mixed'}}
NEEDS.update({op: {'number'} for op in ('<', '<=', '>', '>=')})
POOL = {'text': TEXTS[:12], 'number': NUMBERS, 'texts': TEXTS[:7], 'numbers': NUMBERS[:7], 'mixed': TEXTS[:4] + NUMBERS[:4], 'owner': OWNERS, 'owners': OWNERS,
        'version': VERSIONS[:-2], 'any': TEXTS[:6] + NUMBERS[:6], 'bool': [True, False]}


class Env:
    def __init__(e, own=True, names=None, conds=(), hot=(), actions=()):
        e.actions = list(actions)
        e.hot, e.own, e.names, e.conds = set(hot), own, names, [c for c in conds if (own or not c['own']) and (names is None or c['names'] <= names)]


class Writer:
    def __init__(w, rng, env):
        w.rng, w.env, w.own, w.names = rng, env, False, set()
        w.by_kind = {k: [n for n in ns if n in env.hot] or ns for k, ns in BY_KIND.items()}
        w.hot = {k for k, ns in BY_KIND.items() if env.hot & set(ns)}

    def kind(w, *kinds):
        """one of these, of those that the set uses where there is one"""
        return w.rng.choice([k for k in kinds if k in w.hot] or kinds)

    def op(w):
        """an operator, mostly one that the names of the set have values for"""
        for _ in range(2):
            op = w.rng.choice(OPS)
            if w.hot & NEEDS.get(op, w.hot): break
        return op

    def literal(w, v):
        if v is True or v is False: return 'true' if v else 'false'
        if isinstance(v, int): return str(v)
        if isinstance(v, float): return decimal(v)
        out = ''
        for i, c in enumerate(v):           # a backslash may stand alone where nothing after it needs it
            bare = i + 1 < len(v) and v[i + 1] not in '"\\' and w.rng.random() < .5
            out += '\\"' if c == '"' else '\\\\' if c == '\\' and not bare else c
        return f'"{out}"'

    def path(w, kind):
        """a path whose value is mostly of this kind"""
        rng = w.rng
        for _ in range(20):
            r = rng.random()
            if kind in KNOWN and r < .25:
                p = rng.choice(KNOWN[kind])
            elif kind in ('text', 'number') and r < .4:
                p = rng.choice(('resource', 'subject', 'context', 'token', 'token.subject', 'action')) + '.obj.' + rng.choice(('', 'in.')) + kind[0].replace('t', 's')
            elif r > .96:
                p = rng.choice(ROOTS) + '.' + rng.choice(PATH_NAMES) + ('.s' if r > .99 else '')
            else:
                p = rng.choice(ROOTS) + '.' + rng.choice(w.by_kind.get(kind, ['x']))
            if w.may(p): return p
        return 'context.' + rng.choice(w.by_kind.get(kind, ['x']))

    def may(w, p):
        root, name = p.split('.')[:2]
        if root != 'resource' or name in ('id', 'type'): return True
        if w.env.names is not None and name not in w.env.names: return False
        w.names.add(name)
        return True

    def from_pool(w, path, kind):
        rng = w.rng
        if kind == 'number' and rng.random() < .12: return rng.choice(NEAR)
        if rng.random() < .04: return rng.choice((True, 'a', 2, 2.0))
        v = rng.choice(VALUES_OF.get(path) or POOL.get(kind) or POOL['any'])
        return int(v) if kind != 'number' and isinstance(v, float) and rng.random() < .3 else v

    def list_of(w, path, kind, least=0):
        return '[' + ', '.join(w.literal(w.from_pool(path, kind)) for _ in range(w.rng.randint(least, 3))) + ']'

    def test(w):
        rng, r = w.rng, w.rng.random()
        if r < .12 and w.env.own:
            w.own = True
            return 'own'
        if r < .2 and w.env.conds:
            c = rng.choice(w.env.conds)
            w.own |= c['own']
            w.names |= c['names']
            return c['name']
        if r < .29: return 'has ' + w.path(w.kind('text', 'number', 'any', 'time', 'owner', 'texts', 'object'))
        if r < .36 and ('bool' in w.hot or r < .31): return w.path('bool')
        if r > .98: return f'action.name {rng.choice(("==", "!="))} {w.literal(rng.choice(w.env.actions or ACTIONS))}'
        return w.compare(w.op())

    def compare(w, op):
        rng = w.rng
        if op in ('==', '!='):
            kind = w.kind('text', 'number', 'text', 'owner', 'bool', 'any')
            if rng.random() < .08: return f'{w.path(w.kind("texts", "numbers", "object", "mixed"))} {op} {w.path(w.kind("texts", "numbers", "object", "mixed"))}'
            a = w.path(kind)
            b = w.literal(w.from_pool(a, kind)) if rng.random() < .7 else w.path(kind)
            return f'{a} {op} {b}' if rng.random() < .9 else f'{b} {op} {a}'
        if op[0] in '<>':
            if rng.random() < .06: return f'{w.path("text")} {op} {w.literal(rng.choice(TEXTS[:6]))}'
            a, b = w.path('number'), w.literal(w.from_pool('', 'number')) if rng.random() < .75 else w.path('number')
            return f'{a} {op} {b}' if rng.random() < .85 else f'{b} {op} {a}'
        if op in ('in', 'contains'):
            if rng.random() < .5:
                kind = w.kind('text', 'number', 'any', 'owner')
                a = w.path(kind)
                b = w.list_of(a, kind, 1)
            else:
                kind = w.kind('texts', 'numbers', 'mixed', 'texts', 'owners')
                b = w.path(kind)
                a = w.literal(w.from_pool(b, kind)) if rng.random() < .6 else w.path('number' if kind == 'numbers' else 'text')
            return f'{a} in {b}' if op == 'in' else f'{b} contains {a}'
        if op in ('overlaps', 'covers'):
            kind = w.kind('texts', 'numbers', 'mixed', 'texts')
            a = w.path(kind)
            b = w.list_of(a, kind) if rng.random() < .7 else w.path(kind)
            return f'{a} {op} {b}' if rng.random() < .8 else f'{b} {op} {a}'
        return getattr(w, 'op_' + op)()

    def op_like(w):
        rng = w.rng
        pat = rng.choice(LIKES if rng.random() < .6 else [x for x in LIKES if '{context.s}' in x or '{subject.' in x])
        for p in ('resource.obj.s', 'resource.id'):
            if p in pat and not w.may(p): pat = '{context.s}*'
        a = w.literal(rng.choice(TEXTS)) if rng.random() < .05 else w.path(w.kind('text', 'owner', 'version', 'text'))
        return f'{a} like {w.literal(pat)}'

    def op_matches(w):
        rng = w.rng
        if rng.random() < .6:               # `v` is ASCII: `.` means the same in bytes and in letters
            p = rng.choice(('subject', 'context', 'resource', 'token')) + '.v'
            return f'{p if w.may(p) else "context.v"} matches {w.literal(rng.choice(REGEXES + DOT_REGEXES))}'
        return f'{w.path(rng.choice(("text", "text", "number")))} matches {w.literal(rng.choice(REGEXES))}'

    def op_within(w):
        rng, r = w.rng, w.rng.random()
        net = w.literal(rng.choice(NETS)) if r < .3 else '[' + ', '.join(w.literal(x) for x in rng.sample(NETS, rng.randint(0, 3))) + ']' if r < .5 else w.path('nets')
        ip = w.literal(rng.choice(ADDRESSES)) if r > .95 else w.path('ip')
        return f'{ip} within {net}'

    def order(w, op):
        rng = w.rng
        a, b = w.path('time'), w.literal(rng.choice(TIMES)) if rng.random() < .7 else w.path('time')
        return f'{a} {op} {b}' if rng.random() < .85 else f'{b} {op} {a}'

    def op_before(w): return w.order('before')
    def op_after(w): return w.order('after')

    def unit(w, depth):
        r = w.rng.random()
        out = '(' + w.either(depth - 1) + ')' if depth and r < .35 else w.test()
        return 'not ' + out if w.rng.random() < .14 else out

    def both(w, depth):
        return ' and '.join(w.unit(depth) for _ in range(1 if w.rng.random() < .72 else 2))

    def either(w, depth):
        return ' or '.join(w.both(depth) for _ in range(1 if w.rng.random() < .68 else 2))


def condition(rng, env, guard=False):
    """-> (text, whether it says own, the attributes of `resource` it reads)"""
    w = Writer(rng, env)
    text = w.either(1)
    if guard and rng.random() < .5:
        root = rng.choice(('context', 'subject'))
        text = f'has {root}.s and {root}.s == {w.literal(rng.choice(TEXTS[:5]))}' + (' and ' + w.unit(0) if rng.random() < .4 else '')
    return text, w.own, w.names


