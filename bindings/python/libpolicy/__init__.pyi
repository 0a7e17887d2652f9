# SPDX-License-Identifier: Apache-2.0
import os
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Union, final

from typing_extensions import Self

__all__ = ["Policy", "Decision", "Identity", "PolicyError", "WouldBlock", "bearer", "password", "api_key"]

_Text = Union[str, bytes]
_Texts = Union[list[str], list[bytes], list[_Text], tuple[_Text, ...]]
_Entity = Union[_Text, tuple[_Text, _Text]]
"""An id (of a user), or (type, id). A str is never taken apart."""
_Resource = Union[str, bytes, tuple[_Text, _Text]]
"""(type, id), or "TYPE/ID": parted at the first slash."""
_Credential = Union[tuple[_Text, Union[_Text, None]], tuple[_Text, Union[_Text, None], Union[_Text, None]]]
"""(kind, data) or (kind, name, data)."""
_Attributes = dict[str, Any]
"""Values are str, bytes, int, float, bool, None, and lists, tuples and dicts of them."""
_Check = Union[tuple[_Text, Union[_Resource, None]], tuple[_Text, Union[_Resource, None], Union[_Attributes, None]]]
_Path = Union[str, bytes, os.PathLike[str]]

__version__: str

class PolicyError(Exception):
    """A set that is refused, or a call that could not be made."""
    code: int
    file: str
    line: int
    column: int
    text: str

class WouldBlock(PolicyError):
    """nonblock was asked for, and a step of the stack would have to wait."""

@final
class Decision:
    """What was decided. True only where it allows."""
    @property
    def allowed(self) -> bool: ...
    @property
    def reason(self) -> str:
        """rule, disabled; error, no_credential, bad_credential, expired, revoked, unavailable, denied,
        condition_error, no_rule, unknown_action, unknown_resource, insufficient_scope, ceiling, limit."""
    @property
    def status(self) -> int:
        """HTTP status that fits: 200, 401, 403 or 503."""
    @property
    def rule(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def subject_type(self) -> str: ...
    @property
    def subject_id(self) -> str: ...
    @property
    def token_id(self) -> str: ...
    @property
    def expires(self) -> float | None:
        """Unix time in seconds when the credential ends; None: nobody said."""
    @property
    def generation(self) -> int: ...
    @property
    def route(self) -> tuple[str, str, str, bool, str, int] | None:
        """Of decide_http(): (action, resource type, id, public, file, line); None: no route."""
    @property
    def error(self) -> int:
        """0; or the negative code of what kept the engine from deciding: a deny."""
    def __bool__(self) -> bool: ...

@final
class Identity:
    """Whose credentials they are. True only where they are good."""
    @property
    def verified(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def subject_type(self) -> str: ...
    @property
    def subject_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def token_id(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def scopes(self) -> tuple[str, ...] | None:
        """None: unscoped."""
    @property
    def expires(self) -> float | None: ...
    @property
    def attributes(self) -> dict[str, Any]: ...
    @property
    def token_attributes(self) -> dict[str, Any]: ...
    @property
    def generation(self) -> int: ...
    @property
    def error(self) -> int: ...
    def __bool__(self) -> bool: ...

class Policy:
    """A policy set, open. Any thread may use it, any number at once; one that has credentials judged, with 160 KiB of stack."""
    @classmethod
    def open(cls, path: _Path | None = ..., *, module_dir: _Path | None = ..., force_on: bool = ..., force_off: bool = ...) -> Self: ...
    @classmethod
    def open_text(cls, name: str, text: str | bytes, *, module_dir: _Path | None = ..., force_on: bool = ..., force_off: bool = ...) -> Self: ...
    def decide(
        self,
        subject: _Entity | None,
        action: _Text,
        resource: _Resource | None = ...,
        *,
        credentials: _Credential | list[_Credential] | None = ...,
        context: _Attributes | None = ...,
        subject_attributes: _Attributes | None = ...,
        resource_attributes: _Attributes | None = ...,
        action_attributes: _Attributes | None = ...,
        groups: _Texts | None = ...,
        scopes: _Texts | None = ...,
        kind: _Text | None = ...,
        token_id: _Text | None = ...,
        token_attributes: _Attributes | None = ...,
        actor: _Entity | None = ...,
        actor_attributes: _Attributes | None = ...,
        timeout: float | None = ...,
        nonblock: bool = ...,
    ) -> Decision:
        """May this subject do this? Either a subject that the host has authenticated, with what
        it knows of his token (scopes, kind, token_id, token_attributes), or credentials, never
        both; neither is nobody. Python's lock is let go of only where a step has to wait; with
        nonblock that is WouldBlock. timeout: seconds, of what waits."""
    def decide_many(
        self,
        subject: _Entity | None,
        checks: Iterable[_Check],
        *,
        credentials: _Credential | list[_Credential] | None = ...,
        context: _Attributes | None = ...,
        subject_attributes: _Attributes | None = ...,
        action_attributes: _Attributes | None = ...,
        groups: _Texts | None = ...,
        scopes: _Texts | None = ...,
        kind: _Text | None = ...,
        token_id: _Text | None = ...,
        token_attributes: _Attributes | None = ...,
        actor: _Entity | None = ...,
        actor_attributes: _Attributes | None = ...,
        timeout: float | None = ...,
        nonblock: bool = ...,
    ) -> list[Decision]:
        """Many decisions on one snapshot, the credentials judged once."""
    def decide_http(
        self,
        method: _Text,
        target: _Text,
        *,
        routes: _Text | None = ...,
        body: _Text | None = ...,
        subject: _Entity | None = ...,
        credentials: _Credential | list[_Credential] | None = ...,
        context: _Attributes | None = ...,
        subject_attributes: _Attributes | None = ...,
        groups: _Texts | None = ...,
        scopes: _Texts | None = ...,
        kind: _Text | None = ...,
        token_id: _Text | None = ...,
        token_attributes: _Attributes | None = ...,
        actor: _Entity | None = ...,
        actor_attributes: _Attributes | None = ...,
        timeout: float | None = ...,
        nonblock: bool = ...,
    ) -> Decision:
        """May this request of HTTP be made? By the set's `routes:`. target: path and query as the
        client sent them, nothing decoded; body: JSON, where routes look at it."""
    def authenticate(self, credentials: _Credential | list[_Credential], *, timeout: float | None = ..., nonblock: bool = ...) -> Identity:
        """Whose credentials they are."""
    async def decide_async(self, subject: _Entity | None, action: _Text, resource: _Resource | None = ..., **more: Any) -> Decision:
        """decide() for asyncio: the loop never waits."""
    async def decide_many_async(self, subject: _Entity | None, checks: Iterable[_Check], **more: Any) -> list[Decision]: ...
    async def authenticate_async(self, credentials: _Credential | list[_Credential], **more: Any) -> Identity: ...
    async def reload_async(self) -> None: ...
    def reload(self) -> None:
        """Reads the set again, all or nothing: on PolicyError the old one stays in force."""
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None: ...
    @property
    def generation(self) -> int: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def closed(self) -> bool: ...

def bearer(token: _Text) -> _Credential: ...
def password(name: _Text, secret: _Text) -> _Credential: ...
def api_key(key: _Text) -> _Credential: ...
