# SPDX-License-Identifier: Apache-2.0
"""A policyd, its files, and who asks it."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time


class Counts:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, what, holds, seen=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"failed: {what}{': ' + str(seen)[:4000] if seen != '' else ''}", flush=True)
        return holds

    def skip(self, n, why):
        self.skipped += n
        print(f"skipped: {why}")


def ask(where, path="/health/ready", seconds=20, method="GET", body=None):
    """One request on a connection of its own: (status, text). where: a path, or a port."""
    if isinstance(where, str):
        s = socket.socket(socket.AF_UNIX)
    else:
        s = socket.socket(socket.AF_INET)
    with s:
        s.settimeout(seconds)
        s.connect(where if isinstance(where, str) else ("127.0.0.1", where))
        data = body.encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        s.sendall(head.encode() + b"\r\n" + data)
        got = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            got += part
    return whole(got)


def whole(got):
    """Of an answer that ends with its connection; an answer that is cut off is an error."""
    head, sep, text = got.partition(b"\r\n\r\n")
    if not sep:
        raise ConnectionResetError(f"no whole head: {got[:80]!r}")
    lines = head.split(b"\r\n")
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and len(text) != int(value):
            raise ConnectionResetError("a body that is cut off")
    return int(lines[0].split()[1]), text.decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


SET = """policy: 1
actions: {{ read: {{}}, "policyd:evaluate": {{}} }}
roles: {{ reader: {{ allow: [read, "policyd:evaluate"] }} }}
authenticated: {{ roles: reader }}
{more}"""


class World:
    def __init__(self, build, top, counts):
        self.build, self.top, self.counts = build, top, counts
        self.check = counts.check
        libs = os.path.join(build, ".libs")
        self.program = os.path.join(libs, "policyd")
        if not os.path.exists(self.program):
            self.program = os.path.join(build, "policyd")
        self.policyctl = os.path.join(libs, "policyctl")
        self.modules = os.path.join(build, "modules", ".libs")
        self.env = dict(os.environ, LD_LIBRARY_PATH=libs)
        for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"):
            self.env.pop(name, None)
        self.daemons = []
        self.clean("start")

    def clean(self, name):
        """A folder of its own, with a set and a configuration."""
        for d in self.daemons:
            d.end()
        self.daemons = []
        self.dir = os.path.join(self.top, name)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(os.path.join(self.dir, "set"), mode=0o755)
        os.makedirs(os.path.join(self.dir, "state"), mode=0o755)
        # the address of a unix socket is short, a build's path may not be
        self.sock = os.path.join("/tmp", f"policyd-ops-{os.getpid()}.sock")
        self.port = free_port()
        self.write_set()
        self.configure()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write_set(self, more="", name="policy.yaml"):
        text = SET.format(more=more) if name == "policy.yaml" else more
        with open(self.path("set/.new"), "w") as f:
            f.write(text)
        os.rename(self.path("set/.new"), self.path("set/" + name))

    def configure(self, listeners=None, more="", state=True):
        text = f"policyd: 1\npolicy: {self.dir}/set\nmodules: {self.modules}\n"
        if state:
            text += f"state: {self.dir}/state\n"
        text += more + "listeners:\n"
        if listeners is None:
            listeners = [f"unix: {self.sock}", f"tcp: 127.0.0.1:{self.port}"]
        for one in listeners:
            text += f"  - {one}\n    serve: [authzen, health, metrics]\n"
        with open(self.path("policyd.yaml"), "w") as f:
            f.write(text)

    def run(self, env=None, args=(), wrap=None, **more):
        d = Daemon(self, env, args, wrap, more)
        self.daemons.append(d)
        return d


class Daemon:
    def __init__(self, world, env, args, wrap, more):
        self.world = world
        self.log = world.path("log")
        self.started = time.monotonic()
        command = [world.program, "-c", world.path("policyd.yaml"), *args]
        if os.environ.get("POL_SANITIZER", "none") != "none":
            command.append("--seccomp=off")     # a sanitizer makes system calls of its own
        if wrap:
            command = ["/bin/sh", "-c", wrap, "sh"] + command
        with open(self.log, "ab") as log:
            self.p = subprocess.Popen(command, env=dict(world.env, **(env or {})), stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log, start_new_session=True, **more)

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def front(self):
        try:
            with open(f"/proc/{self.p.pid}/task/{self.p.pid}/children") as f:
                pids = f.read().split()
        except OSError:
            return 0
        return int(pids[0]) if pids else 0

    def ready(self, where=None, seconds=20, wanted=200):
        """Seconds from its start until it is; None: it was not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.p.poll() is None:
            try:
                if ask(where or self.world.sock)[0] == wanted:
                    return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(0.002)
        return None

    def health(self):
        status, text = ask(self.world.sock)
        return status, json.loads(text)

    def until(self, what, seconds=20):
        """what(self.health()) holds at last; else what was seen."""
        seen = None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                seen = self.health()
                if what(*seen):
                    return None
            except OSError as e:
                seen = e
            time.sleep(0.01)
        return f"{seen}\n{self.said()[-1500:]}"

    def signal(self, number):
        self.p.send_signal(number)

    def wait(self, seconds=30):
        try:
            return self.p.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, seconds=30):
        if self.p.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def end(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()


class Load:
    """Clients that ask one thing after the other, each on a connection of its own, or all on
    one while it lasts. Whoever was let in and got no whole answer has lost it."""

    def __init__(self, wheres, kept=0, path="/healthz"):
        self.over = False
        self.answered = self.refused = 0
        self.lost = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.single, args=(w, path)) for w in wheres]
        self.threads += [threading.Thread(target=self.keep, args=(wheres[i % len(wheres)], path)) for i in range(kept)]
        for t in self.threads:
            t.start()

    def count(self, answered=0, refused=0, lost=None):
        with self.lock:
            self.answered += answered
            self.refused += refused
            if lost is not None:
                self.lost.append(lost)

    def single(self, where, path):
        while not self.over:
            try:
                status, _ = ask(where, path)
                self.count(answered=1) if status == 200 else self.count(lost=status)
            except (ConnectionRefusedError, FileNotFoundError):
                self.count(refused=1)
                time.sleep(0.01)
            except OSError as e:
                self.count(lost=repr(e))

    def keep(self, where, path):
        """A connection is kept until the server says that it closes it."""
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        while not self.over:
            try:
                s = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
                with s:
                    s.settimeout(20)
                    s.connect(where if isinstance(where, str) else ("127.0.0.1", where))
                    self.talk(s, request)
            except (ConnectionRefusedError, FileNotFoundError):
                self.count(refused=1)
                time.sleep(0.01)
            except OSError as e:
                self.count(lost=repr(e))

    def talk(self, s, request):
        closes = False
        while not self.over and not closes:
            s.sendall(request)
            got = b""
            while b"\r\n\r\n" not in got:
                part = s.recv(65536)
                if not part:
                    raise ConnectionResetError("kept connection: no answer")
                got += part
            head, _, text = got.partition(b"\r\n\r\n")
            closes = b"connection: close" in head.lower()
            while len(text) < 3:        # "ok\n"
                part = s.recv(65536)
                if not part:
                    raise ConnectionResetError("kept connection: half an answer")
                text += part
            self.count(answered=1)

    def end(self):
        self.over = True
        for t in self.threads:
            t.join()
