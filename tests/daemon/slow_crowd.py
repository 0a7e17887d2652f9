# SPDX-License-Identifier: Apache-2.0
"""Clients that take their time, in a process of their own. Each is reopened when it is cut off,
until told otherwise."""
import json
import multiprocessing
import socket
import time

from http_world import EVALUATION

CALLER = 'Host: a\r\nAuthorization: Bearer pass:host\r\nContent-Type: application/json\r\n'
MANY = json.dumps({'subject': {'type': 'user', 'id': 'a'}, 'action': {'name': 'policyd:search'},
                   'evaluations': [{'resource': {'type': 't', 'id': 'x' * 20}}] * 1000}).encode()


def post(framing, path=EVALUATION):
    return f'POST {path} HTTP/1.1\r\n{CALLER}{framing}\r\n\r\n'.encode()


HEAD = b'GET /health/live HTTP/1.1\r\nHost: a\r\nX: '
# name: how many, what is sent first, what is sent now and then
KINDS = {
    'a slow head': (300, HEAD, b'y'),
    'a slow body': (150, post('Content-Length: 100000'), b' '),
    'a large body that stops': (150, post('Content-Length: 1000000') + b' ' * 900000, b' '),
    'an endless body': (150, post('Transfer-Encoding: chunked'), b'4000\r\n' + b' ' * 16384 + b'\r\n'),
    'large answers that are not read': (250, post(f'Content-Length: {len(MANY)}', EVALUATION + 's') + MANY, b''),
}
CLIENTS = sum(k[0] for k in KINDS.values())
TICKS = 10                              # a second; each client has its turn once a second


class Client:
    def __init__(self, port, kind):
        self.port, self.kind = port, kind
        self.s = None

    def open(self):
        self.s = socket.socket()
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.s.connect(('127.0.0.1', self.port))
        self.s.setblocking(False)
        self.left = KINDS[self.kind][1]

    def turn(self):
        """false: it was cut off"""
        first = bool(self.left)
        data = self.left or KINDS[self.kind][2]
        try:
            if data:
                sent = self.s.send(data)
                self.left = data[sent:] if first else b''
            if self.kind != 'large answers that are not read' and self.s.recv(4096) == b'':
                return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def close(self):
        self.s.close()
        self.s = None


def crowd(port, pipe):
    clients = [Client(port, kind) for kind, k in KINDS.items() for _ in range(k[0])]
    again, cut, tick = True, 0, 0
    for c in clients:
        c.open()
    while again is not None:
        for c in clients[tick % TICKS::TICKS] if tick > TICKS else clients:
            if c.s and not c.turn():
                cut += 1
                c.close()
                if again:
                    c.open()
        tick += 1
        if tick == TICKS:
            pipe.send(sum(c.s is not None for c in clients))
        if pipe.poll(1 / TICKS):
            again = pipe.recv()
    pipe.send(cut)


class Crowd:
    def __init__(self, port):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=crowd, args=(port, other), daemon=True)
        self.process.start()
        self.open = self.pipe.recv()

    def no_more(self):
        """Who is cut off stays away."""
        self.pipe.send(False)

    def end(self):
        """How many were cut off"""
        self.pipe.send(None)
        cut = self.pipe.recv()
        self.process.join()
        return cut
