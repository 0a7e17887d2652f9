# SPDX-License-Identifier: Apache-2.0
"""A stand-in for integrate.ai's application: versions of packages, and training sessions.

    application.py POLICY PORT

Who comes for packages has passed nginx and policyd, which say whose token it is. A session
is asked for here: only the application knows who made it.
"""
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import libpolicy

SESSIONS = {}                           # name: uid of who made it
STATUS = {"no_credential": 401, "bad_credential": 401, "expired": 401, "revoked": 401}
POLICY = libpolicy.Policy.open(sys.argv[1], module_dir=os.environ.get("POLICY_MODULES"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def say(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def may(self, action, name=None):
        """Whose token it is, where it may do this; else None, and the refusal is said."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        credentials = [libpolicy.bearer(token)] if scheme == "Bearer" and token else []
        resource = None if name is None else ("session", name)
        more = {} if name is None else {"resource_attributes": {"user_id": SESSIONS.get(name, "")}}
        decision = POLICY.decide(None, action, resource, credentials=credentials, **more)
        who = POLICY.authenticate(credentials) if decision else None
        if not decision or not who:
            self.say(STATUS.get(decision.reason, 403), {"message": f"refused: {decision.reason}", "code": decision.reason})
            return None
        return who

    def do_GET(self):
        if self.path.startswith("/fl/pip/") and self.path.endswith("/list"):
            return self.say(200, {"package_name": self.path.split("/")[3], "for": self.headers.get("X-Policy-User"), "package_versions": [
                {"version": "9.0", "revision": "x", "status": "Published"}]})
        if self.path.startswith("/sessions/"):
            name = self.path.split("/")[2]
            if self.may("read_user_session", name) is not None:
                self.say(200, {"session": name})
            return None
        return self.say(404, {"message": "no such thing"})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/sessions":
            return self.say(404, {"message": "no such thing"})
        who = self.may("create_session")
        if who is not None:
            name = f"s{len(SESSIONS) + 1}"
            SESSIONS[name] = who.attributes["uid"]
            self.say(201, {"session": name})
        return None

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
