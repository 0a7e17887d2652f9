# SPDX-License-Identifier: Apache-2.0
"""What stands around AuthZEN under test: policyd in the foreground on a set of its own, and
requests to it, some written byte by byte."""
import atexit
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'live'))
from live import Count, put  # noqa: E402,F401

TOKENS = {name: f'{name}-token-of-some-length-1234567890' for name in ('host', 'asker', 'nobody', 'alice', 'bob')}
EVALUATION, EVALUATIONS, SEARCH = '/access/v1/evaluation', '/access/v1/evaluations', '/access/v1/search/'
KNOWN = '/.well-known/authzen-configuration'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost')
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None

    @property
    def decision(self):
        return self.json.get('decision') if self.status == 200 and isinstance(self.json, dict) else self.status

    @property
    def reason(self):
        return self.json['context']['reason'] if self.status == 200 else self.status

    @property
    def decisions(self):
        return [e['decision'] for e in self.json['evaluations']] if self.status == 200 else self.status

    @property
    def names(self):
        """of a search, in order"""
        if self.status != 200:
            return self.status
        return sorted(r.get('id', r.get('name')) for r in self.json['results'])


class World:
    """policyd on `files` (name: text). Steps for TOKENS are added, so that TCP can be asked."""

    def __init__(self, args, name, files, conf='', url=None, batch=1000, tcp=False):
        self.folder = os.path.join(args.tmp, name)
        os.makedirs(os.path.join(self.folder, 'set'))
        for file, text in files.items():
            put(os.path.join(self.folder, 'set'), file, text, 0o644)
        if 'policy.yaml' not in files:
            put(os.path.join(self.folder, 'set'), 'policy.yaml', self.steps(), 0o644)
        self.socket = os.path.join(self.folder, 's')
        self.port = free_port() if tcp else None
        text = f'policyd: 1\npolicy: {self.folder}/set\nmodules: {args.modules}\nthreads: 1\nlimits: {{ batch: {batch} }}\n'
        text += f'read: [ "{args.tmp}" ]\nwrite: [ "{args.tmp}" ]\n'      # of tokens, of records
        text += f'url: {url}\n' if url else ''
        text += f'listeners:\n  - unix: {self.socket}\n    serve: [authzen, health, metrics]\n'
        text += f'  - tcp: 127.0.0.1:{self.port}\n    serve: [authzen, health]\n' if tcp else ''
        self.conf = put(self.folder, 'policyd.yaml', text + conf)
        self.log = open(os.path.join(self.folder, 'log'), 'w+')
        # who is shut in cannot be looked into by what seeks leaks
        env = {**os.environ, 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'}
        self.process = subprocess.Popen([args.policyd, '-n', '-c', self.conf], stdout=self.log, stderr=self.log, env=env)
        atexit.register(self.process.kill)     # whatever the tests come to
        self.kept = None
        self.settle()

    def steps(self):
        who = {'host': 'service', 'asker': 'service', 'nobody': 'service'}
        lines = ['policy: 1', 'modules:']
        for name, token in TOKENS.items():
            file = put(self.folder, f'{name}.token', token + '\n')
            lines.append(f'  - {{ use: token_file, name: {name}, for: bearer, control: sufficient, unscoped: full, '
                         f'with: {{ file: "{file}" }}, subject: {{ type: {who.get(name, "user")}, id: {name}, shared: true }} }}')
        return '\n'.join(lines) + '\n'

    def settle(self):
        for _ in range(1000):
            if self.process.poll() is not None:
                break
            try:
                return Unix(self.socket).connect()
            except OSError:
                time.sleep(0.02)
        self.log.seek(0)
        sys.exit(f'policyd does not listen: {self.process.poll()}: {self.log.read()[-2000:]}')

    def request(self, method, path, body=b'', headers=(), port=None):
        """One request on a connection of its own; headers: pairs, as they are sent."""
        c = http.client.HTTPConnection('127.0.0.1', port, timeout=20) if port else Unix(self.socket)
        return self.send(c, method, path, body, headers, True)

    @staticmethod
    def send(c, method, path, body, headers, close):
        c.putrequest(method, path, skip_host=any(k.lower() == 'host' for k, _ in headers), skip_accept_encoding=True)
        for k, v in headers:
            c.putheader(k, v)
        if body or method == 'POST':
            c.putheader('Content-Length', str(len(body)))
        c.endheaders(body or None)
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        if close:
            c.close()
        return answer

    def post(self, path, body, headers=()):
        """JSON, on a connection that is kept."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = [('Content-Type', 'application/json'), *headers]
        if self.kept is None:
            self.kept = Unix(self.socket)
        try:
            return self.send(self.kept, 'POST', path, data, headers, False)
        except (http.client.HTTPException, OSError):
            self.kept.close()
            self.kept = Unix(self.socket)
            return self.send(self.kept, 'POST', path, data, headers, False)

    def end(self, count):
        if self.kept:
            self.kept.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = 'killed, it did not end'
        count.check('policyd ends when it is told to', 0, code)
        self.log.seek(0)
        text = self.log.read()
        count.check('no secret is logged', [], [t for t in TOKENS.values() if t in text])
        for word in ('ERROR: ', 'runtime error', 'WARNING: ThreadSanitizer'):
            count.check(f'no "{word}" in the log', -1, text.find(word))
        self.log.close()


def question(subject='alice', action='read', resource='r1', **more):
    """type: record and user where not said as TYPE/ID"""
    def entity(kind, text):
        t, _, i = text.rpartition('/')
        return {'type': t or kind, 'id': i}
    return {'subject': entity('user', subject), 'action': {'name': action}, 'resource': entity('record', resource), **more}
