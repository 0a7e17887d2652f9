# SPDX-License-Identifier: Apache-2.0
"""A gRPC server's interceptor: every call is decided before its first message is read.

    server = grpc.server(pool, interceptors=[PolicyInterceptor(policy)])
    server = grpc.aio.server(interceptors=[AioPolicyInterceptor(policy)])

The action is the method's full name ("/flwr.proto.Fleet/CreateNode"); a set lists those it
knows as aliases (policies/flower.yaml). The token stands in `authorization` or
`x-authorization`, behind "Bearer " in any case. What it may be (a list, a file, Vault, a
JWT) is the set's `modules:`, and no matter of this file.
"""
from __future__ import annotations

from typing import Any

import grpc
import grpc.aio

from . import Policy, WouldBlock
from ._http import credential_of

_KEYS = ("authorization", "x-authorization")
_MOST = 4                               # credentials of one call, as the engine has it
_UNAUTHENTICATED = frozenset(("no_credential", "bad_credential", "expired", "revoked"))
_UNAVAILABLE = frozenset(("unavailable",))


class PolicyInterceptor(grpc.ServerInterceptor):
    """Asks `policy`. resource: of all calls, (type, id) or None; timeout: seconds that a
    module may take. A call that is refused is answered at once, in its own kind: UNAUTHENTICATED
    "Invalid token", PERMISSION_DENIED, UNAVAILABLE. One thread of the server asks for all
    calls: what has to wait does so in the call's own."""

    def __init__(self, policy: Policy, *, resource: Any = None, timeout: float = 10.0) -> None:
        self._policy = policy
        self._resource = resource
        self._timeout = timeout

    def intercept_service(self, continuation, details):
        try:
            refused = self._refused(details, nonblock=True)
        except WouldBlock:
            return _guarded(continuation(details), lambda: self._refused(details))
        handler = continuation(details)
        return handler if refused is None else _guarded(handler, lambda: refused)

    def _refused(self, details, **more):
        try:
            credentials = _credentials(details)
        except ValueError:
            return _status("bad_credential")
        decision = self._policy.decide(None, details.method, self._resource, credentials=credentials, timeout=self._timeout, **more)
        return None if decision else _status(decision.reason)


class AioPolicyInterceptor(grpc.aio.ServerInterceptor):
    """The same for a server of grpc.aio: its loop never waits."""

    def __init__(self, policy: Policy, *, resource: Any = None, timeout: float = 10.0) -> None:
        self._policy = policy
        self._resource = resource
        self._timeout = timeout

    async def intercept_service(self, continuation, details):
        handler = await continuation(details)
        try:
            credentials = _credentials(details)
        except ValueError:
            return _refusing(handler, *_status("bad_credential"))
        decision = await self._policy.decide_async(None, details.method, self._resource, credentials=credentials, timeout=self._timeout)
        return handler if decision else _refusing(handler, *_status(decision.reason))


def _credentials(details):
    sent = [value for key, value in details.invocation_metadata or () if key in _KEYS]
    if len(sent) > _MOST:
        raise ValueError("too many credentials")
    return [credential_of(value) for value in sent] or None


def _status(reason):
    if reason in _UNAUTHENTICATED:
        return grpc.StatusCode.UNAUTHENTICATED, "Invalid token"
    if reason in _UNAVAILABLE:
        return grpc.StatusCode.UNAVAILABLE, "The token cannot be checked now"
    return grpc.StatusCode.PERMISSION_DENIED, "Not allowed"


def _kind(handler, unary, stream):
    """What makes a handler of the same kind, and which of the two functions is in it. Of a method that the
    server does not have: unary; who may not call it need not know."""
    return {
        (False, False): (grpc.unary_unary_rpc_method_handler, unary),
        (False, True): (grpc.unary_stream_rpc_method_handler, stream),
        (True, False): (grpc.stream_unary_rpc_method_handler, unary),
        (True, True): (grpc.stream_stream_rpc_method_handler, stream),
    }[bool(handler and handler.request_streaming), bool(handler and handler.response_streaming)]


def _guarded(handler, refused):
    """handler behind refused(), a status or None. Its messages are taken apart only then."""

    def begin(request, context):
        status = refused()
        if status is not None:
            context.abort(*status)
        if handler is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        read = handler.request_deserializer
        if read is not None:
            request = map(read, request) if handler.request_streaming else read(request)
        function = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        return function(request, context)

    def stream(request, context):
        yield from begin(request, context)

    make, function = _kind(handler, begin, stream)
    return make(function, response_serializer=handler.response_serializer if handler else None)


def _refusing(handler, code, text):
    """For a server of grpc.aio, where abort() is waited for."""

    async def unary(request, context):
        await context.abort(code, text)

    async def stream(request, context):
        await context.abort(code, text)
        yield  # never: makes it a generator

    make, function = _kind(handler, unary, stream)
    return make(function)
