# SPDX-License-Identifier: Apache-2.0
"""Xinference's call shape: Security(auth, scopes=[...]) on each route."""
import os
import tempfile
import unittest

import libpolicy
from common import main
from fastapi import FastAPI, Security
from fastapi.testclient import TestClient
from libpolicy.fastapi import PolicyAuth

SET = """policy: 1
actions: ["models:list", "models:start", "models:free"]
roles:
  lister: { allow: "models:list" }
  free: { allow: "models:free" }
everyone: { roles: free }
authenticated: { roles: lister }
modules:
  - use: token_file
    with: { file: %s }
"""


class Dependency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(dir=os.environ.get("POLICY_TMP"))
        path = os.path.join(cls.dir.name, "tokens")
        with open(path, "w") as f:
            f.write("token1\n")
        os.chmod(path, 0o600)
        cls.policy = libpolicy.Policy.open_text("t.yaml", SET % path, module_dir=os.environ["POLICY_MODULES"])
        auth = PolicyAuth(cls.policy)
        app = FastAPI()

        @app.get("/list")
        async def models(who=Security(auth, scopes=["models:list"])):
            return {"who": who.subject_id}

        @app.get("/start", dependencies=[Security(auth, scopes=["models:start"])])
        async def start():
            return {}

        @app.get("/both", dependencies=[Security(auth, scopes=["models:list", "models:start"])])
        async def both():
            return {}

        @app.get("/free")
        async def free(who=Security(auth, scopes=["models:free"])):
            return {"who": who and who.subject_id}

        @app.get("/any", dependencies=[Security(auth)])
        async def any_credential():
            return {}

        cls.client = TestClient(app)

    @classmethod
    def tearDownClass(cls):
        cls.policy.close()
        cls.dir.cleanup()

    def ask(self, path, *values):
        r = self.client.get(path, headers=[("authorization", v) for v in values])
        return r.status_code, r.json(), r.headers.get("www-authenticate")

    def test_matrix(self):
        nobody = {"detail": "Not authenticated"}
        bad = {"detail": "Could not validate credentials"}
        less = {"detail": "Not enough permissions"}
        for path, values, want in (
            ("/list", ["Bearer token1"], (200, {"who": "token_file"}, None)),
            ("/list", ["bearer token1"], (200, {"who": "token_file"}, None)),
            ("/list", [], (401, nobody, "Bearer")),
            ("/list", ["Bearer x"], (401, bad, 'Bearer scope="models:list"')),
            ("/list", ["Bearer"], (401, bad, 'Bearer scope="models:list"')),
            ("/list", ["Bearer token1", "Bearer token1"], (401, bad, 'Bearer scope="models:list"')),
            ("/start", ["Bearer token1"], (403, less, 'Bearer scope="models:start"')),
            ("/both", ["Bearer token1"], (403, less, 'Bearer scope="models:list models:start"')),
            ("/free", [], (200, {"who": None}, None)),
            ("/free", ["Bearer x"], (401, bad, 'Bearer scope="models:free"')),
            ("/any", [], (401, nobody, "Bearer")),
            ("/any", ["Bearer token1"], (200, {}, None)),
            ("/any", ["Bearer x"], (401, bad, "Bearer")),
        ):
            got = self.ask(path, *values)
            if want[0] == 200 and "who" in want[1] and want[1]["who"]:
                got = (got[0], {"who": "token_file" if got[1].get("who") else None}, got[2])
            self.assertEqual(got, want, (path, values))

    def test_off(self):
        with libpolicy.Policy.open_text("t.yaml", "policy: 1\nenabled: false\n") as off:
            auth = PolicyAuth(off)
            app = FastAPI()

            @app.get("/list")
            async def models(who=Security(auth, scopes=["models:list"])):
                return {"who": who}

            @app.get("/any")
            async def any_credential(who=Security(auth)):
                return {"who": who}

            client = TestClient(app)
            for path in ("/list", "/any"):
                for headers in ({}, {"authorization": "Bearer x"}):
                    r = client.get(path, headers=headers)
                    self.assertEqual((r.status_code, r.json()), (200, {"who": None}), (path, headers))


if __name__ == "__main__":
    main()
