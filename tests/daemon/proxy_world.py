# SPDX-License-Identifier: Apache-2.0
"""What stands around a proxy under test: a set with routes, policyd, an application that
records what reaches it, and requests written byte by byte."""
import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live'))
from live import Count, crypt, mint, program, put  # noqa: E402,F401

SECRET = b'this is thirty-two bytes or more, surely'
TOP = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')

SET = r'''
policy: 1
modules:
  - { use: jwt, unscoped: full, subject: { type: user, id: sub, shared: true }, with: { issuer: people, audience: app, secret_file: "DIR/secret" } }
  - { use: jwt, name: machines, unscoped: full, subject: { type: service, id: sub, shared: true },
      with: { issuer: machines, audience: app, secret_file: "DIR/secret" } }
  - { use: token_file, name: keys, for: api_key, subject: { type: service, id: batch, shared: true }, with: { file: "DIR/keys" } }
  - { use: password, subject: { type: user, shared: true }, with: { file: "DIR/people" } }
resources: { model: }
actions:
  models:list:
  models:read:  { resource: model }
  models:start: { resource: model }
  models:stop:  { resource: model }
  models:chat:  { resource: model }
  manage:
  hello:
  cli:
  policyd:evaluate:
roles:
  reader: { allow: [models:list, models:read] }
  owner:  { allow: [models:list, models:read, models:start, models:stop, manage, cli] }
  talker: { allow: { actions: models:chat, resources: model/small } }
  guest:  { allow: hello }
  proxy:  { allow: policyd:evaluate }
users:
  ann:  { roles: [owner, talker] }
  bob:  { roles: [reader, guest] }
  carl: { roles: guest }
  "odd, 100% \u00e9": { roles: reader }
  service:batch: { roles: reader }
  service:bob:   { roles: reader }
  service:proxy: { roles: proxy }
routes:
  default:
    - { match: "GET /ping", public: true }
    - { match: "GET /v1/cluster/auth", public: true }
    - { match: "GET /v1/models", action: models:list }
    - { match: "HEAD /v1/models", action: models:list }
    - { match: "GET /v1/models/{id}", action: models:read, resource: "model/{id}" }
    - { match: "POST /v1/models/{id}", action: models:start, resource: "model/{id}" }
    - { match: "DELETE /v1/models/{id}", action: models:stop, resource: "model/{id}" }
    - { match: "POST /v1/chat", action: models:chat, resource: "model/{model}", body: model }
    - { match: "GET /fl/pip/{name}/list", action: cli }
    - { match: "* /admin/{rest**}", action: manage }
    - { match: "GET /hello", action: hello }
  other:
    - { match: "GET /v1/models", action: manage }
'''

CONF = '''policyd: 1
policy: DIR/policy.yaml
modules: MODULES
threads: 2
listeners:
LISTENER  - { unix: DIR/metrics.sock, serve: [metrics], mode: "0600" }
  - tcp: 127.0.0.1:PORT
    serve: [proxy]
    proxy: { routes: default, bodies: 1KiB }
'''


class Quiet(Count):
    def check(self, what, wanted, got):
        self.failed += wanted != got


def token(sub, issuer='people', expires=3600, secret=SECRET, **more):
    now = int(time.time())
    return mint(secret, sub=sub, iss=issuer, aud='app', iat=now - 7200, exp=now + expires, **more)


def basic(name, password):
    return 'Basic ' + base64.b64encode(f'{name}:{password}'.encode()).decode()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def settle(address, process, seconds=20):
    """Until something listens at the address; None, or what went wrong."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            return f'ends with {process.returncode}'
        try:
            connect(address).close()
            return None
        except OSError:
            time.sleep(0.02)
    return 'does not listen'


def connect(address):
    s = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    s.settimeout(10)
    try:
        s.connect(address)
    except OSError:
        s.close()
        raise
    return s


class Answer:
    def __init__(self, raw, head_only=False):
        head, _, self.body = raw.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        words = lines[0].split(' ')
        self.status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        self.headers = [(n.lower(), v.strip(' \t')) for n, _, v in (line.partition(':') for line in lines[1:])]
        if ('transfer-encoding', 'chunked') in self.headers:
            self.body = dechunk(self.body)

    def get(self, name):
        return [v for n, v in self.headers if n == name]

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def dechunk(data):
    out = b''
    while data:
        size, _, data = data.partition(b'\r\n')
        n = int(size.split(b';')[0], 16)
        if n == 0:
            break
        out, data = out + data[:n], data[n + 2:]
    return out


def send(address, method, target, headers=(), body=None, chunked=False):
    """One request, as it is given, on a connection of its own. target: text (latin-1)."""
    lines = [f'{method} {target} HTTP/1.1', 'Host: app.example', 'Connection: close']
    lines += [f'{n}: {v}' for n, v in headers]
    if chunked:
        lines.append('Transfer-Encoding: chunked')
        body = b'%x\r\n%s\r\n0\r\n\r\n' % (len(body), body)
    elif body is not None:
        lines.append(f'Content-Length: {len(body)}')
    raw = ('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1') + (body or b'')
    got = b''
    try:
        with connect(address) as s:
            s.sendall(raw)
            while True:
                part = s.recv(65536)
                if not part:
                    break
                got += part
                if whole(got, method):
                    break
    except OSError:
        pass
    return Answer(got)


def whole(got, method):
    head, end, body = got.partition(b'\r\n\r\n')
    size = re.search(rb'\r\ncontent-length: *(\d+)', head, re.I)
    return bool(end) and (method in ('HEAD', 'CONNECT') or bool(size) and len(body) >= int(size[1]))


class App:
    """The application: keeps every request, as it came, and answers in JSON."""
    BODIES = {
        '/v1/cluster/auth': {'auth': True},
        '/v1/models': {'object': 'list', 'data': [{'id': 'm1', 'object': 'model', 'created': 1, 'owned_by': 'x'}]},
        '/fl/pip/integrate-ai-sdk/list': {'package_name': 'integrate-ai-sdk', 'package_versions': [
            {'version': '9.0', 'revision': 'x', 'status': 'Published'}]},
    }

    def __init__(self):
        self.seen = []
        self.lock = threading.Lock()
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            s, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            with s, s.makefile('rb') as f:
                while self.one(s, f):
                    pass
        except OSError:
            pass

    def one(self, s, f):
        line = f.readline().decode('latin-1').rstrip('\r\n')
        if not line:
            return False
        headers = []
        while (h := f.readline().decode('latin-1').rstrip('\r\n')):
            n, _, v = h.partition(':')
            headers.append((n, v.strip(' \t')))
        get = {n.lower(): v for n, v in headers}
        body = f.read(int(get.get('content-length', 0)))
        if get.get('transfer-encoding') == 'chunked':
            while (size := int(f.readline().split(b';')[0], 16)):
                body += f.read(size)
                f.readline()
            f.readline()
        method, target = (line.split(' ') + [''])[:2]
        with self.lock:
            self.seen.append((method, target, headers, body))
        out = json.dumps(self.BODIES.get(target, {'app': 1})).encode()
        s.sendall(f'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(out)}\r\n\r\n'.encode() +
                  (b'' if method == 'HEAD' else out))
        return line.endswith('HTTP/1.1') and get.get('connection', '').lower() != 'close'

    def take(self):
        with self.lock:
            seen, self.seen = self.seen, []
        return seen


class Policyd:
    def __init__(self, folder, build):
        self.folder, self.build = folder, build
        self.unix = os.path.join(folder, 'proxy.sock')
        self.port = free_port()
        put(folder, 'secret', SECRET.decode())
        put(folder, 'keys', 'key-of-the-batch-service\n')
        put(folder, 'people', ''.join(f'{n}:{crypt(n + " has a password")}\n' for n in ('ann', 'bob')))
        put(folder, 'policy.yaml', SET.replace('DIR', folder).encode().decode('unicode_escape').lstrip())
        listener = substitute(documented('PROXIES')[0], [('/run/policyd/proxy.sock', self.unix), ('0660', '0666'),
                                                         ('user: www-data', 'user: root'), ('64KiB', '1KiB')])
        self.conf = put(folder, 'policyd.yaml', CONF.replace('LISTENER', listener)
                        .replace('DIR', folder).replace('PORT', str(self.port))
                        .replace('MODULES', os.path.abspath(os.path.join(build, 'modules', '.libs'))))
        self.process = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, 'policyd.log'), 'ab')
        self.process = subprocess.Popen(program(self.build, 'policyd') + ['-n', '-c', self.conf],
                                        stdout=self.log, stderr=self.log)
        wrong = settle(('127.0.0.1', self.port), self.process) or settle(self.unix, self.process)
        if wrong:
            sys.exit(f'policyd {wrong}: ' + open(self.log.name).read()[-2000:])

    def decisions(self):
        """How many there were so far."""
        text = send(os.path.join(self.folder, 'metrics.sock'), 'GET', '/metrics').body.decode()
        return sum(int(float(n)) for n in re.findall(r'^policy_decisions_total\{.*\} (\S+)$', text, re.M))

    def freeze(self):
        """Until the last of its threads stands still."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = f'/proc/{self.process.pid}/task'
        while any(open(f'{tasks}/{n}/stat').read().rpartition(')')[2].split()[0] != 'T' for n in os.listdir(tasks)):
            time.sleep(0.01)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        self.log.close()


def documented(section):
    """The configurations that the manual shows in a section, as they stand there."""
    name = os.path.join(TOP, 'doc', 'policyd.8')
    text = open(name).read()
    text = text[text.index(f'\n.Sh {section}\n'):]
    end = text.find('\n.Sh ', 1)
    blocks = re.findall(r'\n\.Bd -literal[^\n]*\n(.*?)\n\.Ed', text[:end if end > 0 else len(text)], re.S)
    return [b.replace(r'\&', '').replace(r'\e', '\\') + '\n' for b in blocks]


def substitute(text, pairs):
    for old, new in pairs:
        if old not in text:
            sys.exit(f'doc/policyd.8 shows no {old!r}')
        text = text.replace(old, new)
    return text
