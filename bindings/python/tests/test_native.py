# SPDX-License-Identifier: Apache-2.0
import asyncio
import copy
import gc
import os
import pickle
import sys
import tempfile
import threading
import time
import unittest

import libpolicy
from common import SET, main

MODULES = os.environ["POLICY_MODULES"]


def opened(text=SET, **more):
    return libpolicy.Policy.open_text("t.yaml", text, module_dir=MODULES, **more)


class Decide(unittest.TestCase):
    def setUp(self):
        self.p = opened()
        self.addCleanup(self.p.close)

    def test_allow(self):
        d = self.p.decide("alice", "create_session")
        self.assertTrue(d)
        self.assertIs(d.allowed, True)
        self.assertEqual((d.reason, d.status, d.error), ("rule", 200, 0))
        self.assertEqual((d.subject_type, d.subject_id, d.token_id), ("user", "alice", ""))
        self.assertTrue(d.rule.startswith("t.yaml:") and d.file == "t.yaml" and d.line > 0)
        self.assertIsNone(d.expires)
        self.assertIsNone(d.route)
        self.assertIn("allow", repr(d))

    def test_deny(self):
        for who, what, thing, why in (
            ("bob", "create_session", None, "no_rule"),
            (None, "create_session", None, "no_credential"),
            ("alice", "fly", None, "unknown_action"),
            ("alice", "models:use", ("engine", "m1"), "unknown_resource"),
            ("alice", "models:use", "model/m2", "no_rule"),
            (("service", "alice"), "create_session", None, "no_rule"),
            ("service:robot", "create_session", None, "no_rule"),
        ):
            d = self.p.decide(who, what, thing)
            self.assertFalse(d)
            self.assertEqual(d.reason, why, (who, what, thing))

    def test_forms(self):
        for thing in ("model/m1", ("model", "m1"), b"model/m1", (b"model", b"m1")):
            self.assertTrue(self.p.decide("alice", "models:use", thing))
        self.assertTrue(self.p.decide(("service", "robot"), "create_session"))
        self.assertTrue(self.p.decide(b"alice", b"create_session"))

    def test_attributes(self):
        ask = self.p.decide
        self.assertTrue(ask("alice", "read_user_session", "session/1", resource_attributes={"user_id": "alice"}))
        self.assertFalse(ask("alice", "read_user_session", "session/1", resource_attributes={"user_id": "bob"}))
        self.assertFalse(ask("alice", "read_user_session", "session/1", resource_attributes={"user_id": None}))
        self.assertFalse(ask("alice", "read_user_session", "session/1"))
        deep = {"a": [1, 2.5, True, None, "x", b"y", {"z": (1,)}]}
        self.assertTrue(ask("alice", "create_session", context=deep, subject_attributes=deep, action_attributes=deep))

    def test_many_values(self):
        wide = {f"a{i}": [str(j) for j in range(20)] for i in range(60)}
        self.assertTrue(self.p.decide("alice", "create_session", context=wide))

    def test_token(self):
        ask = self.p.decide
        self.assertTrue(ask("alice", "create_session", scopes=["create_session"], token_id="t1"))
        self.assertEqual(ask("alice", "create_session", scopes=["create_session"], token_id="t1").token_id, "t1")
        self.assertEqual(ask("alice", "create_session", scopes=[]).reason, "insufficient_scope")
        self.assertTrue(ask("alice", "create_session", scopes=None))
        self.assertFalse(ask("alice", "create_session", actor="bob"))
        self.assertTrue(ask("alice", "create_session", groups=("eng",), kind=None))

    def test_credentials(self):
        d = self.p.decide(None, "create_session", credentials=libpolicy.bearer("nonsense"))
        self.assertEqual((bool(d), d.reason, d.status), (False, "bad_credential", 401))
        d = self.p.decide("alice", "create_session", credentials=libpolicy.bearer("nonsense"))
        self.assertFalse(d)
        self.assertNotEqual(d.error, 0)

    def test_wrong(self):
        wrong = (
            (TypeError, ("alice",), {}),
            (TypeError, ("alice", "a", "model/x", 1), {}),
            (TypeError, (1, "a"), {}),
            (TypeError, ("alice", None), {}),
            (TypeError, (("a", "b", "c"), "a"), {}),
            (ValueError, ("alice", "a", "model"), {}),
            (TypeError, ("alice", "a"), {"context": []}),
            (TypeError, ("alice", "a"), {"context": {1: 2}}),
            (TypeError, ("alice", "a"), {"context": {"a": {1, 2}}}),
            (ValueError, ("alice", "a"), {"context": {"a": float("nan")}}),
            (OverflowError, ("alice", "a"), {"context": {"a": 2**63}}),
            (TypeError, ("alice", "a"), {"scopes": "create_session"}),
            (TypeError, ("alice", "a"), {"credentials": "x"}),
            (TypeError, ("alice", "a"), {"credentials": ("a", "b", "c", "d")}),
            (ValueError, ("alice", "a"), {"credentials": [("a", "b")] * 5}),
            (ValueError, ("alice", "a"), {"timeout": 0}),
            (ValueError, ("alice", "a"), {"timeout": float("nan")}),
            (TypeError, ("alice", "a"), {"colour": "red"}),
            (UnicodeEncodeError, ("\ud800", "a"), {}),
        )
        for error, args, more in wrong:
            with self.assertRaises(error, msg=(args, more)):
                self.p.decide(*args, **more)
        deep = value = {}
        for _ in range(9):
            value["a"] = value = {}
        with self.assertRaises(ValueError):
            self.p.decide("alice", "a", context=deep)

    def test_no_end_of_values(self):
        # few objects and more values than memory holds; and much of what the engine takes little of
        inside = ["x"] * 60
        for _ in range(6):
            inside = [inside] * 60
        around = {"x": 1}
        for _ in range(6):
            around = {f"a{i}": around for i in range(60)}
        for value in (inside, around, ["x"] * 4097, [["x"] * 64] * 64, {f"a{i}": i for i in range(65)}, [0] * 10**6, {f"a{i}": i for i in range(10**5)}):
            for more in ({"context": {"a": value}}, {"subject_attributes": {"b": 1, "a": value}}):
                d = self.p.decide("alice", "create_session", **more)
                self.assertEqual((bool(d), d.reason, d.error), (False, "limit", -5))
        d = self.p.decide("alice", "create_session", context={f"a{i}": i for i in range(10**5)})
        self.assertEqual((bool(d), d.reason), (False, "limit"))
        self.assertTrue(self.p.decide("alice", "create_session", context={"a": ["x"] * 4095}))
        many = self.p.decide_many("alice", [("create_session", "session/1", {"a": ["x"] * 4000})] * 3 + [("create_session", "session/1", {"a": inside})])
        self.assertEqual([bool(d) for d in many], [True, True, True, False])

    def test_closed_by_an_argument(self):
        class Closing:
            def __bool__(self):
                p.close()
                return True

            def __float__(self):
                p.close()
                return 1.0

        def checks():
            yield "create_session", None
            p.close()
            yield "create_session", None

        for call in (lambda: p.decide("alice", "create_session", nonblock=Closing()),
                     lambda: p.decide("alice", "create_session", timeout=Closing()),
                     lambda: p.decide_many("alice", checks()),
                     lambda: p.decide_many("alice", [("create_session", None)], timeout=Closing()),
                     lambda: p.decide_http("GET", "/", timeout=Closing()),
                     lambda: p.authenticate(libpolicy.bearer("x"), timeout=Closing())):
            p = opened()
            with self.assertRaisesRegex(ValueError, "closed"):
                call()

    def test_malformed_is_a_deny(self):
        for who, what in (("a" * 300, "create_session"), ("alice", ""), ("alice", "a" * 300)):
            d = self.p.decide(who, what)
            self.assertFalse(d)
            self.assertNotEqual((d.error, d.reason), (0, "rule"))

    def test_many(self):
        got = self.p.decide_many("alice", [("create_session", None), ("models:use", "model/m1"), ("models:use", ("model", "m2")),
                                           ("read_user_session", "session/1", {"user_id": "alice"})])
        self.assertEqual([bool(d) for d in got], [True, True, False, True])
        self.assertEqual(self.p.decide_many("alice", []), [])
        self.assertEqual(sum(map(bool, self.p.decide_many("alice", (("models:use", f"model/m{i}") for i in range(1000))))), 1)
        for wrong in (None, [1], [("a",)], [("a", "b", {}, 1)], [("a", "model")]):
            with self.assertRaises((TypeError, ValueError)):
                self.p.decide_many("alice", wrong)

    def test_authenticate(self):
        who = self.p.authenticate(libpolicy.bearer("x"))
        self.assertFalse(who)
        self.assertEqual((who.verified, who.reason, who.status, who.subject_id, who.scopes), (False, "bad_credential", 401, "", None))
        with self.assertRaises(libpolicy.PolicyError):
            self.p.authenticate([])
        for more in ({"scopes": []}, {"context": {}}, {"credentials": libpolicy.bearer("y")}):
            with self.assertRaises(TypeError, msg=more):
                self.p.authenticate(libpolicy.bearer("x"), **more)

    def test_agrees_with_many(self):
        for who in ("alice", "bob", ("service", "robot"), None):
            checks = [(a, r) for a in ("create_session", "models:use", "x") for r in (None, "model/m1", "session/1")]
            one = [(bool(d), d.reason) for d in (self.p.decide(who, a, r) for a, r in checks)]
            self.assertEqual(one, [(bool(d), d.reason) for d in self.p.decide_many(who, checks)])


class Handle(unittest.TestCase):
    def test_refused(self):
        with self.assertRaises(libpolicy.PolicyError) as e:
            opened("policy: 1\nrolls: {}\n")
        self.assertEqual((e.exception.file, e.exception.line), ("t.yaml", 2))
        self.assertIn("rolls", e.exception.text)
        with self.assertRaises(libpolicy.PolicyError):
            libpolicy.Policy.open("/nonexistent/policy", module_dir=None)
        for path in ("a\0b", b"a\0b", "\ud800", 1, object()):
            with self.assertRaises((ValueError, TypeError), msg=path):
                libpolicy.Policy.open(path)
        self.assertTrue(libpolicy.Policy.open(None, force_off=True).decide("a", "b"))

    def test_reload(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP")) as d:
            path = os.path.join(d, "policy.yaml")
            with open(path, "w") as f:
                f.write(SET)
            with libpolicy.Policy.open(path) as p:
                before = p.generation
                self.assertFalse(p.decide("carol", "create_session"))
                with open(path, "w") as f:
                    f.write(SET.replace("  alice: {", "  carol: { roles: user }\n  alice: {"))
                p.reload()
                self.assertGreater(p.generation, before)
                self.assertTrue(p.decide("carol", "create_session"))
                with open(path, "w") as f:
                    f.write("policy: 1\nrolls: {}\n")
                with self.assertRaises(libpolicy.PolicyError):
                    p.reload()
                self.assertTrue(p.decide("carol", "create_session"))

    def test_closed(self):
        p = opened()
        p.close()
        p.close()
        self.assertTrue(p.closed)
        for call in (lambda: p.decide("alice", "create_session"), p.reload, lambda: p.generation):
            with self.assertRaises(ValueError):
                call()

    def test_off(self):
        with opened(force_off=True) as p:
            self.assertFalse(p.enabled)
            self.assertEqual(p.decide("nobody", "anything").reason, "disabled")

    def test_made_by_nobody(self):
        for make in (lambda: libpolicy.Policy(), lambda: libpolicy.Policy.__new__(libpolicy.Policy)):
            try:
                p = make()
            except TypeError:
                continue
            with self.assertRaises(ValueError):
                p.decide("alice", "create_session")
        with self.assertRaises(TypeError):
            libpolicy.Decision()

    def test_neither_copied_nor_made(self):
        with opened() as p:
            answers = (p.decide("alice", "create_session"), p.authenticate(libpolicy.bearer("x")))
            for o in (*answers, p):
                for make in (copy.copy, copy.deepcopy, *(lambda o, n=n: pickle.dumps(o, n) for n in range(pickle.HIGHEST_PROTOCOL + 1))):
                    with self.assertRaises(TypeError):
                        make(o)
            for o in answers:
                for wrong in (lambda: type("Mine", (type(o),), {}), lambda: object.__new__(type(o)), lambda: setattr(type(o), "__bool__", 1),
                              lambda: setattr(o, "verdict", 1), lambda: setattr(o, "__class__", libpolicy.Policy), lambda: setattr(o, "status", 200)):
                    with self.assertRaises((TypeError, AttributeError)):
                        wrong()

    def test_odd_arguments(self):
        # what has methods of its own is read as what it is, and they are not asked
        class Text(str):
            __hash__ = object.__hash__

            def __eq__(self, other):
                return self is other

        class Wrong(list):
            def __len__(self):
                return 10**9

            def __getitem__(self, i):
                raise ZeroDivisionError

        class Number(int):
            def __index__(self):
                raise ZeroDivisionError

        with opened() as p:
            own = lambda **a: p.decide("alice", "read_user_session", "session/1", resource_attributes=a)
            self.assertTrue(own(user_id=Text("alice"), l=Wrong(["a"]), n=Number(1)))
            d = p.decide("alice", "read_user_session", "session/1", resource_attributes={Text("user_id"): "alice", Text("user_id"): "bob"})
            self.assertEqual((bool(d), d.error), (False, -2))       # one name twice
            self.assertTrue(p.decide(Text("alice"), Text("create_session"), groups=Wrong(["a"])))
            loop = []
            loop.append(loop)
            for error, value in ((ValueError, loop), (TypeError, bytearray(b"alice")), (TypeError, memoryview(b"alice")), (TypeError, 1j),
                                 (OverflowError, -2**63 - 1), (OverflowError, 10**5000), (UnicodeEncodeError, "a\ud800")):
                with self.assertRaises(error):
                    own(user_id=value)
            for who in ("alice\0", "alice\0x", b"alice\xff"):
                self.assertFalse(p.decide(who, "create_session"))

    def test_nothing_leaks(self):
        p = opened()
        attributes = {"user_id": "alice", "l": ["a", "b"]}

        def calls():
            for _ in range(2000):
                p.decide("alice", "read_user_session", "session/1", resource_attributes=attributes, context={"k": [1, {"a": "b"}]})
                p.decide_many("alice", [("create_session", None)] * 3)
                p.authenticate(libpolicy.bearer("x"))
                try:
                    p.decide("alice", "a", context={"a": ["x", object()]})
                except TypeError:
                    pass

        calls()
        gc.collect()
        refs = sys.getrefcount(attributes["user_id"]), sys.getrefcount(p), sys.getrefcount(libpolicy.Decision)
        blocks = sys.getallocatedblocks()
        calls()
        gc.collect()
        self.assertEqual((sys.getrefcount(attributes["user_id"]), sys.getrefcount(p), sys.getrefcount(libpolicy.Decision)), refs)
        self.assertLess(abs(sys.getallocatedblocks() - blocks), 50)
        p.close()

    def test_threads(self):
        p = opened()
        wrong = []

        def ask():
            for _ in range(3000):
                if not p.decide("alice", "create_session") or p.decide("bob", "create_session"):
                    wrong.append(1)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])
        p.close()


SLOW = SET + """modules:
  - use: password
    with: { file: %s }
"""


class Waiting(unittest.TestCase):
    """password has to wait: Python's lock is let go of, an event loop goes on."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP"))
        self.addCleanup(self.dir.cleanup)
        path = os.path.join(self.dir.name, "passwd")
        with open(path, "w") as f:
            f.write("alice:$y$j9T$abcdefghijklmnop$3dL1LkYnZM.OVXuVdnnaKVDlLYT92dRwOzDZ5XiVCe.\n")
        os.chmod(path, 0o600)
        self.p = opened(SLOW % path)
        self.addCleanup(self.p.close)
        self.good = libpolicy.password("alice", "secret")

    def test_sync(self):
        with self.assertRaises(libpolicy.WouldBlock) as e:
            self.p.decide(None, "create_session", credentials=self.good, nonblock=True)
        self.assertEqual((e.exception.code, e.exception.file, e.exception.line), (-10, "", 0))
        d = self.p.decide(None, "create_session", credentials=self.good)
        self.assertTrue(d, d)
        self.assertEqual(d.subject_id, "alice")
        self.assertFalse(self.p.decide(None, "create_session", credentials=libpolicy.password("alice", "wrong")))
        who = self.p.authenticate([self.good])
        self.assertTrue(who)
        self.assertEqual((who.subject_type, who.subject_id, who.kind, who.step), ("user", "alice", "password", "password"))

    def test_others_go_on(self):
        stop, turns = threading.Event(), [0]

        def count():
            while not stop.is_set():
                turns[0] += 1
                time.sleep(0)

        t = threading.Thread(target=count)
        t.start()
        before = turns[0]
        for _ in range(5):
            self.p.decide(None, "create_session", credentials=libpolicy.password("alice", "wrong"))
        after = turns[0]
        stop.set()
        t.join()
        self.assertGreater(after - before, 5)

    def test_asyncio(self):
        async def run():
            turns = 0
            done = False

            async def count():
                nonlocal turns
                while not done:
                    turns += 1
                    await asyncio.sleep(0)

            counter = asyncio.ensure_future(count())
            d = await self.p.decide_async(None, "create_session", credentials=self.good)
            who = await self.p.authenticate_async(self.good)
            many = await self.p.decide_many_async(None, [("create_session", None)], credentials=self.good)
            done = True
            await counter
            return turns, d, who, many

        turns, d, who, many = asyncio.run(run())
        self.assertTrue(d and who and many[0])
        self.assertGreater(turns, 5)

    def test_cancelled(self):
        async def run():
            tasks = [asyncio.ensure_future(self.p.decide_async(None, "create_session", credentials=self.good)) for _ in range(3)]
            await asyncio.sleep(0.002)
            for t in tasks[1:]:
                t.cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

        first, *others = asyncio.run(run())
        self.assertTrue(first)
        self.assertTrue(all(isinstance(o, asyncio.CancelledError) or o for o in others))
        self.assertTrue(self.p.decide(None, "create_session", credentials=self.good))

    def test_closed_under_way(self):
        got = []
        t = threading.Thread(target=lambda: got.append(self.p.decide(None, "create_session", credentials=self.good)))
        t.start()
        time.sleep(0.002)
        self.p.close()
        t.join()
        self.assertTrue(self.p.closed)

    def test_arguments_change_under_way(self):
        context = {f"k{i}": "".join(["v", str(i)]) for i in range(50)}

        def change():
            for i in range(50):
                context.pop(f"k{i}", None)
            gc.collect()

        t = threading.Timer(0.002, change)
        t.start()
        self.assertTrue(self.p.decide(None, "create_session", credentials=self.good, context=context))
        t.join()


if __name__ == "__main__":
    main()
