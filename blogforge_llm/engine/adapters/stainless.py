"""What the groq, cerebras and openai SDKs have in common, for one generator (Stainless) wrote them: how they are asked,
and their errors with those of the HTTP libraries under them. `sdk` is the module; a raw error means the SDK let it
through, which all do in mid-stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from blogforge_llm.engine import addresses, calls, provider_errors
from blogforge_llm.engine.types import NO_TOKENS, CallError
from blogforge_llm.records.tasks import Category

if TYPE_CHECKING:
    from blogforge_llm.engine.adapters.chat import Answer

_NEVER_SENT = {"ConnectError", "ConnectTimeout"}  # of httpx, httpcore and their successors


def send(sdk: ModuleType, client: Any, path: str, payload: Mapping[str, Any], *, stream: bool) -> Any:
    """What `client.chat.completions.create(**payload, stream=stream)` sends; the answer, or its events, as plain JSON.

    By the SDKs' door for what they have no method for, because of the time: `create` goes through every message for
    names to translate, of which there are none, and makes an object of every part of the answer, which chat.py reads
    as what it is, something from outside. Together that takes as long as all else of a call on our side.
    """
    return client.post(
        path, body={**payload, "stream": stream}, cast_to=object, stream=stream, stream_cls=sdk.Stream[object]
    )


def failure(sdk: ModuleType, error: Exception, answer: Answer | None = None) -> CallError:
    """What happened, as a CallError. `answer` is what had come until then, of a stream."""
    if ours := next((cause for cause in _causes(error) if isinstance(cause, CallError)), None):
        return ours
    if isinstance(error, sdk.APIError) and not isinstance(error, sdk.APIConnectionError):
        failed = _told(sdk, error)
        if answer is not None and answer.has_begun:
            failed.usage = answer.usage_of_error()
        return failed
    causes = list(_causes(error))
    root = causes[-1]
    if isinstance(root, addresses.Refused):
        return provider_errors.refused_address(str(root))
    usage = answer.usage if answer is not None else None
    if any(type(cause).__name__ in _NEVER_SENT for cause in causes):
        usage = NO_TOKENS
    # Once its headers came the provider had begun, and may have counted it: not the same as never having been reached.
    call = calls.current()
    is_stream = answer is not None and answer.has_begun
    category = _category(sdk, error, call is not None and bool(call.headers), is_stream=is_stream)
    return CallError(category, f"{type(error).__name__}: {root}", usage=usage)


def _told(sdk: ModuleType, error: Exception) -> CallError:
    """What the provider said, under a status of its own or inside a stream."""
    body: object = getattr(error, "body", None)
    if isinstance(error, sdk.APIStatusError):
        return provider_errors.failure(error.status_code, body, error.response.headers, str(error))
    return provider_errors.failure(None, body, text=str(error))


def _category(sdk: ModuleType, error: Exception, has_begun: bool, *, is_stream: bool) -> Category:
    if is_stream:
        return Category.STREAM_CUT
    if isinstance(error, sdk.APITimeoutError):
        return Category.TIMEOUT
    if isinstance(error, sdk.APIConnectionError):
        return Category.STREAM_CUT if has_begun else Category.CONNECTION
    return Category.SERVER_ERROR  # half a JSON, mostly


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It and what led to it, the beginning last: SDKs say only "Connection error.", and the pool hides its cause
    (`from None`)."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
