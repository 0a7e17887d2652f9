#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where is a credential after the call? Nowhere: not in the library's memory, not in a log.

usage: canary.py BUILD-DIR
"""
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from live import Count, b64, crypt, mint, program, put  # noqa: E402

PASSWORD = 'correct-horse-battery-staple-9'
TOKEN = 'tok_0123456789abcdefghijKLMNOP'
SECRET = '0123456789abcdef0123456789abcdef'


def policy(tmp):
    files = {name: put(tmp, name, text) for name, text in (
        ('secret', SECRET), ('tokens', TOKEN + '\n'), ('users', f'alice:{crypt(PASSWORD)}\n'))}
    return put(tmp, 'policy.yaml', f"""policy: 1
actions: [work]
roles: {{ worker: {{ allow: work }} }}
authenticated: {{ roles: worker }}
modules:
  - use: jwt
    unscoped: full
    subject: {{ shared: true }}
    with: {{ issuer: live, audience: host, algorithms: [HS256], secret_file: "{files['secret']}" }}
  - {{ use: token_file, subject: {{ id: alice, shared: true }}, with: {{ file: "{files['tokens']}" }} }}
  - {{ use: password, subject: {{ shared: true }}, with: {{ file: "{files['users']}" }} }}
""", 0o644)


def main():
    count, build = Count(), os.path.abspath(sys.argv[1])
    jwt = mint(SECRET.encode(), iss='live', aud='host', sub='alice', exp=int(time.time()) + 600)
    asks = [('bearer', '-', jwt, 'allow'), ('bearer', '-', jwt[:-8] + 'AAAAAAAA', 'deny'),
            ('bearer', '-', jwt + '.x', 'deny'), ('bearer', '-', TOKEN, 'allow'),
            ('bearer', '-', TOKEN + 'x' * 20, 'deny'), ('password', 'alice', PASSWORD, 'allow'),
            ('password', 'alice', PASSWORD + '-and-more', 'deny'), ('password', 'nobody', PASSWORD, 'deny')]
    words = []
    for kind, name, secret, _ in asks:
        words += [kind, name, bytes(c ^ 0x5a for c in secret.encode()).hex()]
    with tempfile.TemporaryDirectory() as tmp:
        os.chmod(tmp, 0o755)
        out = subprocess.run(program(build, 'tests/live/canary') + [policy(tmp), os.path.join(build, 'modules/.libs')] + words,
                             capture_output=True, text=True)
    lines = [line for line in out.stdout.splitlines() if not line.startswith('log ')]
    count.check('the program ends well', 0, out.returncode)
    count.check('a copy that is kept is found', True, len(lines) > 0 and lines[0].split()[-1] != '0')
    for (kind, name, secret, verdict), line in zip(asks, lines[1:] + [''] * len(asks)):
        count.check(f'{kind} {name}: {verdict}, and nothing is left', (verdict, '0'),
                    (line.split()[0], line.split()[-1]) if line else None)
        count.check(f'{kind} {name}: in no log', False, secret[-24:] in out.stdout + out.stderr)
    return count.finish()


sys.exit(main())
