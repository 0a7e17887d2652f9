# SPDX-License-Identifier: Apache-2.0
"""May this credential do this action to this thing?

    import libpolicy

    policy = libpolicy.Policy.open("/etc/policy")
    if policy.decide("alice", "read_user_session", ("session", "s1")):
        ...
    if policy.decide(None, "create_session", credentials=libpolicy.bearer(token)):
        ...

Whatever goes wrong, a decision that could not be reached is false: a Decision is true only
where it allows.
"""
import asyncio as _asyncio
import atexit as _atexit
import logging as _logging

from . import _native
from ._native import Decision, Identity, PolicyError, WouldBlock

__all__ = ["Policy", "Decision", "Identity", "PolicyError", "WouldBlock", "bearer", "password", "api_key"]
__version__ = _native.version

_log = _logging.getLogger("libpolicy")
_LEVELS = (_logging.ERROR, _logging.WARNING, _logging.INFO)
_native._set_teller(lambda level, text: _log.log(_LEVELS[level], "%s", text))
_atexit.register(_native._end)


class Policy(_native.Policy):
    """A policy set, open. Any thread may use it, any number at once; one that has credentials judged, with 160 KiB of stack."""

    __slots__ = ("__weakref__",)

    async def decide_async(self, subject, action, resource=None, **more):
        """decide() for asyncio: the loop never waits. What has to wait does so in a thread."""
        try:
            return self.decide(subject, action, resource, nonblock=True, **more)
        except WouldBlock:
            return await _asyncio.to_thread(self.decide, subject, action, resource, **more)

    async def decide_many_async(self, subject, checks, **more):
        """decide_many() for asyncio."""
        checks = tuple(checks)
        if len(checks) <= 64:
            try:
                return self.decide_many(subject, checks, nonblock=True, **more)
            except WouldBlock:
                pass
        return await _asyncio.to_thread(self.decide_many, subject, checks, **more)

    async def authenticate_async(self, credentials, **more):
        """authenticate() for asyncio."""
        try:
            return self.authenticate(credentials, nonblock=True, **more)
        except WouldBlock:
            return await _asyncio.to_thread(self.authenticate, credentials, **more)

    async def reload_async(self):
        """reload() for asyncio."""
        await _asyncio.to_thread(self.reload)


def bearer(token):
    """What stood behind "Bearer ": a JWT, an opaque token, a key."""
    return ("bearer", token)


def password(name, secret):
    """A login name and its password."""
    return ("password", name, secret)


def api_key(key):
    """A key that came in a header of its own."""
    return ("api_key", key)
