"""The errors of the groq, cerebras and openai SDKs, which one generator (Stainless) wrote alike, and of the HTTP
libraries under them. `sdk` is the module; a raw error means the SDK let it through, which all do in mid-stream.
"""

from __future__ import annotations

import socket
from types import ModuleType

from blogforge_llm.engine import addresses, provider_errors
from blogforge_llm.engine.types import NO_TOKENS, CallError
from blogforge_llm.records.tasks import Category


def failure(sdk: ModuleType, error: Exception, *, has_begun: bool = False) -> CallError:
    """What happened, as a CallError. `has_begun`: the server had answered with a stream."""
    if isinstance(error, CallError):
        return error
    if isinstance(error, sdk.APIStatusError):
        return provider_errors.failure(error.status_code, error.body, error.response.headers, str(error))
    if isinstance(error, sdk.APIError) and not isinstance(error, sdk.APIConnectionError):
        return provider_errors.failure(None, error.body, text=str(error))
    root = _root(error)
    if isinstance(root, addresses.Refused):
        return provider_errors.refused_address(str(root))
    never_sent = isinstance(root, socket.gaierror | ConnectionRefusedError)
    text = f"{type(error).__name__}: {root}"
    return CallError(_category(sdk, error, has_begun), text, usage=NO_TOKENS if never_sent else None)


def _category(sdk: ModuleType, error: Exception, has_begun: bool) -> Category:
    root = _root(error)
    if has_begun:
        return Category.STREAM_CUT
    if isinstance(error, sdk.APITimeoutError):
        return Category.TIMEOUT
    if isinstance(error, sdk.APIConnectionError):
        # The provider had begun to answer and may have counted it: not the same as never having been reached.
        return Category.STREAM_CUT if "without sending complete message body" in str(root) else Category.CONNECTION
    return Category.SERVER_ERROR  # half a JSON, mostly


def _root(error: BaseException) -> BaseException:
    """The error that began it: SDKs say only "Connection error.", and the pool hides its cause (`from None`)."""
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return error
