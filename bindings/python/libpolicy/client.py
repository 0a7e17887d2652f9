# SPDX-License-Identifier: Apache-2.0
"""Users and scoped tokens, as integrate.ai's SDK has them, over policyd's profile integrate-ai.

    from libpolicy.client import Scope, connect_to_auth_client

    client = connect_to_auth_client("https://policy.example", token=os.environ["IAI_TOKEN"])
    client.create_user("demo-user")
    made = client.create_token(user_id="demo-user", scopes=[Scope.create_session, Scope.read_user_session])
    client.token_info(made["token"])
    client.revoke_token(made["token_id"])
    client.delete_user("demo-user")

A token is shown this once. What is refused is an AuthError, which holds no token.
"""
from __future__ import annotations

import enum
import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from typing import Any, TypedDict, cast

__all__ = ["AuthClient", "AuthError", "Scope", "Token", "TokenInfo", "User", "connect_to_auth_client"]

_MOST = 1 << 20                         # bytes of an answer


class Scope(str, enum.Enum):
    """What a token may be limited to."""

    create_session = "create_session"
    start_session = "start_session"
    custom_model = "custom_model"
    model_download = "model_download"
    cancel_user_session = "cancel_user_session"
    delete_user_session = "delete_user_session"
    read_user_session = "read_user_session"
    read_all_session = "read_all_session"
    cli = "cli"
    revoke_user_token = "revoke_user_token"

    def __str__(self) -> str:
        return self.value


class User(TypedDict):
    user_name: str
    email: str
    uid: str
    created: str


class Token(TypedDict):
    user_id: str | None                 # the generated e-mail; None: not to be read
    user_name: str
    scopes: list[str] | None            # with those that others imply; None: all that the user may
    token: str
    token_id: str


class _Active(TypedDict):
    active: bool


class TokenInfo(_Active, total=False):
    """Of a token that is not good: `active` alone."""

    customer: str | None
    email: str | None
    realm: str | None
    role: str | None
    env: str | None
    token_id: str
    iss: str | None
    iat: int
    renewable: bool
    scope: str | None                   # None: all that the user may
    user_id: str
    user_type: str | None


class AuthError(Exception):
    """Refused, or not answered (status 0). code: the reason, as "insufficient_scope"."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status
        self.message = message
        self.code = code


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the server that was named, and to no other."""

    def redirect_request(self, *args: Any, **more: Any) -> None:
        return None


class AuthClient:
    """Any thread may use it. timeout: seconds that the server may be silent; context: for a certificate that is your own."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0, context: ssl.SSLContext | None = None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username \
                or parts.port == 0 or not all("!" <= c <= "~" for c in url):
            raise ValueError("a URL as https://policy.example is wanted")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("a token goes over http to this machine alone: https is wanted")
        if not token or not all("!" <= c <= "~" for c in token):
            raise ValueError("a token is visible ASCII without a blank")
        self._base = url.rstrip("/") + "/fl/auth/"
        self._token = token
        self._timeout = timeout
        handlers: list[Any] = [_NoRedirect(), urllib.request.ProxyHandler({})]
        if parts.scheme == "https":
            handlers.append(urllib.request.HTTPSHandler(context=context or ssl.create_default_context()))
        self._open = urllib.request.build_opener(*handlers).open

    def __repr__(self) -> str:
        return f"AuthClient({self._base!r})"

    def create_user(self, user_name: str) -> User:
        """A user of a program's own, without a password; an e-mail address is generated."""
        return cast(User, self._call("create_user", user_name=user_name))

    def create_token(self, user_id: str, scopes: Iterable[Scope | str] | None = None, lifetime: int | None = None) -> Token:
        """For the user of that name. No scopes: all that the user may. lifetime: seconds; None: as the set says."""
        wanted: dict[str, Any] = {"user_id": user_id}
        if scopes is not None:
            if isinstance(scopes, str):
                raise TypeError("scopes: a list is wanted")
            wanted["scopes"] = [str(s) for s in scopes]
        if lifetime is not None:
            wanted["lifetime"] = lifetime
        return cast(Token, self._call("create_token", **wanted))

    def token_info(self, token: str) -> TokenInfo:
        return cast(TokenInfo, self._call("token_info", token=token))

    def revoke_token(self, token_id: str) -> None:
        self._call("revoke_token", token_id=token_id)

    def delete_user(self, user_name: str) -> None:
        """All of the user's tokens end with him."""
        self._call("delete_user", user_name=user_name)

    def _call(self, name: str, **body: Any) -> dict[str, Any]:
        request = urllib.request.Request(self._base + name, data=json.dumps(body).encode(), method="POST",
                                         headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"})
        try:
            try:
                with self._open(request, timeout=self._timeout) as response:
                    return _read(response, response.status)
            except urllib.error.HTTPError as e:
                with e:
                    status, told, reason = e.code, _read(e, e.code), e.reason
        except (OSError, http.client.HTTPException) as e:
            # what is no HTTP at all, too
            raise AuthError(0, f"the server does not answer: {getattr(e, 'reason', e) or type(e).__name__}") from None
        error = told.get("error")
        code = error.get("code") if isinstance(error, dict) else ""
        raise AuthError(status, str(told.get("message") or reason), str(code or ""))


def _read(response: Any, status: int) -> dict[str, Any]:
    data = response.read(_MOST + 1)
    try:
        told = json.loads(data) if len(data) <= _MOST else None
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict):
        return told
    if status >= 300:
        return {}
    raise AuthError(status, "the server's answer is no object in JSON")


def connect_to_auth_client(url: str, token: str, *, timeout: float = 30.0, context: ssl.SSLContext | None = None) -> AuthClient:
    """Makes no connection yet."""
    return AuthClient(url, token, timeout=timeout, context=context)
