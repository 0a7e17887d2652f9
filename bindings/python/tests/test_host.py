# SPDX-License-Identifier: Apache-2.0
"""What a host does beside asking: other interpreters, threads that log while it forks, its own end. Each in a
process of its own."""
import os
import subprocess
import sys
import tempfile
import unittest

import libpolicy
from common import main

PASSWD = """alice:$y$j9T$abcdefghijklmnop$3dL1LkYnZM.OVXuVdnnaKVDlLYT92dRwOzDZ5XiVCe.
bob:$6$rounds=5000$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.
"""

BEGIN = """
import ctypes, logging, os, signal, sys, threading, time
import libpolicy
here = sys.argv[1]
def opened(text, **more):
    return libpolicy.Policy.open_text("t.yaml", text, module_dir=os.environ["POLICY_MODULES"], **more)
WATCHED = "policy: 1\\nmodules:\\n  - use: password\\n    with: { file: %s/passwd }\\n" % here
def changes(n):
    with open(here + "/passwd") as f:
        text = f.read()
    for i in range(n):
        time.sleep(0.2)
        with open(here + "/new", "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text)
        os.rename(here + "/new", here + "/passwd")
"""


OTHER = """
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
def refused():
    other = interpreters.create()
    try:
        return str(interpreters.run_string(other, "import libpolicy"))
    except interpreters.RunFailedError as e:
        return str(e)
    finally:
        interpreters.destroy(other)
"""


class Host(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP"))
        self.addCleanup(self.dir.cleanup)
        path = os.path.join(self.dir.name, "passwd")
        with open(path, "w") as f:
            f.write(PASSWD)
        os.chmod(path, 0o600)

    def run_it(self, code, begin=BEGIN):
        return subprocess.run([sys.executable, "-c", begin + code, self.dir.name], capture_output=True, text=True, timeout=300)

    def good(self, code, begin=BEGIN):
        r = self.run_it(code, begin)
        self.assertEqual((r.returncode, r.stdout), (0, "good\n"), r.stderr)
        return r.stderr

    def test_another_interpreter(self):
        # refused, and harmless to the first: what it logs is not told by functions of one that has ended
        text = self.good("""
assert "interpreter" in refused(), refused()
p = opened("policy: 1\\n", force_off=True)
for _ in range(100000):
    pass
print("good")
""", OTHER + BEGIN)
        self.assertNotIn("Traceback", text)

    def test_another_interpreter_first(self):
        self.good("""
assert opened("policy: 1\\n", force_off=True).decide("a", "b")
print("good")
""", OTHER + "assert 'interpreter' in refused()\n" + BEGIN)

    def test_imported_anew(self):
        self.good("""
import importlib
first = libpolicy.Decision
importlib.reload(libpolicy)
for name in [name for name in sys.modules if name.startswith("libpolicy")]:
    del sys.modules[name]
import libpolicy
assert libpolicy.Decision is first
assert not opened("policy: 1\\n").decide("a", "b")
print("good")
""")

    def test_logs_after_the_end(self):
        # a handle that nobody closes: its thread goes on while the C library runs what is left at exit
        r = self.run_it("""
p = opened(WATCHED)
ctypes.pythonapi.Py_IncRef(ctypes.py_object(p))
if os.fork() == 0:
    changes(12)
    os._exit(0)
libc = ctypes.CDLL(None)
libc.on_exit(ctypes.cast(libc.sleep, ctypes.c_void_p), None)        # it is given the exit status
sys.exit(3)
""")
        self.assertEqual(r.returncode, 3, r.stderr)

    def test_a_logger_that_raises(self):
        # what is for the program reaches it, what is the logger's own does not
        text = self.good("""
class Handler(logging.Handler):
    error = KeyboardInterrupt
    def emit(self, record):
        raise self.error
logging.getLogger("libpolicy").addHandler(Handler())
def interrupted():
    try:
        opened("policy: 1\\n", force_off=True)
        for _ in range(100000):
            pass
    except KeyboardInterrupt:
        return True
    return False
assert interrupted()
Handler.error = ZeroDivisionError
assert not interrupted()
print("good")
""")
        self.assertIn("ZeroDivisionError", text)

    def test_fork(self):
        # as servers do that fork their workers: threads ask and reload, and log, when it happens
        self.good("""
import multiprocessing
p = opened(WATCHED + "actions: [go]\\nroles: { r: { allow: go } }\\nusers: { alice: { roles: r } }\\n")
stop = False
def repeat(f):
    while not stop:
        f()
threads = [threading.Thread(target=repeat, args=(f,)) for f in (p.reload, p.reload, lambda: p.decide("alice", "go"))]
for t in threads:
    t.start()
def child(closes):
    assert p.decide("alice", "go") and not p.decide("bob", "go")
    p.reload()
    assert p.decide("alice", "go")
    if closes:
        p.close()
def forked(closes):
    child_of_mine = multiprocessing.get_context("fork").Process(target=child, args=(closes,))
    child_of_mine.start()
    child_of_mine.join(60)
    return child_of_mine.exitcode
codes = [forked(i % 2) for i in range(20)]
stop = True
for t in threads:
    t.join()
assert codes == [0] * 20, codes
print("good")
""")

    def test_signals(self):
        self.good("""
assert all(signal.getsignal(s) == signal.SIG_DFL for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD))
before = [signal.getsignal(s) for s in range(1, 32)]
p = opened(WATCHED)
assert before == [signal.getsignal(s) for s in range(1, 32)]
with open("/proc/self/status") as f:
    caught = [int(line.split()[1], 16) & 0x7fffffff for line in f if line.startswith("SigCgt")][0]
assert caught == 1 << (signal.SIGINT - 1), hex(caught)      # Python's own; those above 31 the C library's
print("good")
""")


if __name__ == "__main__":
    main()
