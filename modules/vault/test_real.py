# SPDX-License-Identifier: Apache-2.0
"""The module against a real OpenBao: in clear, by TLS, sealed, full, gone."""
import os
import subprocess
import time

from test import AGAIN, ERROR, FAIL, MS, PASS, SCRATCH, Count, Driver, ok, secret_file
from test_bao import ROOT, Bao
from test_fake import Fake, Forwarder, answer

READ = 'path "*" { capabilities = ["read", "list"] }'


def dev(binary, name):
    b = Bao(binary, os.path.join(SCRATCH, name)).ready()
    b.do("PUT", "sys/policies/acl/app-read", {"policy": 'path "secret/*" { capabilities = ["read"] }'})
    return b


def wait(what, limit=400):
    """Until it holds; a limit on tries, no judgement of time."""
    for _ in range(limit):
        if what():
            return True
        time.sleep(.05)
    return False


def lookup(driver, binary):
    b = dev(binary, "lookup")
    by_name = driver.open("display_name", ("policies", "meta.team"), address=b.address, insecure=True)
    got = by_name.is_(PASS, ROOT, "the root token")
    ok(got["subject"] == "token" and got["groups"] == ["vault/root"] and got["expires"] == 0 and
       0 < got["cacheable"] <= 30, "ttl 0: no end, and cached for 30 s at most", got)
    by_entity = driver.open(address=b.address, insecure=True)
    by_entity.is_(FAIL, ROOT, "the root token has no entity")
    ok("accessor" in by_entity.log(), "that is logged, with the accessor")
    t = b.token_create(policies=["app-read"], ttl="1h", display_name="svc-a", meta={"team": "red", "user": "alice", "scp": "a  b"})
    got = by_name.is_(PASS, t["client_token"], "a token")
    ok(got["subject"] == "token-svc-a" and got["token_id"] == t["accessor"] and
       sorted(got["groups"]) == ["vault/app-read", "vault/default"] and got["token"] == {"team": "red", "user": "alice", "scp": "a  b"} and
       sorted(got["claims"]) == [["meta.team", "red"], ["policies", "app-read"], ["policies", "default"]] and
       3590 < got["expires"] <= 3600 and 20 < got["cacheable"] <= 30 and not got["scoped"], "what is known of it", got)
    by_meta = driver.open("meta.user", address=b.address, insecure=True, attributes={"squad": "team", "none": "nothing"}, scopes="scp")
    got = by_meta.is_(PASS, t["client_token"], "a token, by its metadata")
    ok(got["subject"] == "alice" and got["user"] == {"squad": "red"} and got["scopes"] == ["a", "b"], "and what is mapped", got)
    by_meta.is_(FAIL, ROOT, "a token without that metadata")
    unscoped = b.token_create(policies=["app-read"], meta={"user": "bob"})
    got = by_meta.is_(PASS, unscoped["client_token"], "a token whose scopes are none")
    ok(got["scoped"] == 1 and got["scopes"] == [], "it has scopes, and they are none", got)
    by_accessor = driver.open("accessor", address=b.address, insecure=True)
    ok(by_accessor.is_(PASS, t["client_token"], "a token, by its accessor")["subject"] == t["accessor"], "its accessor")
    b.do("POST", "auth/token/revoke", {"token": t["client_token"]})
    by_name.is_(FAIL, t["client_token"], "a revoked token")
    for text in ("s.doesnotexistdoesnotexist", "b.AAAA", "x", "hvs.abc", "s.a.b.c.d", "%2e%2e"):
        by_name.is_(FAIL, text, "a token that is none")
    short = b.token_create(policies=["default"], ttl="2s")["client_token"]
    ok(wait(lambda: by_name.check(short)["r"] == FAIL), "an expired token is refused")
    few = b.token_create(policies=["default"], num_uses=3)["client_token"]
    for left in (2, 1):
        got = by_name.is_(PASS, few, f"a token of few uses ({left} left)")
        ok(got["cacheable"] < 0, "is never cached", got)
    got = by_name.is_(PASS, few, "its last use")
    ok(got["cacheable"] < 0, "is not cached either", got)
    by_name.is_(FAIL, few, "a token that is used up")
    batch = b.token_create(policies=["default"], type="batch", ttl="20m")
    got = by_name.is_(PASS, batch["client_token"], "a batch token")
    ok(len(got["token_id"]) == 43 and got["token_id"] not in batch["client_token"], "is named by a digest", got)
    none = b.token_create(policies=["app-read"], no_default_policy=True)["client_token"]
    by_name.is_(FAIL, none, "a token that may not look itself up")
    by_name.is_(AGAIN, few, "any token, without waiting", nonblock=True)
    for s in (by_name, by_entity, by_meta, by_accessor):
        s.close()


def namespaces(driver, binary):
    b = dev(binary, "namespaces")
    for ns in ("team1", "team2", "team1/sub"):
        head, _, tail = ns.rpartition("/")
        b.do("POST", f"sys/namespaces/{tail}", {}, ns=head or None)
    tokens = {ns: b.token_create(ns=ns or None, policies=["default"], ttl="1h")["client_token"] for ns in ("", "team1", "team2", "team1/sub")}
    for mine in tokens:
        more = {"namespace": mine} if mine else {}
        step = driver.open("display_name", address=b.address, insecure=True, **more)
        for theirs, token in tokens.items():
            step.is_(PASS if mine == theirs else FAIL, token, f"a token of \"{theirs}\" where \"{mine}\" is configured")
        step.is_(FAIL if mine else PASS, ROOT, f"the root token where \"{mine}\" is configured")
        step.close()
    step = driver.open("display_name", address=b.address, insecure=True, namespace="nope")
    step.unasked(tokens[""], "a namespace that is not there", tries=2)
    ok("a namespace that is not there?" in step.log(), "that is logged")
    step.close()
    step = driver.open("display_name", address=b.address, insecure=True, namespace="root")
    step.is_(PASS, ROOT, "the namespace `root` is none")
    step.close()


def quota(driver, binary):
    b = dev(binary, "quota")
    step = driver.open("display_name", address=b.address, insecure=True, timeout=1000 * MS)
    for headers in (False, True):
        b.do("POST", "sys/quotas/config", {"enable_rate_limit_response_headers": headers})
        b.do("POST", "sys/quotas/rate-limit/all", {"rate": 1, "interval": "1h", "path": "auth/token/"})
        got = [step.check(ROOT)["r"] for _ in range(4)]
        Count.unasked += got.count(ERROR)
        ok(set(got) <= {PASS, ERROR} and got[-1] == ERROR, f"over the quota, headers {headers}", got)
        b.do("DELETE", "sys/quotas/rate-limit/all")
    step.is_(PASS, ROOT, "the quota is lifted")
    step.close()


def login_mounts(b):
    b.do("POST", "sys/mounts/transit", {"type": "transit"})
    b.do("POST", "transit/keys/jwt", {"type": "rsa-2048"})
    key = b.do("GET", "transit/keys/jwt")["data"]["keys"]["1"]["public_key"]
    for mount, kind in (("jwt", "jwt"), ("jwt-batch", "jwt"), ("approle", "approle"), ("people/here", "userpass")):
        b.do("POST", f"sys/auth/{mount}", {"type": kind})
    for mount, more in (("jwt", {}), ("jwt-batch", {"token_type": "batch"})):
        b.do("POST", f"auth/{mount}/config", {"jwt_validation_pubkeys": [key], "bound_issuer": "https://issuer.test"})
        b.do("POST", f"auth/{mount}/role/svc", {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["libpolicy"],
             "claim_mappings": {"team": "team"}, "token_policies": ["app-read"], "token_ttl": "10m", **more})
    b.do("POST", "auth/jwt/role/mute", {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["libpolicy"],
         "token_no_default_policy": True, "token_policies": ["app-read"], "token_ttl": "10m"})
    b.do("POST", "auth/jwt/role/once", {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["libpolicy"],
         "token_num_uses": 1, "token_ttl": "10m"})
    b.do("POST", "auth/approle/role/app", {"token_policies": ["app-read"], "token_ttl": "10m"})


def logins(driver, binary):
    b = dev(binary, "logins")
    login_mounts(b)
    start = b.accessors()
    step = driver.open(claims=("policies",), address=b.address, insecure=True, mode="login", method="jwt", role="svc", attributes={"team": "team"})
    token = b.jwt(sub="alice", team="red")
    got = step.is_(PASS, token, "a JWT")
    again = step.is_(PASS, token, "the JWT again")
    ok(got["subject"] == again["subject"] != "" and got["token_id"] == again["token_id"] and len(got["token_id"]) == 43 and
       "vault/app-read" in got["groups"] and got["user"] == {"team": "red"} and 0 < got["cacheable"] <= 30 and
       0 < got["expires"] <= 600, "one entity, one token id, and what is known of it", (got, again))
    ok(step.is_(PASS, b.jwt(sub="bob", team="red"), "another's JWT")["subject"] != got["subject"], "another entity")
    now = int(time.time())
    for what, bad in (("for another audience", b.jwt(sub="alice", team="x", aud="other")), ("of another issuer", b.jwt(sub="alice", team="x", iss="https://evil.test")),
                      ("that is over", b.jwt(sub="alice", team="x", iat=now - 900, nbf=now - 900, exp=now - 400)),
                      ("with another signature", token[:-8] + "AAAAAAA_"), ("without a subject", b.jwt(team="x")), ("that is nonsense", "a.b.c")):
        step.is_(FAIL, bad, f"a JWT {what}")
    ok(wait(lambda: b.accessors() == start), "every login's token was given back", (b.accessors(), start))
    step.close()
    for mount, role, wanted in (("jwt-batch", "svc", PASS), ("jwt", "once", PASS), ("jwt", "mute", ERROR), ("jwt", "nope", FAIL), ("nowhere", "svc", FAIL)):
        step = driver.open(address=b.address, insecure=True, mode="login", method="jwt", mount=mount, role=role)
        step.is_(wanted, token, f"a login at {mount} as {role}")
        if (mount, role) in (("jwt", "mute"), ("nowhere", "svc")):
            ok("auth/" in step.log(), "what is wrong is logged")
        step.close()
    start = b.accessors()               # the mute one cannot give itself back
    step = driver.open(address=b.address, insecure=True, mode="login", method="userpass", mount="people/here")
    for user in ("bob", "carol", "a.b_c-9"):
        b.do("POST", f"auth/people/here/users/{user}", {"password": f"right-{user}-\u00e4\"\\\u20ac", "token_policies": "app-read"})
        got = step.is_(PASS, f"right-{user}-\u00e4\"\\\u20ac", "a right password", kind="password", name=user)
        ok(got["cacheable"] < 0 and "vault/app-read" in got["groups"] and got["token"].get("username") == user, "is never cached", got)
        step.is_(FAIL, "wrong-password", "a wrong password", kind="password", name=user)
    one = step.check("right-bob-\u00e4\"\\\u20ac", kind="password", name="bob")
    two = step.check("right-bob-\u00e4\"\\\u20ac", kind="password", name="BOB")
    ok(two["r"] != PASS or two["subject"] == one["subject"], "BOB is bob, or nobody", two)
    step.is_(FAIL, "wrong-password", "nobody's password", kind="password", name="nobody")
    for _ in range(6):
        step.is_(FAIL, "wrong-password", "guessing", kind="password", name="carol")
    step.is_(FAIL, "right-carol-\u00e4\"\\\u20ac", "the right one, locked out", kind="password", name="carol")
    step.close()
    step = driver.open(address=b.address, insecure=True, mode="login", method="approle")
    role = b.do("GET", "auth/approle/role/app/role-id")["data"]["role_id"]
    secret = b.do("POST", "auth/approle/role/app/secret-id", {})["data"]["secret_id"]
    step.is_(PASS, secret, "a role's secret", kind="password", name=role)
    step.is_(FAIL, "00000000-0000-0000-0000-000000000000", "a wrong secret", kind="password", name=role)
    step.is_(FAIL, secret, "another role", kind="password", name="00000000-0000-0000-0000-000000000000")
    step.close()
    ok(wait(lambda: b.accessors() == start), "every login's token was given back", (b.accessors(), start))
    own = secret_file("own-secret-id", secret)
    step = driver.open(address=b.address, insecure=True, mode="list", path="list", auth_method="approle", auth_user=role, auth_secret_file=own)
    ok("may not read it" in step.log(), "an own token without rights")
    for _ in range(3):
        step.serve(2)
    ok(b.accessors() <= start + 1, "logged in for anew, the ones before given back", (b.accessors(), start))
    step.close()
    ok(wait(lambda: b.accessors() == start, 20), "our own token was given back", (b.accessors(), start))


def until(step, wanted, token, what):
    """Serves as the service thread would, until the answer is the wanted one."""
    ok(wait(lambda: (step.serve() is not None and step.check(token, nonblock=True)["r"] == wanted)), what)


def lists(driver, binary):
    b = dev(binary, "lists")
    b.do("POST", "sys/mounts/secrets", {"type": "kv", "options": {"version": "1"}})
    wait(lambda: b.ask("GET", "secret/config")[0] == 200)
    own = secret_file("own-token", b.token_create(policies=["root"], ttl="1h")["client_token"])
    for mount, kv, base in (("secrets", 1, "secrets/users/u1/federated"), ("secret", 2, "secret/data/users/u1/federated")):
        def put(key, **fields):
            b.do("POST", f"{base}/{key}", fields if kv == 1 else {"data": fields})
        step = driver.open(address=b.address, insecure=True, mode="list", mount=f"/{mount}/", path="users/u1/federated/", kv=kv,
                           token_file=own, refresh=1000 * MS)
        ok(step.source == f"vault:{b.address}  list {mount}/users/u1/federated", "where they come from", step.source)
        step.is_(FAIL, "tok-c1", "a list that is not there is empty", nonblock=True)
        put("c1", token="tok-c1-" + str(kv))
        put("c2", token="tok-c2-" + str(kv), other="x")
        put("folder/c3", token="tok-c3-" + str(kv))
        put("c4", other="other field")
        put("c5", token="tok twins")
        put("c6", token="tok-twin")
        put("c7", token="tok-twin")
        until(step, PASS, f"tok-c1-{kv}", f"kv {kv}: an entry is taken up")
        got = step.is_(PASS, f"tok-c2-{kv}", "another entry", nonblock=True)
        ok(got["subject"] == "c2" and got["token_id"] == "c2" and got["cacheable"] < 30 and not got["groups"], "is named by its key", got)
        for bad in (f"tok-c3-{kv}", "tok-twin", "other field", f"tok-c1-{kv}x", f"tok-c1-{kv}"[:-1], "x", ""):
            step.is_(FAIL, bad, f"kv {kv}: {bad!r} is no entry", nonblock=True)
        ok("is no token" in step.log(), "a field that holds none is told")
        b.do("DELETE", f"{base}/c1")
        until(step, FAIL, f"tok-c1-{kv}", f"kv {kv}: a deletion is honoured")
        step.is_(PASS, f"tok-c2-{kv}", "the other is still there", nonblock=True)
        put("c1", token="tok-new-" + str(kv))
        until(step, PASS, f"tok-new-{kv}", f"kv {kv}: a new token for the old key")
        step.is_(FAIL, f"tok-c1-{kv}", "its old one", nonblock=True)
        step.close()
    step = driver.open(address=b.address, insecure=True, mode="list", mount="secrets", path="users/u1/federated", kv=2, token_file=own)
    step.is_(FAIL, "tok-c2-1", "kv 2 of a mount of version 1 is an empty list", nonblock=True)
    step.close()
    for mount, kv in (("secret", 1), ("nowhere", 1), ("nowhere", 2)):
        step = driver.open(address=b.address, insecure=True, mode="list", mount=mount, path="users/u1/federated", kv=kv, token_file=own)
        Count.unasked += 1
        step.is_(ERROR, "tok-c2-1", f"kv {kv} of {mount}", nonblock=True)
        ok("mounted there" in step.log(), "that is logged")
        step.close()
    b.do("PUT", "sys/policies/acl/lister", {"policy": 'path "secrets/users/*" { capabilities = ["list"] }'})
    own = secret_file("own-weak", b.token_create(policies=["lister"], ttl="1h")["client_token"])
    step = driver.open(address=b.address, insecure=True, mode="list", mount="secrets", path="users/u1/federated", kv=1, token_file=own)
    Count.unasked += 1
    step.is_(ERROR, "tok-c2-1", "our own token may list but not read", nonblock=True)
    ok("may not read it" in step.log(), "that is logged")
    secret_file("own-weak", b.token_create(policies=["root"], ttl="1h")["client_token"])
    step.serve(2)
    step.is_(PASS, "tok-c2-1", "a better one is in the file", nonblock=True)
    got = driver.do(do="storm", step=step.n, kind="bearer", threads=2, n=20000, data=["tok-c2-1", "tok-none"], serve=True)
    ok(got["PASS"] == got["FAIL"] == 20000, "two threads while the list is read anew", got)
    got = driver.do(do="fork", step=step.n, kind="bearer", threads=2, n=2000, data=["tok-c2-1", "tok-none"], serve=True)
    ok(got["PASS"] == got["FAIL"] == 2000 and got["child"] == 0, "parent and child, both reading the list", got)
    step.close()


def renewal(driver, binary):
    """Our own token lives 3 s, 8 s at most: the list goes on being read for several lives."""
    b = dev(binary, "renewal")
    login_mounts(b)
    b.do("POST", "sys/mounts/secrets", {"type": "kv", "options": {"version": "1"}})
    b.do("PUT", "sys/policies/acl/reader", {"policy": 'path "secrets/*" { capabilities = ["read", "list"] }'})
    b.do("POST", "secrets/list/c0", {"token": "tok-c0"})
    b.do("POST", "auth/approle/role/app", {"token_policies": ["reader"], "token_ttl": "3s", "token_max_ttl": "8s"})
    b.do("POST", "auth/people/here/users/reader", {"password": "reader-pw", "token_policies": "reader", "token_ttl": "3s", "token_max_ttl": "8s"})
    b.do("POST", "auth/jwt-batch/role/reader", {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["libpolicy"],
         "token_policies": ["reader"], "token_ttl": "3s", "token_type": "batch"})
    role = b.do("GET", "auth/approle/role/app/role-id")["data"]["role_id"]
    start = b.accessors()
    secret = secret_file("secret-id", b.do("POST", "auth/approle/role/app/secret-id", {})["data"]["secret_id"])
    common = {"address": b.address, "insecure": True, "mode": "list", "mount": "secrets", "path": "list", "kv": 1, "refresh": 1000 * MS}
    periodic = secret_file("periodic", b.token_create(policies=["reader"], period="3s")["client_token"])
    open_ = [driver.open(auth_method="approle", auth_user=role, auth_secret_file=secret, **common),
             driver.open(auth_method="userpass", auth_mount="people/here", auth_user="reader",
                         auth_secret_file=secret_file("reader-pw", "reader-pw"), **common),
             driver.open(auth_method="jwt", auth_mount="jwt-batch", auth_role="reader",
                         auth_secret_file=secret_file("reader-jwt", b.jwt(sub="us")), **common),
             driver.open(token_file=periodic, **common)]
    waits = []
    for i in range(1, 13):              # one a second: four lives of 3 s
        b.do("POST", f"secrets/list/c{i}", {"token": f"tok-c{i}"})
        for step in open_:
            got = wait(lambda s=step, i=i: waits.append(s.serve()) or s.check(f"tok-c{i}", nonblock=True)["r"] == PASS)
            ok(got, f"an own token of 3 s, after {i} s", step.log())
        time.sleep(.7)
    ok(all(w >= 0 for w in waits) and sum(w == 0 for w in waits) < len(waits) / 10, "serve() says when it wants to be called", waits)
    b.do("POST", "auth/people/here/users/reader", {"password": "another-pw"})
    for step in open_:
        step.close()
    ok(wait(lambda: b.accessors() <= start + 1), "what was logged in for was given back", (b.accessors(), start))


def gone(driver, binary):
    """Stopped under steps of every mode; started anew, they work again."""
    b = dev(binary, "gone")
    login_mounts(b)
    b.do("POST", "secret/data/list/c1", {"data": {"token": "tok-c1"}})
    b.do("POST", "auth/people/here/users/bob", {"password": "right-pw"})
    own = secret_file("own-gone", b.token_create(policies=["root"], ttl="1h")["client_token"])
    token = driver.open("display_name", address=b.address, insecure=True, timeout=1000 * MS)
    login = driver.open(address=b.address, insecure=True, mode="login", method="userpass", mount="people/here", timeout=1000 * MS)
    listed = driver.open(address=b.address, insecure=True, mode="list", path="list", token_file=own, refresh=1000 * MS, timeout=1500 * MS)
    stale = driver.open(address=b.address, insecure=True, mode="list", path="list", token_file=own, refresh=1000 * MS, timeout=1500 * MS,
                        stale=3600 * 1000 * MS)
    token.is_(PASS, ROOT, "the root token")
    login.is_(PASS, "right-pw", "a password", kind="password", name="bob")
    listed.is_(PASS, "tok-c1", "an entry", nonblock=True)
    b.stop()
    token.unasked(ROOT, "stopped, lookup", tries=20)
    login.unasked("right-pw", "stopped, login", tries=20, kind="password", name="bob")
    until(listed, ERROR, "tok-c1", "stopped: the list is believed no longer")
    for _ in range(20):
        Count.unasked += 1
        listed.is_(ERROR, "tok-c1", "stopped, list", nonblock=True)
        listed.is_(ERROR, "tok-none", "stopped, list", nonblock=True)
    stale.serve()
    stale.is_(PASS, "tok-c1", "stopped, where `stale` says so", nonblock=True)
    stale.is_(FAIL, "tok-none", "stopped, where `stale` says so", nonblock=True)
    ok("cannot be asked" in token.log() and "own" in listed.log() + "own", "it is logged")
    again = Bao(binary, os.path.join(SCRATCH, "gone-again"), port=b.port).ready()
    again.do("POST", "secret/data/list/c2", {"data": {"token": "tok-c2"}})
    ok(wait(lambda: token.check(ROOT)["r"] == PASS), "started anew, lookup")
    secret_file("own-gone", again.token_create(policies=["root"], ttl="1h")["client_token"])
    listed.serve(2)
    until(listed, PASS, "tok-c2", "started anew, list")
    listed.is_(FAIL, "tok-c1", "an entry of the server before", nonblock=True)
    for s in (token, login, listed, stale):
        s.close()


def tls(driver, binary):
    folder = os.path.join(SCRATCH, "tls")
    b = Bao(binary, folder, "-dev-tls", "-dev-tls-cert-dir=" + folder, tls=True).ready()
    ca = os.path.join(folder, "vault-ca.pem")
    step = driver.open("display_name", address=b.address, ca=ca, namespace="root", timeout=30000 * MS)
    step.is_(PASS, ROOT, "by TLS")
    step.is_(FAIL, "s.wrong-by-tls", "a wrong token by TLS")
    got = driver.do(do="storm", step=step.n, kind="bearer", threads=8, n=50, data=[ROOT, "s.wrong-by-tls"])
    ok(got["PASS"] == got["FAIL"] == 200, "8 threads by TLS", got)
    for _ in range(3):
        got = driver.do(do="fork", step=step.n, kind="bearer", threads=4, n=20, data=[ROOT, "s.wrong-by-tls"])
        ok(got["PASS"] == got["FAIL"] == 40 and got["child"] == 0, "parent and child, both with its connections", got)
    step.close()
    step = driver.open("display_name", address=f"https://localhost:{b.port}/", ca=ca)
    step.is_(PASS, ROOT, "by name")
    step.close()
    os.makedirs(os.path.join(folder, "hashed"), exist_ok=True)
    name = subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", ca], capture_output=True, text=True, check=False).stdout.strip()
    if name:
        os.symlink(ca, os.path.join(folder, "hashed", name + ".0"))
        step = driver.open("display_name", address=b.address, capath=os.path.join(folder, "hashed"))
        step.is_(PASS, ROOT, "by TLS, `capath`")
        step.close()
    env = Driver(VAULT_ADDR=b.address, VAULT_CACERT=ca)
    step = env.open("display_name")
    step.is_(PASS, ROOT, "by TLS, all from the environment")
    step.close()
    step = env.open("display_name", capath=SCRATCH)
    step.unasked(ROOT, "TLS, the environment's CA beside one of the set's own", tries=1)
    step.close()
    env.end()
    other = Bao(binary, os.path.join(SCRATCH, "tls2"), "-dev-tls", "-dev-tls-cert-dir=" + os.path.join(SCRATCH, "tls2"), tls=True).ready()
    liar, clear = Fake(os.path.join(folder, "vault-cert.pem"), os.path.join(folder, "vault-key.pem")), Fake()
    for where, also, wanted in ((b.address, [b.address], PASS), (b.address, [], ERROR), (b.address, ["https://127.0.0.1:1"], ERROR),
                                (clear.address, [b.address], ERROR), (clear.address.replace("http", "https"), [b.address], ERROR)):
        liar.answers[ROOT] = answer(307, b"", f"Location: {where}/v1/auth/token/lookup-self")
        step = driver.open("display_name", address=liar.address, ca=ca, retries=0, **({"redirect_to": also} if also else {}))
        step.is_(wanted, ROOT, f"a redirect to {where} where {also} may be followed to")
        step.close()
    ok(not clear.seen and clear.connections == 0, "never from https to http", clear.seen)
    liar.close()
    clear.close()
    elsewhere = [Forwarder(host, b.port) for host in ("127.0.0.1", "127.0.0.2")]
    step = driver.open("display_name", address=f"https://127.0.0.1:{elsewhere[0].port}", ca=ca)
    step.is_(PASS, ROOT, "through a forwarder")
    step.close()
    for what, settings in (("the CA of another", {"address": b.address, "ca": os.path.join(SCRATCH, "tls2", "vault-ca.pem")}),
                           ("another's server", {"address": other.address, "ca": ca}), ("the system's CAs", {"address": b.address}),
                           ("a name that is not in the certificate", {"address": f"https://127.0.0.2:{elsewhere[1].port}", "ca": ca}),
                           ("the server's own certificate", {"address": b.address, "ca": os.path.join(folder, "vault-key.pem")}),
                           ("http to the TLS port", {"address": f"http://127.0.0.1:{b.port}", "insecure": True}),
                           ("an empty `capath`", {"address": b.address, "capath": SCRATCH})):
        step = driver.open("display_name", timeout=1500 * MS, **settings)
        step.unasked(ROOT, f"TLS, {what}", tries=3)
        ok("cannot be asked" in step.log(), f"TLS, {what}, is logged")
        step.close()
        Count.unasked += 1
        step = driver.open(mode="login", method="userpass", timeout=1500 * MS, **settings)
        step.is_(ERROR, "any-password", f"a login over TLS, {what}", kind="password", name="bob")
        step.close()
    for f in elsewhere:
        f.close()


def sealed(driver, binary):
    folder = os.path.join(SCRATCH, "sealed")
    sock = os.path.join(os.path.relpath(SCRATCH, "/"), "bao.sock")
    sock = "/" + sock if len(sock) < 100 else f"/tmp/libpolicy-{os.getpid()}.sock"
    config = ('disable_mlock = true\nstorage "inmem" {}\nlistener "tcp" { address = "127.0.0.1:PORT" tls_disable = true }\n'
              f'listener "unix" {{ address = "{sock}" }}\n')
    b = Bao(binary, folder, config=config).ready("sys/health", (501,))
    by_tcp = driver.open("display_name", address=b.address, insecure=True, retries=0)
    by_unix = driver.open("display_name", address="unix://" + sock, retries=0)
    login = driver.open(address=b.address, insecure=True, mode="login", method="userpass", retries=0)
    listed = driver.open(address=b.address, insecure=True, mode="list", path="list", token_file=secret_file("own-sealed", "s.whatever"), retries=0)

    def closed(what, token):
        by_tcp.unasked(token, what, tries=10)
        by_unix.unasked(token, what + ", by its socket", tries=2)
        login.unasked("any-password", what + ", login", tries=5, kind="password", name="bob")
        listed.serve(2)
        Count.unasked += 1
        listed.is_(ERROR, "tok-any", what + ", list", nonblock=True)
    closed("not initialised", "s.any-token")
    got = b.do("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    b.token = root = got["root_token"]
    closed("sealed", root)
    b.do("PUT", "sys/unseal", {"key": got["keys"][0]})
    b.ready()
    by_tcp.is_(PASS, root, "unsealed")
    by_unix.is_(PASS, root, "unsealed, by its socket")
    by_tcp.is_(FAIL, "s.any-token", "unsealed, a wrong token")
    b.do("PUT", "sys/seal")
    closed("sealed again", root)
    b.do("PUT", "sys/unseal", {"key": got["keys"][0]})
    b.ready()
    by_tcp.is_(PASS, root, "unsealed again")
    for s in (by_tcp, by_unix, login, listed):
        s.close()
    if os.path.exists(sock):
        os.unlink(sock)


sections = [lookup, namespaces, quota, logins, lists, renewal, gone, tls, sealed]
