# SPDX-License-Identifier: Apache-2.0
"""The stubs say what is there, and a program that is strict about types can be written with them."""
import os
import subprocess
import sys
import tempfile
import unittest

import libpolicy
from common import main

PROGRAM = """
import libpolicy
from libpolicy.asgi import PolicyMiddleware
from libpolicy.client import Scope, connect_to_auth_client
from libpolicy.fastapi import PolicyAuth
from libpolicy.grpc import AioPolicyInterceptor, PolicyInterceptor

class Mine(libpolicy.Policy):
    pass

mine: Mine = Mine.open("/etc/policy", module_dir=None)
attributes = {"user_id": "alice"}
names = ["a", "b"]
credentials = [libpolicy.bearer("x"), libpolicy.password("a", b"b")]
with mine as p:
    decision = p.decide("alice", "x", ("a", "b"), context=attributes, groups=names, scopes=("a",), credentials=credentials)
    allowed: bool = decision.allowed and bool(p.decide_many("alice", [("a", None), ("b", "x/y", {"a": 1})])[0])
    who = p.authenticate(credentials, timeout=1)
    groups: tuple[str, ...] = who.groups

async def ask() -> bool:
    return bool(await mine.decide_async("alice", "x"))

PolicyMiddleware(None, mine, bodies=10)
PolicyAuth(mine)
PolicyInterceptor(mine)
AioPolicyInterceptor(mine)
connect_to_auth_client("https://policy.example", token="t").create_token("u", [Scope.cli])
"""
WRONG = """
import libpolicy
p = libpolicy.Policy.open()
p.decide("alice", "x", scopes="x")
p.decide("alice", "x", colour="red")
p.decide(1, "x")
class D(libpolicy.Decision):
    pass
"""


class Types(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP"))
        self.addCleanup(self.dir.cleanup)

    def put(self, name, text):
        with open(os.path.join(self.dir.name, name), "w") as f:
            f.write(text)

    def run_it(self, *args):
        where = os.path.dirname(os.path.dirname(libpolicy.__file__))
        return subprocess.run([sys.executable, "-m", *args], cwd=self.dir.name, env={**os.environ, "MYPYPATH": where},
                              capture_output=True, text=True)

    def test_stubs(self):
        self.put("known", "libpolicy.client.Scope.__new__\n")       # enum's own
        r = self.run_it("mypy.stubtest", "libpolicy", "--allowlist", "known")
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)

    def test_strict(self):
        self.put("program.py", PROGRAM)
        r = self.run_it("mypy", "--strict", "--follow-imports=silent", "--config-file", os.devnull, "program.py")
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)

    def test_wrong(self):
        self.put("wrong.py", WRONG)
        r = self.run_it("mypy", "--strict", "--follow-imports=silent", "--config-file", os.devnull, "wrong.py")
        self.assertEqual([line.split(":")[1] for line in r.stdout.splitlines() if ": error:" in line], ["4", "5", "6", "7"], r.stdout)


if __name__ == "__main__":
    main()
