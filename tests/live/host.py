# SPDX-License-Identifier: Apache-2.0
"""A host under test (held.c), what becomes of its calls, and what stands between it and
a real server: half an answer, or a server that stands still."""
import os
import signal
import socket
import subprocess
import threading
import time

from live import Count, program, put
from test_bao import dies_with_us

COUNT = Count()
TRIES = {'unavailable': 0, 'other': 0, 'around': 0, 'again': 0}
ROBOT = 'robot-token-0123456789abcdef'
AROUND = 'allow rule 200 user:alice', 'allow rule 200 service:robot'

SET = '''policy: 1
actions: [work, read, sweep]
roles: {{ worker: {{ allow: work }}, reader: {{ allow: read }}, sweeper: {{ allow: sweep }} }}
groups: {{ "vault/app-read": {{ roles: reader }} }}
grants:
  - {{ role: worker, to: ["user:alice", "service:robot", "client:*", "entry:*", "second:*"] }}
modules:
  - {{ use: token_file, for: api_key, subject: {{ type: service, id: robot }}, with: {{ file: "{tmp}/tokens" }} }}
  - {{ use: password, control: sufficient, with: {{ file: "{tmp}/users" }} }}
'''


class Host:
    all = []
    times = 1                       # as many tries

    def __init__(self, t, name, steps):
        self.t, self.path = t, os.path.join(t.tmp, name + '.yaml')
        self.write(steps)
        self.log = open(os.path.join(t.tmp, name + '.log'), 'w+')
        env = {k: v for k, v in os.environ.items() if not k.startswith(('VAULT_', 'BAO_'))}
        self.p = subprocess.Popen(program(t.build, 'tests/live/held') + [self.path, os.path.join(t.build, 'modules', '.libs')],
                                  text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                  env=env, preexec_fn=dies_with_us)
        Host.all.append(self)
        COUNT.check(f'{name}: the host starts', 'ready', self.p.stdout.readline().strip())

    def write(self, steps):
        put(self.t.tmp, os.path.basename(self.path), SET.format(tmp=self.t.tmp) + steps, 0o644)

    def say(self, line):
        self.p.stdin.write(line + '\n')
        return self.p.stdout.readline().strip()

    def is_(self, what, line, *wanted):
        got = sorted(self.say(line).split('; '))
        COUNT.check(f'{what}: {line[:40]}', sorted(wanted), got)
        return got == sorted(wanted)

    def reload(self, what, steps=None):
        if steps is not None:
            self.write(steps)
        COUNT.check(f'{what}: reload', 'reloaded', self.say('reload'))

    def until(self, what, line, wanted, tries=400):
        """A limit on tries, no judgement of time."""
        got = None
        for _ in range(tries):
            got = self.say(line)
            if got == wanted:
                break
            time.sleep(.05)
        COUNT.check(f'{what}: {line[:40]}', wanted, got)

    def around(self, what, n=1000):
        """What needs no server, all answered rightly."""
        hashes = (n + 49) // 50
        good = self.is_(what, f'around {n}', f'{n + hashes} {AROUND[0]}', f'{n} {AROUND[1]}')
        TRIES['around'] += good * (2 * n + hashes)

    def unasked(self, what, n, cred, nonblock='again'):
        """Never a yes, never a no: unavailable, 503."""
        n *= Host.times
        for line, wanted in ((f'ask {n} - 0 {cred} work', 'deny unavailable 503'), (f'who {n} - 0 {cred}', 'nobody unavailable 503')):
            got = self.say(line)
            good = sum(int(part.split(' ')[0]) for part in got.split('; ') if part.split(' ', 1)[1] == wanted)
            TRIES['unavailable'] += good
            TRIES['other'] += n - good
            COUNT.check(f'{what}: {line[:40]}', f'{n} {wanted}', got)
        self.no_wait(what, n, cred, nonblock)

    def no_wait(self, what, n, cred, how='again'):
        """The same without waiting, NONBLOCK: at once by a list, by others not at all."""
        how = 'again %s error 403' if how == 'again' else '%s unavailable 503'
        good = self.is_(what, f'ask {n} n 0 {cred} work', f'{n} {how % "deny"}') + \
            self.is_(what, f'who {n} n 0 {cred}', f'{n} {how % "nobody"}')
        TRIES['again' if how.startswith('again') else 'unavailable'] += good * n
        TRIES['other'] += (2 - good) * n

    def hold(self, what, line):
        COUNT.check(f'{what}: {line[:30]}', 'held', self.say(line))

    def pending(self, what):
        COUNT.check(f'{what}: the call is still under way', 'yes', self.say('pending'))

    def join(self, what, wanted):
        COUNT.check(f'{what}: what came of it', wanted, self.say('join'))

    def end(self, what, *secrets):
        COUNT.check(f'{what}: the host ends', 'closed', self.say('end'))
        self.p.stdin.close()
        COUNT.check(f'{what}: it ends well', 0, self.p.wait(60))
        self.log.seek(0)
        text = self.log.read()
        COUNT.check(f'{what}: no secret in the log', [], [s for s in secrets if s in text])
        if 'Sanitizer' in text or 'runtime error' in text:
            print(text[-4000:])


class Cutter:
    """A real server's answers: whole, cut off, or cut off and the line kept."""

    def __init__(self, port):
        self.to, self.part, self.only = port, 1.0, b''
        self.closes = threading.Event()
        self.closes.set()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            c = self.listener.accept()[0]
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        with c, socket.create_connection(('127.0.0.1', self.to)) as s:
            while asked := c.recv(65536):
                s.sendall(asked)
                answer, part = s.recv(65536), self.part if asked.startswith(self.only) else 1
                c.sendall(answer[:int(len(answer) * part)])
                if part < 1:
                    self.closes.wait()
                    return


def stand_still(pid):
    """Stopped, and all its threads are."""
    os.kill(pid, signal.SIGSTOP)
    for _ in range(1000):
        states = []
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/stat') as f:
                states.append(f.read().rpartition(') ')[2][0])
        if set(states) <= {'T', 't'}:
            return
        time.sleep(.01)
    raise RuntimeError('the server cannot be stopped')


def stop_hosts():
    for host in Host.all:
        if host.p.poll() is None:
            host.p.kill()
        host.p.wait()
