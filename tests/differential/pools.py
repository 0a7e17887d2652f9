# SPDX-License-Identifier: Apache-2.0
"""The small pools that names and values are drawn from. They collide on purpose: an engine errs where two values are
almost the same (2 and 2.0, 1001 and "1001", an instant and the nanosecond after it, 10.0.0.1 and ::ffff:10.0.0.1)."""
import datetime


class Src(str):
    """a text whose YAML source stands unquoted, whatever YAML would make of it (010, no, 1.0)"""


# ---------- who ----------
USERS = [('user', 'alice'), ('user', 'bob'), ('user', '1001'), ('user', 'ünal'), ('device', 'd1'), ('device', 'alice'),
         ('service', 'a:b'), ('user', 'no'), ('user', 'a/b'), ('user', 'Alice')]
STRANGERS = [('user', 'zed'), ('user', 'd1'), ('service', 'alice'), ('robot', 'd1'), ('user', '*'), ('user', '日本')]
GROUPS = ['g1', 'g2', 'g3', 'ops/é', '1.0', 'bob']
ROLES = ['r1', 'r2', 'reader', '007', 'rédac', 'admin']
# ---------- what ----------
TYPES = ['doc', 'folder', 'org', 'Box-1', 'dev_x']
IDS = ['1', '2', 'a', 'a/b', 'a/b/c', 'a/c', 'A', 'x*y', 'é/1', 'a:b', '010', 'a b', 'x\\y', 'a\nb']
ODD_IDS = ['', '/a', 'a/', 'a//b', '\n', '{a}', 'doc/1', '*', 'x' * 300]
GLOBS = ['*', '**', 'a', 'a/*', 'a/**', '*/c', '**/c', 'a/*/c', '1', '[12]', 'a**', '**a', 'a/b**', 'x\\*y', 'x*y', 'é/*', 'a*', '**b*', 'x\\\\y', 'a\\/b',
         '*a*', '?', 'a:*', '01*', 'folder/*', 'doc/1']
ACTIONS = ['read', 'write', 'delete', 'doc:read', 'doc:write', 'doc:read:all', 'admin:users:purge', 'løsch', 'list.v2', 'own', '0']
ALIASES = ['view', 'doc:view', 'edit', 'doc:read:own', 'READ', 'x/y', 'in']
ACTION_GLOBS = ['*', '**', 'doc:*', 'doc:**', '*:read', '**:read', 're*', '*e*', '*:*', '*:*:*', 'doc:read:*', 'd*', '**e', 'l*', '*write']
SCOPES = ['s1', 's2', 'full', 'none', 'é', 'api:all']
KINDS = ['api_key', 'jwt', 'k2', '0']

# ---------- attribute names, each with the kind of value it mostly has ----------
KIND_OF = {'s': 'text', 'n': 'number', 'm': 'number', 'b': 'bool', 't': 'time', 'ip': 'ip', 'l': 'texts', 'nl': 'numbers', 'mix': 'mixed',
           'nets': 'nets', 'obj': 'object', 'x': 'any', 'v': 'version', 'o': 'owner', 'owners': 'owners', 'email': 'owner', 'ß': 'text'}
NAMES = list(KIND_OF)
PATH_NAMES = [n for n in NAMES if n != 'ß']             # a path is ASCII
BY_KIND = {}
for _n in PATH_NAMES:
    BY_KIND.setdefault(KIND_OF[_n], []).append(_n)

# ---------- values ----------
TEXTS = ['a', 'b', 'ab', 'A', 'a/b', 'a/b/c', 'é', '1', '2', 'true', 'user', 'alice', 'bob', 'd1', '', 'a*', '*', '{a}', 'read', 'say "a"', 'C:\\x']
NUMBERS = [0, 1, 2, 2.0, 2.5, 3, -1, 1.0, 0.1, 10]
EDGES = [2**63 - 1, -2**63, 2**53, 2**53 + 1, float(2**53), float(2**63), -float(2**63), float(2**63 - 1024), -0.0, 1e300, 5e-324, 0.30000000000000004]
OWNERS = ['alice', 'bob', '1001', 1001, 'd1', 'ünal', 'a:b', 'Alice', 'user:alice']
VERSIONS = ['v1', 'v1.2', 'v10', 'main', 'main-2', 'x', 'abc', 'a_1', 'V1', '2026', '12.5', 'a b', 'aaa', 'a' * 1024, 'a' * 1025]
REGEXES = ['v[0-9]+', 'v[0-9]+(\\.[0-9]+)*', 'main|v1', 'a+', 'a*', '[a-z]+', '\\w+', '\\d+', '\\d+(\\.\\d+)?', '(ab|a)c?b?c?', '[A-Za-z0-9_]+',
           '(?:main)(?:-[0-9])?', 'a{1,3}', '\\w+\\s\\w', 'x|y', '20[0-9]{2}', '(a|b)+?c', '']
DOT_REGEXES = ['.+', 'v.', '.*1', 'm.{3}', '[^0-9]+', '\\S+', '\\D*', '(?!v).*']       # for attributes that are ASCII only
LIKES = ['a', 'a*', '*', '**', 'a/*', 'a/**', '*/c', '{subject.id}', '{subject.id}*', '*{context.s}', '{resource.obj.s}/**', '\\{a}', 'a\\*',
         '{context.s}{context.s}', '?', '[a]', 'a/{subject.s}/c', '*b', '{resource.id}', 'al*', 'C:*', '{subject.email}', '\\{*}', 'é', 're*',
         '{context.obj.in.s}', '{actor.id}', '{token.s}', '']
ADDRESSES = ['10.0.0.1', '10.0.1.1', '10.1.0.0', '::ffff:10.0.0.1', '::ffff:a00:1', '2001:db8::1', '2001:DB8:0:0::1', '::1', '192.168.0.9', '11.0.0.0',
             '255.255.255.255', '2001:db9::']
BAD_ADDRESSES = ['010.0.0.1', '10.0.0', '10.0.0.1 ', 'fe80::1%eth0', '10.0.0.256', '::1::', '10.0.0.0/8', 'localhost', '1.2.3.4.5', '::10.0.0.300']
NETS = ['10.0.0.0/8', '10.0.0.0/24', '10.0.0.1', '10.0.0.1/32', '2001:db8::/32', '::1', '0.0.0.0/0', '::/0', '192.168.0.0/16', '2001:db8::1/128']
BAD_NETS = ['10.0.0.1/8', '::ffff:10.0.0.0/104', 'nowhere', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/255.0.0.0', '2001:db8::1/32', '10.0.0.0/-1', '', '1/2/3']


def _time(base, ns, minutes, style):
    """the instant base + ns, written with an offset"""
    at = base + datetime.timedelta(minutes=minutes)
    if ns < 0:
        at -= datetime.timedelta(seconds=1)
        ns += 10**9
    frac = f'.{ns:09d}' if ns else style
    off = 'Z' if minutes == 0 else f'{"-" if minutes < 0 else "+"}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}'
    return at.strftime('%Y-%m-%dT%H:%M:%S') + frac + off


INSTANTS = [datetime.datetime(2026, 1, 1), datetime.datetime(2026, 1, 1, 0, 0, 1), datetime.datetime(2026, 3, 1, 12)]
# (text, rank): equal ranks are equal instants
TIMES = [_time(b, d, m, s) for b in INSTANTS for d in (-1, 0, 1) for m, s in ((0, ''), (330, '.0'), (-480, '.000000000'))]
TIMES += ['2026-01-01t00:00:00z', '2025-12-31T23:59:59.999999999+00:00', '2024-02-29T23:59:59Z', '9999-12-31T23:59:59Z', '0001-01-01T00:00:00+23:59']
BAD_TIMES = ['2026-01-01T00:00:00', '2026-02-29T00:00:00Z', '2026-01-01', 'noon', '2026-01-01T24:00:00Z', '2026-01-01T00:00:60Z', '2026-01-01 00:00:00Z',
             '2026-01-01T00:00:00.Z', '2026-01-01T00:00:00.0123456789Z', '0000-01-01T00:00:00Z', '2026-01-01T00:00:00+24:00', '2026-1-01T00:00:00Z', '']


# where a double cannot tell one integer from the next
NEAR = [2**53, 2**53 + 1, float(2**53), 2**63 - 1, float(2**63), 2**63 - 2, -2**63, -2**63 + 1, -float(2**63)]


def scalar(rng):
    r = rng.random()
    if r < .45: return rng.choice(TEXTS)
    if r < .85: return rng.choice(NUMBERS)
    return r < .93


def value(rng, kind, odd=.1):
    """a value of this kind; now and then another, to be told as such"""
    if rng.random() < odd:
        r = rng.random()
        if r < .25: return None
        if r < .5: return rng.choice(EDGES)
        if r < .6: return rng.choice(BAD_TIMES + BAD_ADDRESSES)
        kind = rng.choice(('text', 'number', 'bool', 'texts', 'object', 'mixed', 'time', 'ip'))
    return MAKE[kind](rng)


def _some(rng, pool, most=3):
    return [rng.choice(pool) for _ in range(rng.randint(0, most))]


def _object(rng):
    out = {}
    # not deeper than this: the engine bounds the depth
    for n in rng.sample(('s', 'n', 'b', 'l', 'x'), rng.randint(1, 3)): out[n] = scalar(rng) if n == 'x' or rng.random() < .1 else value(rng, KIND_OF[n], 0)
    if rng.random() < .6: out['in'] = {'s': value(rng, 'text', 0), 'n': value(rng, 'number', 0)} if rng.random() < .9 else scalar(rng)
    return out


def _any(rng):
    r = rng.random()
    return _object(rng) if r < .1 else [_object(rng), [1], None][:rng.randint(0, 3)] if r < .15 else [scalar(rng)] if r < .3 else scalar(rng)


MAKE = {'text': lambda g: g.choice(TEXTS), 'bool': lambda g: g.random() < .6, 'time': lambda g: g.choice(TIMES), 'ip': lambda g: g.choice(ADDRESSES),
        'number': lambda g: g.choice(NUMBERS) if g.random() < .85 else g.choice(EDGES if g.random() < .4 else NEAR),
        'texts': lambda g: _some(g, TEXTS[:7]), 'numbers': lambda g: _some(g, NUMBERS[:7]), 'mixed': lambda g: [scalar(g) for _ in range(g.randint(0, 3))],
        'nets': lambda g: _some(g, NETS + BAD_NETS if g.random() < .4 else NETS, 2) if g.random() < .7 else g.choice(NETS + BAD_NETS[:3]),
        'object': _object, 'any': _any, 'version': lambda g: g.choice(VERSIONS), 'owner': lambda g: g.choice(OWNERS),
        'owners': lambda g: _some(g, OWNERS) if g.random() < .9 else [g.choice(OWNERS), True, None][:g.randint(1, 3)]}


def ascii_only(name, v):
    """`v` is matched with patterns that say `.`: bytes and letters must be the same there"""
    return v if name != 'v' or not isinstance(v, str) or v.isascii() else 'v1'


def attributes(rng, names=NAMES, share=.6, odd=.1):
    """most of these names, and now and then one more"""
    mine = [n for n in names if rng.random() < share] + ([rng.choice(NAMES)] if rng.random() < .3 else [])
    return {n: ascii_only(n, value(rng, KIND_OF[n], odd)) for n in mine}


def hot_ids(rng):
    return rng.sample(IDS, 3) + (['a', 'a/b', 'a/b/c'] if rng.random() < .5 else [])


def hot_names(rng):
    """the few names that one set uses, so that conditions and requests meet"""
    out = rng.sample(NAMES, 6) + [n for n in ('s', 'o') if rng.random() < .5]
    return out + [a for a, b in (('ip', 'nets'), ('nets', 'ip')) if b in out and a not in out]
