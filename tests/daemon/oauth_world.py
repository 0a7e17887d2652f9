# SPDX-License-Identifier: Apache-2.0
"""A policyd that serves OAuth, with accounts, a step that signs, and forms that are sent to it."""
import base64
import json
import os
import re
import socket
import subprocess
from urllib.parse import quote_plus, urlencode

import manage_world
from manage_world import PASSWORD

FORM = "application/x-www-form-urlencoded"
CANARY = "canary-4f1d9a7c"
SIGNING = """  - use: jwt
    name: signed
    for: bearer
    control: binding
    kind: [session]
    unscoped: full
    subject: {{ type: user, shared: true }}
    with:
      issuer: "https://pdp.example"
      audience: [builds]
      keys: {dir}/public.json
      sign_with: {dir}/private.json
      registered: true
"""


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ed25519(folder):
    """(private, public) members of a JWK."""
    path = os.path.join(folder, "ed.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    private = subprocess.run(["openssl", "pkey", "-in", path, "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
    public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
    os.unlink(path)
    return url64(private), url64(public)


class World(manage_world.World):
    def write_accounts(self):
        self.d, self.x = ed25519(self.dir)
        public = {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": "one", "alg": "EdDSA", "use": "sig"}
        self.write("public.json", {"keys": [public]}, 0o644)
        self.write("private.json", dict(public, d=self.d), 0o600)
        super().write_accounts()
        with open(self.path("set/policy.yaml")) as f:
            text = f.read()
        text = text.replace("actions:\n", "actions:\n  policyd:evaluate:\n", 1)
        text = text.replace("roles:\n", "roles:\n  gateway: { allow: policyd:evaluate }\n", 1)
        text = text.replace("  - use: token_file\n", SIGNING.format(dir=self.dir) + "  - use: token_file\n").replace("/audit }", "/audit.%p }")
        text = text.replace("includes: [runner,", "includes: [gateway, runner,")
        with open(self.path("set/policy.yaml"), "w") as f:
            f.write(text)

    def write(self, name, what, mode):
        with open(self.path(name), "w") as f:
            json.dump(what, f)
        os.chmod(self.path(name), mode)

    def configure(self, serve="manage, health, metrics", more="", listener=""):
        super().configure(serve, f"url: https://pdp.example\njwks: {self.dir}/public.json\n{more}")
        if listener:
            with open(self.path("policyd.yaml")) as f:
                text = f.read()
            with open(self.path("policyd.yaml"), "w") as f:
                f.write(re.sub(r"(tcp: .*\n)", rf"\1    {listener}\n", text))

    def form(self, path, fields, raw=None, token=None, basic=None, headers=(), source="127.0.0.1", unix=False, type=FORM):
        """(status, what the body says, headers) of a form, or of a raw body."""
        head = list(dict(headers).items()) if isinstance(headers, dict) else list(headers)
        if token is not None:
            head.append(("Authorization", f"Bearer {token}"))
        if basic is not None:
            head.append(("Authorization", "Basic " + base64.b64encode(f"{basic[0]}:{basic[1]}".encode()).decode()))
        data = raw if raw is not None else urlencode(fields).encode()
        if type is not None:
            head.append(("Content-Type", type))
        text = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(data)}\r\n"
        text += "".join(f"{k}: {v}\r\n" for k, v in head)
        s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        with s:
            s.settimeout(60)
            if unix:
                s.connect(self.sock)
            else:
                s.bind((source, 0))
                s.connect(("127.0.0.1", self.port))
            s.sendall(text.encode() + b"\r\n" + data)
            got = b""
            while part := s.recv(65536):
                got += part
        return manage_world.answer(got)

    def login(self, name="ann", password=PASSWORD, scope=None, source="127.0.0.1", path="/oauth2/token", **more):
        fields = {"grant_type": "password", "username": name, "password": password}
        if scope is not None:
            fields["scope"] = scope
        return self.form(path, fields, source=source, **more)

    def token(self, name="ann", **more):
        status, body, _ = self.login(name, **more)
        self.check(f"a token for {name}", status == 200, body)
        return body["access_token"] if status == 200 else "none"

    def introspect(self, token, hint=None, by=None, **more):
        fields = {"token": token}
        if hint is not None:
            fields["token_type_hint"] = hint
        return self.form("/oauth2/introspect", fields, token=by or manage_world.OLGA, **more)

    def people(self):
        """ann and bob, users; gate, who may ask what tokens are."""
        for name in ("ann", "bob", "gate"):
            status, body, _ = self.call("POST", "/v1/users", {"name": name, "password": PASSWORD}, token=manage_world.OLGA)
            self.check(f"a user {name}", status == 201, body)
        status, body, _ = self.call("POST", "/v1/grants", {"who": "gate", "role": "gateway"}, token=manage_world.OLGA)
        self.check("who may ask", status == 201, body)


def challenge(headers):
    """The scheme and the parameters of WWW-Authenticate."""
    value = headers.get("www-authenticate", "")
    return value.split(" ")[0], dict(re.findall(r'(\w+)="([^"]*)"', value))


def metric(w, name):
    _, text, _ = w.call("GET", "/metrics")
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
    return float(found.group(1)) if found else 0.0


__all__ = ["World", "challenge", "metric", "quote_plus", "CANARY", "FORM"]
