# SPDX-License-Identifier: Apache-2.0
"""A real OpenBao on loopback: started, asked as its root, stopped."""
import base64
import ctypes
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

ROOT = "root-token-for-tests"


def free_ports():
    """A port whose next one is free too: a dev server binds both."""
    for _ in range(200):
        with socket.socket() as a, socket.socket() as b:
            a.bind(("127.0.0.1", 0))
            port = a.getsockname()[1]
            try:
                b.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise RuntimeError("no two free ports")


def dies_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Bao:
    running = []

    def __init__(self, binary, folder, *args, tls=False, config=None, port=None):
        self.port = port or free_ports()
        self.folder, self.tls, self.token = folder, tls, ROOT
        os.makedirs(folder, exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("VAULT_", "BAO_"))}
        env["HOME"] = folder
        if config is not None:
            path = os.path.join(folder, "config.hcl")
            with open(path, "w", encoding="utf-8") as f:
                f.write(config.replace("PORT", str(self.port)))
            argv = [binary, "server", "-config=" + path]
        else:
            argv = [binary, "server", "-dev", "-dev-root-token-id=" + ROOT, "-dev-no-store-token", "-log-level=warn",
                    f"-dev-listen-address=127.0.0.1:{self.port}", *args]
        self.log = open(os.path.join(folder, "log"), "ab")
        self.process = subprocess.Popen(argv, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True, preexec_fn=dies_with_us)
        Bao.running.append(self)
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def ask(self, method, path, body=None, token=None, ns=None):
        """(status, JSON or None)"""
        req = urllib.request.Request(f"{self.address}/v1/{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
        req.add_header("X-Vault-Token", token or self.token)
        if ns:
            req.add_header("X-Vault-Namespace", ns)
        context = None
        if self.tls:
            context = ssl.create_default_context(cafile=os.path.join(self.folder, "vault-ca.pem"))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(req, timeout=10) as r:
                text = r.read()
                return r.status, json.loads(text) if text else None
        except urllib.error.HTTPError as e:
            text = e.read()
            try:
                return e.code, json.loads(text)
            except ValueError:
                return e.code, None

    def do(self, method, path, body=None, **more):
        status, j = self.ask(method, path, body, **more)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {j}")
        return j

    def ready(self, path="auth/token/lookup-self", wanted=(200,)):
        for _ in range(400):
            try:
                if self.ask("GET", path)[0] in wanted:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(.05)
        raise RuntimeError("the server does not come up: " + open(os.path.join(self.folder, "log"),
                                                                 encoding="utf-8", errors="replace").read()[-2000:])

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()
        if self in Bao.running:
            Bao.running.remove(self)

    # ---- what tests need again and again

    def token_create(self, ns=None, **body):
        return self.do("POST", "auth/token/create", body, ns=ns)["auth"]

    def jwt(self, **claims):
        """Signed by the server's own transit engine: RS256."""
        def b64(b):
            return base64.urlsafe_b64encode(b).rstrip(b"=").decode()
        now = int(time.time())
        claims = {"iss": "https://issuer.test", "aud": "libpolicy", "iat": now, "nbf": now - 5, "exp": now + 300, **claims}
        head = b64(b'{"alg":"RS256","typ":"JWT"}') + "." + b64(json.dumps(claims).encode())
        sig = self.do("POST", "transit/sign/jwt", {"input": base64.b64encode(head.encode()).decode(),
                                                   "signature_algorithm": "pkcs1v15", "hash_algorithm": "sha2-256"})
        return head + "." + b64(base64.b64decode(sig["data"]["signature"].split(":")[2]))

    def accessors(self):
        return len(self.do("LIST", "auth/token/accessors")["data"]["keys"])


def stop_all():
    for b in list(Bao.running):
        b.stop()
