# SPDX-License-Identifier: Apache-2.0
"""What the scripts here share: the driver, counting, and base64url."""
import base64
import json
import os
import subprocess
import sys
import threading

S = 1000000000
here = os.path.dirname(os.path.abspath(__file__))
top = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(here)))
built = os.environ.get("top_builddir") or os.path.join(top, "build")
shared = os.environ.get("POLICY_SHARED") or os.path.join(top, "..", "shared")

lock = threading.Lock()
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(holds, what):
    with lock:
        counts["passed" if holds else "failed"] += 1
    if not holds:
        print("failed:", what)
    return holds


def skip(n, why):
    counts["skipped"] += n
    print("skipped:", why)


def finish():
    line = "%(passed)d passed, %(failed)d failed" % counts
    if counts["skipped"]:
        line += ", %(skipped)d skipped" % counts
    print(line)
    sys.exit(counts["failed"] != 0 or counts["passed"] + counts["skipped"] == 0)


class Driver:
    """modules/jwt/tests/ask, one question at a time."""

    def __init__(self):
        self.p = subprocess.Popen([os.path.join(built, "modules/jwt/tests/ask")], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)

    def ask(self, op, **more):
        self.p.stdin.write(json.dumps(dict(more, op=op)) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        if not line:
            raise SystemExit("the driver died: %s" % self.p.wait())
        return json.loads(line)

    def close(self):
        self.p.stdin.close()
        return self.p.wait()


def enc(data):
    if not isinstance(data, bytes):
        data = data.encode() if isinstance(data, str) else json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def dec(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def write(path, text, mode=0o600):
    """A file that is there whole or not at all."""
    if not isinstance(text, (str, bytes)):
        text = json.dumps(text)
    with open(path + ".new", "wb") as f:
        f.write(text.encode() if isinstance(text, str) else text)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
    return path
