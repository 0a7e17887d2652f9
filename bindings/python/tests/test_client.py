# SPDX-License-Identifier: Apache-2.0
"""client.py against a real policyd; what it does by itself against a server of a few lines."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

import common
from libpolicy.client import AuthError, Scope, connect_to_auth_client

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "live"))
MODULES = os.environ.get("POLICY_MODULES", "")
BUILD = os.path.abspath(os.path.join(MODULES, "..", ".."))
WANTED = [os.path.join(BUILD, "policyd")] + [os.path.join(MODULES, m + ".so") for m in ("jwt", "password", "store_sqlite")]


class Server(BaseHTTPRequestHandler):
    """Answers with what `answers` has for a path, and keeps what came."""
    answers, seen = {}, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers.get("Authorization"), json.loads(body)))
        status, headers, data = self.answers[self.path.rsplit("/", 1)[1]]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST

    def log_message(self, *args):
        pass


class Alone(unittest.TestCase):
    def setUp(self):
        Server.seen.clear()
        self.server = HTTPServer(("127.0.0.1", 0), Server)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.client = connect_to_auth_client(self.url, token="t0ken")

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def test_url(self):
        for url in ("", "policy.example", "ftp://a", "http://policy.example", "https://u:p@a", "https://a?b", "https://",
                    "https://a:99999", "https://a:b", "https://a:0", "https://a/b c", "https://a\n", "https://\u00e9"):
            with self.assertRaises(ValueError, msg=url):
                connect_to_auth_client(url, token="t")

    def test_token(self):
        for token in ("", "a b", "a\r\nHost: b", "\u00e9"):
            with self.assertRaises(ValueError):
                connect_to_auth_client(self.url, token=token)
        self.assertNotIn("t0ken", repr(self.client))

    def test_scopes(self):
        self.assertEqual(len(Scope), 10)
        Server.answers = {"create_token": (200, {}, b"{}")}
        self.client.create_token("u", [Scope.cli, "read_all_session"], lifetime=60)
        self.client.create_token("u", [])
        self.client.create_token("u")
        with self.assertRaises(TypeError):
            self.client.create_token("u", "cli")
        self.assertEqual(Server.seen, [("/fl/auth/create_token", "Bearer t0ken", body) for body in (
            {"user_id": "u", "scopes": ["cli", "read_all_session"], "lifetime": 60}, {"user_id": "u", "scopes": []}, {"user_id": "u"})])

    def test_redirect(self):
        Server.answers = {"token_info": (307, {"Location": self.url + "/elsewhere"}, b"")}
        with self.assertRaises(AuthError) as e:
            self.client.token_info("x")
        self.assertEqual((e.exception.status, len(Server.seen)), (307, 1))

    def test_answers(self):
        for status, data, wanted in ((200, b"no json", 200), (200, b"[]", 200), (500, b"<html>", 500), (200, b'{"a":"' + b"x" * (2 << 20) + b'"}', 200),
                                     (403, b'{"message": "no", "error": {"code": "ceiling"}}', 403), (403, b'{"error": "x"}', 403)):
            Server.answers = {"token_info": (status, {}, data)}
            with self.assertRaises(AuthError) as e:
                self.client.token_info("secret-token")
            self.assertEqual(e.exception.status, wanted)
            self.assertNotIn("secret-token", str(e.exception))
            self.assertNotIn("t0ken", str(e.exception))

    def test_no_http(self):
        # whatever a server does is an AuthError
        deep = b"[" * 200000
        for data in (b"", b"\0garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 2000 + b"\r\n", b"HTTP/1.1 200 OK\r\na: " + b"b" * 70000 + b"\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
                     b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(deep) + deep, b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(deep) + deep,
                     b"HTTP/1.1 204 No\r\n\r\n", b"HTTP/1.1 304 No\r\n\r\n"):
            with self.assertRaises(AuthError, msg=data[:60]):
                self.said(data)

    def test_silent(self):
        for status in (b"200 OK", b"500 No"):
            with self.assertRaises(AuthError) as e:
                self.said(b"HTTP/1.1 " + status + b"\r\nContent-Length: 10\r\n\r\n", timeout=0.3)
            self.assertEqual(e.exception.status, 0)

    def said(self, data, timeout=30):
        """By a server that says nothing but that, and hangs up only when it is asked to."""
        with socket.create_server(("127.0.0.1", 0)) as s:
            done = threading.Event()

            def serve():
                c = s.accept()[0]
                with c:
                    request = b""
                    while b"}" not in request:
                        request += c.recv(65536)
                    c.sendall(data)
                    if timeout == 30:
                        c.shutdown(socket.SHUT_WR)
                    done.wait(60)

            t = threading.Thread(target=serve)
            t.start()
            try:
                return connect_to_auth_client(f"http://127.0.0.1:{s.getsockname()[1]}", token="t0ken", timeout=timeout).token_info("x")
            finally:
                done.set()
                t.join()

    @unittest.skipUnless(shutil.which("openssl"), "no openssl to make a certificate")
    def test_tls(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP")) as d:
            key, cert = os.path.join(d, "key"), os.path.join(d, "cert")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            own = ssl.create_default_context(cafile=cert)
        Server.answers = {"token_info": (200, {}, b'{"active": false}')}
        port = self.server.server_port
        # whom nobody vouches for, and who is called otherwise, does not get the token
        for url, context in ((f"https://localhost:{port}", None), (f"https://127.0.0.1:{port}", own)):
            with self.assertRaises(AuthError) as e:
                connect_to_auth_client(url, token="t0ken", context=context).token_info("x")
            self.assertEqual((e.exception.status, Server.seen), (0, []))
        self.assertEqual(connect_to_auth_client(f"https://localhost:{port}", token="t0ken", context=own).token_info("x"), {"active": False})

    def test_gone(self):
        self.server.server_close()
        with self.assertRaises(AuthError) as e:
            connect_to_auth_client("http://127.0.0.1:1", token="t0ken").token_info("x")
        self.assertEqual(e.exception.status, 0)


@unittest.skipUnless(all(os.path.exists(w) for w in WANTED), "policyd was not built")
class WithPolicyd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        from live import put
        from service import Service
        cls.tmp = tempfile.mkdtemp(dir=os.environ.get("POLICY_TMP"))
        cls.policyd = Service(BUILD, cls.tmp, os.path.join(TOP, "tests", "live", "integrate-ai"), ["integrate-ai"], NGINX="root")
        put(cls.tmp, "secret", "a secret of thirty-two bytes or more, for HS256\n")
        cls.policyd.ctl("admin", "init", "olga", "admin", "--password-file", "-", text="olga has a password\n")
        token = cls.policyd.ctl("token", "create", "--step", "iai", "--login", "olga", "--password-stdin",
                                text="olga has a password\n").strip()
        cls.policyd.start()
        cls.olga = cls.client(token)

    @classmethod
    def tearDownClass(cls):
        cls.policyd.stop()
        shutil.rmtree(cls.tmp)

    @classmethod
    def client(cls, token):
        return connect_to_auth_client(f"http://127.0.0.1:{cls.policyd.port}", token=token)

    def refused(self, status, code, call, *args):
        with self.assertRaises(AuthError) as e:
            call(*args)
        self.assertEqual((e.exception.status, e.exception.code), (status, code))

    def test_walk(self):
        user = self.olga.create_user("demo-user")
        self.assertRegex(user["email"], r"^[0-9a-f]{10}@integrate\.ai$")
        made = self.olga.create_token("demo-user", [Scope.create_session, Scope.read_user_session])
        info = self.olga.token_info(made["token"])
        self.assertEqual((info["token_id"], info["email"], info["scope"], info["active"]),
                         (made["token_id"], user["email"], "create_session read_user_session", True))
        own = self.client(made["token"])
        self.assertEqual(own.token_info(made["token"])["token_id"], made["token_id"])
        self.refused(403, "forbidden", own.create_user, "eve")
        self.olga.revoke_token(made["token_id"])
        self.assertEqual(self.olga.token_info(made["token"]), {"active": False})
        self.refused(401, "revoked", own.create_user, "eve")
        self.olga.delete_user("demo-user")
        self.refused(404, "not_found", self.olga.delete_user, "demo-user")

    def test_refusals(self):
        self.refused(401, "bad_credential", self.client("nothing").create_user, "eve")
        self.refused(404, "not_found", self.olga.create_token, "nobody")
        self.refused(404, "not_found", self.olga.revoke_token, "nothing")
        self.refused(400, "invalid_request", self.olga.create_user, "")

    def test_names(self):
        for name in ("user1@mycompany.com", "\u00e9va \"quoted\"", "a" * 200):
            self.assertEqual(self.olga.create_user(name)["user_name"], name)
            self.assertEqual(self.olga.create_token(name)["user_name"], name)
            self.olga.delete_user(name)


if __name__ == "__main__":
    common.main()
