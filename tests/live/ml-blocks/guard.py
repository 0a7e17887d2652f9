# SPDX-License-Identifier: Apache-2.0
"""Imported only where AUTH_ENABLED is true. A set that cannot be opened is an application that does not start."""
import asyncio
import json
import os
import urllib.error
import urllib.request

import libpolicy
from fastapi import Request, Response
from libpolicy.asgi import PolicyMiddleware

PASSED = ("content-type", "www-authenticate", "retry-after", "cache-control")


def install(app, policy, accounts):
    """policy: the set; accounts: where policyd serves ml-blocks, as http://127.0.0.1:8180."""
    policy = libpolicy.Policy.open(policy, module_dir=os.environ.get("POLICY_MODULES"))
    app.add_middleware(PolicyMiddleware, policy=policy)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def forward(path, body, headers):
        request = urllib.request.Request(accounts + path, data=body, headers=headers, method="POST")
        try:
            answer = opener.open(request, timeout=30)
        except urllib.error.HTTPError as e:
            answer = e
        with answer:
            return answer.status, {k: v for k, v in answer.headers.items() if k.lower() in PASSED}, answer.read()

    async def known(token):
        """What policyd has made is seen here a little later: who has just logged in is not refused first."""
        for _ in range(100):
            if await policy.authenticate_async([libpolicy.bearer(token)]):
                return
            await asyncio.sleep(0.02)

    async def account(request: Request):
        headers = {k: request.headers[k] for k in ("authorization", "content-type") if k in request.headers}
        try:
            status, headers, body = await asyncio.to_thread(forward, request.url.path, await request.body(), headers)
        except OSError:
            return Response('{"error_message": "accounts cannot be asked now"}', 503, media_type="application/json")
        if status == 200 and request.url.path != "/admin/users":
            told = json.loads(body)
            await known(told.get("token") or told.get("api_key"))
        return Response(body, status, headers)

    for path in ("/login", "/admin/users", "/admin/apikeys"):
        app.add_api_route(path, account, methods=["POST"])
