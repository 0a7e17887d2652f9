#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who is slow does not make others wait, and does not make policyd large. slow.py POLICYD
MODULES TMP ROUNDS; last line: N passed, N failed. Times are printed; what is judged are
answers, bytes and connections."""
import json
import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time

from http_world import BODY, EVALUATION, LIVE, SET, Count, World, bearer, request
from slow_crowd import CLIENTS, KINDS, Crowd

MEMORY = 256 * 1024                     # KiB that policyd may have
QUESTION = request(headers=[bearer('pass:host')])
MANY_JSON = 100 * 1024 * 1024


def memory(w, what='VmHWM'):
    with open(f'/proc/{w.process.pid}/status') as f:
        return int(next(line for line in f if line.startswith(what)).split()[1])


def descriptors(w):
    return len(os.listdir(f'/proc/{w.process.pid}/fd'))


def probe(at, seconds, pipe):
    """One question after the other, from another process: (ns of each, answers that were none)"""
    from http_world import Wire
    one, took, wrong = Wire(at), [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic_ns()
        status = one.send(QUESTION).status()
        took.append(time.monotonic_ns() - began)
        if status != 200:
            wrong += 1
            one = Wire(at)
        time.sleep(0.001)
    pipe.send((took, wrong))


class Others:
    """Those who ask meanwhile, one at each socket; their times, with and without."""

    def __init__(self, w, c, seconds):
        self.w, self.c, self.seconds = w, c, seconds
        self.p99, self.worst = {True: [], False: []}, {True: 0, False: 0}

    def ask(self, beside):
        jobs = []
        for at in (self.w.socket, self.w.port):
            pipe, other = multiprocessing.Pipe()
            jobs.append((pipe, multiprocessing.Process(target=probe, args=(at, self.seconds, other), daemon=True)))
            jobs[-1][1].start()
        took = []
        for pipe, process in jobs:
            times, wrong = pipe.recv() if pipe.poll(self.seconds + 60) else ([], 'none')
            process.join(1)
            took += times
            self.c.check('others are answered', (0, True), (wrong, len(times) > 20))
        took.sort()
        self.p99[beside].append(took[len(took) * 99 // 100])
        self.worst[beside] = max(self.worst[beside], took[-1])

    def say(self, what):
        with_, without = (statistics.median(self.p99[b]) / 1e6 for b in (True, False))
        print(f'p99 of others beside {what}: {with_:.2f} ms, without {without:.2f} ms: {with_ / without:.2f} times '
              f'(medians of {len(self.p99[True])}; worst of all {self.worst[True] / 1e6:.1f} and {self.worst[False] / 1e6:.1f} ms)')


def until(holds, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def slow_clients(c, args, rounds):
    w = World(*args, 'slow', 'limits: { idle: 3s }\n')
    before = descriptors(w)
    others = Others(w, c, 3 if rounds == 1 else 6)
    cut = 0
    for _ in range(rounds):
        others.ask(False)
        crowd = Crowd(w.port)
        c.check('slow clients', (CLIENTS, True), (crowd.open, descriptors(w) > before + 100))
        others.ask(True)
        crowd.no_more()
        c.check('all are cut off', True, until(lambda: descriptors(w) <= before + 2))
        time.sleep(1.5)                 # they look once a second
        cut += crowd.end()
    others.say(f'{CLIENTS} slow clients')
    print(f'  ({", ".join(f"{k[0]} {name}" for name, k in KINDS.items())}; {cut} noticed that they were cut off); policyd had at most '
          f'{memory(w) // 1024} MB')
    c.check('memory', True, memory(w) < MEMORY)
    c.check('alive', 200, w.tcp().send(LIVE).status())
    c.check('exit', 0, w.stop())


def bad_json(c, args):
    w = World(*args, 'json')
    whole = json.loads(BODY)
    deep = 10000
    bodies = {
        'a name twice': BODY[:-1] + b',"action":{"name":"policyd:evaluate"}}', 'a name twice, escaped': BODY[:-1] + b',"acti\\u006fn":{"name":"x"}}',
        'a name twice, within': BODY.replace(b'"id":"a"', b'"id":"a","id":"b"'), 'no UTF-8': BODY.replace(b'"a"', b'"\xff"'),
        'UTF-8 that is too long': BODY.replace(b'"a"', b'"\xc0\xaf"'), 'half of a pair': BODY.replace(b'"a"', b'"\\ud800"'),
        'half of a pair in UTF-8': BODY.replace(b'"a"', b'"\xed\xa0\x80"'), 'beyond Unicode': BODY.replace(b'"a"', b'"\xf4\x90\x80\x80"'),
        'a byte order mark': b'\xef\xbb\xbf' + BODY, 'UTF-16': BODY.decode().encode('utf-16'), 'a NUL': BODY + b'\0', 'two': BODY + BODY, 'nothing': b'',
        'cut off': BODY[:-1], 'a comma': BODY[:-1] + b',}', 'a comment': BODY + b'//', 'NaN': BODY[:-1] + b',"context":{"a":NaN}}',
        'a number too large': BODY[:-1] + b',"context":{"a":1e999}}', 'a control byte': BODY.replace(b'"a"', b'"\n"'), 'a list': b'[' + BODY + b']',
        'lists': b'[' * deep + b']' * deep, 'lists without an end': b'[' * deep, 'objects': b'{"a":' * deep + b'1' + b'}' * deep,
        'lists within': BODY[:-1] + b',"context":{"a":' + b'[' * deep + b']' * deep + b'}}',
        'many lists': b'[' * 900000, 'many names': BODY[:-1] + b',"context":{' + b','.join(b'"%d":1' % (i % 70000) for i in range(70001)) + b'}}',
    }
    c.check('what is none is made of what is one', 200, w.unix().send(request(body=json.dumps(whole).encode())).status())
    for path in (EVALUATION, EVALUATION + 's', '/access/v1/search/subject', '/access/v1/search/resource', '/access/v1/search/action'):
        for what, body in bodies.items():
            for connect in (w.unix, w.tcp):
                c.check(f'{path}: {what}', 400, connect().send(request(path=path, body=body, headers=[bearer('pass:host')])).status())
    head = f'POST {EVALUATION} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer pass:host\r\nContent-Type: application/json\r\n'.encode()
    for connect in (w.unix, w.tcp):
        c.check('100 MB', 413, connect().send(head + b'Content-Length: %d\r\n\r\n' % MANY_JSON + b' ' * MANY_JSON).status())
        chunk = b'100000\r\n' + b' ' * 0x100000 + b'\r\n'
        c.check('100 MB in chunks', True, connect().send(head + b'Transfer-Encoding: chunked\r\n\r\n' + chunk * 100 + b'0\r\n\r\n').status() in (413, None))
    c.check('alive', 200, w.tcp().send(QUESTION).status())
    c.check('memory', True, memory(w) < MEMORY)
    print(f'bodies that are no JSON, {len(bodies)} kinds: policyd had at most {memory(w) // 1024} MB')
    c.check('exit', 0, w.stop())


def blocked(c, args, rounds, many):
    """A Vault that takes connections and never says a word; who is to be known by it waits."""
    if not os.path.exists(os.path.join(args[1], 'vault.so')):
        return c.skip(8, 'a module that waits (vault is not built)')
    mute = socket.socket()
    mute.bind(('127.0.0.1', 0))
    mute.listen(200)
    far = ('  - { use: vault, name: far, for: password, unscoped: full, subject: { type: user }, timeout: 10s, with: { mode: login, method: userpass, '
           f'address: "http://127.0.0.1:{mute.getsockname()[1]}", insecure: true, timeout: 10s, retries: 0 }} }}\n')
    text = ''.join(far if 'for: password' in line else line for line in SET.splitlines(True))
    w = World(*args, 'blocked', 'limits: { wait: 10s, idle: 60s }\n', text=text)
    others = Others(w, c, 4)
    for _ in range(rounds):
        others.ask(False)
        waiting, statuses = [], []
        for i in range(many):
            ask = json.loads(BODY)
            del ask['subject']
            ask['credential'] = {'type': 'password', 'name': f'someone{i}', 'data': 'not known'}
            waiting.append(w.unix().send(request(body=json.dumps(ask).encode())))
        time.sleep(0.5)
        others.ask(True)

        def take(one):
            a = one.answer()
            statuses.append((a.status, json.loads(a.body).get('decision') if a.status == 200 else None))
        threads = [threading.Thread(target=take, args=(one,)) for one in waiting]
        early = sum(bool(len(one.left)) for one in waiting)
        for t in threads:
            t.start()
        for t in threads:
            t.join(150)
        c.check('who waits is told no', (many, 0), (len(statuses), sum(s not in ((200, False), (503, None)) for s in statuses)))
        c.check('no one before others were', 0, early)
    others.say(f'{many} requests that wait for a Vault')
    print(f'  (answers to those: {sorted({str(s): statuses.count(s) for s in statuses}.items())})')
    c.check('alive', 200, w.tcp().send(LIVE).status())
    c.check('exit', 0, w.stop())


def main():
    *args, rounds = sys.argv[1:]
    c = Count()
    bad_json(c, args)
    slow_clients(c, args, int(rounds))
    blocked(c, args, min(int(rounds), 3), 16 if rounds == '1' else 50)
    return c.finish()


if __name__ == '__main__':
    sys.exit(main())
