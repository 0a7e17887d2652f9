# SPDX-License-Identifier: Apache-2.0
"""The same requests to Xinference 1.17.0's own code and to policyd behind nginx. What differs has
to be in the table of what may, with its reason."""
import base64
import json
import os
import re
import subprocess
import time

from xinference_world import KEY, free_port, mint, put, send, settle

JSON = [('Content-Type', 'application/json')]

# What it is, theirs, ours, why. A status, or a status and a part of the body.
MAY_DIFFER = {
    'malformed login': (500, 400, 'a body that is none, or lacks a member, is a fault of who sent it'),
    'login of another type': (200, 400, 'a body is what its Content-Type says: a page of another site cannot send JSON unasked'),
    'unknown path': (404, (401, 403), 'what is in no route is not passed on, and who may not know is not told whether it is there'),
    'other method': (405, (401, 403, 405), 'the same: nginx asks before it knows'),
    'expired': (200, 401, 'an end is an end: 1.17 does not look at it, from 2.12 on Xinference does'),
    'foreign token': (200, 401, 'signed with the key, but never given: the store has no such token'),
    'scopes beyond': (200, 401, 'the same, with scopes that its user has not'),
}


def mint_like(sub, scopes, exp):
    return mint(KEY.encode(), sub=sub, scopes=scopes, exp=exp)


def logins():
    def form(body, kind='malformed login', headers=None):
        return (kind, 'POST', '/token', JSON if headers is None else headers, body)
    for name, password in (('user1', 'secret1'), ('user2', 'secret2'), ('ops', 'a start and a stop'), ('nobody', 'nothing at all'),
                           ('user1', 'secret2'), ('user1', 'secret1 '), ('user1', ''), ('user', 'secret1'), ('', ''), ('USER1', 'secret1'),
                           ('user1 ', 'secret1'), ('user1\n', 'secret1'), ('x' * 200, 'y'), ('user1', 'x' * 100), ('üser', 'ß'), ("' or 1=1", 'x')):
        yield form(json.dumps({'username': name, 'password': password}).encode(), None)
    yield form(b'{"username":"user1","password":"secret1","more":[1]}', None)
    for body in (b'', b'{', b'[]', b'"x"', b'null', b'{}', b'{"username":"user1"}', b'{"password":"x"}', b'{"username":null,"password":"x"}',
                 b'{"username":["user1"],"password":"secret1"}', b'\xff\xfe'):
        yield form(body)
    yield form(b'username=user1&password=secret1', headers=[('Content-Type', 'application/x-www-form-urlencoded')])
    yield form(b'{"username":"user1","password":"secret1"}', 'login of another type', [('Content-Type', 'text/plain')])
    yield form(b'{"username":"user1","password":"secret1"}', None, [('Content-Type', 'application/json; charset=utf-8')])


def headers(tokens):
    """Of GET /v1/models and of a route that admin alone may."""
    now = int(time.time())
    for kind, value in (
            (None, 'Basic dTpw'), (None, 'Bearer'), (None, 'Bearer '), (None, 'Token x'), (None, 'bearer sk-35tkasdyGLYMy'),
            (None, 'BEARER sk-35tkasdyGLYMy'), (None, 'sk-35tkasdyGLYMy'), (None, 'Bearersk-35tkasdyGLYMy'), (None, 'Bearer sk-35tkasdyGLYM'),
            (None, 'Bearer sk-35tkasdyGLYMyy'), (None, 'Bearer SK-35tkasdyGLYMy'), (None, 'Bearer sk-aaaaaaaaaaaaa'), (None, 'Bearer x.y.z'),
            (None, 'Bearer ..'), (None, 'Bearer ' + 'x' * 2000), (None, 'Digest username=x'), (None, 'Bearer ' + tokens['user2'] + 'x'),
            (None, 'Bearer ' + tokens['user2'][:-3]), (None, 'Bearer ' + tokens['user2'].rpartition('.')[0] + '.'),
            (None, 'Bearer ' + mint(b'another key, that is long enough too', sub='user1', scopes=['admin'], exp=now + 600)),
            (None, 'Bearer ' + mint(b'', sub='user1', scopes=['admin'], exp=now + 600)),
            ('expired', 'Bearer ' + mint_like('user1', ['admin'], now - 600)),
            ('foreign token', 'Bearer ' + mint_like('user1', ['admin'], now + 600)),
            ('scopes beyond', 'Bearer ' + mint_like('user2', ['admin'], now + 600)),
            (None, 'Bearer ' + mint_like('ghost', ['admin'], now + 600)),
            (None, 'Bearer ' + none_of(tokens['user1']))):
        for method, path in (('GET', '/v1/models'), ('GET', '/v1/cluster/info')):
            yield (kind, method, path, [('Authorization', value)], None)
    yield (None, 'GET', '/v1/models', [], None)
    yield (None, 'GET', '/v1/models', [('X-API-Key-', 'sk-35tkasdyGLYMy')], None)
    yield (None, 'GET', '/v1/models?api_key=sk-72tkvudyGLPMi', [], None)
    yield (None, 'GET', '/v1/models?x=1', [('Authorization', 'Bearer sk-35tkasdyGLYMy')], None)


def none_of(token):
    """The same claims, signed by nobody."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b'=').decode()
    return head + '.' + token.split('.')[1] + '.'


def routes(path, tokens):
    with open(path) as f:
        for line in f:
            method, target, scopes = line.rstrip('\n').split('\t')[:3]
            if target in ('/token', '/v1/cluster/auth'):
                continue
            target = re.sub(r'\{[^}]*\}', 'm1', target)
            for value in (None, 'sk-35tkasdyGLYMy', 'sk-StartStop0001', tokens['user1'], tokens['nobody'], 'sk-aaaaaaaaaaaaa'):
                yield (None, method.upper(), target, [] if value is None else [('Authorization', 'Bearer ' + value)], None)


def others():
    for h in ([], [('Authorization', 'Bearer sk-35tkasdyGLYMy')], [('Authorization', 'Bearer sk-72tkvudyGLPMi')]):
        for path in ('/v1/nowhere', '/v2/models', '/docsx'):
            yield ('unknown path', 'GET', path, h, None)
        yield ('other method', 'PATCH', '/v1/models', h, None)
    yield (None, 'GET', '/v1/cluster/auth', [], None)
    yield (None, 'GET', '/v1/cluster/auth', [('Authorization', 'Bearer x')], None)


def seen(answer, asked):
    """What is held against the other: of an allowed request the application answers, not the guard."""
    body = answer.body.decode('latin-1')
    if answer.status == 200:
        if asked[2] == '/token':
            said = answer.json()
            c = json.loads(base64.urlsafe_b64decode(said['access_token'].split('.')[1] + '=='))
            c['exp'] = abs(c['exp'] - time.time() - 1800) < 120
            body = [list(said), said['token_type'], json.loads(base64.urlsafe_b64decode(said['access_token'].split('.')[0] + '==')), c]
        elif asked[2] != '/v1/cluster/auth':
            body = 'the application'
    return [answer.status, answer.get('www-authenticate'), (answer.get('content-type') or [''])[0].split(';')[0], body]


def within(what, allowed):
    return what in (allowed if isinstance(allowed, tuple) else (allowed,))


def compare(t, w, there, tsv):
    def token(at, name, password):
        return send(at, 'POST', '/token', JSON, json.dumps({'username': name, 'password': password}).encode()).json()['access_token']
    people = {'user1': 'secret1', 'user2': 'secret2', 'nobody': 'nothing at all'}
    both = {n: (token(there, n, p), token(w.at, n, p)) for n, p in people.items()}
    lists = [[*logins(), *headers({n: v[side] for n, v in both.items()}), *others(), *routes(tsv, {n: v[side] for n, v in both.items()})]
             for side in (0, 1)]
    found = {}
    for theirs, ours in zip(*lists):
        a, b = seen(send(there, *theirs[1:]), theirs), seen(send(w.at, *ours[1:]), ours)
        if a == b:
            t.passed += 1
            continue
        kind = theirs[0]
        if kind is None or not within(a[0], MAY_DIFFER[kind][0]) and a[0] != 401 and a[0] != 403:
            t.check(f'{theirs[1]} {theirs[2]} {[h[1][:60] for h in theirs[3]]} {theirs[4]}', a, b)
        else:
            t.check(f'{kind}: a status that may be', True, within(b[0], MAY_DIFFER[kind][1]))
            t.check(f'{kind}: detail is a text', True, b[0] == 200 or isinstance((json.loads(b[3]) or {}).get('detail') if kind != 'x' else '', str))
            found.setdefault((kind, a[0], b[0]), []).append(theirs)
    print(f'{len(lists[0])} requests to Xinference 1.17.0\'s own code and to policyd; different are:')
    for (kind, a, b), those in sorted(found.items()):
        print(f'    {len(those)} x {kind}: {a} there, {b} here: {MAY_DIFFER[kind][2]}')
    t.check('at least 200 requests', True, len(lists[0]) >= 200)


def run(t, build, folder, w):
    tools = os.path.join(build, 'tools', 'xinference')
    tsv = os.path.join(os.environ['POLICY_SHARED'], 'facts', 'xinference-routes-1.17.tsv')
    if not os.path.exists(os.path.join(tools, 'ready')):
        t.skip(400, "Xinference's own code (not in build/tools: no registry)")
        return
    if not os.path.exists(tsv):
        t.skip(400, "Xinference's own code (its routes are not here)")
        return
    port, log = free_port(), put(folder, 'oracle.log', '')
    with open(log, 'w') as f:
        p = subprocess.Popen([os.path.join(tools, 'bin', 'python'), '-B', '-I', os.path.join(os.path.dirname(__file__), 'xinference_app.py'),
                              os.path.join(tools, 'wheel'), os.path.join(w.dir, 'auth.json'), tsv, str(port)], stdout=f, stderr=f)
    try:
        wrong = settle(('127.0.0.1', port), p, 60)
        if wrong:
            t.check(f'the oracle {wrong}: {open(log).read()[-600:]}', True, False)
            return
        compare(t, w, ('127.0.0.1', port), tsv)
    finally:
        p.terminate()
        p.wait()
