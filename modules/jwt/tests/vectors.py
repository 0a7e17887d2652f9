# SPDX-License-Identifier: Apache-2.0
"""Foreign vectors, where they are: bad tokens through the module, Wycheproof by its parts."""
import json
import os
import shutil
import tempfile

from ask import Driver, S, built, check, finish, shared, skip, write

# Cases of json_web_signature whose own result is not ours, by tcId, with what is wrong in the case.
FAULTS = {
    346: "valid, but the token says PS384 and its key PS256 (RFC 7520's has no alg)",
    347: "valid, but the key's alg is ES521, which there is not (RFC 7518: ES512)",
    350: "as 346",
    351: "as 347",
    367: "invalid for its padding, but byte for byte the token of 357, which is valid: the padding was lost",
    370: "as 367",
    372: "valid, with a '?' in the header: no base64url (RFC 7515 section 2)",
    373: "valid, with a '?' in the payload",
}
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth")


def load(name):
    path = os.path.join(shared, "vectors/jwt", name)
    return json.load(open(path)) if os.path.exists(path) else None


def bad_tokens(d, tmp):
    v = load("bad-jwt.json")
    if v is None:
        return skip(81, "bad tokens (no shared/vectors)")
    usable = set()
    for i, (name, keys) in enumerate(v["keysets"].items()):
        secret = any(k["kty"] == "oct" for k in keys["keys"])
        path = write(os.path.join(tmp, name), keys, 0o600 if secret else 0o644)
        r = d.ask("open", step=0, now=v["now"], **{"with": {"issuer": v["issuer"], "audience": v["audience"],
                  "keys": path, "leeway": v["leeway"] * S}})
        if r["rc"] == 0:
            usable.add(name)
        for c in v["cases"]:
            if c["keys"] != name:
                continue
            got = d.ask("check", step=0, token=c["token"])["result"] if name in usable else "REFUSED"
            check((got == "PASS") == bool(c["accept"]) and got != "ERROR", "%s: %s, wanted %d" % (c["name"], got, c["accept"]))
    check(usable == {"hs", "pub", "pub-noalg", "ps", "rotate"}, "key sets that load: %s" % sorted(usable))


def public(jwk):
    return {k: v for k, v in jwk.items() if k not in PRIVATE}


def wycheproof(d, name, total, faults):
    w = load("wycheproof_json_web_%s_test.json" % name)
    if w is None:
        return skip(total, "Wycheproof json_web_%s (no shared/vectors)" % name)
    seen, differ = 0, set()
    for g in w["testGroups"]:
        keys = g.get("public") or g["private"]
        keys = json.dumps({"keys": [public(k) for k in keys.get("keys", [keys])]})
        for t in g["tests"]:
            token = t["jws"] if isinstance(t["jws"], str) else json.dumps(t["jws"])
            got = d.ask("jws", keys=keys, token=token)["result"]
            seen += 1
            if (got == "good") != (t["result"] == "valid"):
                differ.add(t["tcId"])
                check(t["tcId"] in faults, "json_web_%s %d (%s): %s, wanted %s" % (name, t["tcId"], t["comment"], got,
                                                                                 t["result"]))
            else:
                check(True, "")
    check(seen == total and differ == set(faults), "json_web_%s: %d cases, of which %s differ" % (name, seen, sorted(differ)))


def main():
    d = Driver()
    tmp = tempfile.mkdtemp(dir=built)
    try:
        bad_tokens(d, tmp)
        wycheproof(d, "signature", 401, FAULTS)
        wycheproof(d, "key", 26, {})
    finally:
        shutil.rmtree(tmp)
    check(d.close() == 0, "the driver ends well")
    finish()


main()
