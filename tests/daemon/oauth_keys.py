# SPDX-License-Identifier: Apache-2.0
"""Signed tokens, the keys they are verified with (RFC 7517), and metadata (RFC 8414)."""
import base64
import json
import os
import subprocess
import time

import ops_world
from manage_world import OLGA
from oauth_world import CANARY


def keys_of(w):
    return w.call("GET", "/.well-known/jwks.json")


def is_signed_by(w, token, key):
    """By openssl: the signature of a token is that key's."""
    def raw(text):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    head, claims, signature = token.split(".")
    with open(w.path("signed"), "w") as f:
        f.write(f"{head}.{claims}")
    with open(w.path("signature"), "wb") as f:
        f.write(raw(signature))
    with open(w.path("key.der"), "wb") as f:
        f.write(bytes.fromhex("302a300506032b6570032100") + raw(key["x"]))
    return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", w.path("key.der"), "-in",
                           w.path("signed"), "-sigfile", w.path("signature")], capture_output=True).returncode == 0


def signed(w):
    w.begin()
    w.people()
    status, made, _ = w.call("POST", "/v1/tokens", {"step": "signed", "kind": "session"}, token=w.token())
    token = made.get("secret", "")
    w.check("a signed token", status == 201 and token.count(".") == 2, made)
    status, body, headers = keys_of(w)
    w.check("RFC 7517, 5: a set of keys", status == 200 and list(body) == ["keys"] and len(body["keys"]) == 1, body)
    w.check("RFC 7517, 8.5.2: its type", headers["content-type"] == "application/jwk-set+json", headers)
    w.check("RFC 7517, 4: its members", body["keys"][0] == {"kty": "OKP", "crv": "Ed25519", "x": w.x, "kid": "one", "alg": "EdDSA",
                                                            "use": "sig"}, body)
    w.check("the signature is that key's", is_signed_by(w, token, body["keys"][0]))
    status, body, _ = w.introspect(token)
    w.check("RFC 7662, 2.2: claims of a signed one", status == 200 and body["active"] and body.get("iss") == "https://pdp.example" and
            "builds" in body.get("aud", []) and body.get("sub") == "ann" and body.get("jti") == made["id"] and body.get("kind") == "session",
            body)
    now = time.time()
    w.check("RFC 7662, 2.2: times", abs(body["iat"] - now) < 60 and now < body["exp"] < now + 40 * 86400, body)
    head, claims, signature = token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"iss": "https://pdp.example", "sub": "olga", "aud": "builds", "exp": 9999999999}).encode())
    for what, bad in (("claims", f"{head}.{forged.decode().rstrip('=')}.{signature}"), ("signature", f"{head}.{claims}."),
                      ("head", f"{forged.decode().rstrip('=')}.{claims}.{signature}")):
        w.check(f"another {what}", w.introspect(bad)[:2] == (200, {"active": False}))
    w.check("RFC 7009, 2: it is ended", w.form("/oauth2/revoke", {"token": token})[0] == 200 and
            w.introspect(token)[:2] == (200, {"active": False}))


RSA = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "r"}
EC = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "e"}
# what, the file's keys, those that are served; None: none at all, a 503
FILES = (
    ("RSA and EC", [RSA, EC], [RSA, EC]),
    ("members that are not known", [dict(RSA, note=CANARY, x5c=[CANARY])], [RSA]),
    ("for encryption", [dict(RSA, use="enc"), EC], [EC]),
    ("of a type that is not known", [{"kty": "new", "z": CANARY}, EC], [EC]),
    ("half a key", [{"kty": "RSA", "n": "AA"}, EC], [EC]),
    ("a member of another type", [dict(RSA, n=[CANARY]), EC], [EC]),
    ("none", [], []),
    ("a private RSA key", [dict(RSA, d=CANARY)], None),
    ("a part of one", [dict(RSA, qi=CANARY), EC], None),
    ("a private EC key", [EC, dict(EC, d=CANARY)], None),
    ("a secret", [EC, {"kty": "oct", "k": CANARY}], None),
    ("a secret that says it is RSA", [dict(RSA, k=CANARY)], None),
    ("a secret without its bytes", [{"kty": "oct", "kid": "s"}], None),
    ("no type", [{"k": CANARY}], None),
    ("no key", [CANARY], None),
)


def served(w):
    w.begin()
    for what, keys, wanted in FILES:
        w.write("public.json", {"keys": keys, "more": CANARY}, 0o644)
        status, body, _ = keys_of(w)
        if wanted is None:
            w.check(f"{what}: nothing is served", status == 503 and "keys" not in body, body)
        else:
            w.check(f"{what}: what is public", (status, body) == (200, {"keys": wanted}), body)
        w.check(f"{what}: no secret", CANARY not in json.dumps(body))
    for what, text in (("no JSON", "{"), ("a list", "[]"), ("nothing", ""), ("no keys", '{"keys":{}}'), ("a name twice", '{"keys":[],"keys":[]}')):
        with open(w.path("public.json"), "w") as f:
            f.write(text)
        w.check(f"{what}: nothing is served", keys_of(w)[0] == 503)
    os.unlink(w.path("public.json"))
    w.check("no file", keys_of(w)[0] == 503)
    os.mkfifo(w.path("public.json"))
    w.check("a pipe", keys_of(w)[0] == 503)
    os.unlink(w.path("public.json"))
    os.symlink("private.json", w.path("public.json"))
    status, body, _ = keys_of(w)
    w.check("the key that signs", status == 503 and w.d not in json.dumps(body), body)
    log = w.daemons[-1].said()
    w.check("the log has no key", CANARY not in log and w.d not in log)


def metadata(w):
    w.begin()
    path = "/.well-known/oauth-authorization-server"
    status, body, headers = w.call("GET", path)
    w.check("RFC 8414, 3.2", status == 200 and headers["content-type"] == "application/json", body)
    w.check("RFC 8414, 2: issuer", body.get("issuer") == "https://pdp.example", body)
    for name, at in (("token_endpoint", "/oauth2/token"), ("introspection_endpoint", "/oauth2/introspect"),
                     ("revocation_endpoint", "/oauth2/revoke"), ("jwks_uri", "/.well-known/jwks.json")):
        w.check(f"RFC 8414, 2: {name}", body.get(name) == "https://pdp.example" + at, body)
    w.check("RFC 8414, 2: response_types_supported", body.get("response_types_supported") == [], body)
    w.check("RFC 8414, 2: grant_types_supported", body.get("grant_types_supported") == ["password"], body)
    w.check("RFC 8414, 3.1: of another's path", w.call("GET", path + "/a")[0] == 404)
    w.check("Host is not believed", w.call("GET", path, headers={"X-Forwarded-Host": "evil"})[1] == body)
    w.clean("with_path")
    w.configure()
    with open(w.path("policyd.yaml")) as f:
        text = f.read()
    with open(w.path("policyd.yaml"), "w") as f:
        f.write("\n".join(line for line in text.replace("url: https://pdp.example", "url: https://pdp.example/p").split("\n")
                          if not line.startswith("jwks")))
    w.begin()
    w.check("RFC 8414, 3.1: not without our path", w.call("GET", path)[0] == 404)
    status, body, _ = w.call("GET", path + "/p")
    w.check("RFC 8414, 3.1: behind it", status == 200 and body["token_endpoint"] == "https://pdp.example/p/oauth2/token" and
            "jwks_uri" not in body, body)
    w.check("no keys are configured", keys_of(w)[0] == 404)


def alone(w):
    """Without a keeper"""
    w.begin()
    w.people()
    token = w.token()
    w.port = ops_world.free_port()      # beside it: SQLite is read only where somebody writes it
    w.sock += "2"
    w.configure()
    w.serve(args=["-n"])
    w.check("no token is made", w.login()[0] == 501)
    w.check("none is ended", w.form("/oauth2/revoke", {"token": token})[0] == 501)
    status, body, _ = w.introspect(token, by=OLGA)
    w.daemons[-1].stop()
    os.unlink(w.sock)
    w.check("but told", status == 200 and body["active"] and body["sub"] == "ann" and "iat" not in body, body)


PARTS = (signed, served, metadata, alone)
