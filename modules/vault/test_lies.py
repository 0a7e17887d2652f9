# SPDX-License-Identifier: Apache-2.0
"""Settings that are refused, and a server that is slow, breaks off or lies."""
import os

from test import ERROR, FAIL, IGNORE, PASS, AGAIN, MS, SCRATCH, Count, Driver, ok, secret_file
from test_fake import Fake, answer, good

DENIED = {"errors": ["permission denied"]}


def settings(driver, _):
    for subject, claims, with_, why in [
        (None, (), {}, "no `address`"),
        (None, (), {"address": "http://127.0.0.1:1"}, "wanted: https://"),
        (None, (), {"address": "http://192.0.2.1:1", "insecure": True}, "wanted: https://"),
        (None, (), {"address": "http://localhost:1", "insecure": True}, "wanted: https://"),
        (None, (), {"address": "http://127.0.0.1:1", "insecure": True, "proxy": "http://127.0.0.1:2"}, "would see"),
        (None, (), {"address": "http://127.0.0.1.example:1", "insecure": True}, "wanted: https://"),
        (None, (), {"address": "ftp://127.0.0.1", "insecure": True}, "wanted: https://"),
        (None, (), {"address": "https://u:p@h:1"}, "nothing behind it"),
        (None, (), {"address": "https://h:1/prefix"}, "nothing behind it"),
        (None, (), {"address": "https://h:1?a=b"}, "nothing behind it"),
        (None, (), {"address": "unix://relative"}, "unix:///PATH"),
        (None, (), {"address": "https://h", "mode": "tokens"}, "token, login or list"),
        (None, (), {"address": "https://h", "mode": "login"}, "no `method`"),
        (None, (), {"address": "https://h", "mode": "login", "method": "ldap"}, "jwt, approle or userpass"),
        (None, (), {"address": "https://h", "mount": "x"}, "no meaning"),
        (None, (), {"address": "https://h", "refresh": 1000 * MS}, "no meaning"),
        (None, (), {"address": "https://h", "mode": "login", "method": "userpass", "role": "r"}, "jwt` alone"),
        (None, (), {"address": "https://h", "mode": "login", "method": "jwt", "mount": "a/../b"}, "slashes between"),
        (None, (), {"address": "https://h", "namespace": "a b"}, "slashes between"),
        (None, (), {"address": "https://h", "ca": "relative.pem"}, "absolute path"),
        (None, (), {"address": "https://h", "ca": "/nowhere/ca.pem"}, "cannot be read"),
        (None, (), {"address": "https://h", "timeout": MS}, "100ms to 60s"),
        (None, (), {"address": "https://h", "retries": 99}, "0 to 10"),
        (None, (), {"address": "https://h", "redirect_to": ["http://h:1"]}, "https://HOST:PORT"),
        (None, (), {"address": "https://h", "redirect_to": ["https://h:1/x"]}, "https://HOST:PORT"),
        ("name", (), {"address": "https://h"}, "entity, display_name"),
        ("meta.", (), {"address": "https://h"}, "entity, display_name"),
        (None, ("path",), {"address": "https://h"}, "policies or meta.NAME"),
        (None, (), {"address": "https://h", "mode": "list", "token_file": "/x"}, "no `path`"),
        (None, (), {"address": "https://h", "mode": "list", "path": "p"}, "`token_file` or `auth_method`"),
        (None, (), {"address": "https://h", "mode": "list", "path": "p", "token_file": "/x", "kv": 3}, "1 or 2"),
        (None, (), {"address": "https://h", "mode": "list", "path": "p", "auth_method": "approle",
                    "auth_secret_file": "/x"}, "auth_user"),
        (None, (), {"address": "https://h", "mode": "list", "path": "p", "auth_method": "jwt"}, "auth_secret_file"),
        ("entity", (), {"address": "https://h", "mode": "list", "path": "p", "token_file": "/x"}, "keys of its entries"),
        (None, ("policies",), {"address": "https://h", "mode": "list", "path": "p", "token_file": "/x"}, "no claims"),
    ]:
        step = driver.open(subject, claims, refused=True, **with_)
        ok(why in step.error, f"the sentence about {with_}", step.error)


def environment(*_):
    fake = Fake()
    there = Driver(VAULT_ADDR="https://127.0.0.1:1", VAULT_NAMESPACE="/team1/", VAULT_SKIP_VERIFY="1")
    step = there.open()
    ok(step.source == "vault:https://127.0.0.1:1 team1 entity", "VAULT_ADDR and VAULT_NAMESPACE", step.source)
    ok("VAULT_SKIP_VERIFY has no effect" in step.log(), "VAULT_SKIP_VERIFY is said to be without effect")
    step.close()
    there.end()
    both = Driver(VAULT_ADDR="https://h:1", BAO_ADDR="https://h:2", VAULT_NAMESPACE="x", BAO_NAMESPACE="",
                  HTTPS_PROXY=fake.address, ALL_PROXY=fake.address, http_proxy=fake.address)
    step = both.open()
    ok(step.source == "vault:https://h:2  entity", "BAO_ outranks VAULT_, also where it is empty", step.source)
    step.close()
    step = both.open(address="http://127.0.0.1:1", insecure=True)
    ok("INSECURE" in step.log(), "http is warned of")
    step.is_(ERROR, "s.proxied", "no proxy of the environment's is used")
    ok(not fake.seen, "no proxy of the environment's is asked", fake.seen)
    step.close()
    both.end()
    fake.close()


def body(token):
    return good(token).partition(b"\r\n\r\n")[2]


LIES = {
    "no-json": lambda t: answer(200, b"<html>fine</html>", kind="text/html"),
    "empty": lambda t: answer(200, b""),
    "empty-object": lambda t: answer(200, {}),
    "no-content": lambda t: answer(204, b""),
    "array": lambda t: answer(200, [{"data": {}}]),
    "null-data": lambda t: answer(200, {"data": None}),
    "data-text": lambda t: answer(200, {"data": "yes"}),
    "deep": lambda t: answer(200, b'{"data":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "twice": lambda t: answer(200, body(t).replace(b'"ttl": 600', b'"ttl": 600, "ttl": 600')),
    "huge": lambda t: answer(200, body(t) + b" " * 70000),
    "half": lambda t: good(t)[:-40],
    "half-head": lambda t: b"HTTP/1.1 200 OK\r\nContent-Le",
    "half-chunk": lambda t: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"data\":{",
    "hung-up": lambda t: b"",
    "no-http": lambda t: b"SSH-2.0-OpenSSH\r\n\r\n",
    "of-another": lambda t: good("s.somebody-else"),
    "no-id": lambda t: good(t, id=...),
    "403-page": lambda t: answer(403, b"<html>no</html>", kind="text/html"),
    "403-empty": lambda t: answer(403, {}),
    "400": lambda t: answer(400, {"errors": ["what?"]}),
    "401": lambda t: answer(401, {"errors": ["who?"]}),
    "404": lambda t: answer(404, {"errors": []}),
    "405": lambda t: answer(405, {"errors": []}),
    "500": lambda t: answer(500, {"errors": ["local node not active but active cluster node not found"]}),
    "501": lambda t: answer(501, {"errors": []}),
    "412": lambda t: answer(412, {"errors": ["required index state not present"]}),
    "429": lambda t: answer(429, {"errors": ["rate limit quota exceeded"]}, "Retry-After: 9"),
    "473": lambda t: answer(473, {"errors": []}),
    "503": lambda t: answer(503, {"errors": ["Vault is sealed"]}),
    "304": lambda t: answer(304, b""),
    "100-only": lambda t: b"HTTP/1.1 100 Continue\r\n\r\n",
    "gzip": lambda t: answer(200, b"\x1f\x8b\x08\0garbage", "Content-Encoding: gzip"),
}
WRONG = {"ttl": ("600", -1, 1.5, None, ..., True, 2 ** 63), "num_uses": ("0", None, ..., -2), "policies": (None, "root", [1], ...),
         "identity_policies": ("x", [None], {}), "meta": ("x", {"a": 1}, []), "entity_id": (7, []), "accessor": (1, {}),
         "namespace_path": (1, []), "expire_time": (0, ...), "display_name": ([],)}


def lies(driver, _):
    """0 PASS and 0 FAIL of anything that is no answer."""
    fake = Fake()
    step = driver.open(address=fake.address, insecure=True, timeout=3000 * MS, retries=0)
    step.is_(PASS, "s.good", "a good token")
    for name, make in LIES.items():
        token = "s.lie-" + name
        fake.answers[token] = lambda n, path, t, make=make: make(t)
        step.unasked(token, name, tries=2)
    for member, values in WRONG.items():
        for i, value in enumerate(values):
            token = f"s.wrong-{member}-{i}"
            fake.answers[token] = lambda n, path, t, m=member, v=value: good(t, **{m: v})
            step.unasked(token, f"{member} {value!r}", tries=1)
    step.is_(PASS, "s.good", "a good token, still")
    fake.answers["s.denied"] = answer(403, DENIED)
    step.is_(FAIL, "s.denied", "a clear 403")
    fake.answers["s.namespaced"] = lambda n, path, t: good(t, namespace_path="team1/")
    step.is_(FAIL, "s.namespaced", "another namespace")
    fake.answers["s.ending"] = lambda n, path, t: good(t, ttl=0)
    ok(step.is_(FAIL, "s.ending", "less than a second to live")["reason"] == 5, "it is told as expired")
    fake.answers["s.many"] = lambda n, path, t: good(t, policies=[f"p{i}" for i in range(200)])
    step.is_(ERROR, "s.many", "more policies than an identity holds")
    fake.answers["s.own"] = lambda n, path, t: good(t, meta={"id": "x", "kind": "y", "team": "red"})
    got = step.is_(PASS, "s.own", "metadata with the engine's own names")
    ok(got["token"] == {"team": "red"}, "they are left out", got["token"])
    step.close()
    fake.close()


def slow(driver, _):
    fake = Fake()
    step = driver.open(address=fake.address, insecure=True, timeout=600 * MS, retries=2)
    fake.answers["s.slow"] = lambda n, path, t: (10, good(t))
    step.unasked("s.slow", "an answer after 10 s", tries=1)
    step.close()
    step = driver.open(address=fake.address, insecure=True)
    step.unasked("s.slow", "an answer after the caller's deadline", tries=2, ms=300)
    step.is_(PASS, "s.good", "the caller's haste says nothing about the server")
    step.is_(ERROR, "s.good", "a deadline that has gone by", ms=-1)
    step.close()
    step = driver.open(address="http://127.0.0.1:1", insecure=True, retries=1)
    step.unasked("s.x", "nobody listens", tries=5)
    ok("cannot be asked" in step.log(), "it is logged")
    step.close()
    fake.close()


def retries(driver, _):
    fake = Fake()
    step = driver.open(address=fake.address, insecure=True, retries=2)
    for status in (412, 429, 500, 502, 503):
        token = f"s.once-{status}"
        fake.answers[token] = lambda n, path, t, s=status: answer(s, {"errors": []}) if n == 1 else good(t)
        step.is_(PASS, token, f"{status}, then good")
        ok(fake.seen[token] == 2, f"{status} was asked again once", fake.seen[token])
    fake.answers["s.hangup"] = lambda n, path, t: b"" if n <= 2 else good(t)
    step.is_(PASS, "s.hangup", "hung up on, then good")
    for status, want in ((400, ERROR), (403, FAIL), (404, ERROR), (501, ERROR)):
        token = f"s.never-{status}"
        fake.answers[token] = lambda n, path, t, s=status: answer(s, DENIED)
        step.is_(want, token, f"{status}")
        ok(fake.seen[token] == 1, f"{status} is not asked again", fake.seen[token])
    fake.answers["s.later"] = answer(429, DENIED, "Retry-After: 3000")
    step.is_(ERROR, "s.later", "a quota for longer than there is time")
    ok(fake.seen["s.later"] == 1, "it is not asked again before", fake.seen["s.later"])
    step.close()
    step = driver.open(address=fake.address, insecure=True, retries=2, mode="login", method="userpass")
    for what, n in ((answer(500, DENIED), 1), (b"", 1), (answer(200, {"auth": {}}), 1), (answer(503, DENIED), 3),
                    (answer(400, b"Client sent an HTTP request to an HTTPS server.\n", kind="text/plain"), 1)):
        password = f"password-{len(Count.secrets)}"
        fake.answers[password] = what
        step.is_(ERROR, password, f"a login answered by {what[:40]}", kind="password", name="bob")
        ok(fake.seen[password] == n, f"a login is sent {n} times", fake.seen[password])
    step.close()
    fake.close()


def redirects(driver, _):
    fake, other = Fake(), Fake()
    step = driver.open(address=fake.address, insecure=True, retries=0)

    def to(where, status=307):
        return lambda n, path, t: answer(status, b"", f"Location: {where}") if n == 1 else good(t)
    for status in (301, 302, 307, 308):
        token = f"s.near-{status}"
        fake.answers[token] = to("/v1/auth/token/lookup-self", status)
        step.is_(PASS, token, f"{status} to the same server")
    fake.answers["s.twice"] = lambda n, path, t: answer(307, b"", "Location: /v1/x") if n < 3 else good(t)
    step.unasked("s.twice", "two redirects", tries=1)
    for i, where in enumerate((f"{other.address}/v1/auth/token/lookup-self", f"//127.0.0.1:{other.port}/v1/x", "/elsewhere",
                               f"http://127.0.0.1:{fake.port}@127.0.0.1:{other.port}/v1/x", "file:///v1/x",
                               f"http://127.0.0.1:{fake.port}0/v1/x", "gopher://127.0.0.1:1/v1/x")):
        fake.answers[f"s.far-{i}"] = to(where)
        step.unasked(f"s.far-{i}", f"a redirect to {where}", tries=1)
    ok(not other.seen, "no token goes to another server", other.seen)
    step.close()
    fake.close()
    other.close()


def shapes(driver, _):
    """What is nobody's, and what is not even asked about."""
    fake = Fake()
    step = driver.open(address=fake.address, insecure=True)
    step.is_(IGNORE, "pw", "a password, in mode token", kind="password", name="bob")
    for bad in ("", "a b", "a\nX-Vault-Token: root", "a\r\nb", "a\x00b", "a\x7fb", "t\u00e4", "x" * 8193):
        step.is_(FAIL, bad, f"the token {bad[:20]!r}", nonblock=True)
    ok(not fake.seen, "nobody was asked", fake.seen)
    step.is_(PASS, "x" * 8192, "a token as long as may be")
    step.close()
    step = driver.open(address=fake.address, insecure=True, mode="login", method="jwt")
    step.is_(IGNORE, "s.abc", "no JWT, by its shape")
    step.is_(IGNORE, "a.b.c", "a password, in mode login jwt", kind="password", name="x")
    step.is_(FAIL, "", "an empty bearer")
    step.is_(AGAIN, "a.b.c", "a JWT, without waiting", nonblock=True)
    step.close()
    step = driver.open(address=fake.address, insecure=True, mode="login", method="userpass")
    for name in ("../../sys", "a/b", "", "a?b", "a%2fb", None, ".."):
        step.is_(FAIL, "secret-pw", f"the user {name!r}", kind="password", name=name)
    step.is_(FAIL, "", "an empty password", kind="password", name="bob")
    step.is_(IGNORE, "s.abc", "a bearer, in mode login userpass")
    ok(len(fake.seen) == 1, "nobody was asked", fake.seen)
    step.close()
    fake.close()


def crowd(driver, _):
    """More at once than there are handles, some of them late: all get their answer."""
    fake = Fake()
    step = driver.open(address=fake.address, insecure=True, timeout=30000 * MS)
    fake.answers["s.late"] = lambda n, path, t: (.05, good(t))
    fake.answers["s.bad"] = answer(403, DENIED)
    got = driver.do(do="storm", step=step.n, kind="bearer", threads=40, n=30, data=["s.late", "s.good", "s.bad"])
    ok(got == {"ERROR": 0, "PASS": 800, "FAIL": 400, "IGNORE": 0, "AGAIN": 0}, "40 threads", got)
    step.close()
    step = driver.open(address=fake.address, insecure=True, timeout=300 * MS)
    fake.answers["s.slow"] = lambda n, path, t: (2, good(t))
    got = driver.do(do="storm", step=step.n, kind="bearer", threads=40, n=2, data=["s.slow"])
    ok(got["ERROR"] == 80, "40 threads who wait for a server that is slow", got)
    Count.unasked += 80
    step.close()
    fake.close()


def forked(driver, _):
    """A child makes connections of its own, and leaves its parent's alone."""
    fake = Fake()
    fake.answers["s.bad"] = answer(403, DENIED)
    step = driver.open(address=fake.address, insecure=True)
    step.is_(PASS, "s.good", "before the fork")
    for n in (2, 3):
        got = driver.do(do="fork", step=step.n, kind="bearer", threads=1, n=10, data=["s.good", "s.bad"], idle=True)
        ok(got["child"] == 0 and fake.connections == n, "the child's connection is its own", (got, fake.connections))
        step.is_(PASS, "s.good", "after the fork")
    ok(fake.connections == 3, "the parent still has its own", fake.connections)
    step.close()
    fake.close()


def own_files(driver, _):
    fake = Fake()
    for name, mode, why in (("loose", 0o644, "mode is wrong"), ("group", 0o640, "mode is wrong"), ("gone", 0, "not there"),
                            ("linked", 0o600, "symbolic link"), ("blank", 0o600, "empty")):
        path = secret_file(name, "" if name == "blank" else f"s.own-{name}", mode)
        Count.secrets.discard("")
        if name == "gone":
            os.unlink(path)
        if name == "linked":
            os.rename(path, path + ".real")
            os.symlink(path + ".real", path)
        step = driver.open(address=fake.address, insecure=True, mode="list", path="p", token_file=path, retries=0)
        ok(why in step.log(), f"a token file that is {name} is told so")
        Count.unasked += 1
        step.is_(ERROR, "client-token", f"a list that was never read ({name})")
        step.is_(ERROR, "client-token", f"a list that was never read ({name}), without waiting", nonblock=True)
        step.close()
    ok(not [t for t in fake.seen if t], "none of them was sent", fake.seen)
    fake.close()
    ok(os.path.isdir(SCRATCH), "scratch")


sections = [settings, environment, lies, slow, retries, redirects, shapes, crowd, forked, own_files]
