# SPDX-License-Identifier: Apache-2.0
"""The profiles ml-blocks and integrate-ai, as the hosts of tests/live have them set up.

usage: profiles.py BUILD FOLDER
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIVE = os.path.join(HERE, '..', 'live')
sys.path[0] = LIVE
from live import Count, program, put  # noqa: E402
from service import Service, ask, free_port, until  # noqa: E402
sys.path.append(HERE)
from proxy_world import send  # noqa: E402

T = Count()
COMMON = {'detail', 'message', 'error'}
OLGA = 'olga has a password\n'


def refusal(what, a, status, code, also=()):
    """An error is one of the statuses, with a text in all its members, and a challenge with a 401."""
    told = a.json if isinstance(a.json, dict) else {}
    T.check(f'{what}: status', status, a.status)
    T.check(f'{what}: members', COMMON | set(also), set(told))
    texts = {told.get(n) for n in ('detail', 'message', *also)} | {(told.get('error') or {}).get('message')}
    T.check(f'{what}: one text', 1, len(texts))
    T.check(f'{what}: code', code, (told.get('error') or {}).get('code'))
    T.check(f'{what}: challenge', status == 401, a.headers['WWW-Authenticate'] is not None and status == 401)
    T.check(f'{what}: type', 'application/json', a.headers['Content-Type'])


class MlBlocks:
    ALSO = ('error_message',)

    def __init__(self, build, folder):
        os.mkdir(folder)
        self.s = Service(build, folder, os.path.join(LIVE, 'ml-blocks'), ['ml-blocks'])
        self.s.ctl('admin', 'init', 'amy', 'admin', '--password-file', '-', text='amy has a password\n')

    def post(self, path, body, token=None, headers=None):
        return self.s.ask('POST', path, body, token, headers)

    def login(self, name):
        a = self.post('/login', {'username': name, 'password': f'{name} has a password'})
        T.check(f'{name} logs in', (200, ['expiration_date', 'token', 'user_details']), (a.status, sorted(a.json)))
        T.check(f'{name}: details', ['role', 'user_id', 'username'], sorted(a['user_details']))
        return a

    def bodies(self, amy):
        """What is no such object, at each of the three."""
        good = {'/login': {'username': 'ann', 'password': 'x'}, '/admin/users': {'username': 'x', 'password': 'y', 'role': 'user'},
                '/admin/apikeys': {'user_id': 'x', 'expiration_date': '2027-01-01T00:00:00Z'}}
        for path, whole in good.items():
            for bad in (b'', b'[]', b'null', b'{', b'{"a":1}{', b'{"a":1,"a":2}', b'\xff', b'"x"', b'[' * 5000, b'{"username":"a\\u0000b"}'):
                refusal(f'{path} {bad[:10]!r}', self.post(path, bad, amy), 400, 'invalid_request', self.ALSO)
            for name in whole:
                for value in (None, '', 1, True, [], {}, 'absent'):
                    body = {k: v for k, v in whole.items() if k != name or value != 'absent'}
                    if value != 'absent':
                        body[name] = value
                    refusal(f'{path} {name}={value!r}', self.post(path, body, amy), 400, 'invalid_request', self.ALSO)
            for kind in ('text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'):
                refusal(f'{path} {kind}', self.post(path, whole, amy, {'Content-Type': kind}), 415, 'invalid_request', self.ALSO)
            for method in ('GET', 'PUT', 'DELETE', 'PATCH'):
                a = self.s.ask(method, path, None, amy)
                T.check(f'{method} {path}', (405, 'POST'), (a.status, a.headers['Allow']))
            for other in (path + '/', path + '/x', '/' + path, path.upper(), path + '%20'):
                T.check(f'POST {other}', 404, self.post(other, whole, amy).status)

    def run(self):
        self.s.start()
        amy = self.login('amy')
        T.check('an administrator', 'admin', amy['user_details']['role'])
        amy = amy['token']
        self.bodies(amy)
        for name, role in (('ann', 'user'), ('abe', 'admin')):
            a = self.post('/admin/users', {'username': name, 'password': f'{name} has a password', 'role': role}, amy)
            T.check(f'{name} is made', (200, ['creation_date', 'role', 'user_id'], role), (a.status, sorted(a.json), a['role']))
            T.check(f'{name}: role', role, self.login(name)['user_details']['role'])
        self.refusals(amy)
        T.check('policyd ends', 0, self.s.stop())
        T.check('no secret in its log', [], [x for x in (amy, 'has a password') if x in self.s.said()])

    def refusals(self, amy):
        ann = self.login('ann')
        user, key = {'username': 'eve', 'password': 'x y z', 'role': 'user'}, {'user_id': ann['user_details']['user_id'],
                                                                              'expiration_date': '2027-01-01T00:00:00Z'}
        made = self.post('/admin/apikeys', key, amy)
        T.check('a key', (200, ['api_key', 'expiration_date', 'user_id'], key['user_id'], key['expiration_date']),
                (made.status, sorted(made.json), made['user_id'], made['expiration_date']))
        for who, token, status, code in (('nobody', None, 401, 'no_credential'), ('a bad token', 'pol_x', 401, 'bad_credential'),
                                         ('ann', ann['token'], 403, 'forbidden'), ("ann's key", made['api_key'], 403, 'ceiling')):
            refusal(f'{who} makes a user', self.post('/admin/users', user, token), status, code.replace('ceiling', 'forbidden'), self.ALSO)
            refusal(f'{who} makes a key', self.post('/admin/apikeys', key, token), status, code, self.ALSO)
        refusal('no form of a credential', self.post('/admin/users', user, None, {'Authorization': 'x'}), 400, 'invalid_request', self.ALSO)
        basic = {'Authorization': 'Basic YW15OmFteSBoYXMgYSBwYXNzd29yZA=='}
        refusal("amy's password, as it is", self.post('/admin/users', user, None, basic), 403, 'ceiling', self.ALSO)
        refusal('a name twice', self.post('/admin/users', dict(user, username='ann'), amy), 409, 'exists', self.ALSO)
        refusal('a role that is none', self.post('/admin/users', dict(user, role='visitor'), amy), 400, 'invalid_request', self.ALSO)
        refusal('nobody has the key', self.post('/admin/apikeys', dict(key, user_id='x'), amy), 404, 'not_found', self.ALSO)
        for end in ('2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z', 'tomorrow', '2027-13-01T00:00:00Z'):
            refusal(f'a key until {end}', self.post('/admin/apikeys', dict(key, expiration_date=end), amy), 400, 'invalid_request', self.ALSO)
        refusal('another password', self.post('/login', {'username': 'ann', 'password': 'x'}), 401, 'bad_credential', self.ALSO)
        refusal('another name', self.post('/login', {'username': 'eve', 'password': 'x'}), 401, 'bad_credential', self.ALSO)
        for _ in range(10):
            last = self.post('/login', {'username': 'guessed', 'password': 'x'})
        refusal('a guess too many', last, 429, 'rate_limited', self.ALSO)
        T.check('says how long to wait', True, int(last.headers['Retry-After'] or 0) > 0)
        self.s.ctl('user', 'change', 'abe', '--disable', token=amy)
        a = self.post('/login', {'username': 'abe', 'password': 'abe has a password'})
        T.check('who is disabled does not log in', 401, a.status)


class IntegrateAi:
    def __init__(self, build, folder):
        os.mkdir(folder)
        self.s = Service(build, folder, os.path.join(LIVE, 'integrate-ai'), ['integrate-ai'], NGINX='root')
        put(folder, 'secret', 'a secret of thirty-two bytes or more, for HS256\n')
        self.s.ctl('admin', 'init', 'olga', 'admin', '--password-file', '-', text=OLGA)
        self.olga = self.s.ctl('token', 'create', '--step', 'iai', '--login', 'olga', '--password-stdin', text=OLGA).strip()

    def call(self, name, body, token=None):
        return self.s.ask('POST', '/fl/auth/' + name, body, token)

    def run(self):
        self.s.start()
        a = self.call('create_user', {'user_name': 'demo'}, self.olga)
        T.check('create_user', (200, ['created', 'email', 'uid', 'user_name']), (a.status, sorted(a.json)))
        first = {'create_user': 'user_name', 'create_token': 'user_id', 'token_info': 'token', 'revoke_token': 'token_id', 'delete_user': 'user_name'}
        for name, member in first.items():
            for body in (b'', b'[]', {}, {member: None}, {member: ''}, {member: 1}, {member: ['demo']}):
                refusal(f'{name} {body!r}', self.call(name, body, self.olga), 400, 'invalid_request')
            refusal(f'{name} by nobody', self.call(name, {member: 'demo'}), 401, 'no_credential')
            refusal(f'{name} by a bad token', self.call(name, {member: 'demo'}, 'x.y.z'), 401, 'bad_credential')
            T.check(f'GET {name}', 405, self.s.ask('GET', '/fl/auth/' + name, None, self.olga).status)
        for scopes in ('cli', [1], {}, ['no such'], [''], ['cli'] * 200):
            refusal(f'scopes {str(scopes)[:20]}', self.call('create_token', {'user_id': 'demo', 'scopes': scopes}, self.olga), 400, 'invalid_request')
        for lifetime in ('1h', 0, -1, 1.5, 31 * 86400, True):
            refusal(f'lifetime {lifetime}', self.call('create_token', {'user_id': 'demo', 'lifetime': lifetime}, self.olga), 400, 'invalid_request')
        self.recorded()
        T.check('policyd ends', 0, self.s.stop())
        T.check('no token in its log', False, self.olga in self.s.said())

    def auth(self, method, path, headers):
        """What nginx asks."""
        return send(os.path.join(self.s.folder, 'proxy.sock'), 'GET', '/auth',
                    [('X-Original-Method', method), ('X-Original-URI', path)] + list(headers.items()))

    def recorded(self):
        """What `iai` sent, with its own token, and with ours in its place."""
        made = {}
        for name, scopes in (('cli', ['cli']), ('other', ['create_session']), ('none', []), ('all', None)):
            a = self.call('create_token', {'user_id': 'demo', 'scopes': scopes}, self.olga)
            T.check(f'create_token {name}', (200, ['scopes', 'token', 'token_id', 'user_id', 'user_name']), (a.status, sorted(a.json)))
            made[name] = a
        path = os.path.join(os.environ['POLICY_SHARED'], 'facts', 'exchanges', 'iai.jsonl.txt')
        if not os.path.exists(path):
            T.skip(1, 'what iai sent (no record beside the tree)')
            return
        with open(path) as f:
            lines = [json.loads(line) for line in f if line.startswith('[')]
        T.check('there are exchanges', True, len(lines) > 0)
        for method, target, headers, _ in lines:
            T.check('a token that others signed', (401, 'bad_credential'), self.said(self.auth(method, target, headers)))
            for name, wanted in (('cli', (200, None)), ('all', (200, None)), ('other', (403, 'insufficient_scope')),
                                 ('none', (403, 'insufficient_scope'))):
                got = self.auth(method, target, dict(headers, Authorization='Bearer ' + made[name]['token']))
                T.check(f'iai with scopes {name}', wanted, self.said(got))
                if got.status != 200:
                    T.check('a message at the top', True, isinstance(got.json()['message'], str))
                else:
                    T.check('whose token it is', ['demo'], got.get('x-policy-user'))
        self.call('revoke_token', {'token_id': made['cli']['token_id']}, self.olga)
        T.check('and at once refused when revoked', (401, 'revoked'),
                self.said(self.auth('GET', lines[0][1], {'Authorization': 'Bearer ' + made['cli']['token']})))

    def said(self, a):
        told = a.json()
        return a.status, told['error']['code'] if isinstance(told, dict) and 'error' in told else None


def alone(s):
    """Without a keeper, beside one that has its own: nothing is changed."""
    s.start()
    port = free_port()
    with open(os.path.join(s.folder, 'policyd.yaml')) as f:
        conf = put(s.folder, 'alone.yaml', f.read().replace(str(s.port), str(port)))
    with open(s.log, 'ab') as log:
        p = subprocess.Popen(program(s.build, 'policyd') + ['-n', '-c', conf], stdout=log, stderr=log)
    try:
        def up():
            try:
                return p.poll() is not None or ask(port, 'GET', '/health/live').status == 200
            except OSError:
                return False
        T.check('policyd -n comes up', True, until(up) and p.poll() is None or s.said()[-500:])
        a = ask(port, 'POST', '/login', {'username': 'amy', 'password': 'amy has a password'})
        refusal('a login without a keeper', a, 501, 'unsupported', MlBlocks.ALSO)
    finally:
        p.terminate()
        p.wait(30)


def configuration(build, folder):
    os.mkdir(folder)
    for text, wanted in (('serve: [ml-blocks]\n    profiles: { integrate-ai: { step: x } }', 'found integrate-ai where serve has none'),
                         ('serve: [integrate-ai]\n    profiles: { integrate-ai: { steps: x } }', 'steps')):
        name = put(folder, 'policyd.yaml', f'policyd: 1\npolicy: {folder}\nlisteners:\n  - tcp: 127.0.0.1:{free_port()}\n    {text}\n')
        r = subprocess.run(program(build, 'policyd') + ['-n', '-c', name], capture_output=True, text=True)
        T.check(wanted, True, r.returncode != 0 and wanted in r.stdout + r.stderr)


def main(build, folder):
    for name, one in (('ml', MlBlocks), ('iai', IntegrateAi)):
        world = one(build, os.path.join(folder, name))
        try:
            world.run()
            if one is MlBlocks:
                alone(world.s)
        finally:
            world.s.stop()
    configuration(build, os.path.join(folder, 'conf'))
    return T.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))
