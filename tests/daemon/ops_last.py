# SPDX-License-Identifier: Apache-2.0
"""The last good text."""
import hashlib
import os
import re
import shutil
import signal
import time

from ops_world import ask


def kept(w):
    """A daemon ran with a good set, which is broken now."""
    w.write_set()
    d = w.run()
    d.ready()
    d.stop()
    w.write_set(more="nonsense: 1\n")


def last(w):
    w.write_set(more="policy: 1\n", name="more.yaml")
    kept(w)
    w.check("both files are kept", sorted(os.listdir(w.path("state/last-good/text"))) == ["more.yaml", "policy.yaml"])
    modes = {os.stat(w.path("state/last-good/" + x)).st_mode & 0o777 for x in ("sums", "text/policy.yaml", "text/more.yaml")}
    w.check("for nobody else to read", modes == {0o600} and os.stat(w.path("state/last-good")).st_mode & 0o777 == 0o700)
    d = w.run()
    wrong = d.until(lambda s, h: s == 503 and h["status"] == "not ready")
    w.check("a refused set: it starts from there, not ready", wrong is None, wrong)
    h = d.health()[1]
    w.check("and says why", "policy.yaml:" in h.get("error", "") and "last_good_since" in h, h)
    w.check("it lives and serves", ask(w.sock, "/health/live")[0] == 200)
    _, text = ask(w.sock, "/metrics")
    w.check("metrics say so", "\npolicy_config_last_reload_successful 0\n" in text)
    d.signal(signal.SIGHUP)
    time.sleep(0.3)
    w.check("a reload of what is still wrong changes nothing", d.health()[0] == 503)
    os.kill(d.front(), signal.SIGKILL)
    wrong = d.until(lambda s, h: s == 503 and h["status"] == "not ready")
    w.check("nor does a killed front", wrong is None, wrong)
    w.write_set()
    d.signal(signal.SIGHUP)
    wrong = d.until(lambda s, h: s == 200 and h["status"] == "ready")
    w.check("a good set and a reload end it", wrong is None, wrong)
    w.check("it ends well", d.stop() == 0)
    # a front that starts while the set on disk is wrong
    d = w.run()
    d.ready()
    w.write_set(more="nonsense: 1\n")
    os.kill(d.front(), signal.SIGKILL)
    wrong = d.until(lambda s, h: s == 503 and h["status"] == "not ready")
    w.check("a front killed beside a wrong set starts from there", wrong is None, wrong)
    w.write_set()
    d.signal(signal.SIGHUP)
    wrong = d.until(lambda s, h: s == 200 and h["status"] == "ready")
    w.check("and a reload ends that", wrong is None, wrong)
    d.stop()
    # a set that is one file
    with open(w.path("policyd.yaml")) as f:
        text = f.read()
    with open(w.path("policyd.yaml"), "w") as f:
        f.write(text.replace("/set\n", "/set/policy.yaml\n"))
    kept(w)
    d = w.run()
    wrong = d.until(lambda s, h: s == 503 and h["status"] == "not ready")
    w.check("the same for a set that is one file", wrong is None, wrong)
    d.stop()
    os.unlink(w.path("set/policy.yaml"))
    d = w.run()
    wrong = d.until(lambda s, h: s == 503 and h["status"] == "not ready")
    w.check("and for one that is gone", wrong is None, wrong)
    d.stop()


def sums_of(text):
    return text + hashlib.sha256(text.encode()).hexdigest() + "\n"


def at_age(w, seconds):
    path = w.path("state/last-good/sums")
    with open(path) as f:
        body = "".join(f.readlines()[:-1])
    with open(path, "w") as f:
        f.write(sums_of(re.sub(r"kept \d+", f"kept {int(time.time()) - seconds}", body)))


def append(w, name, text):
    with open(w.path("state/last-good/" + name), "a") as f:
        f.write(text)


def tampered(w):
    good = w.path("state/last-good")
    text = good + "/text/policy.yaml"

    def move_out():
        os.rename(text, w.path("elsewhere"))
        os.symlink(w.path("elsewhere"), text)

    ways = {
        "older than 24 hours": lambda: at_age(w, 24 * 3600 + 5),
        "of the future": lambda: at_age(w, -3600),
        "a mode for others to read": lambda: os.chmod(text, 0o604),
        "a mode for the group to write": lambda: os.chmod(text, 0o620),
        "a folder for others": lambda: os.chmod(good, 0o755),
        "a folder of files for others": lambda: os.chmod(good + "/text", 0o701),
        "a state folder others may write in": lambda: os.chmod(w.path("state"), 0o777),
        "sums for others": lambda: os.chmod(good + "/sums", 0o644),
        "another text": lambda: append(w, "text/policy.yaml", "# more\n"),
        "another file": lambda: append(w, "text/x.yaml", "policy: 1\n") or os.chmod(good + "/text/x.yaml", 0o600),
        "a file less": lambda: os.unlink(good + "/text/more.yaml"),
        "other sums": lambda: append(w, "sums", "\n"),
        "no sums": lambda: os.unlink(good + "/sums"),
        "empty sums": lambda: os.truncate(good + "/sums", 0),
        "a link in place of a file": move_out,
        "a second name of a file": lambda: os.link(text, w.path("second")),
        "no folder": lambda: shutil.rmtree(good),
    }
    if os.geteuid() == 0:
        ways["a file of somebody else"] = lambda: os.chown(text, 65534, -1)
        ways["a folder of somebody else"] = lambda: os.chown(good, 65534, -1)
    else:
        w.counts.skip(2, "last good text of somebody else (not root)")
    for what, change in ways.items():
        w.clean("tampered")
        w.write_set(more="policy: 1\n", name="more.yaml")
        kept(w)
        change()
        d = w.run()
        w.check(f"refused: {what}", d.wait() == 65 and "no last good text" in d.said(), d.said()[-400:])
    w.clean("tampered")
    kept(w)
    at_age(w, 23 * 3600)
    d = w.run()
    w.check("23 hours are not too old", d.ready(wanted=503) is not None, d.said()[-400:])
    d.stop()
