#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One host binary, never restarted, whose credentials change under it.

Its set goes from password to jwt to a token file to Vault (a real OpenBao, where it was
installed) and to a module of the test's own, of which a newer build is then renamed over
the old one. Each takes effect at policy_reload(); a set that does not load changes nothing;
a thread of the host decides all the while, and every one of its decisions is answered.

usage: swap.py BUILD-DIR      (CC names the compiler)
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path[:0] = [os.path.join(TOP, 'tests', 'live'), os.path.join(TOP, 'modules', 'vault')]
from live import Count, bao_binary, crypt, mint, program, put  # noqa: E402
from test_bao import Bao  # noqa: E402

COUNT = Count()

BASE = '''policy: 1
actions: [work]
roles: { worker: { allow: work } }
authenticated: { roles: worker }
'''

BADGE = '''#include <policy_module.h>
static int badge_open(void **s, const struct policy_open_args *a, struct policy_error *e)
{ (void)e; *s = (void *)a->host; return 0; }
static enum policy_check_result badge_check(void *s, const struct policy_call *c, struct policy_identity *id)
{
	const struct policy_host *h = s;
	const struct policy_text none = { NULL, 0 }, name = POLICY_TEXT("alice");
	if (c->credential->data.len != sizeof(GOOD) - 1 || memcmp(c->credential->data.data, GOOD, sizeof(GOOD) - 1) != 0)
		return POLICY_CHECK_FAIL;
	h->set_subject(id, none, name);
	return POLICY_CHECK_PASS;
}
static void badge_close(void *s) { (void)s; }
static const char *const kinds[] = { "bearer", NULL };
const struct policy_module policy_module_1 = { .size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
    .name = "badge", .version = "1", .kinds = kinds, .open = badge_open, .check = badge_check, .close = badge_close };
'''


class Host:
    def __init__(self, build, path, modules):
        self.p = subprocess.Popen(program(build, 'tests/live/swap') + [path, modules], text=True, bufsize=1,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        COUNT.check('the host starts', 'ready', self.read())

    def read(self):
        return self.p.stdout.readline().strip()

    def say(self, line):
        self.p.stdin.write(line + '\n')
        return self.read()

    def end(self):
        out = self.say('end')
        self.p.stdin.close()
        self.p.wait(10)
        return out


class Test:
    def __init__(self, build, tmp):
        self.build, self.tmp, self.set = build, tmp, os.path.join(tmp, 'policy.yaml')
        self.modules = os.path.join(tmp, 'modules')
        os.mkdir(self.modules, 0o755)
        for f in os.listdir(os.path.join(build, 'modules', '.libs')):
            if f.endswith('.so'):
                shutil.copy(os.path.join(build, 'modules', '.libs', f), self.modules)
        self.host = None

    def put(self, name, text, mode=0o600):
        return put(self.tmp, name, text, mode)

    def steps(self, text):
        self.put('policy.yaml', BASE + 'modules:\n' + text, 0o644)
        return 'reloaded' if self.host is None else self.host.say('reload')

    def has(self, *names):
        return all(os.path.exists(os.path.join(self.modules, n + '.so')) for n in names)

    def asks(self, phase, answers):
        for words, wanted in answers.items():
            got = self.host.say(f'ask {words} work')
            COUNT.check(f'{phase}: {words[:24]}', wanted, ' '.join(got.split()[:len(wanted.split())]))

    def badge(self, good):
        so = os.path.join(self.modules, 'badge.so')
        subprocess.run(os.environ.get('CC', 'cc').split() + ['-shared', '-fPIC', f'-DGOOD="{good}"', '-I',
                       os.path.join(TOP, 'src/include'), '-xc', '-', '-o', so + '.new'], input=BADGE, text=True, check=True)
        os.chmod(so + '.new', 0o755)
        os.rename(so + '.new', so)

    # ---- the phases; each leaves the set that it checked ----

    def badge_1(self):
        self.badge('one')
        self.steps('  - use: badge\n')
        self.host = Host(self.build, self.set, self.modules)
        self.asks('a module', {'bearer - one': 'allow rule user:alice', 'bearer - two': 'deny bad_credential'})

    def password(self):
        path = self.put('users', f'alice:{crypt("battery-staple")}\n')
        COUNT.check('password: reload', 'reloaded', self.steps(f'  - {{ use: password, with: {{ file: "{path}" }} }}\n'))
        self.asks('password', {'password alice battery-staple': 'allow rule user:alice',
                               'password alice guess': 'deny bad_credential',
                               'password bob battery-staple': 'deny bad_credential',
                               'bearer - one': 'deny bad_credential'})

    def jwt(self):
        secret = b'0123456789abcdef0123456789abcdef'
        path, now = self.put('secret', secret.decode()), int(time.time())
        COUNT.check('jwt: reload', 'reloaded', self.steps(f"""  - use: jwt
    unscoped: full
    with: {{ issuer: swap, audience: host, algorithms: [HS256], secret_file: "{path}" }}
"""))
        good = dict(iss='swap', aud='host', sub='alice', exp=now + 600)
        self.asks('jwt', {f'bearer - {mint(secret, **good)}': 'allow rule user:alice',
                          f'bearer - {mint(secret, **dict(good, exp=now - 600))}': 'deny expired',
                          f'bearer - {mint(b"x" * 32, **good)}': 'deny bad_credential',
                          'password alice battery-staple': 'deny bad_credential'})

    def token_file(self):
        path = self.put('tokens', 'first-token\n\n  second-token  \n')
        text = f'  - {{ use: token_file, subject: {{ type: user, id: alice }}, with: {{ file: "{path}" }} }}\n'
        COUNT.check('token_file: reload', 'reloaded', self.steps(text))
        self.asks('token_file', {'bearer - second-token': 'allow rule user:alice', 'bearer - one': 'deny bad_credential'})
        self.put('tokens', 'first-token\n')
        COUNT.check('token_file: the same set again', 'reloaded', self.host.say('reload'))
        self.asks('token_file, one token less', {'bearer - second-token': 'deny bad_credential',
                                                 'bearer - first-token': 'allow rule user:alice'})

    def vault(self):
        binary = bao_binary(self.build)
        if binary is None:
            COUNT.skip(5, 'vault (OpenBao is not in build/tools: ./bootstrap check installs it)')
            return
        server = Bao(binary, os.path.join(self.tmp, 'bao')).ready()
        try:
            token = server.token_create(meta={'user': 'alice'})['client_token']
            text = f"""  - use: vault
    unscoped: full
    cache: 0s
    subject: {{ type: user, id: meta.user }}
    with: {{ address: "{server.address}", insecure: true }}
"""
            COUNT.check('vault: reload', 'reloaded', self.steps(text))
            self.asks('vault', {f'bearer - {token}': 'allow rule user:alice', 'bearer - first-token': 'deny bad_credential'})
            server.do('POST', 'auth/token/revoke', {'token': token})
            self.asks('vault, revoked', {f'bearer - {token}': 'deny bad_credential'})
            self.badge('one')
            COUNT.check('away from vault: reload', 'reloaded', self.steps('  - use: badge\n'))
        finally:
            server.stop()

    def broken(self):
        for text in ('  - use: nowhere\n', '  - { use: jwt, with: { issuer: x } }\n', '  - { use: badge, control: optional }\n'):
            COUNT.check('a set that does not load', 'refused', self.steps(text).split()[0])

    def badge_2(self):
        COUNT.check('a module again: reload', 'reloaded', self.steps('  - use: badge\n'))
        self.asks('a module again', {'bearer - one': 'allow rule user:alice'})
        self.badge('two')
        self.asks('a newer build that was not asked for', {'bearer - one': 'allow rule user:alice'})
        COUNT.check('a newer build: reload', 'reloaded', self.host.say('reload'))
        self.asks('a newer build', {'bearer - two': 'allow rule user:alice', 'bearer - one': 'deny bad_credential'})


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.chmod(tmp, 0o755)
        t = Test(os.path.abspath(sys.argv[1]), tmp)
        t.badge_1()
        for name in ('password', 'jwt', 'token_file', 'vault'):
            if t.has(name):
                getattr(t, name)()
            else:
                COUNT.skip(4, f'{name} (not built)')
        t.broken()
        t.badge_2()
        words = t.host.end().split()
        COUNT.check('decisions in between', True, int(words[1]) > 1000)
        COUNT.check('decisions in between that were not answered as they must be', '0', words[3])
        print(f'{words[1]} decisions in between')
    return COUNT.finish()


sys.exit(main())
