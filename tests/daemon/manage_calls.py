# SPDX-License-Identifier: Apache-2.0
"""Calls of the management API, each as policyctl answers the same; and as it is described."""
import json
import os
import re
import sqlite3
import time

from manage_world import OLGA, PASSWORD

ANN = "anns own long password"
# policyctl's exit statuses, and what HTTP has for them
STATUS = {0: (200, 201, 204), 1: (401, 403), 64: (400,), 65: (400, 422), 66: (404,), 69: (501, 503), 73: (409,)}


def people(w):
    """ann and bob, each with a token; ann's other one opens little."""
    for name in ("ann", "bob"):
        w.call("POST", "/v1/users", {"name": name, "password": ANN, "groups": ["lab"]}, token=OLGA)
    ann = w.call("POST", "/v1/login", {"username": "ann", "password": ANN})[1]
    bob = w.call("POST", "/v1/login", {"username": "bob", "password": ANN})[1]
    scoped = w.call("POST", "/v1/tokens", {"scopes": ["create_session"], "renewable": True}, token=ann["secret"])[1]
    return {"admin": (OLGA, None), "himself": (ann["secret"], ann["id"]), "stranger": (bob["secret"], bob["id"]),
            "scoped": (scoped["secret"], scoped["id"]), "none": (None, None), "wrong": ("pol_" + "x" * 40, None)}


def matrix(w):
    """Each call by each caller, through HTTP and by policyctl."""
    d = w.begin()
    who = people(w)
    target = w.call("POST", "/v1/tokens", {"who": "ann", "renewable": True}, token=OLGA)[1]
    grant = w.call("POST", "/v1/grants", {"who": "ann", "role": "runner"}, token=OLGA)[1]
    n = 0
    for name, (token, _) in who.items():
        n += 1
        calls = (
            ("GET", "/v1/users/ann", None, ("user", "show", "ann")),
            ("GET", "/v1/users/nobody", None, ("user", "show", "nobody")),
            ("GET", "/v1/users", None, ("user", "list")),
            ("POST", "/v1/users", {"name": f"new{n}"}, ("user", "add", f"other{n}")),
            ("POST", "/v1/users", {"name": "ann"}, ("user", "add", "ann")),
            ("POST", "/v1/users", {"name": ""}, ("user", "add", "")),
            ("PATCH", "/v1/users/ann", {"must_change": True}, ("user", "change", "ann", "--must-change")),
            ("PATCH", "/v1/users/ann", {"groups": []}, ("user", "change", "ann", "--groups", "")),
            ("PATCH", "/v1/users/ann", {"groups": ["lab"]}, ("user", "change", "ann", "--groups", "lab")),
            ("PATCH", "/v1/users/ann", {"groups": ["none"]}, ("user", "change", "ann", "--groups", "none")),
            ("POST", "/v1/grants", {"who": "bob", "role": "runner"}, ("grant", "add", "bob", "runner")),
            ("POST", "/v1/grants", {"who": "bob", "role": "none"}, ("grant", "add", "bob", "none")),
            ("GET", "/v1/grants?who=ann", None, ("grant", "list", "ann")),
            ("DELETE", "/v1/grants/none", None, ("grant", "remove", "none")),
            ("POST", "/v1/tokens", {"who": "ann"}, ("token", "create", "ann")),
            ("POST", "/v1/tokens", {"scopes": ["models:start"]}, ("token", "create", "--scopes", "models:start")),
            ("POST", "/v1/tokens", {"lifetime": 315360000}, ("token", "create", "--lifetime", "3650d")),
            ("GET", f"/v1/tokens/{target['id']}", None, ("token", "show", target["id"])),
            ("GET", "/v1/tokens/none", None, ("token", "show", "none")),
            ("GET", "/v1/tokens?who=ann", None, ("token", "list", "ann")),
            ("POST", f"/v1/tokens/{target['id']}/renew", None, ("token", "renew", target["id"])),
            ("DELETE", "/v1/tokens/none", None, ("token", "revoke", "none")),
            ("DELETE", "/v1/users/nobody", None, ("user", "delete", "nobody")),
        )
        for method, path, body, words in calls:
            status, value, head = w.call(method, path, body, token=token)
            if token is None:
                w.check(f"{name}: {method} {path}", status == 401 and head["www-authenticate"].startswith("Bearer"), (status, value))
                continue
            rc, out, err = w.ctl(*words, "--json", token=token)
            w.check(f"{name}: {method} {path}: as policyctl says", status in STATUS.get(rc, ()), (status, value, rc, err))
            if status == 401:
                w.check(f"{name}: {method} {path}: challenged", "invalid_token" in head.get("www-authenticate", ""), head)
            if status >= 400:
                w.check(f"{name}: {method} {path}: says why", value["detail"] == value["message"] == value["error"]["message"], value)
    w.check("a grant is taken back", w.call("DELETE", f"/v1/grants/{grant['id']}", token=OLGA)[0] == 204)
    w.check("and is gone", w.call("DELETE", f"/v1/grants/{grant['id']}", token=OLGA)[0] == 404)
    w.check("it ends well", d.stop() == 0)


def own(w):
    """What a user does by himself: log in, look, change the password, renew, revoke."""
    d = w.begin()
    who = people(w)
    ann = who["himself"][0]
    status, me, _ = w.call("GET", "/v1/whoami", token=ann)
    w.check("whoami", status == 200 and me["id"] == "ann" and me["scopes"] is None, me)
    scoped, scoped_id = who["scoped"]
    w.check("a token sees itself, whatever it opens", w.call("GET", "/v1/tokens/self", token=scoped)[1].get("id") == scoped_id)
    w.check("a password is no token", w.call("GET", "/v1/tokens/self", basic=("ann", ANN))[0] == 400)
    w.check("Basic names who calls", w.call("GET", "/v1/users/ann", basic=("ann", ANN))[0] == 200)
    status, value, head = w.call("GET", "/v1/users/ann", token=scoped)
    w.check("a scope that is missing is said", status == 403 and "insufficient_scope" in head.get("www-authenticate", ""), head)
    w.check("a wrong password", w.call("POST", "/v1/login", {"username": "ann", "password": "x"})[0] == 401)
    w.check("nobody's password", w.call("POST", "/v1/login", {"username": "nobody", "password": ANN})[0] == 401)
    w.check("the old password is wanted", w.call("PUT", "/v1/users/ann/password", {"password": "another long one"}, token=ann)[0] == 403)
    w.check("and taken", w.call("PUT", "/v1/users/ann/password", {"password": "another long one", "old_password": ANN},
                               token=ann)[0] == 204)
    w.check("the one that asked is good still", w.call("GET", "/v1/whoami", token=ann)[0] == 200)
    w.check("the others are not", w.call("GET", "/v1/whoami", token=scoped)[0] == 401)
    made = w.call("POST", "/v1/tokens", {"renewable": True, "lifetime": 3600, "name": "laptop"}, token=ann)
    w.check("a token, and where it is", made[0] == 201 and made[2]["location"] == "/v1/tokens/" + made[1]["id"], made)
    again = w.call("POST", made[2]["location"] + "/renew", {"lifetime": 60}, token=ann)
    w.check("it is renewed", again[0] == 200 and again[1]["id"] == made[1]["id"] and again[1]["secret"] != made[1]["secret"], again)
    w.check("the old secret ends", w.call("GET", "/v1/whoami", token=made[1]["secret"])[0] == 401)
    w.check("the new one opens, at once", w.call("GET", "/v1/whoami", token=again[1]["secret"])[0] == 200)
    w.check("it is revoked", w.call("DELETE", made[2]["location"], token=ann)[0] == 204)
    w.check("at once", w.call("GET", "/v1/whoami", token=again[1]["secret"])[0] == 401)
    shown = w.call("GET", made[2]["location"], token=ann)[1]
    w.check("and is told as such", shown.get("revoked") is True and "secret" not in shown, shown)
    slowed = [w.call("GET", "/v1/whoami", basic=("bob", "wrong"))[0] for _ in range(9)]
    w.check("who guesses waits", slowed[0] == 401 and slowed[-1] == 429, slowed)
    w.check("a user is disabled", w.call("PATCH", "/v1/users/ann", {"disabled": True}, token=OLGA)[1].get("disabled") is True)
    w.check("at once", w.call("GET", "/v1/whoami", token=ann)[0] == 401)
    d.stop()


def walk(w, path, limit):
    items, pages, cursor = [], 0, None
    while True:
        status, page, _ = w.call("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}" + (f"&cursor={cursor}" if cursor else ""), token=OLGA)
        if status != 200:
            return status, page
        items += page["items"]
        pages += 1
        cursor = page["next"]
        if cursor is None:
            return items, pages
        cursor = re.sub(r"[^A-Za-z0-9._-]", lambda m: f"%{ord(m.group()):02X}", cursor)


def pages(w):
    d = w.begin()
    for i in range(57):
        w.call("POST", "/v1/users", {"name": f"user{i:02}"}, token=OLGA)
        w.call("POST", "/v1/grants", {"who": f"user{i % 7:02}", "role": "runner", "resource": f"block/{i}"}, token=OLGA)
        w.call("POST", "/v1/tokens", {"who": f"user{i % 5:02}"}, token=OLGA)
    for path, wanted, key in (("/v1/users", 58, "uid"), ("/v1/grants", 58, "id"), ("/v1/tokens", 57, "id"), ("/v1/grants?who=user03", 8, "id"),
                              ("/v1/tokens?who=user03&kind=token", 11, "id"), ("/v1/tokens?kind=api_key", 0, "id")):
        whole, _ = walk(w, path, 1000)
        w.check(f"{path}: all of them", len(whole) == wanted, len(whole))
        for limit in (1, 2, 7, 57, 58, 59):
            got, n = walk(w, path, limit)
            w.check(f"{path}: in pages of {limit}", [x[key] for x in got] == [x[key] for x in whole] and n == max(1, -(-wanted // limit)),
                    (len(got), n))
    page = w.call("GET", "/v1/users?limit=10", token=OLGA)[1]
    w.call("DELETE", f"/v1/users/uid:{page['items'][9]['uid']}", token=OLGA)
    w.call("POST", "/v1/users", {"name": "aaa"}, token=OLGA)
    rest = w.call("GET", f"/v1/users?limit=100&cursor={page['next']}", token=OLGA)[1]["items"]
    w.check("whoever was deleted leaves no gap", len(rest) == 48, len(rest))
    since = "/v1/activity?action=users:create&decision=allow"
    for _ in range(500):                # records are written a moment later
        whole, _ = walk(w, since, 1000)
        if len(whole) >= 58:
            break
        time.sleep(0.01)
    got, n = walk(w, since, 9)
    w.check("activity: all of it, in pages", got == whole and len(whole) == 58 and n == 7, (len(whole), len(got), n))
    for path in ("/v1/users?cursor=x", "/v1/grants?cursor=x", "/v1/tokens?cursor=a/1/b", "/v1/activity?cursor=x", "/v1/users?limit=1001",
                 "/v1/activity?since=yesterday", "/v1/activity?decision=maybe", "/v1/users?unknown=1", "/v1/users?limit=1&limit=1",
                 "/v1/users?limit=%GG", "/v1/users/%2e%2e", "/v1/users/%2E", "/v1/users/a%00b", "/v1/users/%ff"):
        w.check(f"refused: {path}", w.call("GET", path, token=OLGA)[0] == 400)
    for path in ("/v1", "/v1/", "/v1/users/", "/v1/users//password", "/v1/users/a/b", "/v1/users/a/../b", "/v1//users", "/V1/users"):
        w.check(f"not there: {path}", w.call("GET", path, token=OLGA)[0] in (400, 404), path)
    status, _, head = w.call("PUT", "/v1/tokens/self", token=OLGA)
    w.check("a method that is not there", status == 405 and head["allow"] == "GET", head)
    for raw, type_ in (('{"name":"x","name":"y"}', None), ('{"name":"x"', None), ('["x"]', None), ('{"name":"x","who":"y"}', None),
                       ('{"name":null}', None), ('{"name":"a\\u0000b"}', None), ('{"name":"\\ud800"}', None), ('{"name":1}', None), ("", None)):
        w.check(f"refused: {raw}", w.call("POST", "/v1/users", raw=raw, token=OLGA)[0] == 400)
    w.check("refused: another type", w.call("POST", "/v1/users", raw='{"name":"x"}', token=OLGA, headers={"Content-Type": "text/plain"})[0] == 415)
    w.check("refused: a body where none is", w.call("DELETE", "/v1/users/user01", raw="{}", token=OLGA)[0] == 400)
    w.check("refused: two credentials", w.call("GET", "/v1/users", token=OLGA, headers={"authorization": "Bearer x"})[0] == 400)
    long = {"name": "long", "attributes": {f"a{i}": "x" * 60000 for i in range(5)}}
    w.check("refused: longer than the desk takes", w.call("POST", "/v1/users", long, token=OLGA)[0] == 400)
    d.stop()


def alone(w):
    """Without a keeper nothing is changed, and the rest is there."""
    rc, _, err = w.ctl("admin", "init", "olga", "--password-file", w.path("pw"))
    w.check("the first user", rc == 0, err)
    writer = sqlite3.connect(w.path("data/store.db"))       # or there is nobody whose log could be read
    writer.execute("SELECT count(*) FROM sqlite_master").fetchall()
    d = w.serve(args=["-n"])
    w.check("whoami", w.call("GET", "/v1/whoami", token=OLGA)[0] == 200)
    for method, path, body in (("GET", "/v1/users", None), ("POST", "/v1/users", {"name": "x"}),
                               ("POST", "/v1/login", {"username": "olga", "password": PASSWORD})):
        w.check(f"501: {method} {path}", w.call(method, path, body, token=OLGA)[0] == 501)
    d.stop()
    writer.close()


def described(w):
    """What is installed is what is served."""
    d = w.begin()
    status, value, _ = w.call("GET", "/v1/openapi.json")
    w.check("the description is served", status == 200 and value["openapi"] == "3.1.0", status)
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "dist", "openapi.json")) as f:
        kept = json.load(f)
    w.check("dist/openapi.json is it: make it anew of GET /v1/openapi.json", kept == value)
    d.stop()
