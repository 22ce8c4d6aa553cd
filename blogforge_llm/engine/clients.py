"""SDK clients: one per kind, address and key for the life of the process, without retries, over our own HTTP client
(transports.py). SDKs are imported on first use.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from blogforge_llm.engine import addresses, events, provider_errors, transports
from blogforge_llm.engine.types import NO_TOKENS, CallError, Candidate
from blogforge_llm.errors import Invalid
from blogforge_llm.records.tasks import Category

if TYPE_CHECKING:
    from cerebras.cloud.sdk import Cerebras
    from groq import Groq
    from openai import OpenAI

_MOST = 200  # clients kept; one forgotten here lives on until its last call has ended

_MODULES = {"groq": "groq", "cerebras": "cerebras.cloud.sdk", "openai_compatible": "openai"}

_lock = threading.Lock()
_clients: OrderedDict[tuple[str, str, str | None], Any] = OrderedDict()


def groq(candidate: Candidate) -> Groq:
    return _cached("groq", candidate, "https://api.groq.com", _make_groq)  # type: ignore[no-any-return]


def cerebras(candidate: Candidate) -> Cerebras:
    return _cached("cerebras", candidate, "https://api.cerebras.ai", _make_cerebras)  # type: ignore[no-any-return]


def openai(candidate: Candidate) -> OpenAI:
    """For any OpenAI-compatible server; the key is optional."""
    return _cached("openai_compatible", candidate, "https://api.openai.com/v1", _make_openai)  # type: ignore[no-any-return]


def preload(kinds: Iterable[str]) -> None:
    """Import the SDKs of these kinds now: it takes most of a second, which the first call would wait for."""
    for kind in kinds:
        if kind in _MODULES and _MODULES[kind] not in sys.modules:
            importlib.import_module(_MODULES[kind])


def close() -> None:
    """Close all idle connections and forget the clients. Calls that still run fail."""
    with _lock:
        clients = list(_clients.values())
        _clients.clear()
    for client in clients:
        client.close()


def _cached(kind: str, candidate: Candidate, default: str, make: Callable[[str, str | None], Any]) -> Any:
    if candidate.api_key and not (candidate.api_key.isascii() and candidate.api_key.isprintable()):
        raise CallError(Category.AUTHENTICATION, "the key has characters that no key can have", usage=NO_TOKENS)
    try:
        base_url = addresses.check(addresses.normalise(kind, candidate.base_url or default))
    except Invalid as error:  # stored under other rules than today's
        raise provider_errors.refused_address(str(error)) from error
    name = (kind, base_url, candidate.api_key)
    with _lock:
        if name in _clients:
            _clients.move_to_end(name)
        else:
            _clients[name] = events.by_the_definition(make(base_url, candidate.api_key))
            if len(_clients) > _MOST:
                _clients.popitem(last=False)
        return _clients[name]


def _make_groq(base_url: str, api_key: str | None) -> Groq:
    import groq
    import httpcore
    import httpx

    return groq.Groq(
        api_key=_required(api_key),
        base_url=base_url,
        max_retries=0,
        timeout=transports.timeout(httpx),
        http_client=transports.client(httpx, httpcore, base_url),
    )


def _make_cerebras(base_url: str, api_key: str | None) -> Cerebras:
    import httpcore
    import httpx
    from cerebras.cloud.sdk import Cerebras

    return Cerebras(
        api_key=_required(api_key),
        base_url=base_url,
        max_retries=0,
        timeout=transports.timeout(httpx),
        http_client=transports.client(httpx, httpcore, base_url),
        warm_tcp_connection=False,  # else the constructor makes a call of its own
    )


def _make_openai(base_url: str, api_key: str | None) -> OpenAI:
    import httpcore2
    import httpx2
    from openai import Omit, OpenAI

    http_client = transports.client(httpx2, httpcore2, base_url)
    if not api_key:
        http_client.event_hooks = {"request": [_drop_authorization]}
    return OpenAI(
        # Never None: the SDK would look into the environment and send OpenAI's key, or an admin's, to anybody.
        api_key=api_key or "none",
        admin_api_key="none",
        base_url=base_url,
        max_retries=0,
        timeout=transports.timeout(httpx2),
        http_client=http_client,
        default_headers=cast(Any, {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}),
    )


def _drop_authorization(request: Any) -> None:
    request.headers.pop("Authorization", None)


def _required(api_key: str | None) -> str:
    if not api_key:
        raise CallError(Category.AUTHENTICATION, "this provider needs a key and none is set", usage=NO_TOKENS)
    return api_key
