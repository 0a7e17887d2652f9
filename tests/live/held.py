#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hosts whose steps ask a real OpenBao, by every mode, while it is well, stopped with
SIGSTOP (so that calls are held until it goes on), killed, sealed, cut off in mid-answer,
or not the one that it should be. Nothing here judges how long something took: what comes
before what is asserted, and how much of it.

usage: held.py BUILD-DIR [TIMES]

TIMES as many tries where it cannot be asked; more than one, and what takes longer too.
"""
import atexit
import os
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path[:0] = [os.path.join(TOP, 'tests', 'live'), os.path.join(TOP, 'modules', 'vault')]
from away import Away  # noqa: E402
from host import COUNT, Host, ROBOT, TRIES, stop_hosts  # noqa: E402
from live import bao_binary, crypt, put  # noqa: E402
from test_bao import Bao, free_ports, stop_all  # noqa: E402

SKIPPED = 361                   # checks here, where there is no server


class Test(Away):
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

    def logins(self, address=None):
        common = f'address: "{address or self.bao.address}", insecure: true, timeout: 60s, retries: 0, mode: login'
        return ''.join(f'  - {{ use: vault, name: {name}, for: {kind}, control: {control}, subject: {{ type: client }}, unscoped: full, '
                       f'timeout: 60s, with: {{ {common}, method: {method} }} }}\n' for name, kind, control, method in (
                           ('people', 'password', 'sufficient', 'userpass'), ('apps', 'password', 'sufficient', 'approle'),
                           ('vault', 'bearer, cache: 0s', 'binding', 'jwt, role: svc')))

    def lists(self, own, timeout, address=None):
        common = f'address: "{address or self.bao.address}", insecure: true, timeout: {timeout}, retries: 0, refresh: 1s, mode: list, path: list'
        return (f'  - {{ use: vault, name: first, for: bearer, control: sufficient, subject: {{ type: entry }}, unscoped: full, '
                f'with: {{ {common}, mount: kv1, kv: 1, token_file: "{own}" }} }}\n'
                f'  - {{ use: vault, name: second, for: bearer, control: sufficient, subject: {{ type: second }}, unscoped: full, '
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
        """Its own token lives for 6 s, and the list goes on being read."""
        self.own = self.token(policies=['lister'], ttl=None, period='6s')
        put(self.tmp, 'own', self.own + '\n')
        put(self.tmp, 'secret-id', self.bao.do('POST', 'auth/approle/role/own/secret-id', {})['data']['secret_id'] + '\n')
        self.k = Host(self, 'list', self.lists(os.path.join(self.tmp, 'own'), '1s'))
        self.long, self.short = (f'ask 1 - 0 bearer - {self.token(ttl="6s")} work' for _ in range(2))
        for line in (self.long, self.short):
            self.t.is_('a token of 6 s', line, '1 allow rule 200 client:bob')
        self.bao.do('POST', 'auth/token/renew', {'token': self.long.split()[6], 'increment': '1h'})
        self.k.is_('an entry of kv 1', 'ask 1 - 0 bearer - entry-token-of-one work', '1 allow rule 200 entry:one')
        self.k.is_('an entry of kv 2', 'ask 1 - 0 bearer - entry-token-of-two work', '1 allow rule 200 second:two')
        self.k.is_('no entry', 'ask 1 - 0 bearer - entry-token-of-none work', '1 deny bad_credential 401')

    def renewed(self):
        for i in range(2):              # one a second at most
            self.bao.do('POST', f'kv1/list/more{i}', {'token': f'entry-token-more-{i}'})
            self.k.until('taken up', f'ask 1 n 0 bearer - entry-token-more-{i} work', f'1 allow rule 200 entry:more{i}')
        self.bao.do('DELETE', 'kv1/list/more0')
        self.k.until('taken away', 'ask 1 n 0 bearer - entry-token-more-0 work', '1 deny bad_credential 401')
        age, tries, status = 0, 200, 200
        while age < 8 and status == 200 and tries > 0:
            status, got = self.bao.ask('GET', 'auth/token/lookup-self', token=self.own)
            age, tries = time.time() - got['data']['creation_time'] if status == 200 else 0, tries - 1
            time.sleep(.1)
        COUNT.check('our own of 6 s, 8 s old, still lives', (200, True), (status, age >= 8))
        self.t.is_('renewed', self.long, '1 allow rule 200 client:bob')
        self.t.is_('not renewed', self.short, '1 deny bad_credential 401')

    def revoked(self):
        """With `cache: 1s`, and by the set's clock with the default of 30 s; the end of a
        token comes before both."""
        self.r = Host(self, 'revoke', self.steps(', unscoped: full, cache: 1s'))
        self.d = Host(self, 'default', self.steps(', unscoped: full'))
        self.d.say('freeze')
        self.w = Host(self, 'wall', self.steps(', unscoped: full'))
        one, two, three, short = self.token(), self.token(), self.token(), self.token(ttl='20s')
        self.cached = f'bearer - {three}'
        yes, no = '1 allow rule 200 client:bob', '1 deny bad_credential 401'
        self.r.is_('a moment of cache', f'ask 1 - 0 bearer - {one} work', yes)
        self.d.is_('30 s of cache', f'ask 1 - 0 bearer - {two} work', yes)
        self.d.is_('a short life', f'ask 1 - 0 bearer - {short} work', yes)
        self.w.is_('30 s of cache, by the wall', f'ask 1 - 0 bearer - {two} work', yes)
        self.bao.do('POST', 'auth/token/revoke', {'token': one})
        self.bao.do('POST', 'auth/token/revoke', {'token': two})
        self.revoked_at, self.revoked_token = time.monotonic(), two
        self.r.until('revoked', f'ask 1 - 0 bearer - {one} work', no)
        self.d.say('clock 22')
        self.d.is_('a short life, 22 s later', f'ask 1 n 0 bearer - {short} work', '1 again deny error 403')
        self.bao.do('POST', 'auth/token/revoke', {'token': short})
        self.d.is_('revoked, 22 s later', f'ask 1 n 0 bearer - {two} work', yes)
        self.d.say('clock 31')
        self.d.is_('revoked, 31 s later, without waiting', f'ask 1 n 0 bearer - {two} work', '1 again deny error 403')
        self.d.is_('revoked, 31 s later', f'ask 1 - 0 bearer - {two} work', no)
        self.d.say('clock 0')
        self.d.is_('to be found in the cache', f'ask 1 - 0 {self.cached} work', yes)

    def late(self):
        """In the end by the clock on the wall too."""
        time.sleep(max(0, self.revoked_at + 30.5 - time.monotonic()))
        self.w.is_('revoked, more than 30 s ago', f'ask 3 - 0 bearer - {self.revoked_token} work', '3 deny bad_credential 401')

    def ends(self):
        for name in ('t', 'l', 'k', 'r', 'd', 'w', 'new'):
            getattr(self, name).end(name, *self.secrets)


def main():
    build = os.path.abspath(sys.argv[1])
    Host.times = int(sys.argv[2]) if len(sys.argv) > 2 else 1
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
            long = (t.sealed_again, t.half_listing, t.late) if Host.times > 1 else ()
            for phase in (t.well, t.login, t.lists_renewed, t.revoked, t.half, t.silent, t.certified, t.renewed,
                          t.stopped, t.gone, t.half_login, t.half_list, *long, t.ends):
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
