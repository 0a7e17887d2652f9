# SPDX-License-Identifier: Apache-2.0
"""Whoever guesses passwords waits; nobody else does. Sources are addresses of the loopback."""
import json
import os
import threading

from manage_world import OLGA, PASSWORD
from oauth_world import CANARY, metric


def places(n):
    """n sources"""
    return [f"127.0.{1 + i // 250}.{1 + i % 250}" for i in range(n)]


def delays(w):
    w.begin()
    w.people()
    seen = [w.login("ann", f"wrong {i}")[0] for i in range(12)]
    w.check("six are judged, then who guesses waits", seen == [400] * 6 + [429] * 6, seen)
    status, body, headers = w.login("ann", "wrong")
    w.check("how long is told", 1 <= int(headers["retry-after"]) <= 4, headers)
    w.check("as an error of OAuth", body["error"] == "temporarily_unavailable" and headers["cache-control"] == "no-store", body)
    w.check("a right one waits too", w.login("ann")[0] == 429)
    status, body, headers = w.call("POST", "/v1/login", {"username": "ann", "password": PASSWORD})
    w.check("so it does at /v1/login", status == 429 and "retry-after" in headers, body)
    w.check("and in Authorization", w.form("/oauth2/introspect", {"token": "x"}, basic=("ann", PASSWORD))[0] == 429)
    w.check("and at /v1", w.call("GET", "/v1/tokens", basic=("ann", PASSWORD))[0] == 429)
    w.check("and to revoke", w.form("/oauth2/revoke", {"token": "x"}, basic=("ann", PASSWORD))[0] == 429)
    w.check("from elsewhere it is judged", w.login("ann", source="127.0.0.2")[0] == 200)
    w.check("so is another account", w.login("bob")[0] == 200)
    w.check("they are counted", metric(w, 'policyd_login_delayed_total{by="pair"}') >= 11,
            metric(w, 'policyd_login_delayed_total{by="pair"}'))
    w.check("X-Forwarded-For is not believed", w.login("ann", headers=[("X-Forwarded-For", "192.0.2.1")])[0] == 429)
    seen = [w.login(f"nobody{i}", "x")[0] for i in range(60)]
    w.check("a source that tries many names waits", 429 in seen[20:] and seen.count(429) > 5, seen)
    w.check("the source is what waits", metric(w, 'policyd_login_delayed_total{by="source"}') > 5)
    w.check("but not who was let in from there", w.login("bob")[0] == 200)
    w.check("nor who comes from elsewhere", w.login("ann", source="127.0.0.3")[0] == 200)


def at_once(w):
    """Guesses that are made at the same time have no more tries."""
    w.begin()
    w.people()
    seen = []

    def guess(i):
        seen.append(w.login("ann", f"wrong {i}")[0])

    threads = [threading.Thread(target=guess, args=(i,)) for i in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    w.check("of 40 at once six are judged", sorted(seen) == [400] * 6 + [429] * 34, sorted(seen))


def attack(w):
    """200 places guess ann's password, each as often as it may; she comes from another."""
    w.begin()
    w.people()
    let_in = judged = owner = 0
    for round, source in enumerate(places(200)):
        for i in range(3):
            status = w.login("ann", f"wrong {round} {i}", source=source)[0]
            judged += status == 400
            let_in += status == 200
        if round % 20 == 19:
            owner += w.login("ann", source=f"127.1.0.{round}")[0] == 200
    w.check("no wrong one lets in", let_in == 0)
    w.check("each time she is let in, at the first try", owner == 10, owner)
    w.check("they had some tries, and those of a guarded account are fewer", 200 <= judged < 420, judged)
    w.check("her token is good", w.call("GET", "/v1/whoami", token=w.token("ann", source="127.2.0.1"))[0] == 200)
    w.check("she is not waited for by the keeper", w.call("GET", "/v1/tokens/self", token=w.token("ann", source="127.2.0.2"))[0] == 200)


def forwarded(w):
    """A proxy stands before it, and says so."""
    w.configure(listener="forwarded: true")
    w.begin()
    w.people()

    def login(by, password="wrong"):
        return w.login("ann", password, headers=[("X-Forwarded-For", v) for v in by])[0]

    seen = [login(["192.0.2.1"]) for _ in range(7)]
    w.check("whom the proxy names waits", seen == [400] * 6 + [429], seen)
    w.check("the last one is it", login(["203.0.113.9, 192.0.2.1"]) == 429)
    w.check("what a client has put before it is not", login(["192.0.2.1, 192.0.2.2"], PASSWORD) == 200)
    w.check("another one is let in", login(["192.0.2.3"], PASSWORD) == 200)
    w.check("so is who comes without a proxy", login([], PASSWORD) == 200)
    w.check("the same address, as IPv6 has it", login(["::ffff:192.0.2.1"]) == 429)
    seen = [login(["2001:db8:1:2::" + str(i)]) for i in range(7)]
    w.check("a network of IPv6 is one source", seen == [400] * 6 + [429], seen)
    w.check("another network is another", login(["2001:db8:1:3::1"], PASSWORD) == 200)
    seen = [login([v]) for v in ("", "unknown", "192.0.2.300", "a" * 100, "192.0.2.9:80")] + [login(["192.0.2.10", "192.0.2.11"])]
    w.check("what is no address is the proxy's own", seen == [400] * 6 and login(["_"]) == 429, seen)


def secrets(w):
    """No password, no token is in a log, a record or a metric."""
    w.begin()
    w.people()
    password = CANARY + "-password"
    w.call("PUT", "/v1/users/ann/password", {"password": password}, token=OLGA)
    w.check("the password is hers", w.login("ann", password)[0] == 200)
    token = w.login("ann", password)[1]["access_token"]
    for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"):
        for raw in (f"password={password}&password={password}", f"token={token}&token={token}", f"token={CANARY}%", f"{CANARY}=%zz",
                    f"grant_type={CANARY}", f"grant_type=password&username={CANARY}&password={CANARY}", f"token={CANARY}&token_type_hint={CANARY}",
                    f"grant_type=password&username=ann&password={password}&scope={CANARY}"):
            for by in (OLGA, CANARY):
                status, body, headers = w.form(path, {}, raw=raw.encode(), token=by)
                w.check(f"{path} {raw[:20]}", CANARY not in json.dumps([body, headers]) and token not in json.dumps([body, headers]), body)
    w.introspect(token)
    w.form("/oauth2/revoke", {"token": token})
    for i in range(8):
        w.login("ann", f"{CANARY}-{i}")
    said = w.daemons[-1].said() + w.call("GET", "/metrics")[1]
    for folder, _, names in os.walk(w.path("log.d")):
        for name in names:
            with open(os.path.join(folder, name), errors="replace") as f:
                said += f.read()
    w.check("there are records", "tokens:create" in said)
    w.check("no password is there", password not in said and PASSWORD not in said and f"{CANARY}-" not in said)
    w.check("no token", token not in said and OLGA not in said)


PARTS = (delays, at_once, attack, forwarded, secrets)
