# SPDX-License-Identifier: Apache-2.0
"""The management API while its processes are killed, or its store does not answer; and that no
secret is left anywhere."""
import glob
import os
import random
import signal
import sqlite3
import threading
import time

from manage_world import OLGA, PASSWORD


class Load:
    """Makes users, one call each, and remembers what was answered."""

    def __init__(self, w, threads):
        self.w, self.over, self.lock = w, False, threading.Lock()
        self.sent, self.made = [], []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(threads)]
        for t in self.threads:
            t.start()

    def run(self, n):
        i = 0
        while not self.over:
            i += 1
            name = f"made-{n}-{id(self)}-{i}"
            with self.lock:
                self.sent.append(name)
            try:
                status = self.w.call("POST", "/v1/users", {"name": name, "groups": ["lab"], "attributes": {"a": 1, "b": "x"}}, token=OLGA)[0]
            except OSError:
                time.sleep(0.01)
                continue
            if status == 201:
                with self.lock:
                    self.made.append(name)

    def end(self):
        self.over = True
        for t in self.threads:
            t.join()


def users(w):
    found, cursor = {}, ""
    while cursor is not None:
        status, page, _ = w.call("GET", f"/v1/users?limit=1000{'&cursor=' + cursor if cursor else ''}", token=OLGA)
        if status != 200:
            return None
        found.update((u["name"], u) for u in page["items"])
        cursor = page["next"]
    return found


def judge(w, what, load):
    found = users(w)
    if not w.check(f"{what}: users are listed", found is not None):
        return
    lost = [n for n in load.made if n not in found]
    w.check(f"{what}: what was answered is there", not lost, lost[:3])
    half = [u for n, u in found.items() if n in load.sent and (u["groups"] != ["lab"] or u["attributes"] != {"a": 1, "b": "x"})]
    w.check(f"{what}: nothing is half done", not half, half[:3])
    w.check(f"{what}: some were made", load.made)


def held(pid):
    """Threads, and sockets: its log and the store open files when they like."""
    fds = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
    return len(os.listdir(f"/proc/{pid}/task")), sum(name.startswith("socket:") for name in fds)


def front(w):
    d = w.begin()
    w.call("POST", "/v1/users", {"name": "first"}, token=OLGA)    # what the store opens stays open
    before = held(d.p.pid)
    load = Load(w, 4)
    for _ in range(w.kills):
        time.sleep(0.1 + random.random() / 5)
        was = d.front()
        if was:
            os.kill(was, signal.SIGKILL)
    load.end()
    w.check("the front is there again", d.ready() is not None, d.said()[-500:])
    judge(w, "front killed", load)
    end = time.monotonic() + 10
    while time.monotonic() < end and held(d.p.pid) != before:
        time.sleep(0.05)
    after = held(d.p.pid)
    w.check("no clerk and no socket is left over", after == before, (before, after))
    w.check("it ends well", d.stop() == 0)


def keeper(w):
    d = w.begin()
    load = Load(w, 4)
    for _ in range(w.kills):
        time.sleep(0.1 + random.random() / 5)
        d.p.kill()
        d.wait()
        d = w.serve()
    load.end()
    judge(w, "keeper killed", load)
    # a change under way when it is told to stop is answered
    load = Load(w, 4)
    time.sleep(0.3)
    w.check("told to stop, it ends well", d.stop() == 0, d.said()[-500:])
    load.over = True
    load.end()
    d = w.serve()
    judge(w, "stopped", load)
    d.stop()


def hangs(w):
    """Another has the store for himself: changes wait, and nothing else does."""
    w.configure(more="limits: { wait: 2s }\n")
    d = w.begin()
    w.check("it works", w.call("POST", "/v1/users", {"name": "before"}, token=OLGA)[0] == 201)
    other = sqlite3.connect(w.path("data/store.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers = []

    def one(i):
        answers.append((f"late{i}", w.call("POST", "/v1/users", {"name": f"late{i}"}, token=OLGA)[0]))

    threads = [threading.Thread(target=one, args=(i,)) for i in range(12)]
    for t in threads:
        t.start()
    time.sleep(0.3)
    started = time.monotonic()
    w.check("health answers", w.call("GET", "/health/live")[0] in (200, 404) and d.health()[0] == 200)
    generation = d.health()[1].get("generation")
    w.write_accounts()
    d.signal(signal.SIGHUP)
    w.check("a reload is done", d.until(lambda s, h: s == 200 and h.get("generation") != generation) is None)
    print(f"hangs: health and a reload took {time.monotonic() - started:.2f} s while the store was locked")
    for t in threads:
        t.join()
    other.execute("ROLLBACK")
    other.close()
    w.check("those who waited were told so", {s for _, s in answers} <= {201, 503} and len(answers) == 12, answers)
    found = users(w)
    w.check("what was answered is there", found is not None and all(n in found for n, s in answers if s == 201))
    good = [w.call("POST", "/v1/users", {"name": f"after{i}"}, token=OLGA)[0] for i in range(20)]
    w.check("each place works again", good == [201] * 20, good)
    w.check("it ends well", d.stop() == 0, d.said()[-500:])


def canary(w):
    """Secrets, right and wrong ones, in right and wrong places: none is written down."""
    d = w.begin()
    words = ["canary-one-of-a-password", "canary-two-of-a-password", "canary-three-is-wrong", "canary-four-is-elsewhere"]
    w.call("POST", "/v1/users", {"name": "ann", "password": words[0]}, token=OLGA)
    made = [w.call("POST", "/v1/login", {"username": "ann", "password": words[0]})[1]]
    made.append(w.call("POST", "/v1/tokens", {"who": "ann", "renewable": True}, token=OLGA)[1])
    made.append(w.call("POST", f"/v1/tokens/{made[1]['id']}/renew", token=OLGA)[1])
    w.call("PUT", "/v1/users/ann/password", {"password": words[1], "old_password": words[0]}, token=made[0]["secret"])
    w.call("PUT", "/v1/users/ann/password", {"password": words[1], "old_password": words[2]}, token=made[0]["secret"])
    w.call("POST", "/v1/login", {"username": "ann", "password": words[2]})
    w.call("GET", "/v1/whoami", token="pol_" + words[3])
    w.call("GET", "/v1/users", basic=("ann", words[2]))
    for raw in ('{"name":"x","password":{"' + words[3] + '":1}}', '{"name":"x","password":"' + words[3], '{"' + words[3] + '":1}',
                '{"name":"x","password":"' + words[3] + '\\u0000"}', '{"name":"ann","password":"' + words[3] + '"}'):
        w.call("POST", "/v1/users", raw=raw, token=OLGA)
    said = [w.call("GET", path, token=OLGA)[1] for path in ("/v1/users", "/v1/tokens", "/v1/activity?limit=1000", "/v1/tokens/" + made[1]["id"])]
    w.check("it ends well", d.stop() == 0)
    secrets = words + [m["secret"] for m in made] + [OLGA, PASSWORD]
    w.check("secrets were told", all(len(s) > 20 for s in secrets))
    places = {"the log": d.said(), "what is listed": repr(said)}
    for name in glob.glob(w.path("log.d/*")) + glob.glob(w.path("data/*")):
        with open(name, errors="replace") as f:
            places[os.path.basename(name)] = f.read()
    for name, text in places.items():
        found = [s for s in secrets if s in text]
        w.check(f"{name}: no secret", not found, found)
    w.check("there are records", any("audit" in name for name in places))
