# SPDX-License-Identifier: Apache-2.0
"""A FastAPI dependency with the call shape of Xinference's AuthService: scopes in, user out.

    auth = PolicyAuth(policy)

    @app.get("/v1/models", dependencies=[Security(auth, scopes=["models:list"])])

Each scope that a route names is asked as an action. On a route without scopes the credential
alone has to be good. An engine that is switched off allows everything, and knows no user: None.
"""
import json
from collections.abc import Callable
from typing import Any, Optional

from fastapi import HTTPException, Request
from fastapi.security import SecurityScopes

from . import Identity, Policy
from ._http import credential_of, refusal


class PolicyAuth:
    """resource: a function of the request that says what the route is about, (type, id); None:
    nothing. timeout: seconds that a module may take."""

    def __init__(self, policy: Policy, *, resource: Optional[Callable[[Request], Any]] = None, timeout: float = 10.0) -> None:
        self._policy = policy
        self._resource = resource
        self._timeout = timeout

    async def __call__(self, request: Request, security_scopes: SecurityScopes) -> Optional[Identity]:
        sent = request.headers.getlist("authorization")
        try:
            credentials = [credential_of(value) for value in sent]
        except ValueError:
            raise _error("bad_credential", 401, security_scopes)
        if len(credentials) > 1:
            raise _error("bad_credential", 401, security_scopes)
        if not credentials:
            return await self._nobody(request, security_scopes)
        if security_scopes.scopes:
            await self._decide(request, security_scopes, credentials)
        who = await self._policy.authenticate_async(credentials, timeout=self._timeout)
        if who.reason == "disabled":
            return None
        if not who:
            raise _error(who.reason, who.status, security_scopes)
        return who

    async def _nobody(self, request, security_scopes):
        if not security_scopes.scopes:
            if not self._policy.enabled:
                return None
            raise _error("no_credential", 401, security_scopes)
        await self._decide(request, security_scopes, None)
        return None

    async def _decide(self, request, security_scopes, credentials):
        resource = None if self._resource is None else self._resource(request)
        checks = [(scope, resource) for scope in security_scopes.scopes]
        for decision in await self._policy.decide_many_async(None, checks, credentials=credentials, timeout=self._timeout):
            if not decision:
                raise _error(decision.reason, decision.status or 403, security_scopes)


def _error(reason, status, security_scopes):
    status, headers, body = refusal(reason, status)
    challenge = f'Bearer scope="{security_scopes.scope_str}"' if security_scopes.scopes and reason != "no_credential" else "Bearer"
    return HTTPException(status, detail=json.loads(body)["detail"],
                         headers={"WWW-Authenticate": challenge} if status in (401, 403) else dict(headers))
