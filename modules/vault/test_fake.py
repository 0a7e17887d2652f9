# SPDX-License-Identifier: Apache-2.0
"""A server that does what a real one cannot be made to do: late, half, wrong answers.
What it does is named by the token that it is sent: answers[token]. It counts what
arrives for each."""
import json
import socket
import ssl
import threading
import time

GOOD = {"accessor": "acc", "creation_time": 1, "creation_ttl": 600, "display_name": "d", "entity_id": "e-1",
        "expire_time": "2099-01-01T00:00:00Z", "explicit_max_ttl": 0, "meta": None, "num_uses": 0, "orphan": True,
        "path": "p", "policies": ["default"], "renewable": True, "ttl": 600, "type": "service"}


def answer(status, body, *headers, length=None, kind="application/json"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}",
             f"Content-Length: {len(raw) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def good(token, **changes):
    data = {**GOOD, "id": token, **changes}
    return answer(200, {"data": {k: v for k, v in data.items() if v is not Ellipsis}})


class Fake:
    def __init__(self, cert=None, key=None):
        self.context = None
        if cert is not None:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(cert, key)
        self.answers, self.seen, self.lock = {}, {}, threading.Lock()
        self.connections = 0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.address = f"{'https' if cert else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                c = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            if self.context is not None:
                c = self.context.wrap_socket(c, server_side=True)
            with c:
                while self.one(c):
                    pass
        except OSError:
            pass

    def one(self, c):
        data = b""
        while b"\r\n\r\n" not in data:
            more = c.recv(65536)
            if not more:
                return False
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        while len(body) < int(headers.get("content-length", 0)):
            body += c.recv(65536)
        path = lines[0].split(" ")[1]
        token = headers.get("x-vault-token")
        if token is None:
            token = json.loads(body).get("password", "") if body else ""
        with self.lock:
            n = self.seen[token] = self.seen.get(token, 0) + 1
        what = self.answers.get(token)
        if callable(what):
            what = what(n, path, token)
        if what is None:
            what = good(token)
        if isinstance(what, tuple):     # (seconds, bytes): late
            time.sleep(what[0])
            what = what[1]
        if what == b"":                 # hung up on
            return False
        keep = what.endswith(b"\0KEEP")
        c.sendall(what)
        return not keep and b"Connection: close" not in what and self.whole(what)

    @staticmethod
    def whole(raw):
        """A connection on which an answer is not complete is closed."""
        head, _, body = raw.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                return len(body) == int(line.split(b":")[1])
        return False

    def close(self):
        self.listener.close()


class Forwarder:
    """Another address of a server."""

    def __init__(self, host, port):
        self.to = port
        self.listener = socket.socket()
        self.listener.bind((host, 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                c = self.listener.accept()[0]
            except OSError:
                return
            s = socket.create_connection(("127.0.0.1", self.to))
            for a, b in ((c, s), (s, c)):
                threading.Thread(target=self.pipe, args=(a, b), daemon=True).start()

    @staticmethod
    def pipe(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
