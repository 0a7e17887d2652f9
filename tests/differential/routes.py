#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""routes.py [--tables N] [--targets N] [--seed N] [--jobs N] [--routed PROGRAM]: random sets of routes and targets, taken
for something by the engine and by a plain second reading of policy.yaml(5): every route is tried, the best of those that
fit is chosen. Also which sets are refused, because two of their routes tie."""
import argparse
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMITS = {'target': 8192, 'segments': 64, 'params': 64, 'id': 1024, 'depth': 64}


class Refused(Exception):
    pass


# ---- the second reading ----

UNRESERVED = set(b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
PCHAR = UNRESERVED | set(b"-._~!$&'()*+,=:@%")
QCHAR = PCHAR | set(b'/?;"<>[]{}|\\^`')
TCHAR = UNRESERVED | set(b"!#$%&'*+-.^_`|~")


def decode(raw, plus=False):
    out, i = bytearray(), 0
    while i < len(raw):
        c = raw[i:i + 1]
        if c == b'%':
            if not re.fullmatch(rb'[0-9A-Fa-f]{2}', raw[i + 1:i + 3]): raise Refused('escape')
            c = bytes([int(raw[i + 1:i + 3], 16)])
            if c[0] < 32 or c[0] == 127: raise Refused('control')
            i += 2
        elif plus and c == b'+': c = b' '
        out += c
        i += 1
    try: out.decode()
    except UnicodeDecodeError: raise Refused('utf-8') from None
    return bytes(out)


def read_segment(raw):
    """(bytes, has it a slash)"""
    if any(c not in PCHAR for c in raw): raise Refused('byte')
    out = decode(raw)
    if b'\\' in out or b';' in out: raise Refused('byte')
    if any(piece in (b'', b'.', b'..') for piece in out.split(b'/')): raise Refused('step')
    return out, b'/' in out


def read_target(target):
    if len(target) > LIMITS['target']: raise Refused('long')
    if target[:1] != b'/': raise Refused('no path')
    path, mark, query = target.partition(b'?')
    if any(c not in QCHAR for c in query): raise Refused('byte')
    raw = path[1:].split(b'/')
    if len(raw) > LIMITS['segments']: raise Refused('segments')
    segments = [(b'', False) if r == b'' and i == len(raw) - 1 else read_segment(r) for i, r in enumerate(raw)]
    return segments, query


def read_params(query):
    out = []
    for piece in query.split(b'&'):
        if piece == b'': continue
        if b';' in piece: raise Refused('semicolon')
        key, _, value = piece.partition(b'=')
        out.append((decode(key, True), decode(value, True)))
    if len(out) > LIMITS['params']: raise Refused('params')
    return out


def depth_of(v):
    if isinstance(v, Object): return 1 + max([depth_of(x) for _, x in v.pairs], default=0)
    if isinstance(v, list): return 1 + max([depth_of(x) for x in v], default=0)
    return 0


def lone(v):
    if isinstance(v, Object): return any(lone(k) or lone(x) for k, x in v.pairs)
    if isinstance(v, list): return any(lone(x) for x in v)
    return isinstance(v, str) and any(0xd800 <= ord(c) < 0xe000 for c in v)


class Object:
    def __init__(self, pairs): self.pairs = pairs


def no_constant(_): raise ValueError


def fold(s):
    return ''.join({'\u017f': 's', '\u212a': 'k'}.get(c, c.lower() if c.isascii() else c) for c in s)


def read_body(body, field):
    if body is None: raise Refused('no body')
    try: v = json.loads(body.decode(), object_pairs_hook=Object, parse_constant=no_constant, parse_int=len, parse_float=len)
    except (ValueError, RecursionError): raise Refused('json') from None
    if body[:3] == b'\xef\xbb\xbf' or not isinstance(v, Object) or lone(v) or depth_of(v) > LIMITS['depth']: raise Refused('json')
    alike = [(k, x) for k, x in v.pairs if fold(k) == fold(field)]
    if len(alike) != 1 or alike[0][0] != field or not isinstance(alike[0][1], str): raise Refused('member')
    value = alike[0][1].encode()
    if b'\0' in value or value == b'' or len(value) > LIMITS['id']: raise Refused('member')
    return value


KINDS = {'literal': 0, 'one': 1, 'slash': 2, 'rest': 3}


class Route:
    """as generated: method, segments of (kind, text), query of (key, value, is a variable)"""
    def __init__(self, method, segments, query, action, resource, body, public):
        self.method, self.segments, self.query, self.action = method, segments, query, action
        self.resource, self.body, self.public, self.line = resource, body, public, 0
        self.shape = tuple((KINDS[k], read_segment(t)[0] if k == 'literal' and t else b'') for k, t in segments)

    def path(self, segments):
        """the variables, or None"""
        got, rest = {}, len(segments)
        if self.segments[-1][0] == 'rest': rest = len(self.segments) - 1
        if rest == len(segments) and len(self.segments) != len(segments) or rest >= len(segments) and self.segments[-1][0] == 'rest': return None
        for (kind, text), (_, want), (have, slash) in zip(self.segments, self.shape, segments[:rest]):
            if kind == 'literal' and (slash or have != want): return None
            if kind != 'literal' and have == b'' or kind == 'one' and slash: return None
            if kind != 'literal': got[text] = have
        if rest < len(segments):
            if any(slash or have == b'' for have, slash in segments[rest:]): return None
            got[self.segments[-1][1]] = b'/'.join(have for have, _ in segments[rest:])
        return got

    def rank(self):
        return (self.shape, self.method == '*', -len(self.query), sum(v for _, _, v in self.query))


def find(routes, method, target, body):
    """the route and its variables, or None"""
    if not 0 < len(method) <= 32 or any(c not in TCHAR for c in method): raise Refused('method')
    segments, query = read_target(target)
    params, best = None, None
    fits = []
    for r in routes:
        got = r.path(segments)
        if got is not None and (method != b'OPTIONS' if r.method == '*' else r.method.encode() == method): fits.append((r, got))
    for r, got in sorted(fits, key=lambda f: f[0].rank()):
        if r.query and params is None: params = read_params(query)
        good = True
        for key, value, is_var in r.query:
            have = [v for k, v in params if k == key.encode()]
            if len(have) > 1: raise Refused('twice')
            if is_var and have: got[value] = have[0]
            good = good and len(have) == 1 and (have[0] != b'' if is_var else have[0] == value.encode())
        if good:
            best = r, got
            break
    if best is None: return None
    r, got = best
    if r.body: got[r.body] = read_body(body, r.body)
    return r, got


def ties(routes):
    for i, a in enumerate(routes):
        for b in routes[:i]:
            if (a.shape, a.method) != (b.shape, b.method): continue
            x, y = ({k: (v, var) for k, v, var in r.query} for r in (a, b))
            if any(k in y and not x[k][1] and not y[k][1] and x[k] != y[k] for k in x): continue
            def more(p, q): return all(k in p and (q[k][1] or p[k] == q[k]) for k in q)
            if more(x, y) == more(y, x): return True
    return False


# ---- random tables ----

LITERALS = [b'a', b'b', b'c', b'v1', b'%61', b'a%20b', b'A', b'~', b'%C3%A9']
VALUES = [b'a', b'b', b'c', b'v1', b'%61', b'x', b'x%20y', b'a%2Fb', b'a%2fc%2Fd', b'A', b'%7E', b'%C3%A9', b'a+b', b'x:y', b'%25']
ODD = [b'.', b'..', b'%2e', b'%2E%2e', b'a;b', b'a%3Bb', b'%5c', b'\\', b'%00', b'%0a', b'%ff', b'%C3', b'%', b'%2', b'%zz', b'a%2F', b'%2Fa',
       b'a%2F%2Fb', b'a%2F..%2Fb', b'[', b'\xc3\xa9', b'a b', b'#x', b'...', b'%7f', b'', b'%252e', b'%u0041', b'a%2F.', b'*', b'x' * 300]


def draw_route(rng):
    segments, names = [], 0
    for i in range(rng.choice((1, 1, 2, 2, 2, 3, 3, 4))):
        kind = rng.choices(('literal', 'one', 'slash'), (6, 3, 1))[0]
        if kind == 'literal': segments.append((kind, rng.choice(LITERALS)))
        else:
            segments.append((kind, f'p{names}'))
            names += 1
    end = rng.random()
    if end < .15: segments.append(('rest', f'p{names}'))
    elif end < .25: segments.append(('literal', b''))
    query = []
    if rng.random() < .4:
        for key in rng.sample(('k', 'l', 'm d'), rng.choice((1, 1, 2))):
            is_var = rng.random() < .3
            query.append((key, f'q{len(query)}' if is_var else rng.choice(('1', '2', 'x y')), is_var))
    body = 'model' if rng.random() < .1 else None
    names = [(t, k != 'one') for k, t in segments if k != 'literal'] + [(v, True) for _, v, var in query if var] + ([(body, True)] if body else [])
    resource = None
    if body or rng.random() < .6:
        plain = [n for n, slashed in names if not slashed]
        pieces = [rng.choice(('x', f'{{{rng.choice(plain)}}}' if plain else 'y')) for _ in range(rng.choice((0, 0, 1)))]
        pieces.append(f'{{{body}}}' if body else rng.choice([f'{{{n}}}' for n, _ in names] or ['z']))
        resource = '/'.join(pieces)
    public = rng.random() < .1
    action = None if public and resource is None else 'read' if resource is not None else 'list'
    return Route(rng.choice(('GET', 'GET', 'POST', '*', 'OPTIONS')), segments, query, action, resource, body, public)


MARK = {'one': '{%s}', 'slash': '{%s/}', 'rest': '{%s**}'}


def write(rng, routes):
    text = ['policy: 1', 'resources: { thing: {} }', 'actions:', '  list:', '  read: { resource: thing }', 'routes:', '  default:']
    for r in routes:
        path = '/'.join(t.decode() if k == 'literal' else MARK[k] % t for k, t in r.segments)
        keys = [f'match: {json.dumps(r.method + " /" + path)}']
        if r.query: keys.append('query: { %s }' % ', '.join(f'{json.dumps(k)}: {json.dumps("{%s}" % v if var else v)}' for k, v, var in r.query))
        if r.action: keys.append(f'action: {r.action}')
        if r.resource is not None: keys.append('resource: ' + json.dumps('thing/' + r.resource))
        if r.body: keys.append(f'body: {r.body}')
        if r.public: keys.append('public: true')
        rng.shuffle(keys)
        text.append('    - { %s }' % ', '.join(keys))
        r.line = len(text)
    return '\n'.join(text) + '\n'


def draw_value(rng):
    return rng.choice(ODD) if rng.random() < .06 else rng.choice(VALUES)


def draw_query(rng, r):
    pairs = [(k, v if not var and rng.random() < .8 else rng.choice(('1', '2', 'x y', '', 'a/b'))) for k, v, var in r.query if rng.random() < .9]
    if rng.random() < .3: pairs.append((rng.choice(('k', 'l', 'm d', 'z')), rng.choice(('1', '2', ''))))
    rng.shuffle(pairs)
    out = []
    for k, v in pairs:
        space = rng.choice((b'+', b'%20'))
        k, v = k.encode().replace(b' ', space), v.encode().replace(b' ', space)
        if rng.random() < .1: k = b'%%%02x' % k[0] + k[1:]
        out.append(k + b'=' + v if v or rng.random() < .5 else k)
    if rng.random() < .06: out.append(rng.choice((b'%', b'a;b=1', b'%00=1', b'k=%ff', b'', b'=', b'%6b=1', b'q=%5c', b'x=\xc3\xa9', b'x=[1]', b'K=1')))
    return b'&'.join(out)


def draw_body(rng):
    if rng.random() < .2: return None
    def value(depth):
        kind = rng.random()
        if kind < .4 or depth > 3: return rng.choice(('a', 'a/b', '\u00e9', '', 'x"y\\', '\U0001f600', '\0', 'y' * 1024, 'y' * 1025))
        if kind < .5: return rng.choice((1, -2.5e3, 0, True, None, 10 ** 30))
        if kind < .7: return [value(depth + 1) for _ in range(rng.randrange(3))]
        return {rng.choice(('model', 'x', 'Model', 'm')): value(depth + 1) for _ in range(rng.randrange(3))}
    pairs = [(rng.choice(('a', 'b', 'models', 'x')), value(1)) for _ in range(rng.randrange(3))]
    pairs += [('model', value(3) if rng.random() < .8 else value(1))] if rng.random() < .9 else []
    if rng.random() < .1: pairs.append((rng.choice(('model', 'Model', 'MODEL', 'mode\u017f', 'mode')), 'b'))
    rng.shuffle(pairs)
    ascii_only = rng.random() < .5
    one = lambda v: json.dumps(v, ensure_ascii=ascii_only)
    text = ('{' + ','.join(rng.choice(('', ' ', '\n\t')) + (one(k) if rng.random() < .9 else '"' + ''.join('\\u%04x' % ord(c) for c in k) + '"') +
            rng.choice((':', ' : ')) + one(v) for k, v in pairs) + '}').encode()
    if rng.random() < .3:
        at, b = rng.randrange(len(text)), bytes([rng.choice(b'{}[]",:\\u0019eE.+- \n\x00\xff\xc3tfn')])
        text = rng.choice((text[:at] + b + text[at:], text[:at] + text[at + 1:], text[:at] + b + text[at + 1:], text + b, b + text, text[:at]))
    if rng.random() < .03:
        deep = rng.choice((61, 62, 63, 64, 65, 100))
        text = b'{"x":' + b'[' * deep + b']' * deep + b',"model":"a"}'
    return text


def draw_target(rng, routes):
    r = rng.choice(routes)
    raw = []
    for kind, t in r.segments:
        if kind == 'literal': raw.append(t if rng.random() < .85 else draw_value(rng))
        elif kind == 'rest': raw += [draw_value(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
        else: raw.append(draw_value(rng))
    change = rng.random()
    if change < .05: raw.append(b'')
    elif change < .08: raw.insert(rng.randrange(len(raw) + 1), rng.choice(ODD))
    elif change < .12: raw.append(draw_value(rng))
    elif change < .14 and raw: raw.pop()
    elif change < .145: raw = [b'a'] * rng.choice((63, 64, 65))
    target = b'/' + b'/'.join(raw)
    if r.query or rng.random() < .2:
        query = draw_query(rng, r)
        if query or rng.random() < .5: target += b'?' + query
    if rng.random() < .01: target = rng.choice((b'', b'*', b'http://h/a', target + b'#x', b'//a', target[1:], target + b'\n', target + b'/' + b'x' * 8192))
    method = r.method.encode() if r.method != '*' and rng.random() < .8 else rng.choice((b'GET', b'POST', b'OPTIONS', b'HEAD', b'get', b'PUT'))
    if rng.random() < .01: method = rng.choice((b'', b'G T', b'X' * 33, b'G\0T', b'*'))
    return method, target, draw_body(rng) if r.body or rng.random() < .05 else None


def expect(routes, method, target, body):
    try: found = find(routes, method, target, body)
    except Refused: return 'refused'
    if found is None: return 'no_credential'
    r, got = found
    rid = b''
    if r.resource is not None:
        rid = re.sub(rb'\{(\w+)\}', lambda m: got[m[1].decode()], r.resource.encode())
        if len(rid) > LIMITS['id']: return 'refused'
    word = lambda b: b.hex() or '-'
    return ' '.join(('rule' if r.public else 'no_credential', str(r.line), str(int(r.public)), word((r.action or '').encode()),
                     word(b'thing' if r.resource is not None else b''), word(rid)))


def run(job):
    program, seed, tables, targets = job
    rng, asked, wanted = random.Random(seed), [], []
    for _ in range(tables):
        routes = [draw_route(rng) for _ in range(rng.choice((1, 2, 3, 5, 8, 13, 30)))]
        if rng.random() < .8:		# few tables of random routes are without a tie
            kept = []
            for r in routes:
                if not ties(kept + [r]): kept.append(r)
            routes = kept
        text = write(rng, routes).encode()
        asked.append(b'S %d\n%b' % (len(text), text))
        is_good = not ties(routes)
        wanted.append(('ok' if is_good else 'no', text, None))
        for _ in range(targets if is_good else 0):
            method, target, body = draw_target(rng, routes)
            asked.append(b'R 7 %d %d %b\ndefault%b%b%b' % (len(method), len(target), b'-' if body is None else b'%d' % len(body), method, target, body or b''))
            wanted.append((expect(routes, method, target, body), text, (method, target, body)))
    said = subprocess.run([program], input=b''.join(asked), stdout=subprocess.PIPE, check=False)
    lines = said.stdout.decode().splitlines()
    differ, kinds = [], {}
    if len(lines) != len(wanted): differ.append((f'{len(lines)} answers of {len(wanted)}, exit {said.returncode}',) + wanted[min(len(lines), len(wanted) - 1)])
    for line, (want, text, what) in zip(lines, wanted):
        have = 'no' if line.startswith('no ') else 'refused' if line in ('error', 'limit') else line
        kind = want.split()[0] + (' route' if ' ' in want else '')
        kinds[kind] = kinds.get(kind, 0) + 1
        if have != want: differ.append((line, want, text, what))
    return differ[:3], len(differ), kinds


def main():
    a = argparse.ArgumentParser()
    a.add_argument('--tables', type=int, default=1000)
    a.add_argument('--targets', type=int, default=20)
    a.add_argument('--seed', type=int, default=1)
    a.add_argument('--jobs', type=int, default=2)
    a.add_argument('--routed', default=os.path.join(os.environ.get('top_builddir', os.path.join(TOP, 'build')), 'tests/differential/routed'))
    a = a.parse_args()
    batch = min(500, a.tables)
    jobs = [(a.routed, a.seed * 1000003 + i, batch, a.targets) for i in range((a.tables + batch - 1) // batch)]
    differ, kinds = 0, {}
    with multiprocessing.Pool(a.jobs) as pool:
        for shown, n, some in pool.imap_unordered(run, jobs):
            differ += n
            for k, v in some.items(): kinds[k] = kinds.get(k, 0) + v
            for line, want, text, what in shown:
                print(f'differ: the engine says {line!r}, wanted is {want!r}, of {what!r}\n{text.decode() if differ < 8 else ""}')
    print(', '.join(f'{v} {k}' for k, v in sorted(kinds.items())))
    print(f'{sum(kinds.values()) - differ} passed, {differ} failed')
    return differ != 0


if __name__ == '__main__':
    sys.exit(main())
