# SPDX-License-Identifier: Apache-2.0
"""policyd in the foreground on a set whose tokens say themselves whose they are, and
connections to it that send bytes."""
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'live'))
from live import Count  # noqa: E402,F401

EVALUATION = '/access/v1/evaluation'
BODY = b'{"subject":{"type":"user","id":"a"},"action":{"name":"policyd:search"},"resource":{"type":"t","id":"1"}}'
SET = '''policy: 1
actions:
  policyd:evaluate:
  policyd:search:
roles: { host: { allow: [ "policyd:evaluate", "policyd:search" ] }, seeker: { allow: "policyd:search" },
  judge: { allow: "policyd:evaluate" } }
users: { "service:host": { roles: host }, "service:seeker": { roles: seeker }, "service:judge": { roles: judge }, "service:nobody": {} }
modules:
  - { use: return, for: bearer, unscoped: full, subject: { type: service, shared: true } }
  - { use: return_block, for: password, unscoped: full, subject: { type: service, shared: true } }
'''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __getitem__(self, name):
        return self.headers.get(name.lower())


class Wire:
    """One connection: send() bytes, answer() one at a time."""

    def __init__(self, at, wrap=None):
        self.s = socket.socket(socket.AF_UNIX if isinstance(at, str) else socket.AF_INET)
        self.s.settimeout(30)
        self.s.connect(at if isinstance(at, str) else ('127.0.0.1', at))
        if not isinstance(at, str):
            self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap:
            self.s = wrap.wrap_socket(self.s, server_hostname='localhost')
        self.left = b''

    def send(self, data):
        try:
            self.s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass                        # it has answered, and closed
        return self

    def more(self):
        try:
            data = self.s.recv(65536)
        except ConnectionResetError:
            data = b''
        self.left += data
        return data != b''

    def answer(self, has_body=True):
        """the next one; None: the connection was closed"""
        while b'\r\n\r\n' not in self.left:
            if not self.more():
                return None
        head, self.left = self.left.split(b'\r\n\r\n', 1)
        lines = head.decode('latin-1').split('\r\n')
        headers = {k.lower(): v for k, v in (line.split(': ', 1) for line in lines[1:])}
        status = int(re.match(r'HTTP/1\.1 (\d{3}) ', lines[0]).group(1))
        size = int(headers.get('content-length', 0)) if has_body else 0
        while len(self.left) < size and self.more():
            pass
        body, self.left = self.left[:size], self.left[size:]
        return Answer(status, headers, body)

    def status(self):
        a = self.answer()
        return a.status if a else None

    def is_closed(self):
        """nothing more comes, and it ends"""
        return self.left == b'' and not self.more()

    def close(self):
        self.s.close()


def request(method='POST', path=EVALUATION, headers=(), body=BODY, version='HTTP/1.1'):
    head = f'{method} {path} {version}\r\nHost: a\r\n' + ''.join(f'{k}: {v}\r\n' for k, v in headers)
    if body is not None:
        head += f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\n'
    return head.encode('latin-1') + b'\r\n' + (body or b'')


def bearer(answer):
    return ('Authorization', f'Bearer {answer}')


LIVE = request('GET', '/health/live', body=None)


class World:
    def __init__(self, policyd, modules, tmp, name, conf='', listeners='', text=SET):
        self.folder = os.path.join(tmp, name)
        os.mkdir(self.folder, 0o755)
        self.socket = f'{self.folder}/s'
        self.port = free_port()
        with open(f'{self.folder}/set.yaml', 'w') as f:
            f.write(text)
        with open(f'{self.folder}/policyd.yaml', 'w') as f:
            f.write(f'policyd: 1\npolicy: {self.folder}/set.yaml\nmodules: {modules}\n{conf}'
                    f'listeners:\n  - {{ unix: {self.socket}, serve: [authzen, health] }}\n'
                    f'  - {{ tcp: "127.0.0.1:{self.port}", serve: [authzen, health] }}\n' + listeners)
        self.log = f'{self.folder}/log'
        with open(self.log, 'w') as f:
            self.process = subprocess.Popen([policyd, '-n', '-c', f'{self.folder}/policyd.yaml'], stdout=f, stderr=f)
        self.until('policyd: ready')

    def said(self):
        with open(self.log) as f:
            return f.read()

    def until(self, text, count=1):
        while self.said().count(text) < count:
            if self.process.poll() is not None:
                sys.exit(f'policyd ended: {self.process.poll()}: {self.said()[-3000:]}')
            time.sleep(0.01)

    def tcp(self):
        return Wire(self.port)

    def unix(self):
        return Wire(self.socket)

    def signal(self, which):
        self.process.send_signal(which)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.process.wait(60)
