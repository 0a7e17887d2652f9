# SPDX-License-Identifier: Apache-2.0
"""Seeded random policy sets. make_set(rng) -> (files, info): files is a list of (file name, YAML text), info tells what the set
holds, for make_requests. All names come from the pools of pools.py; the language is that of policy.yaml(5)."""
import re

import faults
import pools
from ask import make_requests  # noqa: F401  (part of this module's interface)
from conditions import Env, condition
from pools import Src, attributes, value
from yamlout import emit

FILE_NAMES = ('a.yaml', 'Z.yaml', 'é.yaml', '10-people.yaml', '9-roles.yaml', 'policy.yaml', 'm.yaml')
ATTR_TYPE = {'text': 'string', 'number': 'number', 'bool': 'boolean', 'time': 'time', 'ip': 'ip', 'texts': 'list', 'numbers': 'list', 'mixed': 'list',
             'nets': 'list', 'object': 'list', 'any': 'number', 'version': 'string', 'owner': 'string', 'owners': 'list'}
DEFAULT_OF = {'string': ('text', str), 'number': ('number', (int, float)), 'boolean': ('bool', bool), 'list': ('mixed', list), 'time': ('time', str), 'ip': ('ip', str)}


def action_glob(pat, name):
    rx = re.escape(pat).replace(r'\*\*', '\0').replace(r'\*', '[^:]*').replace('\0', '.*')
    return re.fullmatch(rx, name, re.S) is not None


def one_or_list(xs, rng):
    return xs[0] if len(xs) == 1 and rng.random() < .6 else xs


class Info:
    """what make_requests and the shrinker need to know of a set"""
    def __init__(s):
        s.docs, s.fault, s.fixtures, s.features, s.ordinary = [], None, True, set(), False
        s.types, s.actions, s.alias, s.roles, s.groups, s.users, s.ents, s.scopes, s.kinds, s.hot, s.ids = {}, {}, {}, [], [], [], [], [], [], [], []


class Maker:
    """A share of the sets is ordinary: seldom a condition, a deny, a window, a glob, so that most questions have the engine's quick answer"""
    def __init__(s, rng, ordinary=False):
        s.rng, s.info, s.conds, s.ids, s.d = rng, Info(), [], 0, {}
        s.info.ordinary = ordinary
        s.info.hot, s.info.ids = pools.hot_names(rng), pools.hot_ids(rng)

    def chance(s, x): return s.rng.random() < x
    def odd(s, x): return s.rng.random() < (x / 12 if s.info.ordinary else x)     # what no ordinary question has
    def some(s, pool, least, most): return s.rng.sample(list(pool), min(len(pool), s.rng.randint(least, most)))

    # ----- resources -----
    def resources(s):
        rng, names = s.rng, s.some(pools.TYPES, 1, 3)
        for t in names:
            r, v = {}, {'owner': None, 'parent': None, 'attrs': {}}
            if s.chance(.75): r['owner'] = s.owner(v)
            if s.chance(.65): r['parent'] = s.parent(v, names, t)
            if s.chance(.45): r['attributes'] = s.declared(v)
            if s.chance(.05): r['description'] = 'things'
            s.d.setdefault('resources', {})[t] = r or None
            s.info.types[t] = v

    def owner(s, v):
        rng = s.rng
        attr = rng.choice(('o', 'o', 'owners', 'owners', 'email', 'x', 'id' if s.chance(.2) else 'o'))
        sub = rng.choice(('email', 'id', 'email', 's', 'type', 'n', 'groups')) if s.chance(.35) else None
        typ = rng.choice(('device', 'user', 'service')) if s.chance(.3) else None
        v['owner'] = (attr, sub or 'id', typ or 'user')
        if sub is None and typ is None and s.chance(.7): return attr
        return {'resource': attr, **({'subject': sub} if sub else {}), **({'type': typ} if typ else {})}

    def parent(s, v, names, t):
        rng, r = s.rng, s.rng.random()
        if r < (.03 if s.info.ordinary else .32):
            v['parent'] = ([rng.choice(names)], 'id')
            return {'type': v['parent'][0][0], 'from': 'id'}
        ts = s.some(names, 1, 1 if r < .55 else 2)
        v['parent'] = (ts, 'attribute')
        form = one_or_list(ts, rng)
        return form if s.chance(.75) else {'type': form, 'from': 'attribute'} if s.chance(.6) else {'type': form}

    def declared(s, v):
        rng, out = s.rng, {}
        for n in [x for x in pools.NAMES if x != 'obj' and s.chance(.9 if x in s.info.hot else .25)] + [x for x in ('parent', 'inherit') if s.chance(.2)]:
            typ = ATTR_TYPE[pools.KIND_OF[n]] if n in pools.KIND_OF and not s.chance(.08) else rng.choice(list(DEFAULT_OF))
            a = {'type': {'parent': rng.choice(('string', 'list')), 'inherit': 'boolean'}.get(n, typ)}
            if s.chance(.4): a['from'] = rng.choice(('store', 'caller', 'caller'))
            if s.odd(.35) if n == 'parent' else s.chance(.35): a['default'] = s.default(n, a['type'], v)
            if a.get('default', 0) is None: del a['default']
            out[n] = v['attrs'][n] = a
        return out

    def default(s, n, typ, v):
        rng = s.rng
        if n == 'inherit': return s.chance(.7)
        if n == 'parent':
            if not v['parent']: return None
            x = f'{rng.choice(v["parent"][0])}/{rng.choice(s.info.ids)}'
            return x if typ == 'string' else [x]
        kind, py = DEFAULT_OF[typ]
        if typ == 'string' and s.chance(.2): return rng.choice((Src('010'), Src('1.0'), Src('no'), Src('1001')))
        x = value(rng, pools.KIND_OF[n] if ATTR_TYPE[pools.KIND_OF[n]] == typ else kind, 0)
        return x if isinstance(x, py) and x != '' and not (typ == 'number' and isinstance(x, bool)) else None

    # ----- actions -----
    def actions(s):
        rng, names = s.rng, s.some(pools.ACTIONS, 3, 7)
        free = [x for x in pools.ALIASES]
        rows = {}
        for a in names:
            row = {'resource': s.some(s.info.types, 1, 2) if s.info.types and s.chance(.6) else [], 'aliases': []}
            if s.chance(.28):
                row['aliases'] = [free.pop(rng.randrange(len(free))) for _ in range(min(len(free), rng.randint(1, 2)))]
            rows[a] = row
            for x in [a] + row['aliases']: s.info.alias[x] = a
        s.info.actions = rows
        bare = s.chance(.06)
        for i, a in enumerate(names):           # written names point forward: no circle
            row, r = rows[a], rng.random()
            later = [x for b in names[i + 1:] for x in [b] + rows[b]['aliases']]
            row['implies'] = []
            if not bare and r < .4 and later: row['implies'] = s.some(later, 1, 2)
            if not bare and r > .9: row['implies'].append('all' if s.chance(.4) else s.glob() or 'all')
        for a, row in rows.items():
            env, out = s.env_of({a}, []), {}
            if bare: row['resource'], row['implies'] = [], []
            if row['resource']: out['resource'] = one_or_list(row['resource'], rng)
            if s.odd(.3) and not bare: out['when'] = 'own' if env.own and s.chance(.3) else s.conditions(env)
            if s.odd(.22) and not bare: out['unless'] = s.conditions(env, True)
            if row['implies']: out['implies'] = one_or_list(row['implies'], rng)
            if row['aliases']: out['aliases'] = one_or_list(row['aliases'], rng)
            if s.chance(.04): out['description'] = 'an action: "quoted"'
            s.d.setdefault('actions', {})[a] = out or None
        if bare and not any(r['aliases'] for r in rows.values()): s.d['actions'] = list(names)

    def glob(s):
        gs = [g for g in pools.ACTION_GLOBS if any(action_glob(g, x) for x in s.info.alias)]
        return s.rng.choice(gs) if gs else None

    def named(s, x):
        al = s.info.alias
        return set(al.values()) if x == 'all' else {al[y] for y in al if action_glob(x, y)} if '*' in x else {al[x]}

    def implied(s, acts):
        out, todo = set(), list(acts)
        while todo:
            a = todo.pop()
            if a not in out:
                out.add(a)
                todo += set().union(*(s.named(x) for x in s.info.actions[a].get('implies', [])))
        return out

    # ----- conditions -----
    def env_of(s, acts, types):
        """what an entry on these actions or resource types may read"""
        if not types:
            ts = [s.info.actions[a]['resource'] for a in s.implied(acts)]
            if not ts or not all(ts): return Env(True, None, s.conds, s.info.hot, s.info.alias)
            types = {t for x in ts for t in x}
        return s.env(types)

    def env(s, types):
        names, rows = None, [s.info.types[t] for t in types]
        for v in rows:
            if not v['attrs']: continue
            mine = set(v['attrs']) | ({v['owner'][0]} if v['owner'] else set()) | ({'parent', 'inherit'} if v['parent'] else set())
            names = mine if names is None else names & mine
        return Env(all(v['owner'] for v in rows), names, s.conds, s.info.hot, s.info.alias)

    def conditions(s, env, guard=False):
        """one condition, or a list of them"""
        xs = [condition(s.rng, env, guard)[0] for _ in range(1 if s.chance(.8) else 2)]
        return one_or_list(xs, s.rng)

    def named_conditions(s):
        for c in s.some(('low-risk', 'cond_a', 'owned', 'has-it', 'C'), 0, 3):
            env = s.env(s.info.types) if s.chance(.7) else Env(True, None, s.conds, s.info.hot, s.info.alias)
            text, own, names = condition(s.rng, env)
            s.conds.append({'name': c, 'own': own, 'names': set(names)})
            s.d.setdefault('conditions', {})[c] = text

    # ----- entries -----
    def pattern(s, types=None):
        t = s.rng.choice(list(types or s.info.types))
        return t if s.chance(.3) else f'{t}/{s.rng.choice(pools.GLOBS if s.chance(.5) else s.info.ids)}'.rstrip('\\')

    def thing(s):
        """a pattern; where questions are ordinary, mostly one thing, and mostly one of which something is stored"""
        if s.odd(1): return s.pattern()
        t, i = s.rng.choice(s.info.ents) if s.info.ents and s.chance(.7) else (s.rng.choice(list(s.info.types)), s.rng.choice(s.info.ids))
        return f'{t}/{i}'.replace('\\', '\\\\').replace('*', '\\*')

    def acts(s, most=2):
        if s.chance(.25): return [s.glob() or '**']
        if s.chance(.12): return ['**']
        return s.some(s.info.alias, 1, most)

    def entry(s, deny=False, plain=.45):
        rng, acts = s.rng, s.acts()
        if s.chance(plain) and not deny: return rng.choice(acts)
        e = {'actions': one_or_list(acts, rng)}
        pats = [s.thing() for _ in range(rng.randint(1, 2))] if s.info.types and s.chance(.5 if deny else .35) else []
        if pats: e['resources'] = one_or_list(pats, rng)
        env = s.env_of(set().union(*(s.named(a) for a in acts)), {p.partition('/')[0] for p in pats})
        if s.odd(.85 if deny else .5): e['when'] = 'own' if env.own and s.chance(.12) else s.conditions(env, deny)
        if s.odd(.2): e['unless'] = s.conditions(env, not deny)
        if s.chance(.4):
            s.ids += 1
            e['id'] = f'{rng.choice(("no", "rule", "é", "a b"))}-{s.ids}'
        if s.chance(.06): e['reason'] = 'because: of this'
        return dict(rng.sample(list(e.items()), len(e))) if s.chance(.3) else e

    def entries(s, least, most, deny=False, plain=.45):
        xs = [s.entry(deny, plain) for _ in range(s.rng.randint(least, most))]
        return one_or_list(xs, s.rng) if xs else [] if s.chance(.6) else None

    def roles(s):
        names = s.some(pools.ROLES, 2, 4)
        for i, r in enumerate(names):
            out, later = {}, names[i + 1:]
            if later and s.chance(.35): out['includes'] = one_or_list([Src(r) for r in s.some(later, 1, 2)], s.rng)
            if s.chance(.93): out['allow'] = s.entries(1, 3)
            if s.chance(.12 if s.info.ordinary else .36): out['deny'] = s.entries(1, 2, True)
            if s.chance(.04): out['description'] = 'a role'
            s.d.setdefault('roles', {})[r] = out or None
        s.info.roles = names
        for k, x in (('everyone', .3), ('authenticated', .72)):
            if s.chance(x): s.d[k] = {'roles': s.role_list(1, 1)}

    def role_list(s, least, most): return one_or_list([Src(r) for r in s.some(s.info.roles, least, most)], s.rng)

    # ----- people -----
    def who(s, x, star=False):
        """a subject as text; a bare name where that means the user"""
        t, i = x
        return Src(i) if t == 'user' and ':' not in i and i not in s.info.groups and s.chance(.6) else Src(f'{t}:{i}')

    def typed(s, attrs, due):
        """attributes as written: where text is due, numbers and words may stand unquoted"""
        out = {}
        for n, v in attrs.items():
            if n in due and s.chance(.2): v = s.rng.choice((Src('1001'), Src('010'), Src('no'), Src('1.0'), Src('1e3'), 1001, True))
            elif n == 'b' and s.chance(.15): v = s.rng.choice((Src('yes'), Src('no'), Src('True'), 'true'))
            elif n in ('n', 'm') and s.chance(.08): v = s.rng.choice((Src('010'), Src('01'), Src('1e0'), Src('2.0'), Src('+1'), '1'))
            elif s.chance(.02): v = s.rng.choice((Src('0x1F'), Src('010'), Src('1e3'), Src('.inf'), Src('yes'), Src('1_000'), Src('2026-01-01'), Src('+1')))
            out[n] = v
        return out

    def people(s):
        rng, info = s.rng, s.info
        info.groups, info.users = s.some(pools.GROUPS, 0, 3), s.some(pools.USERS, 2, 5)
        later = set(x for g in ('groups', 'users') for x in getattr(info, g) if s.chance(.4)) if s.chance(.5) else set()   # these are fixtures
        base_groups = [g for g in info.groups if g not in later]
        due = {'id', 'email'} | {v['owner'][1] for v in info.types.values() if v['owner']}
        for g in info.groups:
            pool = info.groups if g in later else base_groups
            ms = [s.who(rng.choice(info.users + pools.STRANGERS[:2])) for _ in range(rng.randint(0, 3))] + [Src('group:' + x) for x in s.some(pool, 0, 1)]
            row = {'members': one_or_list(ms, rng)} if ms else {}
            if s.chance(.5): row['roles'] = s.role_list(1, 2)
            s.put(g in later, 'groups', g, row or None)
        for u in info.users:
            row, pool = {}, info.groups if u in later else base_groups
            if s.chance(.7): row['roles'] = s.role_list(1, 2)
            if pool and s.chance(.4): row['groups'] = one_or_list([Src(g) for g in s.some(pool, 1, 2)], rng)
            if s.chance(.65): row['attributes'] = s.typed(attributes(rng, s.info.hot), due)
            name = u[1] if u[0] == 'user' and ':' not in u[1] and s.chance(.7) else ':'.join(u)
            s.put(u in later, 'users', name, row or None)
        for _ in range(rng.randint(0, 8 if s.info.ordinary else 4)):
            s.grant(base_groups)

    def put(s, fixture, section, k, v):
        d = s.d.setdefault('fixtures', {}) if fixture else s.d
        d.setdefault(section, {})[k] = v

    def grant(s, base_groups):
        rng, info, fixture, to = s.rng, s.info, s.chance(.3), []
        for _ in range(1 if s.chance(.7) else 2):
            r = rng.random()
            pool = info.groups if fixture else base_groups
            if r < .25 and pool: to.append(Src('group:' + rng.choice(pool)))
            elif r < .37 and s.odd(1): to.append(rng.choice(('user', 'device', 'service')) + ':*')
            elif r < .5: to.append(rng.choice(('everyone', 'authenticated')))
            else: to.append(s.who(rng.choice(info.users if s.chance(.9) else pools.STRANGERS[:2])))
        row = {'role': s.role_list(1, 2 if s.chance(.2) else 1), 'to': one_or_list(to, rng)}
        if info.types and s.chance(.7): row['resource'] = s.thing()
        for k in ('from', 'until'):
            if s.odd(.3): row[k] = rng.choice(pools.TIMES)
        d = s.d.setdefault('fixtures', {}) if fixture else s.d
        d.setdefault('grants', []).append(row)

    def entities(s):
        rng, info = s.rng, s.info
        for _ in range(rng.randint(1, 16 if info.ordinary else 8) if info.types else 0):
            t = rng.choice(list(info.types))
            v, i = info.types[t], rng.choice(info.ids if s.chance(.75) else pools.IDS if s.chance(.8) else [x for x in pools.ODD_IDS if x and len(x) < 99])
            if (t, i) in info.ents: continue
            due = {n for n, a in v['attrs'].items() if a['type'] == 'string'} | ({v['owner'][0]} if v['owner'] else set())
            attrs = attributes(rng, s.info.hot, .5)
            if v['owner'] and v['owner'][0] != 'id' and s.chance(.6): attrs[v['owner'][0]] = value(rng, rng.choice(('owner', 'owner', 'owners')))
            attrs = s.typed(attrs, due)
            if s.chance(.7): attrs['parent'] = s.parents_of(v)
            if s.chance(.22): attrs['inherit'] = rng.choice((True, False, False, None))
            info.ents.append((t, i))
            s.put(s.chance(.3), 'entities', f'{t}/{i}', attrs or None)

    def parents_of(s, v):
        rng = s.rng
        if not v['parent'] or v['parent'][1] == 'id': return rng.choice((None, 'a', ['a', 'b'], []))
        ts, xs = v['parent'][0], []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 0))):
            i = rng.choice(s.info.ids)
            xs.append(Src(i) if len(ts) == 1 and s.chance(.6) else f'{rng.choice(ts)}/{i}')
        return xs[0] if len(xs) == 1 and s.chance(.7) else xs

    # ----- credentials -----
    def scopes(s):
        rng = s.rng
        for c in s.some(pools.SCOPES + list(s.info.alias)[:3], 1, 3):
            s.info.scopes.append(c)
            s.d.setdefault('scopes', {})[c] = s.entries(0 if s.chance(.2) else 1, 2)

    def credentials(s):
        s.d['credentials'] = {}
        for k in s.some(pools.KINDS, 1, 3):
            row, env = {}, Env(True, None, s.conds, s.info.hot, s.info.alias)
            if s.chance(.6): row['ceiling'] = s.entries(0 if s.chance(.15) else 1, 2)
            if s.chance(.25): row['when'] = s.conditions(env)
            if s.chance(.25): row['unless'] = s.conditions(env, True)
            s.info.kinds.append(k)
            s.d['credentials'][k] = row or None

    def tests(s):
        free = [a for a, v in s.info.actions.items() if not v['resource']]
        if not free: return
        s.d['tests'] = [{'as': s.rng.choice(('anonymous', 'alice', 'device:d1')), s.rng.choice(('allow', 'deny')): one_or_list(s.some(free, 1, 2), s.rng)}]

    # ----- files -----
    def build(s):
        if not s.chance(.05): s.resources()
        s.named_conditions()
        s.actions()
        if s.info.ordinary: s.entities()
        s.roles()
        s.people()
        if not s.info.ordinary: s.entities()
        if s.chance(.5): s.scopes()
        if s.chance(.5): s.credentials()
        if s.chance(.1): s.tests()
        if s.chance(.1): s.d['description'] = 'a random set'
        if s.chance(.05): s.d.setdefault(s.rng.choice(('scopes', 'grants', 'entities', 'tests', 'conditions')), None)

    def split(s):
        """the sections over one to three files; what may, is split within the section too"""
        rng, n = s.rng, s.rng.choice((1, 1, 2, 3))
        docs = [{'policy': 1} for _ in range(n)]
        for k in rng.sample(list(s.d), len(s.d)):
            v = s.d[k]
            if isinstance(v, dict) and k not in ('everyone', 'authenticated') and s.chance(.5):
                for x, y in v.items():
                    rng.choice(docs).setdefault(k, {})
                    to = rng.choice(docs).setdefault(k, {})
                    if k == 'roles' and isinstance(y, dict) and len(y) > 1 and s.chance(.4):    # a role adds up over files
                        one = rng.choice(list(y))
                        rng.choice(docs).setdefault(k, {}).setdefault(x, {}).update({one: y[one]})
                        y = {a: b for a, b in y.items() if a != one}
                    if k == 'fixtures':
                        to[x] = y
                    else:
                        to[x] = {**(to.get(x) or {}), **y} if isinstance(y, dict) else y if to.get(x) is None else to[x]
            else:
                docs[rng.randrange(n)][k] = v
        if s.chance(.1) and 'authenticated' in s.d: rng.choice(docs)['authenticated'] = {'roles': s.role_list(1, 2)}
        return [(f, dict(rng.sample(list(d.items()), len(d))) if s.chance(.3) else d) for f, d in zip(rng.sample(FILE_NAMES, n), docs)]


def features(docs):
    """the sections of a set, and the keys inside them"""
    out = set()
    for _, d in docs:
        for k, v in d.items():
            out.add(k)
            rows = v.items() if isinstance(v, dict) else enumerate(v) if isinstance(v, list) else ()
            for name, row in rows:
                if k in ('everyone', 'authenticated', 'conditions', 'scopes'): continue
                if k == 'fixtures': out.add(f'fixtures.{name}')
                elif k == 'entities': out |= {f'entities.{x}' for x in ('parent', 'inherit') if isinstance(row, dict) and x in row}
                elif isinstance(row, dict): out |= {f'{k}.{x}' for x in row}
    return out


def make_set(rng, fault_share=.08, ordinary_share=.2):
    m = Maker(rng, rng.random() < ordinary_share)
    m.build()
    info = m.info
    info.docs = m.split()
    info.fixtures = rng.random() < .92
    fault = faults.pick(rng) if rng.random() < fault_share else None
    if fault: fault.on_docs(info.docs, rng)
    files = [(f, emit(d, rng)) for f, d in info.docs]
    if fault: files = fault.on_text(files, rng)
    if rng.random() < .05: files.append((rng.choice(('notes.txt', 'b.yml', 'c.yaml.bak', 'yaml')), 'not: [read'))
    info.fault = fault and fault.name
    info.features = features(info.docs)
    return files, info
