"""SDK clients: one per kind, address and key for the life of the process, without retries, redirects or the
environment, over connections that can be stopped (sockets.py). SDKs are imported on first use.
"""

from __future__ import annotations

import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from blogforge_llm.engine import addresses, sockets
from blogforge_llm.engine.types import NO_TOKENS, CallError, Candidate
from blogforge_llm.records.tasks import Category

if TYPE_CHECKING:
    from cerebras.cloud.sdk import Cerebras
    from groq import Groq
    from openai import OpenAI

_MOST = 200  # clients kept; one forgotten here lives on until its last call has ended
_KEEP_ALIVE_S = 30.0

_lock = threading.Lock()
_clients: OrderedDict[tuple[str, str, str | None], Any] = OrderedDict()
_tls: ssl.SSLContext | None = None


def groq(candidate: Candidate) -> Groq:
    return _cached("groq", candidate, "https://api.groq.com", _make_groq)  # type: ignore[no-any-return]


def cerebras(candidate: Candidate) -> Cerebras:
    return _cached("cerebras", candidate, "https://api.cerebras.ai", _make_cerebras)  # type: ignore[no-any-return]


def openai(candidate: Candidate) -> OpenAI:
    """For any OpenAI-compatible server; the key is optional."""
    return _cached("openai_compatible", candidate, "https://api.openai.com/v1", _make_openai)  # type: ignore[no-any-return]


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
    base_url = addresses.normalise(kind, candidate.base_url or default)
    name = (kind, base_url, candidate.api_key)
    with _lock:
        if name in _clients:
            _clients.move_to_end(name)
        else:
            _clients[name] = make(base_url, candidate.api_key)
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
        timeout=_timeout(httpx),
        http_client=_http_client(httpx, httpcore, base_url),
    )


def _make_cerebras(base_url: str, api_key: str | None) -> Cerebras:
    import httpcore
    import httpx
    from cerebras.cloud.sdk import Cerebras

    return Cerebras(
        api_key=_required(api_key),
        base_url=base_url,
        max_retries=0,
        timeout=_timeout(httpx),
        http_client=_http_client(httpx, httpcore, base_url),
        warm_tcp_connection=False,  # else the constructor makes a call of its own
    )


def _make_openai(base_url: str, api_key: str | None) -> OpenAI:
    import httpcore2
    import httpx2
    from openai import Omit, OpenAI

    return OpenAI(
        # Empty, not None: for None the SDK looks into the environment, and would send OpenAI's key to anybody.
        api_key=api_key or "",
        admin_api_key="",
        webhook_secret="",
        _enforce_credentials=False,
        base_url=base_url,
        max_retries=0,
        timeout=_timeout(httpx2),
        http_client=_http_client(httpx2, httpcore2, base_url),
        default_headers=_without(
            Omit(), "OpenAI-Organization", "OpenAI-Project", *([] if api_key else ["Authorization"])
        ),
    )


def _without(omit: Any, *names: str) -> Any:
    return dict.fromkeys(names, omit)


def _required(api_key: str | None) -> str:
    if not api_key:
        raise CallError(Category.AUTHENTICATION, "this provider needs a key and none is set", usage=NO_TOKENS)
    return api_key


def _timeout(http: ModuleType) -> Any:
    # Reading and writing have no limit here: a byte proves nothing, the watchdog's limits on content do the work.
    return http.Timeout(None, connect=sockets.CONNECT_TIMEOUT_S)


def _http_client(http: ModuleType, core: ModuleType, base_url: str) -> Any:
    context = _tls_context() if base_url.startswith("https:") else None
    transport = http.HTTPTransport(verify=context or False, trust_env=False)
    # The one private attribute we touch (pinned and tested): httpx offers no way to pass a network backend.
    transport._pool = core.ConnectionPool(
        ssl_context=context,
        max_connections=None,
        max_keepalive_connections=100,
        keepalive_expiry=_KEEP_ALIVE_S,
        network_backend=sockets.Backend(core),
    )
    return http.Client(transport=transport, timeout=_timeout(http), follow_redirects=False, trust_env=False)


def _tls_context() -> ssl.SSLContext:
    # Shared: loading the certificates takes longer than a call on a warm connection.
    global _tls
    if _tls is None:
        import certifi

        _tls = ssl.create_default_context(cafile=certifi.where())
    return _tls
