#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hosts whose steps ask a real OpenBao, by every mode, while it is well, stopped with
SIGSTOP (so that calls are held until it goes on), killed, sealed, cut off in mid-answer,
or not the one that it should be. Nothing here judges how long something took: what comes
before what is asserted, and how much of it.

usage: held.py BUILD-DIR
"""
import atexit
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path[:0] = [os.path.join(TOP, 'tests', 'live'), os.path.join(TOP, 'modules', 'vault')]
from live import Count, bao_binary, crypt, program, put  # noqa: E402
from test_bao import Bao, dies_with_us, free_ports, stop_all  # noqa: E402

COUNT = Count()
TRIES = {'unavailable': 0, 'other': 0, 'around': 0, 'again': 0}
SKIPPED = 180                   # checks here, where there is no server
ROBOT = 'robot-token-0123456789abcdef'
AROUND = 'allow rule 200 user:alice', 'allow rule 200 service:robot'

SET = '''policy: 1
actions: [work, read, sweep]
roles: {{ worker: {{ allow: work }}, reader: {{ allow: read }}, sweeper: {{ allow: sweep }} }}
groups: {{ "vault/app-read": {{ roles: reader }} }}
grants:
  - {{ role: worker, to: ["user:alice", "service:robot", "client:*", "entry:*", "second:*"] }}
modules:
  - {{ use: token_file, for: api_key, subject: {{ type: service, id: robot }}, with: {{ file: "{tmp}/tokens" }} }}
  - {{ use: password, control: sufficient, with: {{ file: "{tmp}/users" }} }}
'''


class Host:
    all = []

    def __init__(self, t, name, steps):
        self.t, self.path = t, os.path.join(t.tmp, name + '.yaml')
        self.write(steps)
        self.log = open(os.path.join(t.tmp, name + '.log'), 'w+')
        env = {k: v for k, v in os.environ.items() if not k.startswith(('VAULT_', 'BAO_'))}
        self.p = subprocess.Popen(program(t.build, 'tests/live/held') + [self.path, os.path.join(t.build, 'modules', '.libs')],
                                  text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                  env=env, preexec_fn=dies_with_us)
        Host.all.append(self)
        COUNT.check(f'{name}: the host starts', 'ready', self.p.stdout.readline().strip())

    def write(self, steps):
        put(self.t.tmp, os.path.basename(self.path), SET.format(tmp=self.t.tmp) + steps, 0o644)

    def say(self, line):
        self.p.stdin.write(line + '\n')
        return self.p.stdout.readline().strip()

    def is_(self, what, line, *wanted):
        got = self.say(line)
        COUNT.check(f'{what}: {line[:40]}', sorted(wanted), sorted(got.split('; ')))

    def reload(self, what, steps=None):
        if steps is not None:
            self.write(steps)
        COUNT.check(f'{what}: reload', 'reloaded', self.say('reload'))

    def until(self, what, line, wanted, tries=200):
        """A limit on tries, no judgement of time."""
        got = None
        for _ in range(tries):
            got = self.say(line)
            if got == wanted:
                break
            time.sleep(.05)
        COUNT.check(f'{what}: {line[:40]}', wanted, got)

    def around(self, what, n=1000):
        """What needs no server, all answered rightly."""
        hashes = (n + 49) // 50
        self.is_(what, f'around {n}', f'{n + hashes} {AROUND[0]}', f'{n} {AROUND[1]}')
        TRIES['around'] += 2 * n + hashes

    def unasked(self, what, n, cred, nonblock='again'):
        """Never a yes, never a no: unavailable, 503."""
        for line, wanted in ((f'ask {n} - 0 {cred} work', 'deny unavailable 503'), (f'who {n} - 0 {cred}', 'nobody unavailable 503')):
            got = self.say(line)
            good = sum(int(part.split(' ')[0]) for part in got.split('; ') if part.split(' ', 1)[1] == wanted)
            TRIES['unavailable'] += good
            TRIES['other'] += n - good
            COUNT.check(f'{what}: {line[:40]}', f'{n} {wanted}', got)
        self.without_waiting(what, n, cred, nonblock)

    def without_waiting(self, what, n, cred, how='again'):
        how = 'again %s error 403' if how == 'again' else '%s unavailable 503'
        self.is_(what, f'ask {n} n 0 {cred} work', f'{n} {how % "deny"}')
        self.is_(what, f'who {n} n 0 {cred}', f'{n} {how % "nobody"}')
        TRIES['again' if how.startswith('again') else 'unavailable'] += 2 * n

    def hold(self, what, line):
        COUNT.check(f'{what}: {line[:30]}', 'held', self.say(line))

    def pending(self, what):
        COUNT.check(f'{what}: the call is still under way', 'yes', self.say('pending'))

    def join(self, what, wanted):
        COUNT.check(f'{what}: what came of it', wanted, self.say('join'))

    def end(self, what, *secrets):
        COUNT.check(f'{what}: the host ends', 'closed', self.say('end'))
        self.p.stdin.close()
        COUNT.check(f'{what}: it ends well', 0, self.p.wait(60))
        self.log.seek(0)
        text = self.log.read()
        COUNT.check(f'{what}: no secret in the log', [], [s for s in secrets if s in text])
        if 'Sanitizer' in text or 'runtime error' in text:
            print(text[-4000:])


class Cutter:
    """A real server's answers, whole or cut off."""

    def __init__(self, port):
        self.to, self.part = port, 1.0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            c = self.listener.accept()[0]
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        with c, socket.create_connection(('127.0.0.1', self.to)) as s:
            while asked := c.recv(65536):
                s.sendall(asked)
                answer, part = s.recv(65536), self.part
                c.sendall(answer[:int(len(answer) * part)])
                if part < 1:
                    return


class Test:
    def __init__(self, build, tmp):
        self.build, self.tmp, self.binary = build, tmp, bao_binary(build)
        put(tmp, 'tokens', ROBOT + '\n')
        put(tmp, 'users', f'alice:{crypt("battery-staple")}\n')
        port = free_ports()
        os.mkdir(os.path.join(tmp, 'store'))
        self.config = f'storage "raft" {{ path = "{tmp}/store" performance_multiplier = 1 }}\nlistener "tcp" {{ address = "127.0.0.1:PORT" tls_disable = true }}\n' \
            f'api_addr = "http://127.0.0.1:PORT"\ncluster_addr = "http://127.0.0.1:{port + 1}"\n'
        self.bao = Bao(self.binary, os.path.join(tmp, 'bao'), config=self.config, port=port).ready('sys/health', (501,))
        got = self.bao.do('PUT', 'sys/init', {'secret_shares': 1, 'secret_threshold': 1})
        self.root, self.key = got['root_token'], got['keys'][0]
        self.secrets = [self.root, ROBOT, 'battery-staple', 'right-password']
        self.unseal()
        self.furnish(self.bao)

    def unseal(self):
        self.bao.token = self.root
        self.bao.do('PUT', 'sys/unseal', {'key': self.key})
        self.bao.ready('sys/health')            # unsealed and the active one

    def furnish(self, b):
        b.do('PUT', 'sys/policies/acl/app-read', {'policy': 'path "kv1/*" { capabilities = ["read"] }'})
        b.do('PUT', 'sys/policies/acl/lister', {'policy': 'path "kv1/*" { capabilities = ["read", "list"] }\n'
                                                          'path "kv2/*" { capabilities = ["read", "list"] }'})
        b.do('POST', 'sys/mounts/transit', {'type': 'transit'})
        b.do('POST', 'transit/keys/jwt', {'type': 'rsa-2048'})
        key = b.do('GET', 'transit/keys/jwt')['data']['keys']['1']['public_key']
        for mount in ('jwt', 'approle', 'userpass'):
            b.do('POST', f'sys/auth/{mount}', {'type': mount})
        b.do('POST', 'auth/jwt/config', {'jwt_validation_pubkeys': [key], 'bound_issuer': 'https://issuer.test'})
        b.do('POST', 'auth/jwt/role/svc', {'role_type': 'jwt', 'user_claim': 'sub', 'bound_audiences': ['libpolicy'],
             'token_policies': ['app-read'], 'token_ttl': '10m'})
        b.do('POST', 'auth/userpass/users/bob', {'password': 'right-password', 'token_policies': 'app-read'})
        b.do('POST', 'auth/approle/role/app', {'token_policies': ['app-read'], 'token_ttl': '10m'})
        b.do('POST', 'auth/approle/role/own', {'token_policies': ['lister'], 'token_ttl': '10m'})
        self.own_role = b.do('GET', 'auth/approle/role/own/role-id')['data']['role_id']
        self.role = b.do('GET', 'auth/approle/role/app/role-id')['data']['role_id']
        self.secret_id = b.do('POST', 'auth/approle/role/app/secret-id', {})['data']['secret_id']
        self.secrets.append(self.secret_id)
        b.do('POST', 'sys/mounts/kv1', {'type': 'kv', 'options': {'version': '1'}})
        b.do('POST', 'sys/mounts/kv2', {'type': 'kv', 'options': {'version': '2'}})
        for _ in range(100):            # a mount of version 2 is made ready behind its answer
            if b.ask('GET', 'kv2/config')[0] == 200:
                break
            time.sleep(.05)
        b.do('POST', 'kv1/list/one', {'token': 'entry-token-of-one'})
        b.do('POST', 'kv2/data/list/two', {'data': {'token': 'entry-token-of-two'}})
        b.do('POST', 'sys/namespaces/team1', {})

    def token(self, ns=None, policies=('app-read',), **more):
        t = self.bao.token_create(ns=ns, **{'policies': list(policies), 'ttl': '1h', 'meta': {'user': 'bob', 'team': 'red'}, **more})
        self.secrets.append(t['client_token'])
        return t['client_token']

    def steps(self, keys='', address=None, insecure=True, **more):
        """A step of the mode `token`."""
        with_ = {'address': f'"{address or self.bao.address}"', 'retries': 0, **more, **({'insecure': 'true'} if insecure else {})}
        return (f'  - {{ use: vault, for: bearer, subject: {{ type: client, id: meta.user }}{keys}, '
                f'with: {{ {", ".join(f"{k}: {v}" for k, v in with_.items())} }} }}\n')

    def logins(self):
        common = f'address: "{self.bao.address}", insecure: true, timeout: 60s, retries: 0, mode: login'
        return ''.join(f'  - {{ use: vault, name: {name}, for: {kind}, control: {control}, subject: {{ type: client }}, unscoped: full, '
                       f'timeout: 60s, with: {{ {common}, method: {method} }} }}\n' for name, kind, control, method in (
                           ('people', 'password', 'sufficient', 'userpass'), ('apps', 'password', 'binding', 'approle'),
                           ('vault', 'bearer, cache: 0s', 'binding', 'jwt, role: svc')))

    def lists(self, own, timeout):
        common = f'address: "{self.bao.address}", insecure: true, timeout: {timeout}, retries: 0, refresh: 1s, mode: list, path: list'
        return (f'  - {{ use: vault, name: first, for: bearer, control: sufficient, subject: {{ type: entry }}, unscoped: full, '
                f'with: {{ {common}, mount: kv1, kv: 1, token_file: "{own}" }} }}\n'
                f'  - {{ use: vault, name: second, for: bearer, subject: {{ type: second }}, unscoped: full, '
                f'with: {{ {common}, mount: kv2, kv: 2, auth_method: approle, auth_user: "{self.own_role}", '
                f'auth_secret_file: "{self.tmp}/secret-id" }} }}\n')

    # ---- while it is well

    def well(self):
        full = ', unscoped: full, timeout: 60s'
        self.t = Host(self, 'token', self.steps(full + ', map: { roles: { policies: { app-read: sweeper } } }', timeout='60s'))
        good = self.good = self.token()
        plain = self.token(policies=['default'])
        self.t.is_('a token', f'ask 1 - 0 bearer - {good} work', '1 allow rule 200 client:bob')
        self.t.is_('its policy is a group', f'ask 1 - 0 bearer - {good} read', '1 allow rule 200 client:bob')
        self.t.is_('its policy is mapped', f'ask 1 - 0 bearer - {good} sweep', '1 allow rule 200 client:bob')
        self.t.is_('without the policy', f'ask 1 - 0 bearer - {plain} read', '1 deny no_rule 403 client:bob')
        self.t.is_('without the policy', f'ask 1 - 0 bearer - {plain} sweep', '1 deny no_rule 403 client:bob')
        self.t.is_('whose it is', f'who 1 - 0 bearer - {good}',
                   '1 client:bob by vault groups=vault/app-read,vault/default,map:vault/sweeper unscoped')
        for bad in ('s.nobodys-token', 'hvs.AAAA', 'x'):
            self.t.is_('no token', f'ask 1 - 0 bearer - {bad} work', '1 deny bad_credential 401')
        self.t.is_('a token of another namespace', f'ask 1 - 0 bearer - {self.token("team1", ["default"])} work',
                   '1 deny bad_credential 401')
        self.t.around('well')
        self.t.reload('scopes', self.steps(scopes='scp'))
        scoped = self.token(meta={'user': 'bob', 'scp': 'read write'})
        self.t.is_('a scope', f'ask 1 - 0 bearer - {scoped} read', '1 allow rule 200 client:bob')
        self.t.is_('not in its scopes', f'ask 1 - 0 bearer - {scoped} work', '1 deny insufficient_scope 403 client:bob')
        self.t.is_('no scopes where they are', f'ask 1 - 0 bearer - {good} read', '1 deny insufficient_scope 403 client:bob')
        self.t.reload('neither scopes nor full', self.steps())
        self.t.is_('unscoped is none', f'ask 1 - 0 bearer - {good} read', '1 deny insufficient_scope 403 client:bob')
        self.t.reload('a namespace', self.steps(full, namespace='team1'))
        self.t.is_('its own', f'ask 1 - 0 bearer - {self.token("team1", ["default"])} work', '1 allow rule 200 client:bob')
        for other in (good, self.root):
            self.t.is_('of the namespace above', f'ask 1 - 0 bearer - {other} work', '1 deny bad_credential 401')
        self.t.reload('a namespace that is not there', self.steps(full, namespace='nowhere'))
        self.t.unasked('a namespace that is not there', 5, f'bearer - {good}')
        self.t.reload('back', self.steps(full + ', cache: 0s', timeout='60s'))

    def login(self):
        self.l = Host(self, 'login', self.logins())
        self.jwt, self.bob = f'bearer - {self.bao.jwt(sub="carol")}', 'password bob right-password'
        self.app = f'password {self.role} {self.secret_id}'
        self.secrets.append(self.jwt.split()[2])
        start = self.bao.accessors()
        for cred in (self.jwt, self.bob, self.app):
            COUNT.check(f'login: {cred[:24]}', ['1', 'allow', 'rule', '200'], self.l.say(f'ask 1 - 0 {cred} work').split()[:4])
        COUNT.check('a policy of a login', ['1', 'allow'], self.l.say(f'ask 1 - 0 {self.jwt} read').split()[:2])
        for bad in (self.jwt[:-8] + 'AAAAAAA_', 'bearer - a.b.c', 'password bob wrong-password', 'password nobody right-password',
                    f'password {self.role} {self.secret_id[:-1]}'):
            self.l.is_('login, bad', f'ask 1 - 0 {bad} work', '1 deny bad_credential 401')
        COUNT.check('every login was given back', start, self.bao.accessors())
        self.l.around('login')

    def lists_renewed(self):
        """Its own token lives for 2 s, and the list goes on being read."""
        self.own = self.token(policies=['lister'], ttl=None, period='2s')
        put(self.tmp, 'own', self.own + '\n')
        put(self.tmp, 'secret-id', self.bao.do('POST', 'auth/approle/role/own/secret-id', {})['data']['secret_id'] + '\n')
        self.k = Host(self, 'list', self.lists(os.path.join(self.tmp, 'own'), '1s'))
        self.k.is_('an entry of kv 1', 'ask 1 - 0 bearer - entry-token-of-one work', '1 allow rule 200 entry:one')
        self.k.is_('an entry of kv 2', 'ask 1 - 0 bearer - entry-token-of-two work', '1 allow rule 200 second:two')
        self.k.is_('no entry', 'ask 1 - 0 bearer - entry-token-of-none work', '1 deny bad_credential 401')

    def renewed(self):
        for i in range(4):              # one a second at most: more than a life
            self.bao.do('POST', f'kv1/list/more{i}', {'token': f'entry-token-more-{i}'})
            self.k.until('taken up', f'ask 1 n 0 bearer - entry-token-more-{i} work', f'1 allow rule 200 entry:more{i}')
        self.bao.do('DELETE', 'kv1/list/more0')
        self.k.until('taken away', 'ask 1 n 0 bearer - entry-token-more-0 work', '1 deny bad_credential 401')
        age, tries = 0, 100
        while age < 5 and tries > 0:
            status, got = self.bao.ask('GET', 'auth/token/lookup-self', token=self.own)
            age, tries = time.time() - got['data']['creation_time'] if status == 200 else 0, tries - 1
            time.sleep(.1)
        COUNT.check('a token of 2 s, 5 s old, still lives', (200, True), (status, age >= 5))

    def revoked(self):
        """With `cache: 1s`, and by the set's clock with the default of 30 s."""
        self.r = Host(self, 'revoke', self.steps(', unscoped: full, cache: 1s'))
        self.d = Host(self, 'default', self.steps(', unscoped: full'))
        one, two, three = self.token(), self.token(), self.token()
        self.cached = f'bearer - {three}'
        yes, no = '1 allow rule 200 client:bob', '1 deny bad_credential 401'
        self.r.is_('a moment of cache', f'ask 1 - 0 bearer - {one} work', yes)
        self.d.is_('30 s of cache', f'ask 1 - 0 bearer - {two} work', yes)
        self.bao.do('POST', 'auth/token/revoke', {'token': one})
        self.bao.do('POST', 'auth/token/revoke', {'token': two})
        self.revoked_at, self.revoked_token = time.monotonic(), two
        self.r.until('revoked', f'ask 1 - 0 bearer - {one} work', no)
        self.d.say('clock 20')
        self.d.is_('revoked, 20 s later', f'ask 1 n 0 bearer - {two} work', yes)
        self.d.say('clock 31')
        self.d.is_('revoked, 31 s later, without waiting', f'ask 1 n 0 bearer - {two} work', '1 again deny error 403')
        self.d.is_('revoked, 31 s later', f'ask 1 - 0 bearer - {two} work', no)
        self.d.say('clock 0')
        self.d.is_('to be found in the cache', f'ask 1 - 0 {self.cached} work', yes)

    # ---- while it is not

    def stopped(self):
        """It does not answer, until it goes on: what ends before was not waiting for it."""
        put(self.tmp, 'own', self.token(policies=['lister']) + '\n')    # one that outlives it all
        good, what = f'bearer - {self.good}', 'it stands still'
        self.s = Host(self, 'slow', self.lists(os.path.join(self.tmp, 'own'), '60s'))
        self.n = Host(self, 'nap', self.steps(', unscoped: full, cache: 0s', timeout='500ms'))
        stand_still(self.bao.process.pid)
        self.t.hold(what, f'hold {good} work')
        self.l.hold(what, f'hold {self.bob} work')
        self.s.hold(what, 'hold-reload')
        self.d.hold(what, f'hold {good} work')                  # with 5 s to wait
        for host in (self.t, self.l, self.s):
            host.around(what, 3000)
        self.t.without_waiting(what, 5000, good)
        self.l.without_waiting(what, 5000, self.jwt)
        self.l.without_waiting(what, 5000, self.bob)
        self.d.is_('kept, without waiting', f'ask 5000 n 0 {self.cached} work', '5000 allow rule 200 client:bob')
        self.t.is_('a deadline of 300 ms', f'ask 3 - 300 {good} work', '3 deny unavailable 503')
        self.t.is_('a deadline of 300 ms', f'who 3 - 300 {good}', '3 nobody unavailable 503')
        self.l.is_('a deadline of 300 ms', f'ask 3 - 300 {self.jwt} work', '3 deny unavailable 503')
        TRIES['unavailable'] += 9
        self.n.unasked('a step of 500 ms', 20, good)
        self.k.until('a list is no longer believed', 'ask 1 n 0 bearer - entry-token-of-one work', '1 deny unavailable 503')
        self.k.unasked(what, 200, 'bearer - entry-token-of-one', nonblock='no')
        self.k.unasked(what, 200, 'bearer - entry-token-of-none', nonblock='no')
        self.k.reload('it stands still, list')
        self.k.unasked(what, 200, 'bearer - entry-token-of-one', nonblock='no')
        self.k.around(what)
        self.d.join('slow', 'deny unavailable 503')             # it waited for all its 5 s, and no more
        TRIES['unavailable'] += 1
        for host in (self.t, self.l, self.s):
            host.pending(what)
        self.n.is_('a slow call', f'ask 1 - 0 {good} work', '1 deny unavailable 503')
        self.n.end('right behind a slow call', *self.secrets)
        os.kill(self.bao.process.pid, signal.SIGCONT)
        self.t.join('it goes on', 'allow rule 200 client:bob')
        COUNT.check('it goes on, login', 'allow rule 200', self.l.say('join')[:14])
        self.s.join('it goes on', 'reloaded')
        self.back('it goes on')
        self.s.is_('it goes on', 'ask 1 n 0 bearer - entry-token-of-two work', '1 allow rule 200 second:two')
        self.s.end('a reload that was held', *self.secrets)

    def back(self, what):
        """Everything is as it was."""
        self.t.until(what, f'ask 1 - 0 bearer - {self.good} work', '1 allow rule 200 client:bob')
        for cred in (self.jwt, self.bob, self.app):
            got = None
            for _ in range(100):
                got = self.l.say(f'ask 1 - 0 {cred} work')
                if got.startswith('1 allow rule 200 client:'):
                    break
                time.sleep(.05)
            COUNT.check(f'{what}: {cred[:24]}', '1 allow rule 200 client:', (got or '')[:24])
        self.k.until(what, 'ask 1 n 0 bearer - entry-token-of-one work', '1 allow rule 200 entry:one')
        self.k.until(what, 'ask 1 n 0 bearer - entry-token-of-two work', '1 allow rule 200 second:two')
        self.t.is_(what, 'ask 1 - 0 bearer - s.nobodys-token work', '1 deny bad_credential 401')
        for host in (self.t, self.l, self.k):
            host.around(what, 200)

    def nobody_answers(self, what, n):
        self.t.unasked(what, n, f'bearer - {self.good}')
        self.t.unasked(what, n, 'bearer - s.nobodys-token')
        for cred in (self.jwt, self.bob, self.app):
            self.l.unasked(what, n, cred)
        self.k.until(f'{what}: a list is no longer believed', 'ask 1 n 0 bearer - entry-token-of-one work', '1 deny unavailable 503')
        self.k.unasked(what, n, 'bearer - entry-token-of-one', nonblock='no')
        self.t.reload(what)
        self.l.reload(what)
        self.k.reload(what)
        self.t.unasked(what + ', after a reload', n, f'bearer - {self.good}')
        self.k.unasked(what + ', after a reload', n, 'bearer - entry-token-of-two', nonblock='no')
        for host in (self.t, self.l, self.k):
            host.around(what)

    def gone(self):
        self.bao.stop()
        self.d.is_('gone, kept', f'ask 1000 n 0 {self.cached} work', '1000 allow rule 200 client:bob')
        self.d.say('clock 31')
        self.d.unasked('gone, kept for its time and no longer', 100, self.cached)
        self.d.say('clock 0')
        self.nobody_answers('gone', 200)
        self.bao = Bao(self.binary, os.path.join(self.tmp, 'bao'), config=self.config, port=self.bao.port).ready('sys/health', (503,))
        self.nobody_answers('started anew, sealed', 50)
        self.unseal()
        self.back('unsealed')
        self.bao.do('PUT', 'sys/seal')
        self.t.unasked('sealed', 100, f'bearer - {self.good}')
        self.l.unasked('sealed', 100, self.bob)
        self.unseal()
        self.back('unsealed again')

    def half(self):
        cutter, what = Cutter(self.bao.port), f'bearer - {self.good}'
        full = ', unscoped: full, cache: 0s'
        self.r.reload('cut', self.steps(full, address=f'http://127.0.0.1:{cutter.port}'))
        self.r.is_('a whole answer', f'ask 3 - 0 {what} work', '3 allow rule 200 client:bob')
        for part in (.95, .5, .1, 0):
            cutter.part = part
            self.r.unasked(f'{part} of an answer', 20, what)
        self.r.reload('cut, and asked again', self.steps(full, address=f'http://127.0.0.1:{cutter.port}', retries=1))
        self.r.unasked('no answer twice', 1, what)
        cutter.part = 1
        self.r.is_('a whole answer again', f'ask 3 - 0 {what} work', '3 allow rule 200 client:bob')

    def certified(self):
        folder = os.path.join(self.tmp, 'tls')
        bao = Bao(self.binary, folder, '-dev-tls', '-dev-tls-cert-dir=' + folder, tls=True).ready()
        token = bao.token_create(policies=['default'], meta={'user': 'bob'})['client_token']
        ca, other = os.path.join(folder, 'vault-ca.pem'), os.path.join(self.tmp, 'other.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                        '-subj', '/CN=other', '-keyout', other + '.key', '-out', other], check=True, capture_output=True)
        full = ', unscoped: full, cache: 0s'
        for what, settings, good in (('the right CA', {'ca': ca}, True), ('another CA', {'ca': other}, False),
                                     ("the system's CAs", {}, False), ('the right CA again', {'ca': ca}, True)):
            self.r.reload(what, self.steps(full, address=bao.address, insecure=False, **settings))
            if good:
                self.r.is_(what, f'ask 3 - 0 bearer - {token} work', '3 allow rule 200 client:bob')
            else:
                self.r.unasked(what, 20, f'bearer - {token}')
            self.r.around(what, 100)
        bao.stop()

    def late(self):
        """In the end by the clock on the wall too."""
        time.sleep(max(0, self.revoked_at + 30.5 - time.monotonic()))
        self.d.is_('revoked, more than 30 s ago', f'ask 3 - 0 bearer - {self.revoked_token} work', '3 deny bad_credential 401')
        for name in ('t', 'l', 'k', 'r', 'd'):
            getattr(self, name).end(name, *self.secrets)


def stand_still(pid):
    """Stopped, and all its threads are."""
    os.kill(pid, signal.SIGSTOP)
    for _ in range(1000):
        states = []
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/stat') as f:
                states.append(f.read().rpartition(') ')[2][0])
        if set(states) <= {'T', 't'}:
            return
        time.sleep(.01)
    raise RuntimeError('the server cannot be stopped')


def stop_hosts():
    for host in Host.all:
        if host.p.poll() is None:
            host.p.kill()
        host.p.wait()


def main():
    build = os.path.abspath(sys.argv[1])
    if bao_binary(build) is None or not os.path.exists(os.path.join(build, 'modules', '.libs', 'vault.so')):
        COUNT.skip(SKIPPED, 'OpenBao is not in build/tools (./bootstrap check installs it), or the module vault is not built')
        return COUNT.finish()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    atexit.register(stop_hosts)
    atexit.register(stop_all)
    with tempfile.TemporaryDirectory() as tmp:
        os.chmod(tmp, 0o755)
        try:
            t = Test(build, tmp)
            for phase in (t.well, t.login, t.lists_renewed, t.revoked, t.renewed, t.stopped, t.gone, t.half, t.certified, t.late):
                start = time.monotonic()
                phase()
                print(f'{phase.__name__}: {time.monotonic() - start:.1f} s', flush=True)
        finally:
            stop_hosts()
            stop_all()
    COUNT.check('allowed, or refused, while it could not be asked', 0, TRIES['other'])
    print(f"{TRIES['unavailable']} tries while it could not be asked: {TRIES['other']} of them other than unavailable; "
          f"{TRIES['again']} that would have waited; {TRIES['around']} decisions that need no server")
    return COUNT.finish()


sys.exit(main())
