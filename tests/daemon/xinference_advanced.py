# SPDX-License-Identifier: Apache-2.0
"""From version 3 on: what 4.1.0 was seen to answer, replayed, and what those records do not hold."""
import base64
import json
import os
import time

from xinference_world import World, send

JSON = [('Content-Type', 'application/json')]

# Members whose values are of another making, and why the types may differ.
IDS = {'id', 'user_id', 'api_key_id'}                   # texts, never given again; theirs count from 1
OWN = IDS | {'access_token', 'refresh_token', 'key', 'prefix', 'key_prefix', 'created_at', 'expires_at'}
OTHERS = {
    '/v1/admin/setup/status': 'needs_setup is false: the first administrator is not made over the network',
    '/v1/admin/setup': 'so this is a 410',
    '/v1/admin/keys with model_permissions': 'a key for one model is one of a user who may use no other: 400',
    'permissions': 'old names are told as the new ones that they stand for',
}


class Client:
    def __init__(self, w):
        self.at = ('127.0.0.1', w.port)

    def ask(self, method, path, token=None, body=None):
        h = [('Authorization', 'Bearer ' + token)] if token else []
        return send(self.at, method, path, h + (JSON if body is not None else []), None if body is None else json.dumps(body).encode())

    def login(self, name, password):
        return self.ask('POST', '/token', body={'username': name, 'password': password}).json() or {}


def shape(v, name=''):
    """What has to be the same: members and their order, types, and values that are nobody's making."""
    if isinstance(v, dict):
        return {k: shape(x, k) for k, x in v.items()}
    if isinstance(v, list):
        return [shape(x, name) for x in v[:1]] if v and isinstance(v[0], dict) else v
    if name in IDS:
        return 'an id'
    if name in OWN:
        return type(v).__name__
    return v


def now_names(v):
    """Old names of permissions as the new ones."""
    text = json.dumps(v).replace('models:start', 'models:write').replace('models:stop', 'models:write')
    return json.loads(text)


def replay(t, c, seen):
    root = c.login('root', 'rootroot1')
    first, bob, key2 = root.get('refresh_token', ''), '2', ''
    for (method, target, headers, sent), (status, challenge, body) in seen:
        token = next((v for n, v in headers if n == 'Authorization'), '')
        token = root.get('access_token') if 'JWT' in token else key2 if token else None
        asked = json.loads(sent) if sent else None
        what = f'{method} {target} {sorted(asked or [])}'
        if target == '/v1/admin/setup/status':
            body = body.replace('"needs_setup":true,"initialized":false', '"needs_setup":false,"initialized":true')
        if target == '/v1/admin/setup':
            t.check(what, 410, c.ask(method, target, body=asked).status)
            continue
        if asked and 'refresh_token' in asked:
            asked['refresh_token'] = first
        if asked and 'owner' in asked:
            asked['owner'] = bob
            t.check(what + ', for one model', 400, c.ask(method, target, token, asked).status)
            del asked['model_permissions']
        if target == '/v1/admin/keys' and method == 'GET':
            made = c.ask('POST', target, token, {'name': 'k2'}).json() or {}
            key2 = made.get('key', '')
        if target == '/v1/models':
            continue                # through nginx: guarded()
        got = c.ask(method, target, token, asked)
        t.check(what, (status, challenge), (got.status, got.get('www-authenticate')))
        ours, theirs = got.json(), now_names(json.loads(body))
        if target == '/v1/admin/keys' and method == 'GET':
            for x in theirs:
                x['expires_at'] = x['expires_at'] or ''     # theirs may last for ever
        if method == 'GET' and isinstance(ours, list):
            ours = sorted((x for x in ours if x.get('username', x.get('owner_username')) in ('root', 'bob')),
                          key=lambda x: (x.get('username', x.get('owner_username')) != theirs[0].get('username', theirs[0].get('owner_username'))))
            for x in theirs:
                for p in x.get('model_permissions', []):
                    p.update(permission_type='all', permission_value=None)
        if isinstance(ours, dict) and ours.get('permissions') and 'admin' in ours['permissions']:
            t.check(what + ': permissions', sorted(theirs['permissions']), ours['permissions'])
        if asked and 'username' in asked and target == '/v1/admin/users':
            bob = (ours or {}).get('id', '')
        t.check(what + ': body', shape(theirs), shape(ours))
    return root


def guarded(t, w, c):
    def through(method, headers):
        got = send(w.at, method, '/v1/models', headers, b'{}' if method == 'POST' else None)
        return got.status, got.get('www-authenticate'), got.body.decode() if got.status != 200 else ''

    def bearer(v):
        return [('Authorization', 'Bearer ' + v)]
    root = c.login('root', 'rootroot1')
    key = c.ask('POST', '/v1/admin/keys', root['access_token'], {'name': 'k3'}).json()['key']
    soon = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(time.time() + 2))
    short = c.ask('POST', '/v1/admin/keys', root['access_token'], {'name': 'k4', 'expires_at': soon}).json()['key']
    lists, writes = 'Bearer scope="models:list"', 'Bearer scope="models:write"'
    unknown = '{"detail":"Could not validate credentials"}'
    for what, wanted, got in (
            ('nobody', (401, [lists], unknown), through('GET', [])),
            ('a bad token', (401, [lists], unknown), through('GET', bearer('x'))),
            ('a session', (200, [], ''), through('GET', bearer(root['access_token']))),
            ('and writing', (200, [], ''), through('POST', bearer(root['access_token']))),
            ('a key', (200, [], ''), through('GET', bearer(key))),
            ('a key and writing', (403, [writes], '{"detail":"API keys can only access model query and inference endpoints"}'),
             through('POST', bearer(key))),
            ('a refresh token opens nothing', 403, through('GET', bearer(root['refresh_token']))[0])):
        t.check(what, wanted, got)
    end = time.monotonic() + 60
    while time.monotonic() < end and (got := through('GET', bearer(short)))[0] == 200:
        time.sleep(0.2)
    t.check('a key that has ended', (401, [lists], '{"detail":"API key has expired"}'), got)


def sessions(t, c):
    a = c.login('root', 'rootroot1')
    t.check('members of a login', ['access_token', 'refresh_token', 'token_type'], list(a))
    b = c.ask('POST', '/v1/auth/refresh', body={'refresh_token': a['refresh_token']})
    t.check('refresh', (200, True), (b.status, b.json()['refresh_token'] != a['refresh_token']))
    for bad in (a['refresh_token'], 'x', a['access_token'], 'pol_' + 'A' * 49):
        got = c.ask('POST', '/v1/auth/refresh', body={'refresh_token': bad})
        t.check('once, and no other token', 401, got.status)
    t.check('the new session', 200, c.ask('GET', '/v1/auth/me', b.json()['access_token']).status)
    t.check('logout', (200, b'{"ok":true}'), (lambda g: (g.status, g.body))(
        c.ask('POST', '/v1/auth/logout', body={'refresh_token': b.json()['refresh_token']})))
    t.check('is the end of it', 401, c.ask('POST', '/v1/auth/refresh', body={'refresh_token': b.json()['refresh_token']}).status)
    for body in ({}, {'refresh_token': 1}, {'refresh_token': ''}, []):
        t.check(f'refresh of {body}', 400, c.ask('POST', '/v1/auth/refresh', body=body).status)
    t.check('me, of nobody', (401, ['Bearer']), (lambda g: (g.status, g.get('www-authenticate')))(c.ask('GET', '/v1/auth/me')))
    t.check('users, by a key', 403, c.ask('GET', '/v1/admin/users', c.ask(
        'POST', '/v1/admin/keys', a['access_token'], {'name': 'k'}).json()['key']).status)
    said = json.loads(base64.urlsafe_b64decode(a['access_token'].split('.')[1] + '=='))
    t.check('no scopes in it: permissions are read at each use', ('root', False), (said['sub'], 'scopes' in said))


def people(t, c):
    root = c.login('root', 'rootroot1')['access_token']
    made = c.ask('POST', '/v1/admin/users', root, {'username': 'eve', 'password': 'evesevesevesx', 'permissions': ['models:read', 'users:manage']})
    t.check('a user', 201, made.status)
    i = '/v1/admin/users/' + made.json()['id']
    t.check('twice', (409, b'{"detail":"User already exists"}'), (lambda g: (g.status, g.body))(
        c.ask('POST', '/v1/admin/users', root, {'username': 'eve', 'password': 'evesevesevesx'})))
    eve = c.login('eve', 'evesevesevesx')['access_token']
    t.check('what she may', ['models:read', 'users:manage'], c.ask('GET', '/v1/auth/me', eve).json()['permissions'])
    got = c.ask('POST', '/v1/admin/users', eve, {'username': 'mal', 'password': 'malmalmalmalx', 'permissions': ['admin']})
    t.check('what she has not she gives nobody', (403, ['Bearer scope="users:manage"']), (got.status, got.get('www-authenticate')))
    t.check('and there is no such user', [], [u for u in c.ask('GET', '/v1/admin/users', root).json() if u['username'] == 'mal'])
    t.check('live: taken', 200, c.ask('PUT', i + '/permissions', root, {'permissions': ['models:list', 'models:start']}).status)
    t.check('and she may at once', ['models:list', 'models:write'], c.ask('GET', '/v1/auth/me', eve).json()['permissions'])
    t.check('users are not hers any longer', 403, c.ask('GET', '/v1/admin/users', eve).status)
    t.check('an unknown permission', 400, c.ask('PUT', i + '/permissions', root, {'permissions': ['fly']}).status)
    t.check('GET', 'eve', c.ask('GET', i, root).json()['username'])
    t.check('her permissions', {'permissions': ['models:list', 'models:write']}, c.ask('GET', i + '/permissions', root).json())
    t.check('another password', 200, c.ask('PUT', i + '/password', root, {'new_password': 'another long one'}).status)
    t.check('ends her sessions', 401, c.ask('GET', '/v1/auth/me', eve).status)
    t.check('and is good', True, 'access_token' in c.login('eve', 'another long one'))
    t.check('disabled', 200, c.ask('PUT', i, root, {'enabled': False}).status)
    t.check('no login', {}, {k: v for k, v in c.login('eve', 'another long one').items() if k != 'detail'})
    t.check('deleted', 200, c.ask('DELETE', i, root).status)
    t.check('gone', 404, c.ask('GET', i, root).status)
    for path in ('/v1/admin/users/..', '/v1/admin/users/a%2fb', i + '/nothing', '/v1/admin/users//'):
        t.check(path, 404, c.ask('GET', path, root).status)
    t.check('nobody', (401, ['Bearer scope="users:manage"']), (lambda g: (g.status, g.get('www-authenticate')))(c.ask('GET', i)))
    t.check('no reveal', 410, c.ask('GET', '/v1/admin/keys/x/reveal', root).status)
    k = c.ask('POST', '/v1/admin/keys', root, {'name': 'gone'}).json()
    t.check('a key', 'gone', c.ask('GET', '/v1/admin/keys/' + k['id'], root).json()['name'])
    t.check('is deleted', 200, c.ask('DELETE', '/v1/admin/keys/' + k['id'], root).status)
    t.check('and listed no more', [], [x for x in c.ask('GET', '/v1/admin/keys', root).json() if x['id'] == k['id']])


def run(t, app, build, folder, seen):
    os.mkdir(folder, 0o755)
    w = World(build, os.path.join(folder, 'w'), 'advanced')
    try:
        w.accounts()
        w.start()
        w.front(app.port)
        c = Client(w)
        if seen is None:
            t.skip(30, 'what Xinference 4.1 was seen to answer (not here)')
        else:
            replay(t, c, seen)
        sessions(t, c)
        people(t, c)
        guarded(t, w, c)
    finally:
        w.stop()
