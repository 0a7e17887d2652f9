# SPDX-License-Identifier: Apache-2.0
"""An Xinference's users, its policyd with a keeper, and nginx before both, as policyd(8) says."""
import json
import os
import shutil
import subprocess
import sys
import time

from proxy_nginx import MAIN
from proxy_world import App, Answer, documented, free_port, mint, put, send, settle, substitute, TOP  # noqa: F401

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live'))
from live import Count, program  # noqa: E402,F401

KEY = '5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99'
AUTH = {'auth_config': {'algorithm': 'HS256', 'secret_key': KEY, 'token_expire_in_minutes': 30},
        'user_config': [
            {'username': 'user1', 'password': 'secret1', 'permissions': ['admin'], 'api_keys': ['sk-72tkvudyGLPMi', 'sk-ZOTLIY4gt9w11']},
            {'username': 'user2', 'password': 'secret2', 'permissions': ['models:list', 'models:read'],
             'api_keys': ['sk-35tkasdyGLYMy', 'sk-ALTbgl6ut981w']},
            {'username': 'ops', 'password': 'a start and a stop', 'permissions': ['models:start', 'models:stop'],
             'api_keys': ['sk-StartStop0001']},
            {'username': 'nobody', 'password': 'nothing at all', 'permissions': [], 'api_keys': ['sk-NothingAtAll1']}]}

ADVANCED = '''policy: 1
modules:
  - use: jwt
    name: login
    kind: session
    unscoped: full
    subject: { type: user, shared: true }
    with: { issuer: xinference, audience: xinference, registered: true, secret_file: DIR/key, sign_with: DIR/key }
  - use: api_key
    for: bearer
    kind: [session, api_key, refresh]
    control: binding
    subject: { type: user, shared: true }
    with: { imported: true }
  - use: password
    subject: { type: user, shared: true }
    with: { store: true }
store: { url: "sqlite:DIR/accounts.db" }
tokens: { max_lifetime: 366d }
'''

CONF = '''policyd: 1
policy: DIR/set
modules: MODULES
read: [DIR]
write: [DIR]
listeners:
LISTENER  - tcp: 127.0.0.1:PORT
    serve: [xinference]
    profiles: { xinference: { generation: GENERATION, step: login, lifetime: LIFETIME } }
  - { unix: DIR/health.sock, serve: [health], mode: "0600" }
'''


BODIES = '''  - unix: DIR/bodies.sock
    mode: "0666"
    serve: [proxy, xinference]
    peers: [ { user: root, may: [evaluate] } ]
    proxy: { routes: models, bodies: 64KiB, style: xinference }
    profiles: { xinference: { generation: simple, step: login } }
'''


class World:
    def __init__(self, build, folder, generation='simple', lifetime='30m', leeway='30s', bodies=False):
        self.build, self.dir, self.process, self.log = build, folder, None, None
        self.advanced = generation == 'advanced'
        self.modules = os.path.abspath(os.path.join(build, 'modules', '.libs'))
        os.makedirs(os.path.join(folder, 'set'))
        put(folder, 'key', KEY)
        listener, simple, self.nginx_conf = documented('XINFERENCE')[:3]
        put(folder, 'auth.json', json.dumps(AUTH))
        put(folder, 'first', 'rootroot1\n')
        text = ADVANCED.replace('DIR', folder) if self.advanced else substitute(simple, [
            ('scopes: scopes,', f'scopes: scopes, leeway: {leeway},'), ('/etc/policyd/xinference.key', f'{folder}/key'), ('/var/lib/policyd', folder)])
        put(folder, 'set/policy.yaml', text, 0o644)
        shutil.copy(os.path.join(TOP, 'policies', 'xinference-v3.yaml' if self.advanced else 'xinference.yaml'),
                    os.path.join(folder, 'set', 'xinference.yaml'))
        os.chmod(os.path.join(folder, 'set', 'xinference.yaml'), 0o644)
        self.unix, self.port = os.path.join(folder, 'x.sock'), free_port()
        pairs = [('/run/policyd/xinference.sock', self.unix), ('0660', '0666'), ('user: www-data', 'user: root'), ('30m', lifetime)]
        if self.advanced:
            pairs += [('simple', 'advanced'), ('style: xinference', 'style: xinference-v3')]
        self.conf = put(folder, 'policyd.yaml', CONF.replace('LISTENER', substitute(listener, pairs)).replace('DIR', folder)
                        .replace('PORT', str(self.port)).replace('MODULES', self.modules).replace('GENERATION', generation)
                        .replace('LIFETIME', lifetime))
        self.nginx, self.at = None, None
        self.bodies = os.path.join(folder, 'bodies.sock')   # for Envoy, which sends them
        if bodies:
            with open(self.conf, 'a') as f:
                f.write(BODIES.replace('DIR', folder))

    def policyctl(self, *words, stdin=None):
        command = program(self.build, 'policyctl') + list(words) + ['-p', os.path.join(self.dir, 'set'), '--module-dir', self.modules]
        r = subprocess.run(command, capture_output=True, text=True, input=stdin, env=dict(os.environ, XDG_STATE_HOME=self.dir))
        if r.returncode != 0:
            raise RuntimeError(f'{words}: {r.stdout}{r.stderr}')
        return r.stdout

    def accounts(self):
        """The first administrator, and, of the simple generation, those of its file."""
        self.policyctl('admin', 'init', 'root', 'admin', '--password-file', os.path.join(self.dir, 'first'))
        if self.advanced:
            return
        self.policyctl('login', 'root', '--password-stdin', '--kind', 'session', stdin='rootroot1\n')
        self.policyctl('import', 'xinference', os.path.join(self.dir, 'auth.json'), '--kind', 'api_key')

    def start(self):
        self.log = open(os.path.join(self.dir, 'log'), 'ab')
        command = program(self.build, 'policyd') + ['-c', self.conf]
        if os.environ.get('POL_SANITIZER', 'none') != 'none':
            command.append('--seccomp=off')
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wrong = settle(('127.0.0.1', self.port), self.process) or settle(self.unix, self.process)
        if wrong:
            sys.exit(f'policyd {wrong}: ' + open(self.log.name).read()[-2000:])
        end = time.monotonic() + 20
        while time.monotonic() < end and send(os.path.join(self.dir, 'health.sock'), 'GET', '/health/ready').status != 200:
            time.sleep(0.02)

    def front(self, app_port):
        """nginx before an application."""
        self.at = ('127.0.0.1', free_port())
        here = os.path.join(self.dir, 'nginx')
        os.mkdir(here)
        conf = substitute(self.nginx_conf, [('listen 80;', f'listen 127.0.0.1:{self.at[1]};'),
                                            ('127.0.0.1:9997', f'127.0.0.1:{app_port}'), ('/run/policyd/xinference.sock', self.unix)])
        name = put(here, 'nginx.conf', MAIN.replace('DIR', here) + conf + '}\n')
        self.nginx = subprocess.Popen(['nginx', '-p', here, '-c', name, '-e', os.path.join(here, 'nginx.log')])
        wrong = settle(self.at, self.nginx)
        if wrong:
            sys.exit(f'nginx {wrong}: ' + open(os.path.join(here, 'nginx.log')).read())

    def stop(self):
        for p in (self.nginx, self.process):
            if p is not None:
                p.terminate()
                p.wait(30)
        if self.log is not None:
            self.log.close()
