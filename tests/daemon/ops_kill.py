# SPDX-License-Identifier: Apache-2.0
"""What is lost when it stops, and when it is killed: nothing that somebody was told."""
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

from ops_world import Load, ask


def summary(times):
    times = sorted(times)
    return "min %.1f ms, median %.1f ms, max %.1f ms" % tuple(
        1000 * x for x in (times[0], times[len(times) // 2], times[-1]))


def drain(w):
    answered = lost = 0
    for i in range(max(3, w.kills // 5)):
        for args in ([], ["-n"]):
            d = w.run(args=args)
            if not w.check("it is ready", d.ready() is not None, d.said()[-500:]):
                return
            # without a keeper nobody may remove the socket's name: who comes in the last moment is cut off
            load = Load([w.port, w.port] if args else [w.sock, w.port, w.sock, w.port], kept=2)
            time.sleep(0.3)
            d.signal(signal.SIGTERM)
            rc = d.wait()
            load.end()
            answered += load.answered
            lost += len(load.lost)
            w.check("it ends well under load", rc == 0, f"{rc} {d.said()[-1800:]}")
            w.check("and no answer is lost", not load.lost, f"{len(load.lost)} of {load.answered}: {load.lost[:3]}")
    print(f"drain: {answered} answers, {lost} lost")


def orphan(w):
    d = w.run()
    d.ready()
    front = d.front()
    d.p.kill()
    d.p.wait()
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{front}") and time.monotonic() < end:
        time.sleep(0.005)
    gone = not os.path.exists(f"/proc/{front}")
    w.check("the front ends with the keeper", gone)
    d = w.run()
    w.check("a socket that was left is taken over", d.ready() is not None, d.said()[-500:])
    # somebody else's socket stays
    os.rename(w.sock, w.sock + ".kept")
    with open(w.sock, "w"):
        pass
    d.stop()
    w.check("a file in the socket's place is not removed", os.path.isfile(w.sock))
    os.unlink(w.sock)
    os.unlink(w.sock + ".kept")


STORE = """
resources:
  user:    {{ owner: {{ resource: user_id, subject: uid }} }}
  token:   {{ owner: {{ resource: user_id, subject: uid }} }}
modules:
  - use: token_file
    with: {{ file: {dir}/olga }}
    for: bearer
    subject: {{ type: user, id: olga, shared: true }}
store: {{ url: "sqlite:{dir}/store.db" }}
"""
ADMIN = """policy: 1
actions:
  users:create: { resource: user }
  users:read:   { resource: user }
  users:change: { resource: user }
roles:
  admin: { allow: [users:create, users:read, users:change] }
grants:
  - { role: admin, to: olga }
"""


class Changes(threading.Thread):
    """An administrator who adds one user after the other."""

    def __init__(self, w):
        super().__init__()
        self.w, self.over, self.done, self.refused = w, False, [], []
        self.start()

    def call(self, *words):
        return subprocess.run([self.w.policyctl, *words, "-p", self.w.path("set"), "--module-dir", self.w.modules,
                               "--token-file", self.w.path("olga")], env=self.w.env, capture_output=True, text=True)

    def run(self):
        i = 0
        while not self.over:
            i += 1
            got = self.call("user", "add", f"u{i}")
            if got.returncode == 0:
                self.done.append(f"u{i}")
            else:
                self.refused.append(got.stderr)
            time.sleep(0.02)

    def missing(self):
        got = self.call("user", "list", "--json")
        there = set()
        for line in got.stdout.splitlines():
            there.add(json.loads(line).get("name") if line.startswith("{") else None)
        if got.returncode != 0:
            return [got.stderr]
        return [x for x in self.done if x not in there and f'"{x}"' not in got.stdout]


def kill(w):
    stored = os.path.exists(os.path.join(w.modules, "store_sqlite.so")) and os.path.exists(w.policyctl)
    if stored:
        with open(w.path("olga"), "w") as f:
            f.write("olgas-token-0123456789abcdefghij\n")
        os.chmod(w.path("olga"), 0o600)
        w.write_set(more=STORE.format(dir=w.dir))
        w.write_set(more=ADMIN, name="admin.yaml")
        w.configure(more=f"read: [{w.dir}]\n")
    else:
        w.counts.skip(3, "changes while it is killed (store_sqlite is not built)")
    d = w.run()
    if not w.check("it is ready", d.ready() is not None, d.said()[-1800:]):
        return
    changes = Changes(w) if stored else None
    load = Load([w.sock, w.port])
    fronts, keepers, late = [], [], 0
    for i in range(w.kills):
        front = d.front()
        os.kill(front, signal.SIGKILL)
        begin = time.monotonic()
        d.ready()
        fronts.append(time.monotonic() - begin)
        w.check("another front serves", d.front() not in (0, front), d.said()[-500:])
        if w.kills > 10:
            time.sleep(1.1)             # one that does not live for a second is started later
    w.check("nobody was refused while a front was killed", load.refused == 0, load.refused)
    for i in range(w.kills):
        d.p.kill()
        d.p.wait()
        d = w.run()
        took = d.ready()
        if not w.check("it is ready again", took is not None, d.said()[-1800:]):
            break
        keepers.append(took)
    load.end()
    print(f"front killed {len(fronts)} times, ready again: {summary(fronts)}")
    print(f"keeper killed {len(keepers)} times, ready again: {summary(keepers)}")
    print(f"meanwhile {load.answered} answers, {len(load.lost)} cut off, {load.refused} refused")
    late = sum(x > 1 for x in fronts + keepers)
    if os.environ.get("POLICY_OPS_SECOND"):
        w.check("ready again within a second, each time", late == 0, f"{late} later")
    if stored:
        changes.over = True
        changes.join()
        d.stop()
        w.check("changes were acknowledged", len(changes.done) > 0, changes.refused[:2])
        missing = changes.missing()
        w.check("none of them is lost", not missing, missing[:5])
        with sqlite3.connect(w.path("store.db")) as db:
            said = db.execute("pragma integrity_check").fetchall()
        w.check("the store is whole", said == [("ok",)], said)
        print(f"changes acknowledged: {len(changes.done)}, refused: {len(changes.refused)}, lost: {len(missing)}")
    d.stop()
