# SPDX-License-Identifier: Apache-2.0
"""What HTTP and gRPC have in common: the value of an Authorization header as a credential,
and a refusal as all kinds of clients read it."""
import base64
import binascii
import json

_CHALLENGE = {
    "no_credential": "",
    "bad_credential": ', error="invalid_token"',
    "expired": ', error="invalid_token", error_description="expired"',
    "revoked": ', error="invalid_token", error_description="revoked"',
    "insufficient_scope": ', error="insufficient_scope"',
}
_TEXT = {
    "no_credential": "Not authenticated",
    "bad_credential": "Could not validate credentials",
    "expired": "The credential has expired",
    "revoked": "The credential was revoked",
    "unavailable": "The credential cannot be checked now",
    "insufficient_scope": "Not enough permissions",
}
_TYPE = {401: "authentication_error", 403: "permission_error", 503: "service_unavailable"}


def credential_of(value):
    """`Bearer X` or `Basic X`, the scheme in any case. ValueError: it is neither."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    scheme, _, rest = value.partition(" ")
    rest = rest.strip(" ")
    if scheme.lower() == "bearer":
        if " " in rest:
            raise ValueError("a token has no blank")
        return ("bearer", rest.encode("latin-1"))
    if scheme.lower() == "basic":
        return _basic(rest)
    raise ValueError("an Authorization is Bearer or Basic")


def _basic(text):
    try:
        name, colon, secret = base64.b64decode(text, validate=True).partition(b":")
    except binascii.Error:
        raise ValueError("a Basic credential is base64")
    if not colon or b"\0" in name + secret:
        raise ValueError("a Basic credential is NAME:PASSWORD")
    return ("password", name, secret)


def refusal(reason, status):
    """(status, [(name, value)], body): one that clients of Xinference (detail), OpenAI (error.message) and
    integrate.ai (message) show as it is meant."""
    text = _TEXT.get(reason, "Not enough permissions")
    body = {"detail": text, "message": text, "error": {"message": text, "type": _TYPE.get(status, "error"), "code": reason}}
    headers = [("content-type", "application/json"), ("cache-control", "no-store")]
    if status == 401 or reason == "insufficient_scope":
        challenge = _CHALLENGE.get(reason, "")
        headers.append(("www-authenticate", "Bearer" + (' realm="policy"' + challenge if challenge else "")))
    if status == 503:
        headers.append(("retry-after", "1"))
    return status, headers, json.dumps(body).encode()
