# SPDX-License-Identifier: Apache-2.0
"""Tokens of PyJWT and libjwt through the module, its own through them; claims, headers, settings."""
import json
import os
import shutil
import tempfile

import jwt
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from ask import Driver, S, built, check, dec, enc, finish, skip, write

NOW = 1700000000
ISS = "https://issuer.example"
GOOD = {"iss": ISS, "aud": "api", "sub": "alice", "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 600}
SECRET = bytes(range(32, 96))
d = Driver()
tmp = tempfile.mkdtemp(dir=built)


def number(n, size=None):
    return enc(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))


def jwk(key, alg, kid):
    """The public JWK of a private key of `cryptography`."""
    out = {"alg": alg, "kid": kid}
    if isinstance(key, bytes):
        return dict(out, kty="oct", k=enc(key))
    if isinstance(key, rsa.RSAPrivateKey):
        n = key.public_key().public_numbers()
        return dict(out, kty="RSA", n=number(n.n), e=number(n.e))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        n, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
        crv = {256: "P-256", 384: "P-384", 521: "P-521"}[key.curve.key_size]
        return dict(out, kty="EC", crv=crv, x=number(n.x, size), y=number(n.y, size))
    crv = "Ed25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "Ed448"
    raw = key.public_key().public_bytes(ser.Encoding.Raw, ser.PublicFormat.Raw)
    return dict(out, kty="OKP", crv=crv, x=enc(raw))


def pem(key, private):
    if isinstance(key, bytes):
        return key.decode()
    if private:
        return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()).decode()
    return key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo).decode()


RSA = rsa.generate_private_key(65537, 2048)
KEYS = {a: RSA for a in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")}
KEYS.update({"HS256": SECRET, "HS384": SECRET, "HS512": SECRET, "ES256": ec.generate_private_key(ec.SECP256R1()),
             "ES384": ec.generate_private_key(ec.SECP384R1()), "ES512": ec.generate_private_key(ec.SECP521R1()),
             "EdDSA": ed25519.Ed25519PrivateKey.generate()})


def keyfile(name, *keys):
    return write(os.path.join(tmp, name), {"keys": list(keys)}, 0o600)


def settings(**more):
    out = {"issuer": ISS, "audience": "api"}
    out.update(more)
    return {k: v for k, v in out.items() if v is not None}


def open_step(step=0, subject=None, claims=(), **more):
    return d.ask("open", step=step, now=NOW, subject=subject, claims=list(claims), **{"with": settings(**more)})


def ask(token, step=0, **more):
    return d.ask("check", step=step, token=token, now=more.pop("now", NOW), **more)


def hs(payload, header=None, key=SECRET):
    """An HS256 token of these texts or objects, whatever they are."""
    import hashlib
    import hmac
    text = enc(header or {"alg": "HS256"}) + "." + enc(payload)
    return text + "." + enc(hmac.new(key, text.encode(), hashlib.sha256).digest())


def peers():
    """Each algorithm, both ways where the other side has it."""
    absent = d.ask("libjwt", token="", key="").get("absent")
    text_secret = ("0123456789abcdef" * 4).encode()
    for alg, key in KEYS.items():
        path = keyfile("peer", jwk(key, alg, "k"))
        check(open_step(keys=path)["rc"] == 0, "%s: opens" % alg)
        token = jwt.encode(GOOD, key if isinstance(key, bytes) else pem(key, True), algorithm=alg, headers={"kid": "k"})
        r = ask(token)
        check(r["result"] == "PASS" and r["subject"] == "alice" and r["expires"] == (NOW + 630) * S, "%s by PyJWT" % alg)
        check(ask(token)["result"] == "PASS", "%s once more, its header seen" % alg)
        bad = dec(token.split(".")[2])
        for at in range(0, len(bad), 7):
            forged = bad[:at] + bytes([bad[at] ^ 1]) + bad[at + 1:]
            check(ask(token.rsplit(".", 1)[0] + "." + enc(forged))["result"] == "FAIL", "%s with bit %d other" % (alg, at))
        other = enc(dict(GOOD, sub="mallory"))
        check(ask(token.split(".")[0] + "." + other + "." + token.split(".")[2])["result"] == "FAIL", "%s: other claims" % alg)
        check(ask(token)["result"] == "PASS", "%s after the bad ones" % alg)
        for wrong in KEYS:
            if wrong != alg:
                header = enc({"alg": wrong, "kid": "k"})
                check(ask(header + "." + enc(GOOD) + "." + token.split(".")[2])["result"] == "FAIL",
                      "%s for a key of %s" % (wrong, alg))
        if absent or alg[:2] in ("PS", "Ed"):
            continue
        if isinstance(key, bytes):	# libjwt's driver takes texts
            key = text_secret
            open_step(keys=keyfile("peer", jwk(key, alg, "k")))
        r = d.ask("libjwt", alg=alg, key=pem(key, True), claims=GOOD, kid="k")
        r = ask(r.get("token", "no token"))
        check(r["result"] == "PASS" and r["subject"] == "alice", "%s by libjwt: %s" % (alg, r))
    if absent:
        skip(9, "tokens of libjwt (it is not here)")
    path = keyfile("peer", jwk(ed448.Ed448PrivateKey.generate(), "EdDSA", "k"))
    check(open_step(keys=path)["rc"] == 0, "Ed448 opens")


def issued():
    """Ours in PyJWT, in libjwt, and in ours."""
    absent = d.ask("libjwt", token="", key="").get("absent")
    e256, ed = KEYS["ES256"], KEYS["EdDSA"]
    d256 = dict(jwk(e256, "ES256", "e"), d=number(e256.private_numbers().private_value, 32))
    ded = dict(jwk(ed, "EdDSA", "e"), d=enc(ed.private_bytes(ser.Encoding.Raw, ser.PrivateFormat.Raw, ser.NoEncryption())))
    r = RSA.private_numbers()
    private_rsa = {k: number(v) for k, v in (("d", r.d), ("p", r.p), ("q", r.q), ("dp", r.dmp1), ("dq", r.dmq1), ("qi", r.iqmp))}
    drs, dps = (dict(jwk(RSA, alg, "e"), **private_rsa) for alg in ("RS256", "PS384"))
    text = b"0123456789abcdef" * 4
    for alg, key, private in (("HS256", text, jwk(text, "HS256", "e")), ("ES256", e256, d256), ("RS256", RSA, drs), ("PS384", RSA, dps), ("EdDSA", ed, ded)):
        sign = write(os.path.join(tmp, "private"), private)
        r = open_step(keys=keyfile("issued", jwk(key, alg, "e")), sign_with=sign)
        check(r["rc"] == 0, "%s: opens to sign: %s" % (alg, r["error"]))
        ids = set()
        for n in range(20):
            r = d.ask("issue", step=0, subject="bob", now=NOW)
            ids.add(r["id"])
            check(r["rc"] == 0, "%s: %s" % (alg, r["error"]))
        check(len(ids) == 20, "%s: no id twice" % alg)
        got = ask(r["token"])
        check(got["result"] == "PASS" and got["subject"] == "bob" and got["id"] == r["id"], "%s: ours in ours" % alg)
        p = jwt.decode(r["token"], key if isinstance(key, bytes) else pem(key, False), algorithms=[alg], audience="api",
                       issuer=ISS, options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "sub", "jti"]})
        check(p["sub"] == "bob" and p["exp"] * S == r["expires"] and p["jti"] == r["id"], "%s: ours in PyJWT" % alg)
        if not absent and alg[:2] not in ("PS", "Ed"):
            got = d.ask("libjwt", token=r["token"], key=pem(key, False))
            check(got["good"] and got["sub"] == "bob", "%s: ours in libjwt" % alg)
    if absent:
        skip(3, "ours in libjwt (it is not here)")
    write(sign, private, 0o644)
    check("read by others" in open_step(keys=os.path.join(tmp, "issued"), sign_with=sign)["error"], "a private key for all to read")
    secret = write(os.path.join(tmp, "secret"), b"s" * 32 + b"\n")
    check(open_step(secret_file=secret, sign_with=secret)["rc"] == 0, "a secret for both")
    r = d.ask("issue", step=0, subject="carol", now=NOW)
    check(ask(r["token"])["subject"] == "carol", "and what it signs")
    check(jwt.decode(r["token"], b"s" * 32, algorithms=["HS256"], audience="api", options={"verify_exp": False,
          "verify_iat": False})["sub"] == "carol", "in PyJWT too, without the newline")
    check(open_step(secret_file=secret, sign_with=secret, add={"customer": "acme", "env": "prod"})["rc"] == 0, "claims to add")
    p = jwt.decode(d.ask("issue", step=0, subject="carol", now=NOW)["token"], options={"verify_signature": False})
    check((p["customer"], p["env"], p["sub"]) == ("acme", "prod", "carol"), "are added")
    check("by itself" in open_step(secret_file=secret, sign_with=secret, add={"sub": "eve"})["error"], "but none that is there")
    check("sign_with is wanted" in open_step(secret_file=secret, add={"env": "prod"})["error"], "nor where none is made")
    check(open_step(secret_file=secret, sign_with=secret)["rc"] == 0, "and none")
    for subject in ("", "x" * 256):
        r = d.ask("issue", step=0, subject=subject, now=NOW)
        check(r["rc"] < 0 and r["token"] == "", "issue() for %r" % subject[:8])


P, F, E = "PASS", "FAIL", "FAIL expired"
CLAIMS = [	# what is changed (None: taken out), what comes of it
    ({}, P), ({"exp": None}, F), ({"exp": NOW + 1}, P), ({"exp": NOW}, P), ({"exp": NOW - 29}, P), ({"exp": NOW - 30}, E),
    ({"exp": NOW - 29.5}, E), ({"exp": NOW + 0.5}, P), ({"exp": str(NOW + 600)}, F), ({"exp": True}, F), ({"exp": None}, F),
    ({"exp": [NOW + 600]}, F), ({"exp": 9223372036}, F), ({"exp": 9223368000}, P), ({"exp": -1}, E), ({"exp": 1e300}, F),
    ({"exp": 2 ** 63 - 1}, F), ({"exp": -2 ** 63}, F), ({"exp": 0}, E), ({"exp": 1.7e9 + 600}, P),
    ({"nbf": NOW + 30}, P), ({"nbf": NOW + 31}, F), ({"nbf": NOW + 30.5}, F), ({"nbf": None}, P), ({"nbf": "0"}, F),
    ({"nbf": 2 ** 62}, F), ({"nbf": -1}, P), ({"iat": NOW + 31}, F), ({"iat": NOW + 30}, P), ({"iat": None}, P),
    ({"iat": "now"}, F), ({"iss": None}, F), ({"iss": [ISS]}, F), ({"iss": ISS + "/"}, "IGNORE"), ({"iss": ""}, "IGNORE"),
    ({"iss": ISS.upper()}, "IGNORE"), ({"aud": None}, F), ({"aud": "API"}, F), ({"aud": ["x", "api"]}, P),
    ({"aud": ["api", 1]}, F), ({"aud": []}, F), ({"aud": {"api": 1}}, F), ({"aud": "ap"}, F), ({"aud": "api "}, F),
    ({"sub": None}, F), ({"sub": ""}, F), ({"sub": 7}, F), ({"sub": "x" * 255}, P), ({"sub": "x" * 256}, F), ({"sub": None}, F),
    ({"jti": 5}, F), ({"jti": "a"}, P), ({"jti": ""}, P), ({"scope": 5}, F), ({"scope": {"a": 1}}, F), ({"scope": [1]}, F),
    ({"scope": ["a", ""]}, F), ({"groups": 5}, F), ({"groups": ["a", None]}, F), ({"groups": "one"}, P),
    ({"groups": ["g%d" % i for i in range(128)]}, P), ({"groups": ["g%d" % i for i in range(129)]}, F),
    ({"many": list(range(490))}, P), ({"many": list(range(600))}, F), ({"deep": 1}, P),
    ({"deep": eval("[" * 15 + "]" * 15)}, P), ({"deep": eval("[" * 16 + "]" * 16)}, F),
]


def claims():
    path = keyfile("hs", jwk(SECRET, "HS256", "k"))
    check(open_step(keys=path, groups="groups")["rc"] == 0, "opens")
    for change, want in CLAIMS:
        p = {k: v for k, v in dict(GOOD, **change).items() if v is not None}
        r = ask(hs(p))
        got = r["result"] + (" expired" if r["reason"] == 5 else "")
        check(got == want, "claims %s: %s, wanted %s" % (str(change)[:60], got, want))
    now = [("alice", GOOD["exp"] + 29, P), ("alice", GOOD["exp"] + 30, E), ("alice", GOOD["nbf"] - 30, P), ("alice", GOOD["nbf"] - 31, F)]
    for _, at, want in now:
        r = ask(hs(GOOD), now=at)
        check(r["result"] + (" expired" if r["reason"] == 5 else "") == want, "at %d: %s" % (at, r))
    open_step(keys=path, leeway=0)
    check(ask(hs(GOOD), now=GOOD["exp"])["reason"] == 5 and ask(hs(GOOD), now=GOOD["exp"] - 1)["result"] == P, "no leeway")
    open_step(keys=path, max_lifetime=610 * S)
    check(ask(hs(GOOD))["result"] == P, "as long as max_lifetime")
    check(ask(hs(dict(GOOD, exp=NOW + 601)))["result"] == F, "longer than max_lifetime")
    check(ask(hs({k: v for k, v in GOOD.items() if k != "iat"}))["result"] == F, "max_lifetime wants iat")


JSON = [	# payloads as texts, put where GOOD's last brace is
    ',"a":1}', ',"a":1} ', ',"a":"\\ud83d\\ude00"}', ',"a":"\u00e9\U0001f600"}', ',"a":-0}', ',"a":1E5}', ',"a":[ ]}', ',"a": { } }',
]
NO_JSON = [
    ',"a":1}}', ',"a":1', ',"a":1,}', ',"a":01}', ',"a":+1}', ',"a":.5}', ',"a":1.}', ',"a":1e}', ',"a":-}', ',"a":NaN}', ',"a":tru}',
    ',"a":"\\u0000"}', ',"\\u0000":1}', ',"a":"\\ud800"}', ',"a":"\\udc00"}', ',"a":"\\ud800\\u0041"}', ',"a":"\\x"}', ',"a":"\\u12"}',
    ',"a":"\t"}', ',"a":"\n"}', ',"sub":"bob"}', ',"s\\u0075b":"bob"}', ',"a":{"b":1,"b":2}}', ',"a":9223372036854775808}',
    ',"a":-9223372036854775809}', ",'a':1}", ',"a":1}\x00', ',a:1}', ',"a" 1}', ',"a":[1,]}', ',"a":1e400}', '}{}', '} x',
    ',"a":/**/1}', ',"a":"x}',
]
BYTES = [b"\xff", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xc3",
         b"\xe2\x82", b"\xf5\x80\x80\x80", b"\x80"]


def texts():
    """What is JSON, and what is not: always signed well."""
    open_step(keys=keyfile("hs", jwk(SECRET, "HS256", "k")))
    start = json.dumps(GOOD)[:-1]
    for end in JSON:
        check(ask(hs(start + end))["result"] == P, "payload ending in %r" % end)
    for end in NO_JSON:
        check(ask(hs(start + end))["result"] == F, "payload ending in %r" % end)
    for b in BYTES:
        check(ask(hs(start.encode() + b',"a":"' + b + b'"}'))["result"] == F, "payload with %r" % b)
    for whole in ("", "[]", "1", '"x"', "null", "{}", "\ufeff" + json.dumps(GOOD)):
        check(ask(hs(whole))["result"] == F, "payload %r" % whole[:5])


HEADERS = [
    ({"alg": "HS256"}, P), ({"alg": "HS256", "typ": "JWT"}, P), ({"alg": "HS256", "typ": "jwt"}, P), ({"alg": "HS256", "typ": "at+jwt"}, P),
    ({"alg": "HS256", "typ": "application/at+jwt"}, P), ({"alg": "HS256", "typ": "JWS"}, F), ({"alg": "HS256", "typ": ""}, F),
    ({"alg": "HS256", "typ": 1}, F), ({"alg": "hs256"}, F), ({"alg": "none"}, F), ({"alg": "HS384"}, F), ({"alg": ""}, F), ({"alg": None}, F),
    ({"typ": "JWT"}, F), ({"alg": "HS256", "kid": "k"}, P), ({"alg": "HS256", "kid": "j"}, F), ({"alg": "HS256", "kid": ""}, F),
    ({"alg": "HS256", "kid": None}, F), ({"alg": "HS256", "crit": ["exp"], "exp": 1}, F), ({"alg": "HS256", "b64": True}, F),
    ({"alg": "HS256", "zip": "DEF"}, F), ({"alg": "HS256", "enc": "A128GCM"}, F), ({"alg": "HS256", "jku": "https://x.example"}, F),
    ({"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}, F), ({"alg": "HS256", "x5c": []}, F), ({"alg": "HS256", "x5u": ""}, F),
    ({"alg": "HS256", "x5t": "AAAA", "cty": "x"}, P), ('{"alg":"none","alg":"HS256"}', F), ('{"alg":"HS256"} ', P), ("[]", F),
    ({"alg": "HS256", "pad": "x" * 1100}, F),
]


def headers():
    open_step(keys=keyfile("hs", jwk(SECRET, "HS256", "k")))
    for twice in range(2):
        for h, want in HEADERS:
            got = ask(hs(GOOD, h))["result"]
            check(got == want or (got == "IGNORE" and want == F and enc(h)[:3] != "eyJ"), "header %s: %s" % (str(h)[:60], got))
    open_step(keys=keyfile("hs", jwk(SECRET, "HS256", "k")), typ="at+jwt")
    for h, want in (({"alg": "HS256"}, F), ({"alg": "HS256", "typ": "JWT"}, F), ({"alg": "HS256", "typ": "AT+JWT"}, P)):
        check(ask(hs(GOOD, h))["result"] == want, "typ is said: %s" % h)
    good = hs(GOOD)
    for t in ("", ".", "..", "...", good + ".", "." + good, good + " ", good + "=", good.replace(".", "..", 1), "eyJ..", "eyJhbGciOiJIUzI1NiJ9.e30.",
              good[:-1], good + "A" * 17000, "Bearer " + good, good[1:]):
        check(ask(t)["result"] in ("FAIL", "IGNORE"), "shape %r" % t[:20])
    for n in range(len(good)):
        check(ask(good[:n])["result"] in ("FAIL", "IGNORE"), "the first %d bytes" % n)


def identity():
    """What a token says becomes an identity."""
    path = keyfile("hs", jwk(SECRET, "HS256", "k"))
    p = dict(GOOD, mail="a@x", realm={"roles": ["eng", "ops"], "n": 3}, scope="read  write ", tenant="t1", level=3, ok=True,
             nest={"a": {"b": [1, "x", None, 1.5]}}, jti="id-1")
    p["https://x.example/roles"] = ["r1", "r2"]
    r = open_step(keys=path, subject="mail", claims=["https://x.example/roles", "realm.n", "ok", "none", "nest"], groups="realm.roles",
                  attributes={"tenant": "tenant", "nest": "nest", "gone": "gone"}, token={"level": "level"})
    check(r["rc"] == 0 and r["source"] == ISS and r["watched"] == 1, "opens: %s" % r)
    r = ask(hs(p))
    check(r["result"] == P and r["subject"] == "a@x" and r["id"] == "id-1", "subject and id: %s" % r)
    check(r.get("scopes") == ["read", "write"] and r["groups"] == ["jwt/eng", "jwt/ops"], "scopes and groups: %s" % r)
    check(r["attributes"] == {"tenant": "t1", "nest": {"a": {"b": [1, "x", None, 1.5]}}} and r["token"] == {"level": 3},
          "attributes: %s" % r)
    check(r["claims"] == [["https://x.example/roles", "r1"], ["https://x.example/roles", "r2"], ["realm.n", "3"], ["ok", "true"]],
          "claims: %s" % r["claims"])
    open_step(keys=path)
    for change, want in (({}, None), ({"scope": ""}, []), ({"scope": ["a b", "c"]}, ["a b", "c"]), ({"scp": ["x"]}, ["x"]),
                         ({"scp": "x y"}, ["x", "y"]), ({"scope": "a", "scp": "b"}, ["a"])):
        check(ask(hs(dict(GOOD, **change)))["scopes"] == want, "scopes of %s" % change)
    open_step(keys=path, scopes="perms.list")
    check(ask(hs(dict(GOOD, perms={"list": ["p"]}, scope="s")))["scopes"] == ["p"], "scopes of another claim")
    one, two = ask(hs(GOOD)), ask(hs(dict(GOOD, n=1)))
    check(len(one["id"]) == 43 and one["id"] != two["id"] and one["id"] == ask(hs(GOOD))["id"], "an id without jti")
    check(ask(hs(dict(GOOD, jti="j" * 64)))["id"] == "j" * 64 and len(ask(hs(dict(GOOD, jti="j" * 65)))["id"]) == 43, "long jti")
    open_step(keys=path, attributes={"x": "x"})
    for v in ([[1]], [{}], eval("{'a':" * 9 + "1" + "}" * 9), ["v"] * 257):
        check(ask(hs(dict(GOOD, x=v)))["result"] == F, "an attribute that an identity cannot hold: %s" % str(v)[:30])
    open_step(keys=path, token={"kind": "x"})
    check(ask(hs(dict(GOOD, x="v")))["result"] == F, "a token's kind is not the token's to say")


def malleable():
    """The other signature that an ECDSA signature gives away names the same token."""
    key, order = KEYS["ES256"], 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
    open_step(keys=keyfile("es", jwk(key, "ES256", "k")))
    token = jwt.encode(GOOD, pem(key, True), algorithm="ES256")
    sig = dec(token.split(".")[2])
    other = token.rsplit(".", 1)[0] + "." + enc(sig[:32] + (order - int.from_bytes(sig[32:], "big")).to_bytes(32, "big"))
    a, b = ask(token), ask(other)
    check(a["result"] == b["result"] == P and token != other and a["id"] == b["id"], "one id for both signatures")


def two_issuers():
    path = keyfile("hs", jwk(SECRET, "HS256", "k"))
    open_step(step=0, keys=path)
    open_step(step=1, keys=path, issuer="https://other.example")
    for iss, want in ((ISS, [P, "IGNORE"]), ("https://other.example", ["IGNORE", P]), ("https://third.example", ["IGNORE", "IGNORE"])):
        t = hs(dict(GOOD, iss=iss))
        check([ask(t, step=s)["result"] for s in (0, 1)] == want, "two steps, issuer %s" % iss)


def files():
    key2 = bytes(64)
    path = keyfile("turn", jwk(SECRET, "HS256", "k"))
    open_step(keys=path)
    t1, t2 = hs(GOOD), hs(GOOD, key=key2)
    check([ask(t)["result"] for t in (t1, t2)] == [P, F], "the first key")
    for bad in ('{"keys":[', "", '{"keys":[]}', json.dumps({"keys": [jwk(SECRET, "HS256", "k")] * 2}), "x" * 300000):
        write(path, bad)
        log = d.ask("serve", step=0, why=2)["log"]
        check("stay in use" in log and ask(t1)["result"] == P, "a bad file is logged, the keys stay: %r" % log)
    os.remove(path)
    check("no such file" in d.ask("serve", step=0, why=2)["log"] and ask(t1)["result"] == P, "no file: the keys stay")
    keyfile("turn", jwk(key2, "HS256", "k"))
    check("read again" in d.ask("serve", step=0, why=2)["log"], "a new file is said")
    check([ask(t)["result"] for t in (t1, t2)] == [F, P], "the second key")
    os.chmod(path, 0o644)
    check("read by others" in d.ask("serve", step=0, why=2)["log"], "secrets that others read")
    os.chmod(path, 0o620)
    check("can be written" in d.ask("serve", step=0, why=2)["log"], "keys that others write")


def sets():
    a, b = jwk(RSA, "RS256", "a"), jwk(KEYS["ES256"], "ES256", "b")
    plain = {k: v for k, v in a.items() if k != "alg"}
    private = dict(b, d="AAAA")
    for keys, want in (
            ([a, b], ""), ([a, dict(b, kid="a")], "same kid"), ([a, jwk(SECRET, "HS256", "s")], "secrets beside"), ([private], "private key"),
            ([a, dict(b, kid=5)], "no text"), ([a, 5], "no object"), ([a] * 200, "128"), ([dict(a, use="enc")], "no key"),
            ([dict(a, key_ops=["sign"])], "no key"), ([dict(a, key_ops=["sign", "verify"])], ""), ([dict(a, alg="RS999")], "no key"),
            ([dict(a, e="AQ")], "exponent"), ([dict(a, e="AAAA")], "exponent"), ([dict(a, n=a["n"] + "=")], "n or e"), ([dict(a, n="AQAB")], "2048"),
            ([dict(a, n=number(RSA.public_key().public_numbers().n - 1))], "no public key"),
            ([dict(b, x=b["y"])], "no public key"), ([dict(b, crv="P-384")], "go together"), ([dict(b, x=b["x"][:-2])], "coordinate"),
            ([plain], "more than one"), ([{"kty": "oct", "k": enc(SECRET)}], "alg"), ([jwk(b"short", "HS256", "s")], "shorter"),
            ([a, dict(b, kid="x", alg="ES999"), {"kty": "new"}], "")):
        r = open_step(keys=keyfile("set", *keys))
        check((r["rc"] == 0) == (want == "") and want in r["error"], "set %s: %s, wanted %r" % (str(keys)[:40], r["error"], want))
    check("2 of its keys are not used" in r["log"], "left out keys are named: %s" % r["log"])
    check(open_step(keys=keyfile("set", plain), algorithms=["PS256", "ES256"])["rc"] == 0, "algorithms tell a key's alg")
    check(ask(jwt.encode(GOOD, pem(RSA, True), algorithm="PS256", headers={"kid": "a"}))["result"] == P, "and it is that")
    check(ask(jwt.encode(GOOD, pem(RSA, True), algorithm="RS256", headers={"kid": "a"}))["result"] == F, "and no other")
    check(open_step(keys=keyfile("set", a), algorithms="ES256")["rc"] < 0, "a key that algorithms does not let")
    for text in ("", "[]", "{}", '{"keys":{}}', '{"keys":[],"keys":[]}', "[" * 5000, "nonsense",
                 json.dumps({"keys": [a]}) + "\0", "\0" + json.dumps({"keys": [a]})):
        check(open_step(keys=write(os.path.join(tmp, "set"), text))["rc"] < 0, "a set %r" % text[:20])
    two = [jwk(SECRET, "HS256", "a"), jwk(bytes(64), "HS256", "b")]
    open_step(keys=keyfile("set", *two))
    check([ask(hs(GOOD, key=k))["result"] for k in (SECRET, bytes(64))] == [F, F], "no kid, and two keys fit")
    check([ask(hs(GOOD, {"alg": "HS256", "kid": k}))["result"] for k in "abc"] == [P, F, F], "the kid tells")


def refusals():
    path = keyfile("hs", jwk(SECRET, "HS256", "k"))
    short = write(os.path.join(tmp, "short"), b"x" * 31 + b"\n")
    secret = write(os.path.join(tmp, "secret"), b"x" * 32)
    open_to_all = write(os.path.join(tmp, "all"), b"x" * 32, 0o644)
    os.mkfifo(os.path.join(tmp, "fifo"))
    for more, want in (
            ({}, "neither"), ({"keys": path, "secret_file": secret}, "both"), ({"keys": "keys.json"}, "path that begins with /"),
            ({"keys": "http://127.0.0.1/x"}, "https"), ({"keys": "http://127.0.0.1@evil.example/", "insecure": True}, "https"),
            ({"keys": "http://127.0.0.1:80@evil.example/", "insecure": True}, "https"), ({"keys": "http://issuer.example/", "insecure": True}, "https"),
            ({"keys": "http://127.0.0.1.evil.example/", "insecure": True}, "https"), ({"keys": "file:///etc/passwd"}, "https"),
            ({"keys": path, "leeway": 61 * S}, "0s to 60s"), ({"keys": path, "algorithms": ["none"]}, "none"), ({"keys": path, "algorithms": []}, "empty"),
            ({"secret_file": short}, "shorter"), ({"secret_file": secret, "algorithms": "HS512"}, "shorter"),
            ({"secret_file": secret, "algorithms": "RS256"}, "names none"), ({"secret_file": secret, "algorithms": ["HS256", "HS384"]}, "several"),
            ({"secret_file": open_to_all}, "read by others"), ({"secret_file": tmp + "/fifo"}, "regular"), ({"secret_file": tmp + "/none"}, "no such"),
            ({"secret_file": tmp}, "regular"), ({"keys": path, "issuer": "x" * 256}, "255"), ({"keys": path, "issuer": None}, "issuer"),
            ({"keys": path, "audience": None}, "audience"), ({"keys": path, "refresh": 60 * S, "stale": 30 * S}, "stale is shorter"),
            ({"keys": path, "sign_with": path}, "no private key")):
        r = open_step(**more)
        check(r["rc"] < 0 and want in r["error"], "settings %s: %d %r, wanted %r" % (str(more)[:50], r["rc"], r["error"], want))
    check(open_step(secret_file=secret)["rc"] == 0, "a secret of 32 bytes")
    check(ask(hs(GOOD, {"alg": "HS256", "kid": "any"}, b"x" * 32))["result"] == P, "no key has a name: none is asked for")


try:
    for part in (peers, issued, claims, texts, headers, identity, malleable, two_issuers, files, sets, refusals):
        part()
    check(d.close() == 0, "the driver ends well")
finally:
    shutil.rmtree(tmp)
finish()
