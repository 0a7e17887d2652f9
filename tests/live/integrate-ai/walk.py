# SPDX-License-Identifier: Apache-2.0
"""Users, scoped tokens, the real `iai` command. walk.py BUILD"""
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))

from libpolicy.client import AuthError, Scope, connect_to_auth_client  # noqa: E402
from live import Count, put  # noqa: E402
from service import Service, ask, fill, free_port, until  # noqa: E402

COUNT = Count()
IAI = os.path.join(os.path.dirname(sys.executable), "iai")
INFO = ["active", "customer", "email", "env", "iat", "iss", "realm", "renewable", "role", "scope", "token_id", "user_id", "user_type"]


def show(who, what, said):
    print(f"  {who:30} {what:44} {said}")


class World:
    def __init__(self, build, tmp):
        self.front, self.app = free_port(), free_port()
        self.policyd = Service(build, tmp, HERE, ["integrate-ai"], NGINX="root" if os.getuid() == 0 else os.getlogin(),
                               FRONT=self.front, APP=self.app)
        put(tmp, "secret", "a secret of thirty-two bytes or more, for HS256\n")
        self.tmp, self.others = tmp, []
        self.policyd.ctl("admin", "init", "olga", "admin", "--password-file", "-", text="olga has a password\n")
        # what the web page's "Generate Access Token" does
        self.unscoped = self.policyd.ctl("token", "create", "--step", "iai", "--login", "olga", "--password-stdin",
                                         text="olga has a password\n").strip()

    def start(self):
        self.policyd.start()
        self.spawn([sys.executable, os.path.join(HERE, "application.py"), self.policyd.set, str(self.app)], self.app)
        conf = put(self.tmp, "nginx.conf", fill(os.path.join(HERE, "nginx.conf"), self.policyd.words))
        self.spawn(["nginx", "-p", self.tmp, "-c", conf, "-e", os.path.join(self.tmp, "nginx.log")], self.front)

    def spawn(self, command, port):
        with open(os.path.join(self.tmp, "log"), "ab") as log:
            p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.others.append(p)

        def up():
            try:
                return p.poll() is not None or ask(port, "GET", "/nothing").status > 0
            except OSError:
                return False
        if not until(up) or p.poll() is not None:
            sys.exit(f"{command[0]} does not come up: " + open(os.path.join(self.tmp, "log")).read()[-2000:])

    def stop(self):
        for p in reversed(self.others):
            p.terminate()
            p.wait(30)
        return self.policyd.stop()

    def known(self, token):
        """What policyd has made other processes see a little later. Returns the token."""
        COUNT.check("a new token is seen", True, until(lambda: ask(self.app, "POST", "/sessions", token=token).status != 401))
        return token

    def client(self, token):
        return connect_to_auth_client(f"http://127.0.0.1:{self.front}", token=token)

    def iai(self, who, token, *args):
        """The command: exit status, what it says."""
        env = dict(os.environ, IAI_TOKEN=token, IAI_DEBUG_API_URL=f"http://127.0.0.1:{self.front}", COLUMNS="200", NO_COLOR="1",
                   HOME=self.tmp)
        env.pop("PYTHONPATH", None)
        r = subprocess.run([IAI, *args], env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        said = re.sub(r"\x1b\[[0-9;]*m", "", r.stdout + r.stderr)
        return r.returncode, said

    def lists(self, who, token, wanted):
        """wanted: the version that is listed, or what the refusal says."""
        status, said = self.iai(who, token, "sdk", "list")
        flat = " ".join(said.split())
        show(who, "iai sdk list", "lists 9.0" if "9.0" in said else wanted if wanted in flat else flat[:160])
        COUNT.check(f"{who}: iai sdk list", True, wanted in flat and ("9.0" in said) == (wanted == "9.0"))

    def session(self, who, token, method, path, wanted):
        a = ask(self.front, method, path, {} if method == "POST" else None, token)
        show(who, f"{method} {path}", f"{a.status} {a['code'] or ''}")
        COUNT.check(f"{who}: {method} {path}", wanted, (a.status, a["code"]))
        return a["session"]


def refused(who, what, wanted, call, *args, **more):
    try:
        call(*args, **more)
        got = "done"
    except AuthError as e:
        got = (e.status, e.code)
    show(who, what, f"{got[0]} {got[1]}" if got != "done" else got)
    COUNT.check(f"{who}: {what}", wanted, got)


def made(who, what, call, *args, **more):
    try:
        got = call(*args, **more)
    except AuthError as e:
        show(who, what, e)
        COUNT.check(f"{who}: {what}", "done", str(e))
        return None
    show(who, what, "done")
    COUNT.check(f"{who}: {what}", True, True)
    return got


def users(w):
    print("users and tokens")
    olga = w.client(w.unscoped)
    user = made("olga", "create_user demo-user", olga.create_user, "demo-user")
    COUNT.check("an e-mail is generated", True, bool(re.fullmatch(r"[0-9a-f]{10}@integrate\.ai", user["email"])))
    other = made("olga", "create_user user1@mycompany.com", olga.create_user, "user1@mycompany.com")
    COUNT.check("another one", True, user["email"] != other["email"] and user["uid"] != other["uid"])
    refused("olga", "create_user demo-user, again", (409, "exists"), olga.create_user, "demo-user")
    token = made("olga", "create_token: two scopes", olga.create_token, user_id="demo-user",
                 scopes=[Scope.create_session, Scope.read_user_session])
    COUNT.check("create_token's members", ["scopes", "token", "token_id", "user_id", "user_name"], sorted(token))
    COUNT.check("whose, with which scopes", (user["email"], "demo-user", ["create_session", "read_user_session"]),
                (token["user_id"], token["user_name"], token["scopes"]))
    info = made("olga", "token_info", olga.token_info, token["token"])
    COUNT.check("token_info's members", INFO, sorted(info))
    COUNT.check("token_info", {"customer": "acme", "email": user["email"], "realm": "ifl", "role": "user", "env": "prod",
                               "token_id": token["token_id"], "iss": "integrate.ai", "renewable": False,
                               "scope": "create_session read_user_session", "user_id": "demo-user", "user_type": "generated",
                               "active": True}, {k: v for k, v in info.items() if k != "iat"})
    refused("olga", "create_token: no such scope", (400, "invalid_request"), olga.create_token, "demo-user", ["everything"])
    refused("olga", "create_token: for 31 days", (400, "invalid_request"), olga.create_token, "demo-user", [Scope.cli], 31 * 86400)
    refused("olga", "create_token: for nobody", (404, "not_found"), olga.create_token, "nobody")
    return olga, token


def of_the_user(w, token):
    demo = w.client(token["token"])
    made("demo-user", "token_info of the own token", demo.token_info, token["token"])
    refused("demo-user", "create_user", (403, "forbidden"), demo.create_user, "eve")
    refused("demo-user", "create_token for olga", (403, "forbidden"), demo.create_token, "olga")
    refused("demo-user", "delete_user olga", (403, "forbidden"), demo.delete_user, "olga")
    refused("nobody", "create_user", (401, "bad_credential"), w.client("nothing").create_user, "eve")
    a = ask(w.front, "POST", "/fl/auth/create_user", {"user_name": "eve"})
    show("nobody at all", "create_user", f"{a.status} {a['error']['code']}")
    COUNT.check("nobody at all", (401, "no_credential", True), (a.status, a["error"]["code"], a.headers["WWW-Authenticate"] is not None))


def sessions(w, olga, token):
    print("training sessions")
    other = olga.create_token("user1@mycompany.com", [Scope.create_session, Scope.read_user_session])["token"]
    w.known(token["token"])
    wide = olga.create_token("user1@mycompany.com", [Scope.read_all_session])["token"]
    cli = olga.create_token("demo-user", [Scope.cli])["token"]
    w.known(cli)
    name = w.session("demo-user", token["token"], "POST", "/sessions", (201, None))
    theirs = w.session("a stranger", other, "POST", "/sessions", (201, None))
    w.session("demo-user", token["token"], "GET", f"/sessions/{name}", (200, None))
    w.session("demo-user", token["token"], "GET", f"/sessions/{theirs}", (403, "no_rule"))
    w.session("a stranger", other, "GET", f"/sessions/{name}", (403, "no_rule"))
    w.session("a stranger, read_all_session", wide, "GET", f"/sessions/{name}", (403, "no_rule"))
    w.session("a stranger, read_all_session", wide, "GET", f"/sessions/{theirs}", (200, None))
    w.session("demo-user, scope cli", cli, "GET", f"/sessions/{name}", (403, "insufficient_scope"))
    w.session("demo-user, scope cli", cli, "POST", "/sessions", (403, "insufficient_scope"))
    w.session("nobody", None, "GET", f"/sessions/{name}", (401, "no_credential"))
    return name, cli


def command(w, olga, token, cli):
    print("the iai command")
    w.lists("olga, no scopes", w.unscoped, "9.0")
    w.lists("demo-user, scope cli", cli, "9.0")
    w.lists("demo-user, another scope", token["token"], "The token's scopes do not allow this")
    w.lists("demo-user, no scope at all", olga.create_token("demo-user", [])["token"], "The token's scopes do not allow this")
    forged = cli[:-6] + ("AAAAAA" if cli[-6:] != "AAAAAA" else "BBBBBB")
    w.lists("demo-user, a forged token", forged, "The credential is not valid")
    short = olga.create_token("demo-user", [Scope.cli], lifetime=5)["token"]
    w.lists("demo-user, for five seconds", short, "9.0")
    COUNT.check("it expires", True, until(lambda: ask(w.front, "GET", "/fl/pip/integrate-ai-sdk/list", token=short).status == 401))
    w.lists("demo-user, five seconds later", short, "The credential has expired")
    status, said = w.iai("an opaque token", "pol_nothing", "sdk", "list")
    COUNT.check("an opaque token is none for iai itself", True, status != 0)


def ends(w, olga, token, name, cli):
    print("the end of tokens and users")
    ids = olga.token_info(cli)["token_id"]
    COUNT.check("revoke_token answers nothing", None, made("olga", "revoke_token", olga.revoke_token, ids))
    COUNT.check("it is seen", True, until(lambda: ask(w.front, "GET", "/fl/pip/integrate-ai-sdk/list", token=cli).status == 401))
    w.lists("demo-user, revoked", cli, "The credential has been revoked")
    COUNT.check("token_info of a revoked token", {"active": False}, olga.token_info(cli))
    COUNT.check("token_info of none", {"active": False}, olga.token_info("nothing"))
    w.session("demo-user, the other token", token["token"], "GET", f"/sessions/{name}", (200, None))
    made("olga", "revoke_token", olga.revoke_token, token["token_id"])
    COUNT.check("it is seen", True, until(lambda: ask(w.app, "GET", f"/sessions/{name}", token=token["token"]).status == 401))
    w.session("demo-user, revoked", token["token"], "GET", f"/sessions/{name}", (401, "revoked"))
    last = olga.create_token("demo-user")["token"]
    COUNT.check("one without scopes is seen", True, until(lambda: ask(w.app, "GET", f"/sessions/{name}", token=last).status == 200))
    w.session("demo-user, no scopes", last, "GET", f"/sessions/{name}", (200, None))
    made("olga", "delete_user demo-user", olga.delete_user, "demo-user")
    COUNT.check("it is seen", True, until(lambda: ask(w.app, "GET", f"/sessions/{name}", token=last).status == 401))
    w.session("demo-user, deleted", last, "GET", f"/sessions/{name}", (401, "revoked"))
    refused("olga", "delete_user demo-user, again", (404, "not_found"), olga.delete_user, "demo-user")
    refused("olga", "create_user demo-user: taken for ever", (409, "exists"), olga.create_user, "demo-user")


def activity(w, token):
    """Each action is logged with the token's id."""
    said = w.policyd.ctl("log", "--json", "--subject", "demo-user")
    COUNT.check("what demo-user did is in the log, by the token", True, token["token_id"] in said)
    with open(os.path.join(w.tmp, "log")) as f:
        everything = f.read() + said + w.policyd.said()
    COUNT.check("no token in a log", [], [t for t in (token["token"], w.unscoped) if t in everything])


def main():
    os.environ["POLICY_MODULES"] = os.path.join(sys.argv[1], "modules", ".libs")
    with tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP")) as tmp:
        w = World(sys.argv[1], tmp)
        try:
            w.start()
            olga, token = users(w)
            of_the_user(w, token)
            name, cli = sessions(w, olga, token)
            command(w, olga, token, cli)
            ends(w, olga, token, name, cli)
            activity(w, token)
        finally:
            w.stop()
    sys.exit(COUNT.finish())


main()
