# SPDX-License-Identifier: Apache-2.0
"""Pure ASGI middleware: each request is decided by the set's `routes:` before the application sees it.

    app = FastAPI()
    if AUTH_ENABLED:
        from libpolicy.asgi import PolicyMiddleware
        app.add_middleware(PolicyMiddleware, policy=policy)

With authentication off nothing of this is imported. The application finds the decision in
scope["libpolicy.decision"].
"""
from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from . import Policy, WouldBlock
from ._http import credential_of, refusal

_BODIED = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class PolicyMiddleware:
    """routes: the set of routes; bodies: bytes of a JSON body that routes may look at, 0: none;
    timeout: seconds that a module may take. What no route matches is refused."""

    def __init__(self, app: Any, policy: Policy, *, routes: str = "default", bodies: int = 0, timeout: float = 10.0) -> None:
        self._app = app
        self._decide = policy.decide_http
        self._routes = routes
        self._bodies = bodies
        self._timeout = timeout

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            return await self._app(scope, receive, send)
        body = None
        method = scope.get("method", "GET")
        try:
            credentials, json_body = _headers(scope["headers"])
        except ValueError:
            return await _refuse(kind, receive, send, "bad_credential", 401)
        if self._bodies and json_body and kind == "http" and method in _BODIED:
            body, receive = await _read(receive, self._bodies)
        target = _target(scope)
        try:
            decision = self._decide(method, target, routes=self._routes, credentials=credentials, body=body,
                                    timeout=self._timeout, nonblock=True)
        except WouldBlock:
            decision = await asyncio.to_thread(self._decide, method, target, routes=self._routes, credentials=credentials,
                                               body=body, timeout=self._timeout)
        if not decision:
            return await _refuse(kind, receive, send, decision.reason, decision.status or 403)
        scope["libpolicy.decision"] = decision
        return await self._app(scope, receive, send)


def _target(scope):
    """As the client sent it: what was decoded for us is no longer what it was. But where the application is
    handed another path than that (what stands before us has put it there), by the one it is handed."""
    path = scope["path"]
    raw = scope.get("raw_path")
    if raw is not None:
        raw = raw.partition(b"?")[0]  # some servers leave the query in it, and it would be there twice
        sent = unquote_to_bytes(raw).decode("utf-8", "replace")
        if sent != path and sent != scope.get("root_path", "") + path:
            raw = None
    if raw is None:
        raw = quote(path, safe="/:@!$&'()*+,;=-._~", errors="surrogateescape").encode("ascii")
    query = scope.get("query_string", b"")
    return raw + b"?" + query if query else raw


def _headers(headers):
    credential = None
    json_body = False
    for name, value in headers:
        if name == b"authorization":
            if credential is not None:
                raise ValueError("Authorization stands there twice")
            credential = credential_of(value)
        elif name == b"content-type":
            json_body = value.split(b";")[0].strip().lower() == b"application/json"
    return credential, json_body


async def _read(receive, most):
    """The body, or None where it is longer or not all there; and a receive() that gives it once more."""
    kept = []
    size = 0
    more = True
    while more and size <= most:
        message = await receive()
        kept.append(message)
        if message["type"] != "http.request":
            break
        size += len(message.get("body", b""))
        more = message.get("more_body", False)

    async def again():
        return kept.pop(0) if kept else await receive()

    whole = not more and size <= most
    return (b"".join(message.get("body", b"") for message in kept) if whole else None), again


async def _refuse(kind, receive, send, reason, status):
    if kind == "websocket":
        if (await receive())["type"] == "websocket.connect":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    status, headers, body = refusal(reason, status)
    raw = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
