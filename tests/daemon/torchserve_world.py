# SPDX-License-Identifier: Apache-2.0
"""policyd with TorchServe's keys, its files as policyd(8) shows them."""
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time

from proxy_world import TOP, documented, free_port, program, put, send, settle, substitute

SECTION = 'TORCHSERVE'
AUTH = 'Authorization'


def body(code, kind, message):
    return f'{{\n  "code": {code},\n  "type": "{kind}",\n  "message": "{message}"\n}}\n'.encode()


def refused(word):
    return body(400, 'InvalidKeyException',
                f'Token {word} failed. Token either incorrect, expired, or not provided correctly')


NOT_FOUND = body(404, 'ResourceNotFoundException', 'Requested resource is not found, please refer to API document.')


def bearer(key):
    return [(AUTH, 'Bearer ' + key)]


class World:
    """A folder, and one policyd in it at a time."""

    def __init__(self, build, folder, more='', with_='', settings=()):
        self.build, self.folder = build, folder
        self.set = os.path.join(folder, 'set')
        os.makedirs(self.set, mode=0o755, exist_ok=True)
        self.proxy, self.token = (os.path.join(folder, n) for n in ('p', 't'))
        self.file = os.path.join(folder, 'key_file.json')
        conf, modules = documented(SECTION)[:2]
        paths = [('/etc/policy\n', self.set + '\nmodules: ' + os.path.join(build, 'modules', '.libs') + '\n'),
                 ('/run/policyd/proxy.sock', self.proxy), ('/run/policyd/token.sock', self.token),
                 ('/run/policyd/key_file.json', self.file), ('user: www-data', 'user: root'), ('"0660"', '"0666"')]
        self.text = substitute(conf, paths + list(settings)) + more
        put(self.set, 'policy.yaml', substitute(modules, [('/run/policyd/key_file.json', self.file),
                                                        ('write: true', 'write: true' + with_)]), 0o644)
        shutil.copy(os.path.join(TOP, 'policies', 'torchserve.yaml'), self.set)
        self.conf = put(folder, 'policyd.yaml', self.text, 0o644)
        self.process, self.log = None, os.path.join(folder, 'log')

    def start(self, *args, env=None, check=True):
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(program(self.build, 'policyd') + ['-c', self.conf, *args], stdout=log, stderr=log,
                                            env=dict(os.environ, **(env or {})))
        wrong = settle_ready(self)
        if wrong and check:
            raise SystemExit(f'policyd {wrong}: ' + open(self.log).read()[-2000:])
        return wrong

    def stop(self, sig=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(sig)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        return status

    def keys(self):
        """Of the file, which is whole and nobody else's: {'management', 'inference', 'API'}; the ends; else None"""
        try:
            with open(self.file) as f:
                mode = stat.S_IMODE(os.fstat(f.fileno()).st_mode)
                text = f.read()
        except FileNotFoundError:
            return None
        try:
            got = json.loads(text)
        except ValueError:
            return None
        wanted = json.dumps(got, indent=2) + '\n'
        if mode != 0o600 or text != wanted or list(got) != ['management', 'inference', 'API']:
            return None
        return {n: v['key'] for n, v in got.items()}, {n: v.get('expiration time') for n, v in got.items()}

    def rotate(self, kind, key, method='GET'):
        return send(self.token, method, f'/token?type={kind}', bearer(key))

    def may(self, routes, method, target, headers=()):
        """as nginx asks"""
        return send(self.proxy, 'GET', f'/auth/{routes}', [('X-Original-Method', method), ('X-Original-URI', target), *headers]).status

    def front(self):
        """Its process"""
        children = open(f'/proc/{self.process.pid}/task/{self.process.pid}/children').read().split()
        return int(children[0]) if children else None


def settle_ready(w):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if w.process.poll() is not None:
            return f'ends with {w.process.returncode}'
        try:
            if send(w.token, 'GET', '/health/ready').status == 200:
                return None
        except OSError:
            pass
        time.sleep(0.02)
    return 'is not ready'


MAIN = '''daemon off; master_process off; pid DIR/nginx.pid; error_log DIR/nginx.log warn;
events { worker_connections 512; }
http {
access_log off; client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u;
scgi_temp_path DIR/s;
'''


class Nginx:
    """With the configuration of policyd(8), before two ports."""

    def __init__(self, world, inference, management, pairs=()):
        self.inference, self.management = ('127.0.0.1', free_port()), ('127.0.0.1', free_port())
        here = os.path.join(world.folder, f'nginx-{self.inference[1]}')
        os.mkdir(here)
        text = substitute(documented(SECTION)[2], [
            ('/run/policyd/proxy.sock', world.proxy), ('/run/policyd/token.sock', world.token),
            ('127.0.0.1:18080', f'127.0.0.1:{inference}'), ('127.0.0.1:18081', f'127.0.0.1:{management}'),
            ('listen 8080;', f'listen 127.0.0.1:{self.inference[1]};'),
            ('listen 8081;', f'listen 127.0.0.1:{self.management[1]};'), *pairs])
        conf = put(here, 'nginx.conf', MAIN.replace('DIR', here) + text + '}\n')
        self.log = os.path.join(here, 'nginx.log')
        self.process = subprocess.Popen(['nginx', '-p', here, '-c', conf, '-e', self.log])
        wrong = settle(self.inference, self.process)
        if wrong:
            raise SystemExit(f'nginx {wrong}: ' + open(self.log).read())

    def stop(self):
        self.process.terminate()
        self.process.wait()


INSTANT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z')
