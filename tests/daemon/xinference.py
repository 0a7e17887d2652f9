# SPDX-License-Identifier: Apache-2.0
"""Both generations of Xinference's interface, behind nginx.

usage: xinference.py BUILD FOLDER
"""
import base64
import json
import os
import re
import sys
import time

import xinference_advanced
import xinference_oracle
from xinference_world import App, Count, World, send

JSON = [('Content-Type', 'application/json')]


def claims(token):
    return base64.urlsafe_b64decode(token.split('.')[1] + '==').decode()


def login(at, name, password):
    got = send(at, 'POST', '/token', JSON, json.dumps({'username': name, 'password': password}).encode()).json() or {}
    return got.get('access_token', '')


def exchanges(name):
    """What was seen: (method, path, headers, body), (status, challenge, body)."""
    path = os.path.join(os.environ['POLICY_SHARED'], 'facts', 'exchanges', name)
    if not os.path.exists(path):
        return None
    out = []
    for block in re.split(r'\n--- ', open(path).read())[1:]:
        first, _, rest = block.partition('\n')
        head, _, body = rest.partition('\n\n')
        method, headers, sent, target = 'GET', [], None, ''
        for part in re.split(r' (?=-X |-H |-d |http)', ' ' + first):
            flag, _, value = part.strip().partition(' ')
            if flag == '-X':
                method = value
            elif flag == '-H':
                n, _, v = value.partition(':')
                headers.append((n, v.strip()))
            elif flag == '-d':
                sent = value.encode()
                if not any(n.lower() == 'content-type' for n, _ in headers):
                    headers.append(('Content-Type', 'application/x-www-form-urlencoded'))
            elif flag.startswith('http'):
                target = re.sub(r'^http://[^/]*', '', flag)
        challenge = re.findall(r'(?im)^www-authenticate: (.*)$', head)
        out.append(((method, target, headers, sent), (int(head.split()[1]), challenge, body.strip().split('\n')[0])))
    return out




def replay(t, at):
    seen = exchanges('xinference-1.17.txt')
    if seen is None:
        t.skip(13, 'what Xinference 1.17 was seen to answer (not here)')
        return
    for asked, (status, challenge, body) in seen:
        method, target, headers, sent = asked
        got = send(at, method, target, headers, sent)
        what = f'{method} {target} {headers} {sent}'
        if status == 500:
            t.check(what + ': a 400 where theirs is a 500', (400, str), (got.status, type((got.json() or {}).get('detail'))))
            continue
        t.check(what, (status, challenge), (got.status, got.get('www-authenticate')))
        if 'access_token' in body:
            ours, theirs = claims(got.json()['access_token']), claims(json.loads(body)['access_token'])
            t.check(what + ': the same members', list(json.loads(body)), list(got.json()))
            t.check(what + ': the same claims', re.sub(r'"exp":\d+', 'exp', theirs), re.sub(r'"exp":\d+', 'exp', ours))
        elif status != 200:
            t.check(what + ': body', body, got.body.decode())


def simple(t, w):
    """What the recorded exchanges do not hold."""
    at = w.at
    t.check('cluster/auth', (200, b'{"auth":true}'), (lambda a: (a.status, a.body))(send(at, 'GET', '/v1/cluster/auth')))
    first = send(at, 'POST', '/token', JSON, b'{"username":"user2","password":"secret2"}')
    said = claims(first.json()['access_token'])
    t.check('claims, to the byte', True,
            re.fullmatch(r'\{"sub":"user2","scopes":\["models:list","models:read"\],"exp":\d{10}\}', said) is not None)
    t.check('it lasts 30 minutes', True, abs(json.loads(said)['exp'] - time.time() - 1800) < 120)
    t.check('Cache-Control', ['no-store'], first.get('cache-control'))
    for body in (b'', b'[]', b'{', b'{"username":1,"password":"x"}', b'{"username":"a"}', b'{"username":"a","username":"b","password":"c"}',
                 b'{"username":"a\\u0000b","password":"c"}', b'\xff', b'null'):
        got = send(at, 'POST', '/token', JSON, body)
        t.check(f'login {body}: 400 with a text', (400, str), (got.status, type((got.json() or {}).get('detail'))))
    for name in ('x' * 300, '', 'user1 ', 'USER1', 'root:x', 'uid:abc', "' or 1=1 --", 'user2\\u00e9'):
        got = send(at, 'POST', '/token', JSON, b'{"username":"%s","password":"secret1"}' % name.encode())
        t.check(f'login of {name[:20]!r}', (401, b'{"detail":"Incorrect username or password"}', ['Bearer']),
                (got.status, got.body, got.get('www-authenticate')))
    # the password itself opens nothing else
    basic = 'Basic ' + base64.b64encode(b'user1:secret1').decode()
    got = send(at, 'GET', '/v1/models', [('Authorization', basic)])
    t.check('Basic is not read', (401, b'{"detail":"Not authenticated"}'), (got.status, got.body))
    got = send(at, 'GET', '/v1/models', [('Authorization', 'Bearer a'), ('Authorization', 'Bearer b')])
    t.check('two of them', True, got.status in (400, 401))
    for path in ('/v1/auth/me', '/v1/admin/users', '/v1/admin/keys', '/v1/admin/setup/status'):
        t.check(f'{path} is of the other generation', 404, send(('127.0.0.1', w.port), 'GET', path).status)


def ends(t, w):
    """Tokens that end: with a password, with a user, by hand."""
    at, token = w.at, login(w.at, 'user2', 'secret2')
    listing = [('Authorization', 'Bearer ' + token)]
    t.check('a session', 200, send(at, 'GET', '/v1/models', listing).status)
    t.check('the same second gives the same token, or another', True, bool(login(at, 'user2', 'secret2')))
    rows = [json.loads(line) for line in w.policyctl('token', 'list', 'user2', '--json').splitlines() if line.startswith('{')]
    ids = [r['token_id'] for r in rows if r.get('kind') == 'session']
    t.check('the store has it', True, len(ids) >= 1)
    for i in ids:
        w.policyctl('token', 'revoke', i)
    end = time.monotonic() + 20
    while time.monotonic() < end and (got := send(at, 'GET', '/v1/models', listing)).status == 200:
        time.sleep(0.05)
    t.check('revoked', (401, b'{"detail":"Could not validate credentials"}', ['Bearer scope="models:list"']),
            (got.status, got.body, got.get('www-authenticate')))
    token = login(at, 'user2', 'secret2')
    t.check('another login, another session', 200, send(at, 'GET', '/v1/models', [('Authorization', 'Bearer ' + token)]).status)
    w.policyctl('user', 'change', 'user2', '--disable')
    end = time.monotonic() + 20
    while time.monotonic() < end and (got := send(at, 'GET', '/v1/models', [('Authorization', 'Bearer ' + token)])).status == 200:
        time.sleep(0.05)
    t.check('disabled', 401, got.status)
    t.check('and no login', '', login(at, 'user2', 'secret2'))
    t.check('nor the key', 401, send(at, 'GET', '/v1/models', [('Authorization', 'Bearer sk-35tkasdyGLYMy')]).status)


def main(build, folder):
    t = Count()
    app, w = App(), World(build, os.path.join(folder, 's'))
    try:
        w.accounts()
        w.start()
        w.front(app.port)
        replay(t, w.at)
        simple(t, w)
        xinference_oracle.run(t, build, folder, w)
        ends(t, w)
    finally:
        w.stop()
    xinference_advanced.run(t, app, build, os.path.join(folder, 'a'), exchanges('xinference-4.1.txt'))
    return t.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))
