# SPDX-License-Identifier: Apache-2.0
"""What the service manager does, and hears."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

from ops_world import ask


# ---- sockets ----

def passed_to(w, sockets, names, env_pid="$$"):
    """Starts it with these as descriptors 3, 4, ..."""
    fds = [s.fileno() for s in sockets]

    def place():
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
            os.set_inheritable(3 + i, True)

    return w.run(env={"LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": names},
                 wrap=f'LISTEN_PID={env_pid}; export LISTEN_PID; exec "$@"', preexec_fn=place, close_fds=False)


def two_sockets(w):
    u = socket.socket(socket.AF_UNIX)
    u.bind(w.sock)
    u.listen(64)
    t = socket.socket()
    t.bind(("127.0.0.1", w.port))
    t.listen(64)
    return u, t


def activation(w):
    u, t = two_sockets(w)
    w.configure(["systemd: one", "systemd: two"])
    d = passed_to(w, [u, t], "one:two")
    w.check("it serves sockets that were passed", d.ready() is not None, d.said())
    w.check("both of them", ask(w.port)[0] == 200)
    front = d.front()
    with open(f"/proc/{front}/environ") as f:
        w.check("the environment has forgotten them", "LISTEN_" not in f.read())
    w.check("it ends well", d.stop() == 0)
    w.check("a socket that was passed keeps its name", os.path.exists(w.sock))
    # who connects while it is not there is answered when it is
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(w.sock)
    waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    d = passed_to(w, [u, t], "one:two")
    waiting.settimeout(20)
    w.check("who waited at it is answered", waiting.recv(100).startswith(b"HTTP/1.1 200"))
    d.stop()
    for what, names, pid in (("a name that no socket has", "one:three", "$$"), ("two of a name", "one:one", "$$"),
                             ("meant for another process", "one:two", "1"), ("no names", "", "$$")):
        d = passed_to(w, [u, t], names, pid)
        w.check(f"refused: {what}", d.wait() == 65, d.said()[-300:])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dgram:
        d = passed_to(w, [u, dgram], "one:two")
        w.check("refused: a datagram socket", d.wait() == 65, d.said()[-300:])
    w.configure(["systemd: one"])
    d = passed_to(w, [u, t], "one:other")
    w.check("one too many is told and closed", d.ready() is not None and "no listener takes" in d.said())
    d.stop()
    u.close()
    t.close()
    os.unlink(w.sock)


# ---- what is said ----

class Manager:
    def __init__(self, w, abstract):
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"/tmp/policyd-ops-{os.getpid()}.notify"
        self.path = None if abstract else name
        self.s.bind("\0" + name if abstract else name)
        self.env = {"NOTIFY_SOCKET": ("@" + name) if abstract else name}
        self.seen = []

    def hear(self, seconds):
        """All that comes within that time."""
        end = time.monotonic() + seconds
        heard = []
        while (left := end - time.monotonic()) > 0:
            self.s.settimeout(left)
            try:
                heard.append(self.s.recv(4096).decode())
            except TimeoutError:
                break
        self.seen += heard
        return heard

    def until(self, line, seconds=20):
        """The message that has this line, or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.s.settimeout(left)
            try:
                got = self.s.recv(4096).decode()
            except TimeoutError:
                return None
            self.seen.append(got)
            if line in got.split("\n"):
                return got
        return None

    def close(self):
        self.s.close()
        if self.path:
            os.unlink(self.path)


def notify(w):
    for abstract in (False, True):
        m = Manager(w, abstract)
        d = w.run(env=m.env)
        got = m.until("READY=1")
        w.check("it says when it is ready", got is not None, d.said())
        w.check("and is, then", ask(w.sock)[0] == 200)
        with open(f"/proc/{d.front()}/environ") as f:
            w.check("the front knows nothing of it", "NOTIFY_SOCKET" not in f.read())
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        d.signal(signal.SIGHUP)
        got = m.until("RELOADING=1")
        w.check("it says that it reloads", got is not None)
        stamp = [x for x in (got or "").split("\n") if x.startswith("MONOTONIC_USEC=")]
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        w.check("and when", len(stamp) == 1 and before <= int(stamp[0][15:]) <= now, stamp)
        got = m.until("READY=1")
        w.check("and that it has", got is not None and "STATUS=serving" in got.split("\n"), got)
        w.write_set(more="nonsense: 1\n")
        d.signal(signal.SIGHUP)
        m.until("RELOADING=1")
        got = m.until("READY=1")
        w.check("a refused set is told in one line", got is not None and "older set" in got and got.count("\n") == 1
                and "policy.yaml:" in got, got)
        w.write_set()
        d.signal(signal.SIGTERM)
        w.check("it says that it stops", m.until("STOPPING=1") is not None)
        w.check("and does", d.wait() == 0)
        w.check("no watchdog was asked for, none was fed", not any("WATCHDOG" in x for x in m.seen))
        m.close()
    # a set that is refused, and nothing to start from
    m = Manager(w, False)
    shutil.rmtree(w.path("state/last-good"))
    w.write_set(more="nonsense: 1\n")
    d = w.run(env=m.env)
    w.check("a refused set is an exit with 65", d.wait() == 65, d.said()[-500:])
    w.check("and was never ready", not any("READY=1" in x for x in m.hear(0.05)))
    m.close()


def watchdog(w):
    m = Manager(w, False)
    d = w.run(env=dict(m.env, WATCHDOG_USEC="200000"))
    m.until("READY=1")
    fed = sum("WATCHDOG=1" in x for x in m.hear(2))
    w.check("the watchdog is fed at half its time", fed >= 10, fed)
    front = d.front()
    os.kill(front, signal.SIGSTOP)
    m.hear(0.6)
    fed = sum("WATCHDOG=1" in x for x in m.hear(1))
    w.check("not while the front does not answer", fed == 0, fed)
    os.kill(front, signal.SIGCONT)
    w.check("and again when it does", m.until("WATCHDOG=1") is not None)
    d.stop()
    d = w.run(env=dict(m.env, WATCHDOG_USEC="200000", WATCHDOG_PID="1"))
    m.until("READY=1")
    w.check("one that is another's is not fed", not any("WATCHDOG" in x for x in m.hear(0.5)))
    d.stop()
    m.close()


# ---- reloads ----

def reload(w):
    d = w.run()
    d.ready()
    generation = d.health()[1]["generation"]
    for number in (signal.SIGHUP, signal.SIGUSR1):
        d.signal(number)
        generation += 1
        w.check(f"signal {number} has the set read again",
                d.until(lambda s, h: s == 200 and h["generation"] == generation) is None, d.health())
    w.write_set(more="nonsense: 1\n")
    d.signal(signal.SIGHUP)
    wrong = d.until(lambda s, h: s == 200 and h["status"] == "stale")
    w.check("a refused one leaves the old in force, and that is told", wrong is None, wrong)
    h = d.health()[1]
    w.check("since when and why", "stale_since" in h and "policy.yaml:" in h.get("error", ""), h)
    since = h.get("stale_since")
    time.sleep(1.1)
    d.signal(signal.SIGHUP)
    d.ready()
    w.check("a second refusal does not move the time", d.health()[1].get("stale_since") == since)
    _, text = ask(w.sock, "/metrics")
    w.check("metrics say so", "\npolicy_config_last_reload_successful 0\n" in text)
    w.write_set()
    d.signal(signal.SIGHUP)
    wrong = d.until(lambda s, h: s == 200 and h["status"] == "ready" and "error" not in h)
    w.check("a good set ends that", wrong is None, wrong)
    # signals in a row
    for _ in range(50):
        d.signal(signal.SIGHUP)
    time.sleep(0.2)
    w.check("fifty at once do no harm", ask(w.sock)[0] == 200)
    w.check("the front hears no signal of its own", os.kill(d.front(), signal.SIGHUP) is None and ask(w.sock)[0] == 200)
    w.check("it ends well", d.stop() == 0, d.said()[-800:])
    w.check("and takes its socket's name along", not os.path.exists(w.sock))


def metrics(w):
    d = w.run()
    d.ready()
    for path in ("/health/live", "/healthz", "/nothing", "/health/ready"):
        ask(w.sock, path)
    status, text = ask(w.sock, "/metrics")
    w.check("metrics are there", status == 200)
    for name in ("policy_decisions_total{", "policy_decision_duration_seconds_bucket{", "policy_auth_total{", "policyd_login_delayed_total{",
                 "policy_config_last_reload_successful ", "policy_config_last_reload_success_timestamp_seconds ",
                 "policy_rules ", "policy_tokens", 'policyd_http_requests_total{route="/health/live",code="200"} 1\n',
                 'policyd_http_requests_total{route="",code="404"} 1\n', "policyd_http_request_duration_seconds_sum ",
                 "policy_build_info{", "process_cpu_seconds_total ", "process_resident_memory_bytes ",
                 "process_open_fds ", "process_start_time_seconds ", "policy_audit_dropped_total "):
        w.check(f"metrics have {name.strip()}", "\n" + name in text, text if "http_requests" in name else "")
    if shutil.which("promtool"):
        got = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        w.check("promtool finds no fault", got.returncode == 0 and not got.stderr and not got.stdout,
                got.stdout + got.stderr)
    else:
        w.counts.skip(1, "promtool check metrics (no promtool)")
    d.stop()


def user(w):
    if os.geteuid() != 0:
        w.counts.skip(4, "giving up root's rights (not root)")
        return
    who = pwd.getpwnam("nobody")
    os.chown(w.path("state"), who.pw_uid, -1)
    w.configure(more="user: nobody\n")
    d = w.run()
    if d.ready() is None:
        # nobody may not reach a build in root's folders
        w.counts.skip(4, f"giving up root's rights ({d.said()[-200:]})")
        return
    for pid, name in ((d.p.pid, "keeper"), (d.front(), "front")):
        with open(f"/proc/{pid}/status") as f:
            lines = dict(x.rstrip("\n").split(":\t", 1) for x in f if ":\t" in x)
        w.check(f"the {name} is that user", set(lines["Uid"].split()) == {str(who.pw_uid)}, lines["Uid"])
        w.check(f"the {name} has root's groups no more", lines["Groups"].split() in ([], [str(who.pw_gid)])
                and set(lines["Gid"].split()) == {str(who.pw_gid)}, lines["Groups"])
    d.stop()
    w.configure(more="user: no-such-user\n")
    w.check("a user that is not there is an error", w.run().wait() == 66)


def alone(w):
    d = w.run(args=["-n"])
    w.check("without a keeper it serves too", d.ready() is not None, d.said())
    w.check("as one process", d.front() == 0)
    w.write_set(more="nonsense: 1\n")
    d.signal(signal.SIGHUP)
    wrong = d.until(lambda s, h: s == 200 and h["status"] == "stale")
    w.check("refused sets are told alike", wrong is None, wrong)
    w.check("it ends well", d.stop() == 0)
    w.check("a refused set is an exit with 65", w.run(args=["-n"]).wait() == 65)
    w.check("-t says so, too", w.run(args=["-t"]).wait() == 65)
    w.write_set()
    w.check("-t is content with a good one", w.run(args=["-t"]).wait() == 0)
