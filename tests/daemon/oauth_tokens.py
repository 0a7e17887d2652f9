# SPDX-License-Identifier: Apache-2.0
"""RFC 6749 section 4.3 and 5, RFC 7662, RFC 7009, RFC 6750 section 3."""
import json
import time

from manage_world import OLGA, PASSWORD
from oauth_world import FORM, challenge

GOOD = {"grant_type": "password", "username": "ann", "password": PASSWORD}
INACTIVE = (200, {"active": False})

# what, status, error (of section 5.2), body
REFUSED = (
    ("5.2: nothing", "invalid_request", b""),
    ("5.2: no grant_type", "invalid_request", b"username=ann&password=x"),
    ("3.2: one without a value is none", "invalid_request", b"grant_type=&username=ann&password=x"),
    ("5.2: another grant", "unsupported_grant_type", b"grant_type=client_credentials"),
    ("5.2: another grant", "unsupported_grant_type", b"grant_type=refresh_token&refresh_token=x"),
    ("5.2: in other letters", "unsupported_grant_type", b"grant_type=Password&username=ann&password=x"),
    ("4.3.2: no username", "invalid_request", b"grant_type=password&password=x"),
    ("4.3.2: an empty username", "invalid_request", b"grant_type=password&username=&password=x"),
    ("4.3.2: no password", "invalid_request", b"grant_type=password&username=ann"),
    ("4.3.2: an empty password", "invalid_request", b"grant_type=password&username=ann&password="),
    ("3.2: a parameter twice", "invalid_request", b"grant_type=password&username=ann&password=x&password=x"),
    ("3.2: grant_type twice", "invalid_request", b"grant_type=password&grant_type=password&username=ann&password=x"),
    ("3.2: one that is not known, twice", "invalid_request", b"grant_type=password&username=ann&password=x&a=1&a=2"),
    ("3.2: twice in another spelling", "invalid_request", b"grant_type=password&username=ann&password=x&%70assword=x"),
    ("3.2: twice without values", "invalid_request", b"grant_type=password&username=ann&password=x&a&a"),
    ("B: half an escape", "invalid_request", b"grant_type=password&username=ann&password=%2"),
    ("B: half an escape", "invalid_request", b"grant_type=password&username=ann&password=%"),
    ("B: no escape", "invalid_request", b"grant_type=password&username=ann&password=%zz"),
    ("B: a NUL", "invalid_request", b"grant_type=password&username=ann%00&password=x"),
    ("B: a NUL as it is", "invalid_request", b"grant_type=password&username=ann\0&password=x"),
    ("B: no UTF-8", "invalid_request", b"grant_type=password&username=ann&password=%ff"),
    ("B: overlong", "invalid_request", b"grant_type=password&username=ann&password=%c0%af"),
    ("too many parameters", "invalid_request", b"&".join(b"a%d=1" % i for i in range(33))),
    ("JSON", "invalid_request", json.dumps(GOOD).encode()),
    ("3.3: a scope with two blanks", "invalid_scope", b"grant_type=password&username=ann&password=x&scope=a++b"),
    ("3.3: a blank before", "invalid_scope", b"grant_type=password&username=ann&password=x&scope=+a"),
    ("3.3: a quote", "invalid_scope", b"grant_type=password&username=ann&password=x&scope=%22"),
    ("3.3: a backslash", "invalid_scope", b"grant_type=password&username=ann&password=x&scope=a%5cb"),
    ("3.3: a line", "invalid_scope", b"grant_type=password&username=ann&password=x&scope=a%0ab"),
)
TYPES = (None, "application/json", "text/plain", "multipart/form-data; boundary=x", FORM + "x", "")


def no_store(w, what, headers):
    w.check(f"5.1: {what}: not to be kept", headers.get("cache-control") == "no-store" and headers.get("pragma") == "no-cache", headers)


def passwords(w):
    """RFC 6749"""
    w.begin()
    w.people()
    for what, error, raw in REFUSED:
        status, body, headers = w.form("/oauth2/token", {}, raw=raw)
        w.check(what, (status, body.get("error")) == (400, error), (status, body))
        w.check(f"{what}: members", set(body) == {"error", "error_description"} and headers["content-type"] == "application/json", body)
        no_store(w, what, headers)
    for type in TYPES:
        status, body, _ = w.form("/oauth2/token", GOOD, type=type)
        w.check(f"4.3.2: content of {type}", (status, body.get("error")) == (400, "invalid_request"), (status, body))
    status, body, _ = w.form("/oauth2/token", GOOD, headers=[("Content-Type", FORM)])
    w.check("two types", (status, body.get("error")) == (400, "invalid_request"), (status, body))
    status, body, _ = w.form("/oauth2/token?grant_type=password", GOOD)
    w.check("2.3.1: not in a query", (status, body.get("error")) == (400, "invalid_request"), (status, body))
    for method in ("GET", "PUT", "DELETE"):
        w.check(f"3.2: {method}", w.call(method, "/oauth2/token")[0] == 405)
    status, body, headers = w.login()
    w.check("5.1: a token", status == 200 and set(body) >= {"access_token", "token_type"} and body["token_type"].lower() == "bearer" and
            "scope" not in body, body)
    w.check("5.1: how long", isinstance(body.get("expires_in", 1), int) and body.get("expires_in", 1) > 0, body)
    no_store(w, "a token", headers)
    w.check("5.1: it is one", w.call("GET", "/v1/whoami", token=body["access_token"])[0] == 200)
    for type in (FORM.upper(), FORM + ";charset=utf-8", FORM + " ; charset=UTF-8"):
        w.check(f"4.3.2: content of {type}", w.form("/oauth2/token", GOOD, type=type)[0] == 200)
    for what, more in (("Swagger's client", {"basic": ("", "")}), ("a client", {"basic": ("app", "x")}), ("a bad token", {"token": "x"})):
        w.check(f"2.3: {what} is not looked at", w.login(**more)[0] == 200)
    for fields in ({"client_id": "app", "client_secret": "x"}, {"scope": ""}, {"what": "ever"}):
        w.check(f"3.2: {fields} is passed over", w.form("/oauth2/token", dict(GOOD, **fields))[0] == 200)
    status, body, _ = w.login(scope="models:list")
    w.check("3.3: a scope opens nothing that its owner may not", status == 200 and
            w.call("GET", "/v1/users/olga", token=body["access_token"])[0] in (403, 404), (status, body))
    status, body, _ = w.login(scope="no:such")
    w.check("5.2: no such scope", (status, body.get("error")) == (400, "invalid_scope"), (status, body))
    status, body, _ = w.login(scope="create_session read_user_session")
    w.check("3.3: scopes that are given", status == 200 and body.get("scope") == "create_session read_user_session", body)
    for name, password in (("ann", "wrong"), ("nobody", PASSWORD), ("olga", "wrong"), ("filed", "x"), ("a" * 300, "x"), ("ann", "x" * 5000),
                           ("ann\n", PASSWORD), ("ANN", PASSWORD), ("user:ann", PASSWORD)):
        status, body, headers = w.login(name, password)
        w.check(f"5.2: {name[:20]!r}: not right", (status, body) == (400, {"error": "invalid_grant",
                "error_description": "Name or password is not right"}), (status, body))
        no_store(w, name, headers)
    w.call("PATCH", "/v1/users/bob", {"disabled": True}, token=OLGA)
    w.check("5.2: of who is disabled", w.login("bob")[1].get("error") == "invalid_grant")
    w.check("a megabyte", w.form("/oauth2/token", {}, raw=b"a" * (1 << 20))[0] in (400, 413))
    w.check("and more", w.form("/oauth2/token", {}, raw=b"a" * (3 << 20))[0] == 413)
    w.check("a megabyte of parameters", w.form("/oauth2/token", {}, raw=b"&" * (1 << 20))[0] == 400)
    w.check("a megabyte that is announced", w.form("/oauth2/token", {}, raw=b"grant_type=password&username=ann&password=" + b"x" * 120000)[0] in (400, 413))


def introspection(w):
    """RFC 7662"""
    w.begin()
    w.people()
    token, gate = w.token(), w.token("gate")
    status, body, headers = w.introspect(token)
    w.check("2.2: active", status == 200 and body["active"] is True and headers["content-type"] == "application/json", body)
    w.check("2.2: whose", body.get("sub") == "ann" and body.get("username") == "ann" and body.get("token_type") == "Bearer", body)
    now = time.time()
    w.check("2.2: times are whole seconds", isinstance(body.get("iat"), int) and abs(body["iat"] - now) < 60 and
            isinstance(body.get("exp", 1), int) and (body.get("exp") is None or body["exp"] > now), body)
    w.check("2.2: jti", w.call("GET", "/v1/tokens/" + body["jti"], token=OLGA)[1].get("who") == "ann", body)
    w.check("2.2: a token without scopes has no scope", "scope" not in body, body)
    w.check("the token itself is not in it", token not in json.dumps(body))
    scoped = w.login(scope="create_session read_user_session")[1]["access_token"]
    body = w.introspect(scoped)[1]
    w.check("2.2: scope, blanks between", body.get("scope") == "create_session read_user_session", body)
    w.check("2.1: by who holds policyd:evaluate", w.introspect(token, by=gate)[1].get("active") is True)
    for hint in ("access_token", "refresh_token", "bearer", "api_key", "session", "password", "peer", "x y", "nothing", "A" * 100):
        w.check(f"2.1: a hint that is wrong does not matter: {hint[:12]}", w.introspect(token, hint=hint)[1].get("active") is True)
    status, key, _ = w.call("POST", "/v1/tokens", {"kind": "api_key", "name": "a key"}, token=token)
    body = w.introspect(key.get("secret", ""))[1]
    w.check("a key", status == 201 and body.get("active") is True and body.get("kind") == "api_key" and body.get("name") == "a key", (key, body))
    for what, bad in (("unknown", "x"), ("unknown", "pol_" + "a" * 40), ("cut", token[:-1]), ("longer", token + "a"), ("two dots", "a.b.c"),
                      ("blanks", "a b"), ("long", "x" * 70000), ("not ASCII", "\u00e4"), ("a quote", '"'), ("a password", PASSWORD)):
        for hint in (None, "api_key", "password"):
            w.check(f"2.2: {what}, {hint}: inactive and nothing else", w.introspect(bad, hint=hint)[:2] == INACTIVE)
    ended = w.token("bob")
    w.call("PATCH", "/v1/users/bob", {"disabled": True}, token=OLGA)
    end = time.monotonic() + 10
    while w.introspect(ended)[1]["active"] and time.monotonic() < end:
        time.sleep(0.02)
    w.check("2.2: of who is disabled", w.introspect(ended)[:2] == INACTIVE)
    for what, raw in (("no token", b""), ("an empty one", b"token="), ("twice", b"token=a&token=a"), ("malformed", b"token=%")):
        status, body, _ = w.form("/oauth2/introspect", {}, raw=raw, token=OLGA)
        w.check(f"2.1: {what}", (status, body.get("error")) == (400, "invalid_request"), (status, body))
    w.check("2.1: JSON", w.form("/oauth2/introspect", {"token": token}, token=OLGA, type="application/json")[0] == 400)
    w.check("4: not in a query", w.form("/oauth2/introspect?token=" + token, {}, token=OLGA)[0] == 400)
    w.check("2.1: not by GET", w.call("GET", "/oauth2/introspect", token=OLGA)[0] == 405)
    w.check("a megabyte", w.form("/oauth2/introspect", {}, raw=b"token=" + b"a" * (1 << 20), token=OLGA)[0] in (400, 413))
    w.check("2.1: at a unix socket the kernel says who asks", w.form("/oauth2/introspect", {"token": token}, unix=True)[1].get("active") is True)


def errors(w):
    """RFC 6750, section 3"""
    w.begin()
    w.people()
    token = w.token()
    for path, fields in (("/oauth2/introspect", {"token": token}),):
        rows = (
            ("3.1: no credential: no error", 401, None, None, {}),
            ("3.1: not a token", 401, "invalid_token", None, {"token": "x"}),
            ("3.1: an empty one", 401, "invalid_token", None, {"headers": [("Authorization", "Bearer ")]}),
            ("3.1: a wrong password", 401, "invalid_token", None, {"basic": ("ann", "wrong")}),
            ("3.1: more is needed", 403, "insufficient_scope", "policyd:evaluate", {"token": token}),
            ("3.1: more is needed, of a password", 403, "insufficient_scope", "policyd:evaluate", {"basic": ("ann", PASSWORD)}),
            ("3.1: two of them", 400, "invalid_request", None, {"headers": [("Authorization", "Bearer a"), ("Authorization", "Bearer a")]}),
            ("3.1: of another form", 400, "invalid_request", None, {"headers": [("Authorization", "Digest a")]}),
            ("3.1: with a blank", 400, "invalid_request", None, {"headers": [("Authorization", "Bearer a b")]}),
            ("3.1: no Base64", 400, "invalid_request", None, {"headers": [("Authorization", "Basic ?")]}),
        )
        for what, status, error, scope, more in rows:
            seen = w.form(path, fields, **more)
            scheme, params = challenge(seen[2])
            w.check(f"{what}: status", seen[0] == status, seen)
            w.check(f"{what}: 3: WWW-Authenticate", scheme == "Bearer" and params.get("realm") == "policy" and params.get("error") == error and
                    params.get("scope") == scope and ("error_description" in params) == (error is not None), seen[2])
            w.check(f"{what}: the body says the same", seen[1].get("error") == error, seen[1])
    w.check("2.2: not in the form", w.form("/oauth2/introspect", {"token": token, "access_token": OLGA})[0] == 401)


def revocation(w):
    """RFC 7009"""
    w.begin()
    w.people()
    token, other, bobs = w.token(), w.token(), w.token("bob")

    def revoke(which, **more):
        return w.form("/oauth2/revoke", {"token": which}, **more)

    def active(token):
        return w.introspect(token)[1]["active"]

    w.check("2.2: unknown", revoke("nothing")[:2] == (200, None))
    w.check("2.2: unknown, by who is known", revoke("nothing", token=token)[:2] == (200, None))
    status, body, headers = revoke("nothing", token="bad")
    w.check("2.1: the caller is judged first", status == 401 and challenge(headers)[1].get("error") == "invalid_token", (status, body))
    status, body, headers = revoke(bobs, token=token)
    w.check("2.1: another's is not ended", status == 403 and active(bobs), (status, body))
    w.check("RFC 6750: what was needed", challenge(headers)[1].get("scope") == "tokens:revoke", headers)
    w.check("2.1: nor by a wrong password", revoke(bobs, basic=("bob", "wrong"))[0] == 401 and active(bobs))
    w.check("2: its own, by itself", revoke(token)[:2] == (200, None) and not active(token))
    w.check("2: and at once", w.call("GET", "/v1/whoami", token=token)[0] == 401)
    w.check("2.2: once more", revoke(token)[:2] == (200, None))
    w.check("2.1: one's own, by another of one's tokens", revoke(w.token("bob"), token=bobs)[0] == 200 and active(bobs))
    w.check("2.1: by who may", revoke(bobs, token=OLGA)[0] == 200 and not active(bobs))
    w.check("2.1: by a password", revoke(other, basic=("ann", PASSWORD))[0] == 200 and not active(other))
    third = w.token()
    for hint in ("refresh_token", "api_key", "x y"):
        w.check(f"2.1: a hint that is wrong: {hint}", w.form("/oauth2/revoke", {"token": third, "token_type_hint": hint})[0] == 200)
    w.check("it was ended", not active(third))
    status, body, _ = revoke(OLGA)
    w.check("2.2.1: one that is not in the store", (status, body.get("error")) == (400, "unsupported_token_type"), (status, body))
    w.check("and it is good still", w.call("GET", "/v1/whoami", token=OLGA)[0] == 200)
    for what, raw in (("no token", b""), ("twice", b"token=a&token=a"), ("a hint twice", b"token=a&token_type_hint=b&token_type_hint=c")):
        status, body, _ = w.form("/oauth2/revoke", {}, raw=raw)
        w.check(f"2.1: {what}", (status, body.get("error")) == (400, "invalid_request"), (status, body))
    w.check("2.1: JSON", w.form("/oauth2/revoke", {"token": third}, type="application/json")[0] == 400)
    w.check("2.1: not by GET", w.call("GET", "/oauth2/revoke")[0] == 405)
    w.check("two credentials", revoke("x", headers=[("Authorization", "Bearer a"), ("Authorization", "Bearer b")])[0] == 400)


PARTS = (passwords, introspection, errors, revocation)
