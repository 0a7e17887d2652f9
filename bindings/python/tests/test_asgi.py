# SPDX-License-Identifier: Apache-2.0
"""The middleware by `routes:`, on a bare ASGI application: what it lets through, what it answers."""
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import unittest
from urllib.parse import unquote

import libpolicy
from common import main
from libpolicy.asgi import PolicyMiddleware

SET = """policy: 1
resources:
  model:
actions:
  models:list:
  models:use: { resource: model }
roles:
  lister: { allow: "models:list" }
  user: { allow: { actions: "models:use", resources: [model/m1] } }
authenticated: { roles: [lister, user] }
routes:
  default:
    - { match: "GET /v1/models", action: "models:list" }
    - { match: "GET /v1/models/{id}", action: "models:use", resource: "model/{id}" }
    - { match: "POST /v1/chat", body: model, action: "models:use", resource: "model/{model}" }
    - { match: "GET /search", query: { in: "{id}" }, action: "models:use", resource: "model/{id}" }
    - { match: "GET /ping", public: true }
modules:
  - use: token_file
    with: { file: %s }
"""


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    body = b""
    more = scope["type"] == "http"
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    decision = scope.get("libpolicy.decision")
    answer = json.dumps({"rule": decision.reason, "body": body.decode()}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})


def ask(app, method, target, headers=(), chunks=(b"",), kind="http", **more):
    path, _, query = target.partition("?")
    scope = {"type": kind, "method": method, "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
             "headers": [(n.lower().encode(), v.encode()) for n, v in headers]}
    if kind != "http":
        del scope["method"]
    scope.update(more)
    sent = []
    todo = [{"type": "websocket.connect"}] if kind != "http" else \
        [{"type": "http.request", "body": c, "more_body": i + 1 < len(chunks) or c is HALF} for i, c in enumerate(chunks)]

    async def receive():
        return todo.pop(0) if todo else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    if not sent:
        return "nothing"
    if sent[0]["type"] == "websocket.close":
        return "closed"
    headers = {n.decode(): v.decode() for n, v in sent[0]["headers"]}
    return sent[0]["status"], json.loads(sent[1]["body"]), headers


HALF = b'{"model": "m1"} '               # with more to come, which does not
GOOD = [("authorization", "Bearer token1")]
JSON = [("content-type", "application/json")]


class Middleware(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP"))
        path = os.path.join(cls.dir.name, "tokens")
        with open(path, "w") as f:
            f.write("token1\n")
        os.chmod(path, 0o600)
        cls.policy = libpolicy.Policy.open_text("t.yaml", SET % path, module_dir=os.environ["POLICY_MODULES"])
        cls.app = PolicyMiddleware(application, cls.policy, bodies=1000)

    @classmethod
    def tearDownClass(cls):
        cls.policy.close()
        cls.dir.cleanup()

    def status(self, *args, **more):
        got = ask(self.app, *args, **more)
        return got if isinstance(got, str) else got[0]

    def test_matrix(self):
        for method, target, headers, want in (
            ("GET", "/v1/models", GOOD, 200),
            ("GET", "/v1/models?x=1", GOOD, 200),
            ("GET", "/v1/models", [], 401),
            ("GET", "/v1/models", [("authorization", "Bearer x")], 401),
            ("GET", "/v1/models", GOOD + GOOD, 401),
            ("GET", "/v1/models", [("authorization", "Digest x")], 401),
            ("GET", "/v1/models/m1", GOOD, 200),
            ("GET", "/v1/models/m2", GOOD, 403),
            ("GET", "/ping", [], 200),
            ("POST", "/v1/models", GOOD, 403),
            ("OPTIONS", "/v1/models", GOOD, 403),
            ("HEAD", "/v1/models", GOOD, 403),
            ("GET", "/", GOOD, 403),
        ):
            self.assertEqual(self.status(method, target, headers), want, (method, target, headers))

    def test_spellings(self):
        for path in ("//v1/models", "/v1//models", "/v1/models/", "/v1/./models", "/v1/x/../models", "/V1/models", "/v1/models;a",
                     "/v1/models%00", "/v1/models%2f", "/v1%2fmodels", "/v1\\models", "/v1/models/%2e%2e", "/v1/models%", "v1/models",
                     "http://a/v1/models", "*", "", "/v1/models/m1/"):
            for headers in ([], [("authorization", "Bearer x")]):
                self.assertIn(self.status("GET", path, headers), (401, 403), path)
        # what is escaped without need is the same path
        self.assertEqual(self.status("GET", "/v1/%6dodels", GOOD), 200)
        self.assertEqual(self.status("GET", "/v1/%6dodels", []), 401)

    def test_path_of_the_application(self):
        # what is handed on is decided, whatever was sent
        for raw, path, root, headers, want in (
            (b"/ping", "/v1/models/m1", "", [], 401),
            (b"/ping", "/v1/models/m2", "", GOOD, 403),
            (b"/v1/models/m1", "/v1/models/m2", "", GOOD, 403),
            (b"/v1/models/m2", "/v1/models/m1", "", GOOD, 200),
            (b"/x/v1/models", "/v1/models", "", GOOD, 200),
            (b"/v1/models", "/models", "/v1", GOOD, 200),
            (b"/v1/models", "/v1/models", "/v1", GOOD, 200),
            (b"/ping", "/v1/models", "/v1", [], 401),
            (b"/v1/models", "/ping", "", GOOD, 200),
            (b"/v1%2fmodels", "/v1/models", "", GOOD, 403),
            (b"/v1/models/%ff", "/v1/models/\ufffd", "", GOOD, 403),
            (None, "/v1/models/m 1\u00e9\udcff", "", GOOD, 403),
            (None, "/v1/models/m1", "", GOOD, 200),
            (None, "/v1/models/m1?x", "", GOOD, 403),
            (None, "/v1/models#", "", GOOD, 403),
        ):
            got = self.status("GET", "/", headers, raw_path=raw, path=path, root_path=root)
            self.assertEqual(got, want, (raw, path, root))

    def test_query_in_the_raw_path(self):
        for query, want in ((b"in=m1", 200), (b"in=m2", 403), (b"in=m1&in=m1", 403), (b"", 403)):
            for raw in (b"/search", b"/search?" + query, None):
                scope = {"type": "http", "method": "GET", "path": "/search", "raw_path": raw, "query_string": query,
                         "headers": [(n.encode(), v.encode()) for n, v in GOOD]}
                sent = []

                async def send(message):
                    sent.append(message)

                async def receive():
                    return {"type": "http.request", "body": b"", "more_body": False}

                asyncio.run(self.app(scope, receive, send))
                self.assertEqual(sent[0]["status"], want, (query, raw))

    def test_body(self):
        for chunks, want in (
            ([b'{"model": "m1"}'], 200),
            ([b'{"mod', b'el": "m', b'1"}'], 200),
            ([b'{"model": "m2"}'], 403),
            ([b'{"model": 1}'], 403),
            ([b'{"model": "m1", "model": "m2"}'], 403),
            ([b"model=m1"], 403),
            ([b""], 403),
            ([b'{"model": "m1"}' + b" " * 1000], 403),
        ):
            got = ask(self.app, "POST", "/v1/chat", GOOD + JSON, chunks)
            self.assertEqual(got[0], want, chunks)
            if want == 200:
                self.assertEqual(got[1]["body"], b"".join(chunks).decode())
        self.assertEqual(self.status("POST", "/v1/chat", GOOD, [b'{"model": "m1"}']), 403)
        self.assertEqual(self.status("POST", "/v1/chat", JSON, [b'{"model": "m1"}']), 401)

    def test_gone_within_the_body(self):
        self.assertEqual(self.status("POST", "/v1/chat", GOOD + JSON, [HALF]), 403)
        for headers in (JSON + [("content-type", "text/plain")], [("content-type", "text/plain")]):
            self.assertEqual(self.status("POST", "/v1/chat", GOOD + headers, [b'{"model": "m1"}']), 403)

    def test_cancelled(self):
        # who goes away while a thread waits for the answer leaves nothing behind
        async def run():
            scope = {"type": "http", "method": "POST", "path": "/v1/chat", "query_string": b"", "headers": [(n.encode(), v.encode()) for n, v in GOOD + JSON]}
            task = asyncio.ensure_future(self.app(scope, asyncio.Event().wait, None))
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(run())

    def test_refusals(self):
        status, body, headers = ask(self.app, "GET", "/v1/models")
        self.assertEqual((status, body["detail"], body["message"], body["error"]["message"], body["error"]["code"]),
                         (401, "Not authenticated", "Not authenticated", "Not authenticated", "no_credential"))
        self.assertEqual(headers["www-authenticate"], "Bearer")
        status, body, headers = ask(self.app, "GET", "/v1/models", [("authorization", "Bearer x")])
        self.assertIn("invalid_token", headers["www-authenticate"])
        self.assertEqual(int(headers["content-length"]) > 0, True)

    def test_websocket(self):
        self.assertEqual(ask(self.app, None, "/v1/models", [], kind="websocket"), "closed")
        self.assertEqual(ask(self.app, None, "/v1/other", GOOD, kind="websocket"), "closed")
        self.assertEqual(ask(self.app, None, "/v1/models", GOOD, kind="websocket")[0], 200)
        sent = []

        async def gone():
            return {"type": "websocket.disconnect", "code": 1006}

        scope = {"type": "websocket", "path": "/v1/models", "query_string": b"", "headers": []}
        asyncio.run(self.app(scope, gone, sent.append))
        self.assertEqual(sent, [])

    def test_lifespan(self):
        asyncio.run(self.app({"type": "lifespan"}, None, None))

    def test_off_is_not_imported(self):
        code = "import sys; AUTH_ENABLED = False\nif AUTH_ENABLED:\n    from libpolicy.asgi import PolicyMiddleware\n" \
               "sys.exit(any(m.split('.')[0] == 'libpolicy' for m in sys.modules))"
        self.assertEqual(subprocess.run([sys.executable, "-c", code]).returncode, 0)


if __name__ == "__main__":
    main()
