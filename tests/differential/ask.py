# SPDX-License-Identifier: Apache-2.0
"""Random requests for a set: make_requests(rng, info, n) -> list of AuthZEN objects, some of them malformed; a few are raw lines."""
import json

import pools
from pools import attributes, value

RAW = ['', 'null', '[]', '{', '"x"', '{}', '{"action": {"name": "read"}, "action": {"name": "read"}}', '{"action": {"name": "read"}, "context": {"n": 1e400}}',
       '{"action": {"name": "read"}, "context": {"n": NaN}}', '{"action": {"name": "read"}, "context": {"n": -Infinity}}', '{"action": {"name": "re\tad"}}',
       '{"action": {"name": "read"}} x', '{"action": {"name": "read"}, "now": 5}', '{"action": {"name": "read"}, "context": {"a": 1, "a": 1}}',
       '{"action": {"name": "read"}, "context": {"n": 01}}', '{"action": {"name": "read"},}', "{'action': 1}", '{"action": {"name": "\\x41"}}', '{"action": {"name": "\udcff"}}']
BAD_PARENTS = [True, 1.5, {'id': 'a'}, '', ['a', None], [['a']], [''], 'folder/', ['doc/1', 2.5]]
BAD_INHERIT = ['false', 0, [], {}, 1]


class Asker:
    def __init__(s, rng, info):
        s.rng, s.info = rng, info
        s.users = info.users or pools.STRANGERS
        s.names = list(info.alias)
        s.types = list(info.types)
        s.roles_of_owner = {t: v['owner'] for t, v in info.types.items()}
        s.hot = info.hot

    def chance(s, x): return s.rng.random() < x

    def subject(s):
        rng = s.rng
        t, i = rng.choice(s.users) if s.chance(.86) else rng.choice(pools.USERS + pools.STRANGERS)
        out = {'type': t, 'id': i}
        if s.chance(.6):
            out['properties'] = attributes(rng, s.hot)
            if s.chance(.06): out['properties'].update(rng.choice(({'roles': s.info.roles}, {'groups': s.info.groups}, {'id': 'alice'}, {'type': 'user'})))
        elif s.chance(.05): out['properties'] = None
        return out

    def action(s):
        rng = s.rng
        name = rng.choice(s.names) if not s.chance(.025) else rng.choice(('raed', 'doc', 'doc:*', '**', 'all', '', 'READ ', 'view'))
        out = {'name': name}
        if s.chance(.4):
            out['properties'] = attributes(rng, s.hot, .3)
            if s.chance(.2): out['properties']['name'] = rng.choice(s.names)
        return out

    def resource(s, act, subject):
        rng, info = s.rng, s.info
        want = (info.actions.get(info.alias.get(act)) or {}).get('resource') or []
        if want:
            if s.chance(.02): return None
        elif s.chance(.15): return None
        t = rng.choice(want) if want and s.chance(.95) else rng.choice(s.types) if s.types else rng.choice(pools.TYPES)
        if s.chance(.02): t = rng.choice(('thing', 'Doc', 'user'))
        mine = [i for x, i in info.ents if x == t]
        i = rng.choice(mine) if mine and s.chance(.65) else rng.choice(info.ids if s.chance(.7) else pools.IDS if s.chance(.8) else pools.ODD_IDS)
        out = {'type': t, 'id': i}
        if s.chance(.7): out['properties'] = s.properties(t, subject)
        return out

    def properties(s, t, subject):
        rng, v = s.rng, s.info.types.get(t)
        out = attributes(rng, s.hot)
        if v and v['owner'] and s.chance(.75):
            mine = s.mine(v['owner'], subject)
            out[v['owner'][0]] = value(rng, rng.choice(('owner', 'owner', 'owners'))) if mine is None or s.chance(.4) else mine if s.chance(.6) else ['bob', mine]
        if v and s.chance(.15):             # an integer where text is due
            for n in out:
                if (v['attrs'].get(n) or {}).get('type') == 'string': out[n] = rng.choice((1, 2, 1001, [1, 2]))
        if s.chance(.22): out['parent'] = s.parents(v)
        if s.chance(.18): out['inherit'] = rng.choice((True, False, False, None)) if s.chance(.93) else rng.choice(BAD_INHERIT)
        if s.chance(.03): out[rng.choice(('id', 'type'))] = rng.choice(pools.IDS + s.types)
        return out

    def mine(s, owner, subject):
        """the value that makes the subject the owner, so far as the request tells"""
        attr, sub, typ = owner
        return subject and (subject['id'] if sub == 'id' else (subject.get('properties') or {}).get(sub))

    def parents(s, v):
        rng = s.rng
        if s.chance(.05): return rng.choice(BAD_PARENTS)
        if not v or not v['parent']: return rng.choice(('a', ['a', 'b'], None, 7))
        ts, xs = v['parent'][0], []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 0))):
            i = rng.choice(s.info.ids)
            xs.append(rng.choice((i, 1, 2)) if len(ts) == 1 and s.chance(.5) or s.chance(.01) else f'{rng.choice(ts)}/{i}')
        return xs[0] if len(xs) == 1 and s.chance(.7) else xs

    def token(s):
        rng, info, out = s.rng, s.info, {}
        if info.kinds:
            if s.chance(.9): out['kind'] = rng.choice(info.kinds) if s.chance(.92) else rng.choice(('jwt', 'API_KEY', '', 'kind'))
        elif s.chance(.5): out['kind'] = rng.choice(pools.KINDS)
        r = rng.random()
        if r < .04: out['scopes'] = None
        elif r < .08: out['scopes'] = []
        elif r < .6:
            pool = info.scopes * 2 + s.names + ['nothing', 'all', '**', 's1']
            out['scopes'] = [rng.choice(pool) for _ in range(rng.randint(1, 3))]
        if s.chance(.6): out.update(attributes(rng, s.hot))
        if s.chance(.1): out['id'] = rng.choice(('t1', 'alice', 'x'))
        if s.chance(.3): out['subject'] = attributes(rng, s.hot, .4) if s.chance(.95) else rng.choice(('alice', None, [], 5))
        if isinstance(out.get('subject'), dict) and s.chance(.05): out['subject'].update(id='bob', roles=['admin'])
        if s.chance(.02): out['kind'] = None
        return out

    def plain(s):
        """nothing but who, what and on what, of what the set knows"""
        (t, i), act = s.rng.choice(s.users), s.rng.choice(s.names)
        res = s.resource(act, None) or {'type': s.rng.choice(s.types or pools.TYPES), 'id': s.rng.choice(s.info.ids)}
        res.pop('properties', None)
        return {'subject': {'type': t, 'id': i}, 'action': {'name': act}, 'resource': res, 'now': s.rng.choice(pools.TIMES)}

    def request(s):
        if s.chance(.9 if s.info.ordinary else .04): return s.plain()
        rng, q = s.rng, {}
        if not s.chance(.09): q['subject'] = s.subject()
        elif s.chance(.4): q['subject'] = None
        q['action'] = s.action()
        res = s.resource(q['action']['name'], q.get('subject'))
        if res is not None: q['resource'] = res
        if s.chance(.88):
            q['context'] = attributes(rng, s.hot, .7)
            if s.chance(.05): q['context']['time'] = rng.choice(pools.TIMES)
        if s.chance(.5): q['token'] = s.token()
        elif s.chance(.04): q['token'] = rng.choice((None, {}))
        if s.chance(.12): q['actor'] = s.subject()
        if s.chance(.3): q['groups'] = [rng.choice(s.info.groups + ['nowhere'] + pools.GROUPS[:1]) for _ in range(rng.randint(0, 2))]
        q['now'] = rng.choice(pools.TIMES)
        if s.chance(.012): s.spoil(q)
        return q

    def spoil(s, q):
        """one thing about the request that must not be"""
        rng = s.rng
        big = rng.choice((2**63, -2**63 - 1, 2**64, 10**40))
        kind = rng.randrange(16)
        if kind == 0: q['subject'] = rng.choice(({}, {'type': 'user'}, {'type': 'user', 'id': 1}, {'type': 'user', 'id': ''}, 'alice', [], {'type': '', 'id': 'a'}))
        elif kind == 1: q['subject'] = {'type': rng.choice(('group', 'everyone', 'authenticated', 'anonymous', 'a:b', 'a b', '1a', 'é', 'user\n')), 'id': 'g1'}
        elif kind == 2: q['actor'] = {'type': rng.choice(('group', 'user', 'a/b')), 'id': ''}
        elif kind == 3: q['resource'] = rng.choice(({}, 'doc/1', {'type': 'doc'}, {'type': 'doc/1', 'id': '1'}, {'type': 'doc', 'id': 1}, {'type': 'doc', 'id': 'a\0'}, []))
        elif kind == 4: q['action'] = rng.choice(({}, 'read', {'name': 1}, None, [], {'name': None}))
        elif kind == 5: q.setdefault('context', {})['n'] = rng.choice((big, [big], {'s': [big]}))
        elif kind == 6: q['context'] = rng.choice(([], 'x', 1, False))
        elif kind == 7: q['token'] = rng.choice(([], False, 'x', {'scopes': 'read'}, {'scopes': [1]}, {'scopes': {}}, {'kind': 1}, {'n': big}, {'kind': ['jwt']}))
        elif kind == 8: q['groups'] = rng.choice(('g1', [1], {}, [None], False))
        elif kind == 9: q['now'] = rng.choice(pools.BAD_TIMES + [0, {}, True])
        elif kind == 10 and 'subject' in q and q['subject']: q['subject']['properties'] = rng.choice(([], 'x', 1, {'n': big}, False))
        elif kind == 11 and 'resource' in q: q['resource']['properties'] = rng.choice(([], 'x', {'n': big}, {'parent': rng.choice(BAD_PARENTS)}, {'inherit': 0}))
        elif kind == 12: q['action'] = {'name': 'read', 'properties': rng.choice(([], {'n': big}, 'x'))}
        elif kind == 13: q['actor'] = rng.choice(({}, 'bob', {'type': 'user', 'id': 'bob', 'properties': [1]}))
        else: q.setdefault('token', None)


def make_requests(rng, info, n):
    a = Asker(rng, info)
    return [a.request() if rng.random() < .997 else rng.choice(RAW) for _ in range(n)]


def as_line(q):
    return q if isinstance(q, str) else json.dumps(q, ensure_ascii=False)
