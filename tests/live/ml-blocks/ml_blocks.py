# SPDX-License-Identifier: Apache-2.0
"""The switch off and on; accounts by policyd; who may what. ml_blocks.py BUILD"""
import asyncio
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))

from live import Count  # noqa: E402
from service import Service, ask, free_port, until  # noqa: E402

COUNT = Count()
QUESTION = {"text": "my phone is on fire", "classes": ["urgent", "phone", "tablet"], "multipleTrue": True}
BART, VGG = "/block/bart-large-mnli", "/block/vision/vgg"
OURS = "import sys, app; a = app.create_app(); print([m for m in sys.modules if m == 'guard' or m.split('.')[0] == 'libpolicy'], " \
       "[m.cls.__name__ for m in a.user_middleware], sorted(set(getattr(r, 'path', None) for r in a.routes) & {'/login', '/admin/users'}))"


class App:
    """The application by uvicorn."""

    def __init__(self, folder, env):
        self.port = free_port()
        self.log = open(os.path.join(folder, f"app-{self.port}.log"), "w+")
        self.process = subprocess.Popen([sys.executable, "-m", "uvicorn", "--factory", "app:create_app", "--port", str(self.port)],
                                        cwd=HERE, env=dict(os.environ, **env), stdout=self.log, stderr=self.log)

    def is_up(self):
        try:
            return ask(self.port, "GET", "/block").status > 0
        except OSError:
            return False

    def begin(self):
        if not until(lambda: self.process.poll() is not None or self.is_up()) or self.process.poll() is not None:
            sys.exit(f"the application does not come up: {self.said()[-2000:]}")
        return self

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Story:
    def __init__(self, app, policyd):
        self.app, self.policyd = app, policyd

    def is_(self, who, wanted, method, path, body=None, token=None, headers=None, also=()):
        a = ask(self.app.port, method, path, body, token, headers)
        print(f"  {who:34} {method:5} {path:26} {a.status}")
        COUNT.check(f"{who}: {method} {path}", wanted, a.status)
        if a.status in (401, 403):
            told = a.json or {}
            COUNT.check(f"{who}: the error's members", True, {"detail", "message", "error"} <= set(told) and told["detail"] == told["message"])
            COUNT.check(f"{who}: a challenge with a 401", a.status == 401, a.headers["WWW-Authenticate"] is not None or
                        (a.status == 401))
        for name in also:
            COUNT.check(f"{who}: {name}", True, bool((a.json or {}).get(name)))
        return a

    def login(self, name, wanted=200):
        a = self.is_(f"{name} logs in", wanted, "POST", "/login", {"username": name, "password": f"{name} has a password"},
                     also=("error_message",) if wanted != 200 else ())
        if wanted == 200:
            COUNT.check(f"{name}: what /login answers", ["expiration_date", "token", "user_details"], sorted(a.json))
            COUNT.check(f"{name}: user_details", ["role", "user_id", "username"], sorted(a["user_details"]))
        return a

    def gone(self, who, token, path=BART):
        """What the store says now, other processes say soon."""
        COUNT.check(f"{who}: refused soon", True, until(lambda: ask(self.app.port, "POST", path, QUESTION, token).status == 401))
        return self.is_(who, 401, "POST", path, QUESTION, token)


def off(folder):
    print("AUTH_ENABLED is not set")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AUTH_")}
    for value in (None, "false", "0"):
        here = env if value is None else dict(env, AUTH_ENABLED=value)
        r = subprocess.run([sys.executable, "-c", OURS], cwd=HERE, env=here, capture_output=True, text=True)
        COUNT.check(f"AUTH_ENABLED={value}: nothing of ours", "[] [] []", r.stdout.strip())
    app = App(folder, {"AUTH_ENABLED": "false"}).begin()
    try:
        s = Story(app, None)
        s.is_("anybody", 200, "GET", "/block")
        s.is_("anybody", 200, "POST", BART, QUESTION)
        s.is_("anybody", 200, "GET", "/data/text/news")
        s.is_("anybody, no such thing is there", 404, "POST", "/login", {"username": "amy", "password": "x"})
    finally:
        app.stop()


def accounts(s):
    root = s.login("amy")
    COUNT.check("amy is an administrator", "admin", root["user_details"]["role"])
    amy = root["token"]
    made = {}
    for name in ("ann", "ben"):
        a = s.is_(f"amy makes {name}", 200, "POST", "/admin/users",
                  {"username": name, "password": f"{name} has a password", "role": "user"}, amy)
        COUNT.check(f"{name}: what /admin/users answers", ["creation_date", "role", "user_id"], sorted(a.json))
        made[name] = a["user_id"]
    s.is_("amy makes ann again", 409, "POST", "/admin/users", {"username": "ann", "password": "x y z", "role": "user"}, amy,
          also=("error_message",))
    s.is_("a role that is none", 400, "POST", "/admin/users", {"username": "eve", "password": "x y z", "role": "boss"}, amy,
          also=("error_message",))
    s.is_("nobody makes a user", 401, "POST", "/admin/users", {"username": "eve", "password": "x y z", "role": "user"})
    s.is_("ann: without the password", 400, "POST", "/login", {"username": "ann"}, also=("error_message",))
    s.is_("ann: another password", 401, "POST", "/login", {"username": "ann", "password": "no"}, also=("error_message",))
    return amy, made


def blocks(s, amy, made):
    ann, ben = s.login("ann"), s.login("ben")
    COUNT.check("ann is a user", ("user", made["ann"]), (ann["user_details"]["role"], ann["user_details"]["user_id"]))
    ann, ben = ann["token"], ben["token"]
    s.is_("ann makes a user", 403, "POST", "/admin/users", {"username": "eve", "password": "x y z", "role": "user"}, ann)
    for who, role, on in (("ann", "runner", "block/bart-large-mnli"), ("ben", "editor", "block/vision/**"), ("ben", "runner", "data/vision/*")):
        s.policyd.ctl("grant", "add", who, role, on, token=amy)
    COUNT.check("ann's grant is seen", True, until(lambda: ask(s.app.port, "POST", BART, QUESTION, ann).status == 200))
    COUNT.check("ben's grant is seen", True, until(lambda: ask(s.app.port, "GET", "/data/vision/faces", None, ben).status == 200))
    a = s.is_("ann, her block", 200, "POST", BART, QUESTION, ann)
    COUNT.check("each class has a value", QUESTION["classes"], list(a.json))
    s.is_("ann, ben's block", 403, "POST", VGG, QUESTION, ann)
    s.is_("ann, ben's data", 403, "GET", "/data/vision/faces", None, ann)
    s.is_("ben, his block", 200, "POST", VGG, QUESTION, ben)
    s.is_("ben, ann's block", 403, "POST", BART, QUESTION, ben)
    s.is_("ben, his data", 200, "GET", "/data/vision/faces", None, ben)
    s.is_("ben writes his data", 403, "PUT", "/data/vision/faces", b"x", ben)
    s.is_("amy, any block", 200, "POST", VGG, QUESTION, amy)
    s.is_("amy writes data", 200, "PUT", "/data/text/news", b"some news", amy)
    s.is_("ann makes a pipeline", 200, "POST", "/pipeline", None, ann)
    return ann, ben


def refusals(s):
    s.is_("nobody", 401, "GET", "/block")
    s.is_("nobody", 401, "POST", BART, QUESTION)
    s.is_("a token that is none", 401, "GET", "/block", None, "pol_nothing")
    s.is_("a header of no form", 401, "GET", "/block", None, None, {"Authorization": "nothing"})
    s.is_("amy's password as it is", 403, "GET", "/block", None, None,
          {"Authorization": "Basic YW15OmFteSBoYXMgYSBwYXNzd29yZA=="})
    for path in ("/blocks", "/block/../data/text/news", "/docs", "//block", "/block%2f..%2fdata", "/BLOCK"):
        for token in (None, "pol_nothing"):
            a = ask(s.app.port, "GET", path, None, token)
            COUNT.check(f"GET {path} lets nobody in", True, a.status in (401, 403))


def keys(s, amy, made, ann, ben):
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    a = s.is_("amy makes ann a key", 200, "POST", "/admin/apikeys", {"user_id": made["ann"], "expiration_date": end}, amy)
    COUNT.check("what /admin/apikeys answers", ["api_key", "expiration_date", "user_id"], sorted(a.json))
    COUNT.check("whose, until when", (made["ann"], end), (a["user_id"], a["expiration_date"]))
    key = a["api_key"]
    s.is_("ann makes a key", 403, "POST", "/admin/apikeys", {"user_id": made["ann"], "expiration_date": end}, ann)
    s.is_("a key for nobody", 404, "POST", "/admin/apikeys", {"user_id": "nobody", "expiration_date": end}, amy, also=("error_message",))
    s.is_("a key until yesterday", 400, "POST", "/admin/apikeys", {"user_id": made["ann"], "expiration_date": "2020-01-01T00:00:00Z"},
          amy, also=("error_message",))
    COUNT.check("the key is seen", True, until(lambda: ask(s.app.port, "POST", BART, QUESTION, key).status == 200))
    s.is_("ann's key, her block", 200, "POST", BART, QUESTION, key)
    s.is_("ann's key, ben's block", 403, "POST", VGG, QUESTION, key)
    s.is_("ann's key makes a pipeline", 403, "POST", "/pipeline", None, key)
    s.is_("ann's key makes a user", 403, "POST", "/admin/users", {"username": "eve", "password": "x y z", "role": "user"}, key)
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    short = ask(s.app.port, "POST", "/admin/apikeys", {"user_id": made["ann"], "expiration_date": soon}, amy)["api_key"]
    COUNT.check("a key for three seconds is made", True, bool(short))
    s.gone("ann's key of three seconds", short)
    listed = s.policyd.ctl("key", "list", "ann", "--json", token=amy)
    first = listed.splitlines()[0].split('"token_id": "')[1].split('"')[0]
    s.policyd.ctl("token", "revoke", first, token=amy)
    s.gone("ann's key, revoked", key)
    s.policyd.ctl("user", "change", "ben", "--disable", token=amy)
    s.gone("ben, disabled", ben, VGG)
    s.login("ben", 401)


def on(folder, build, store):
    print(f"AUTH_ENABLED=true, accounts in {store.split(':')[0]}")
    policyd = Service(build, folder, HERE, ["ml-blocks"], STORE=store)
    policyd.ctl("admin", "init", "amy", "admin", "--password-file", "-", text="amy has a password\n")
    policyd.start()
    env = {"AUTH_ENABLED": "true", "AUTH_POLICY": policyd.set, "AUTH_ACCOUNTS": f"http://127.0.0.1:{policyd.port}"}
    app = None
    try:
        app = App(folder, env).begin()
        s = Story(app, policyd)
        refusals(s)
        amy, made = accounts(s)
        ann, ben = blocks(s, amy, made)
        keys(s, amy, made, ann, ben)
        policyd.stop()
        s.is_("ann, with policyd gone", 200, "POST", BART, QUESTION, ann)
        s.is_("ann logs in, with policyd gone", 503, "POST", "/login", {"username": "ann", "password": "x"}, also=("error_message",))
        said = app.said() + policyd.said()
        COUNT.check("no secret in a log", [], [x for x in (amy, ann, ben, "has a password") if x in said])
    finally:
        if app is not None:
            app.stop()
        policyd.stop()
    return env


def misconfigured(folder, env):
    print("misconfigured: nothing starts, nothing opens")
    for what, more in (("a set that is not there", {"AUTH_POLICY": "/nonexistent"}), ("a switch that is no word", {"AUTH_ENABLED": "maybe"})):
        app = App(folder, dict(env, **more))
        COUNT.check(what, True, app.process.wait(60) != 0)
        app.stop()
    app = App(folder, dict(env, AUTH_ENABLED="false", AUTH_POLICY="/nonexistent")).begin()
    try:
        Story(app, None).is_("anybody, after AUTH_ENABLED=false", 200, "GET", "/block")
    finally:
        app.stop()


def cost(env, folder):
    """Printed, not judged: the machine is shared."""
    import app as application
    os.environ.update(env)
    body_of = {"type": "http.request", "body": b"", "more_body": False}

    def measured(app, headers):
        scope = {"type": "http", "method": "GET", "path": "/block", "raw_path": b"/block", "query_string": b"", "headers": headers,
                 "http_version": "1.1", "scheme": "http", "server": ("a", 80), "client": ("127.0.0.1", 1), "root_path": ""}
        seen = []

        async def receive():
            return body_of

        async def send(message):
            seen.append(message.get("status"))

        async def many(n):
            for _ in range(n):
                await app(dict(scope), receive, send)
        best = None
        for _ in range(7):
            begin = time.perf_counter_ns()
            asyncio.run(many(500))
            took = (time.perf_counter_ns() - begin) / 500
            best = took if best is None else min(best, took)
        return best / 1000, seen[0]

    plain, status = measured(application.create_app(False), [])
    COUNT.check("measured, off", 200, status)
    guarded = application.create_app(True)
    denied, status = measured(guarded, [])
    COUNT.check("measured, on, nobody", 401, status)
    allowed, status = measured(guarded, [(b"authorization", b"Bearer " + env["TOKEN"].encode())])
    COUNT.check("measured, on, with a token", 200, status)
    print(f"cost of a request: off {plain:.1f} us; on {allowed:.1f} us, a refusal {denied:.1f} us")


def main():
    build = sys.argv[1]
    os.environ["POLICY_MODULES"] = os.path.join(build, "modules", ".libs")
    sys.path.insert(0, HERE)
    with tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP")) as tmp:
        off(tmp)
        sqlite = os.path.join(tmp, "sqlite")
        os.mkdir(sqlite)
        env = on(sqlite, build, f"sqlite:{sqlite}/store/accounts.db")
        misconfigured(tmp, env)
        if os.environ.get("POLICY_TEST_PG"):
            postgresql = os.path.join(tmp, "postgresql")
            os.mkdir(postgresql)
            on(postgresql, build, os.environ["POLICY_TEST_PG"] + "&schema=ml_blocks")
        else:
            COUNT.skip(1, "accounts in PostgreSQL (no server can be started here)")
        policyd = Service.__new__(Service)
        policyd.set, policyd.build, policyd.words = env["AUTH_POLICY"], build, {"MODULES": os.environ["POLICY_MODULES"]}
        env["TOKEN"] = policyd.ctl("token", "create", "--kind", "session", "--login", "amy", "--password-stdin",
                                   text="amy has a password\n").strip()
        cost(env, tmp)
    sys.exit(COUNT.finish())


main()
