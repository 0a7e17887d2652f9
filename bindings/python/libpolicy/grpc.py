# SPDX-License-Identifier: Apache-2.0
"""A gRPC server's interceptor: every call is decided before its first message is read.

    server = grpc.server(pool, interceptors=[PolicyInterceptor(policy)])

The action is the method's full name ("/flwr.proto.Fleet/CreateNode"); a set lists those it
knows as aliases (policies/flower.yaml). The token stands in `authorization` or
`x-authorization`, behind "Bearer " in any case. What it may be (a list, a file, Vault, a
JWT) is the set's `modules:`, and no matter of this file.
"""
import grpc

from ._http import credential_of

_KEYS = ("authorization", "x-authorization")
_UNAUTHENTICATED = frozenset(("no_credential", "bad_credential", "expired", "revoked"))
_UNAVAILABLE = frozenset(("unavailable",))


class PolicyInterceptor(grpc.ServerInterceptor):
    """Asks `policy`. resource: of all calls, (type, id) or None; timeout: seconds that a
    module may take. A call that is refused is answered at once, in its own kind: UNAUTHENTICATED
    "Invalid token", PERMISSION_DENIED, UNAVAILABLE."""

    def __init__(self, policy, *, resource=None, timeout=10.0):
        self._policy = policy
        self._resource = resource
        self._timeout = timeout

    def intercept_service(self, continuation, details):
        decision = self._decide(details)
        if decision:
            return continuation(details)
        return _refusal(continuation(details), *_status(decision))

    def _decide(self, details):
        sent = [value for key, value in details.invocation_metadata or () if key in _KEYS]
        try:
            credentials = None if not sent else [credential_of(value) for value in sent]
            return self._policy.decide(None, details.method, self._resource, credentials=credentials, timeout=self._timeout)
        except (ValueError, TypeError):
            return None


def _status(decision):
    reason = "bad_credential" if decision is None else decision.reason
    if reason in _UNAUTHENTICATED:
        return grpc.StatusCode.UNAUTHENTICATED, "Invalid token"
    if reason in _UNAVAILABLE:
        return grpc.StatusCode.UNAVAILABLE, "The token cannot be checked now"
    return grpc.StatusCode.PERMISSION_DENIED, "Not allowed"


def _refusal(handler, code, text):
    """Of the same kind as the call, and before a message is waited for."""

    def unary(request, context):
        context.abort(code, text)

    def stream(request, context):
        context.abort(code, text)
        yield  # never: makes it a generator

    if handler is None:
        # a method that the server does not have; who may not call it need not know
        return grpc.unary_unary_rpc_method_handler(unary)
    make, function = {
        (False, False): (grpc.unary_unary_rpc_method_handler, unary),
        (False, True): (grpc.unary_stream_rpc_method_handler, stream),
        (True, False): (grpc.stream_unary_rpc_method_handler, unary),
        (True, True): (grpc.stream_stream_rpc_method_handler, stream),
    }[bool(handler.request_streaming), bool(handler.response_streaming)]
    return make(function)
