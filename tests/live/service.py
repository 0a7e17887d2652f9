# SPDX-License-Identifier: Apache-2.0
"""policyd and a set of its own in a folder, for hosts that ask it over HTTP."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from live import program, put

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def fill(path, words):
    """A file of a live host, with what it has of this run: @NAME@."""
    with open(path) as f:
        text = f.read()
    for name, value in words.items():
        text = text.replace(f'@{name}@', str(value))
    return text


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode('utf-8', 'replace')

    @property
    def json(self):
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def __getitem__(self, name):
        return self.json.get(name) if isinstance(self.json, dict) else None


def ask(port, method, path, body=None, token=None, headers=None):
    """One request; body: an object, or bytes as they are."""
    headers = dict(headers or {})
    if token is not None:
        headers['Authorization'] = f'Bearer {token}'
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        headers.setdefault('Content-Type', 'application/json')
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
    try:
        c.request(method, path, body=body, headers=headers)
        return Answer(c.getresponse())
    finally:
        c.close()


def until(what, seconds=20):
    """Until what() is true: what one process changed another sees a little later."""
    end = time.monotonic() + seconds
    while not (got := what()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(got)


class Service:
    def __init__(self, build, folder, source, policies, **words):
        """source: a folder with policy.yaml and policyd.yaml; policies: of the folder `policies`."""
        self.folder, self.build = folder, build
        self.set = os.path.join(folder, 'set')
        self.port = free_port()
        self.words = {'DIR': folder, 'MODULES': os.path.abspath(os.path.join(build, 'modules', '.libs')), 'PORT': self.port,
                      'STORE': f'sqlite:{folder}/store/accounts.db', **words}
        os.makedirs(self.set, mode=0o755)
        os.makedirs(os.path.join(folder, 'store'), mode=0o700)
        for name in policies:
            shutil.copy(os.path.join(TOP, 'policies', name + '.yaml'), self.set)
        self.write(os.path.join(source, 'policy.yaml'), os.path.join(self.set, 'policy.yaml'))
        self.write(os.path.join(source, 'policyd.yaml'), os.path.join(folder, 'policyd.yaml'))
        self.log = os.path.join(folder, 'policyd.log')
        self.process = None

    def write(self, source, path):
        with open(path, 'w') as f:
            f.write(fill(source, self.words))
        os.chmod(path, 0o600)

    def ctl(self, *args, text='', check=True, token=None):
        """policyctl, its input as text, in the name of who has the token: what it says."""
        verb, rest = [args[0]], list(args[1:])
        if token is not None:
            rest += ['--token-file', put(self.folder, 'token', token + '\n')]
        if args[0] in ('user', 'token', 'key', 'grant', 'admin'):
            verb.append(rest.pop(0))
        r = subprocess.run(program(self.build, 'policyctl') + verb + ['-p', self.set, '--module-dir', self.words['MODULES']] + rest,
                           input=text, text=True, capture_output=True)
        if check and r.returncode != 0:
            sys.exit(f'policyctl {args}: {r.returncode}: {r.stdout}{r.stderr}')
        return r.stdout

    def start(self):
        self.process = subprocess.Popen(program(self.build, 'policyd') + ['-c', os.path.join(self.folder, 'policyd.yaml')],
                                        stdin=subprocess.DEVNULL, stdout=open(self.log, 'ab'), stderr=subprocess.STDOUT)
        if not until(lambda: self.process.poll() is not None or self.is_up()) or self.process.poll() is not None:
            sys.exit(f'policyd does not come up: {self.said()[-3000:]}')

    def is_up(self):
        try:
            return self.ask('GET', '/health/live').status == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, token=None, headers=None):
        return ask(self.port, method, path, body, token, headers)

    def said(self):
        with open(self.log) as f:
            return f.read()

    def stop(self):
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process = None
