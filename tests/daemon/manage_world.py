# SPDX-License-Identifier: Apache-2.0
"""A policyd with accounts in SQLite, who asks it, and policyctl on the same store."""
import base64
import json
import os
import socket
import subprocess

import ops_world

MODULES = """modules:
  - use: api_key
    for: bearer
    control: binding
    kind: [token, api_key]
    subject: {{ type: user, shared: true }}
  - use: token_file
    with: {{ file: {dir}/olga }}
    for: bearer
    subject: {{ type: user, id: olga, shared: true }}
  - use: password
    with: {{ store: true }}
    for: password
    subject: {{ type: user, shared: true }}
store: {{ url: "sqlite:{dir}/data/store.db" }}
audit: {{ file: {dir}/log.d/audit-%p }}
"""
OLGA = "olgas-token-0123456789abcdefghij"
PASSWORD = "a long first password"


class World(ops_world.World):
    """olga may all; ann and bob are users; who has nothing is a stranger."""

    def __init__(self, build, top, counts):
        self.cases = 300
        super().__init__(build, top, counts)

    def clean(self, name):
        self.dir = os.path.join(self.top, name)
        super().clean(name)
        for d in ("data", "log.d"):
            os.mkdir(self.path(d), 0o700)
        with open(self.path("olga"), "w") as f:
            f.write(OLGA + "\n")
        os.chmod(self.path("olga"), 0o600)
        with open(self.path("pw"), "w") as f:
            f.write(PASSWORD + "\n")
        self.write_accounts()
        self.configure()

    def write_accounts(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "..", "cli", "accounts.yaml")) as f:
            text = f.read()
        text = text.replace("users:change:      { resource: user, when: own }", "users:change:      { resource: user, when: own }\n"
                            "  activity:read:     { resource: user, when: own }")
        text = text.replace("any:user:          { resource: user, implies: [", "any:user:          { resource: user, implies: [activity:read, ")
        text = text.replace("users:read, users:password, tokens:create,", "users:read, users:password, activity:read, tokens:create,")
        with open(self.path("set/policy.yaml"), "w") as f:
            f.write(text + MODULES.format(dir=self.dir))

    def configure(self, serve="manage, health", more=""):
        with open(self.path("policyd.yaml"), "w") as f:
            f.write(f"policyd: 1\npolicy: {self.dir}/set\nmodules: {self.modules}\nread: [ {self.dir}, {self.dir}/data ]\n"
                    f"write: [ {self.dir}/log.d ]\n{more}listeners:\n"
                    f"  - unix: {self.sock}\n    serve: [{serve}]\n  - tcp: 127.0.0.1:{self.port}\n    serve: [{serve}]\n")

    def ctl(self, *words, token=None, given=None):
        """(status, standard output, standard error) of policyctl."""
        command = [self.policyctl, *words, "-p", self.path("set"), "--module-dir", self.modules]
        if token is not None:
            with open(self.path("token"), "w") as f:
                f.write(token + "\n")
            os.chmod(self.path("token"), 0o600)
            command += ["--token-file", self.path("token")]
        p = subprocess.run(command, env=dict(self.env, XDG_STATE_HOME=self.dir), input=given, capture_output=True, text=True)
        return p.returncode, p.stdout, p.stderr

    def begin(self, args=()):
        """The first user, and the daemon, ready."""
        rc, _, err = self.ctl("admin", "init", "olga", "--password-file", self.path("pw"), "--org", "acme")
        self.check("the first user", rc == 0, err)
        return self.serve(args)

    def serve(self, args=()):
        d = self.run(args=args)
        self.check("it serves", d.ready() is not None, d.said())
        return d

    def call(self, method, path, body=None, token=None, basic=None, headers=(), raw=None):
        """(status, what the body says, headers)."""
        head = dict(headers)
        if token is not None:
            head["Authorization"] = f"Bearer {token}"
        if basic is not None:
            head["Authorization"] = "Basic " + base64.b64encode(f"{basic[0]}:{basic[1]}".encode()).decode()
        if body is not None:
            raw = json.dumps(body)
        if raw is not None:
            head.setdefault("Content-Type", "application/json")
        data = (raw or "").encode()
        if raw is not None or method not in ("GET", "DELETE"):
            head["Content-Length"] = str(len(data))
        text = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        text += "".join(f"{k}: {v}\r\n" for k, v in head.items())
        with socket.create_connection(("127.0.0.1", self.port), 60) as s:
            s.sendall(text.encode() + b"\r\n" + data)
            got = b""
            while part := s.recv(65536):
                got += part
        return answer(got)


def answer(got):
    status, text = ops_world.whole(got)
    lines = got.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    found = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    try:
        return status, json.loads(text) if text else None, found
    except ValueError:
        return status, text, found
