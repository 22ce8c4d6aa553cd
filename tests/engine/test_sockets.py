"""What lies under the SDKs: the pinned private attribute, TLS, several addresses for a name, the environment."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from blogforge_llm.config import ROOT
from blogforge_llm.engine import adapters, addresses, clients, sockets, transports
from blogforge_llm.engine.calls import Call
from blogforge_llm.records.tasks import Category
from tests.engine.asking import KINDS, SOON_S, InThread, ask, candidate, request
from tests.provider_standin import Standin

each_kind = pytest.mark.parametrize("kind", KINDS)


def test_importing_the_engine_imports_no_sdk() -> None:
    sdks = ("groq", "cerebras", "openai", "llm", "httpx", "httpx2", "httpcore", "httpcore2")
    modules = "fallback, adapters, clients, contracts, pricing, addresses"
    look = f"from blogforge_llm.engine import {modules}; import sys; print([m for m in {sdks!r} if m in sys.modules])"
    from_adapters = "from blogforge_llm.engine.adapters import groq, cerebras, openai_compatible, llm_library; " + look
    for program in (look, from_adapters):
        shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "[]"


def test_both_http_libraries_still_have_the_pool_we_replace() -> None:
    import httpx
    import httpx2

    for http in (httpx, httpx2):
        pool = http.HTTPTransport()._pool
        assert type(pool).__name__ == "ConnectionPool"
        assert hasattr(pool, "handle_request")


def test_clients_are_kept_per_kind_address_and_key(standin: Standin) -> None:
    one = candidate(standin)
    assert clients.groq(one) is clients.groq(candidate(standin, "another model"))
    assert clients.groq(one) is not clients.groq(candidate(standin, api_key="another-key"))
    assert clients.groq(one).max_retries == 0


def test_a_pasted_path_is_not_doubled(standin: Standin) -> None:
    for kind, path in (("groq", "/openai/v1/"), ("cerebras", "/v1"), ("openai_compatible", "/chat/completions")):
        assert ask(
            [candidate(standin, kind=kind, base_url=str(candidate(standin, kind=kind).base_url) + path)]
        ).completion


@each_kind
def test_the_environment_says_nothing_to_providers(
    standin: Standin, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "GROQ_API_KEY", "CEREBRAS_API_KEY"):
        monkeypatch.setenv(name, "from-the-environment")
    clients.close()
    assert ask([candidate(standin, kind=kind, api_key="ours")]).error is None
    assert not any("from-the-environment" in value for value in standin.requests[0].headers.values())
    assert not any(name.startswith(("openai-organization", "openai-project")) for name in standin.requests[0].headers)


@each_kind
@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("stop", [Call.cancel, Call.expire])
def test_a_call_that_has_its_answer_leaves_the_connection_to_others(
    standin: Standin, kind: str, streaming: bool, stop: Callable[[Call], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    connect = sockets.Backend.connect_tcp

    def counted(self: sockets.Backend, *args: Any, **options: Any) -> sockets.WatchedStream:
        connected.append(args)
        return connect(self, *args, **options)

    monkeypatch.setattr(sockets.Backend, "connect_tcp", counted)
    clients.close()
    adapter, asked = adapters.load(kind), candidate(standin, kind=kind)
    for _ in range(2):
        with Call(deadline=time.monotonic() + 10) as call:
            if streaming:
                assert call.run(lambda: list(adapter.stream(request(), asked)))
            else:
                assert call.run(adapter.ask, request(), asked).text
            stop(call)  # its end has come, and it has not yet noticed
    assert len(connected) == 1


def test_a_server_without_keys_is_sent_none(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    for kind in ("openai_compatible", "llm"):
        assert ask([candidate(standin, kind=kind, api_key=None)]).error is None
    assert [asked.key for asked in standin.requests] == ["", ""]
    assert "authorization" not in standin.requests[0].headers


@each_kind
def test_a_redirect_is_not_followed(standin: Standin, kind: str) -> None:
    answered = ask([candidate(standin, f"redirect:{standin.url}/elsewhere", kind)])
    assert answered.notes.categories == [Category.MODEL_NOT_FOUND]
    assert standin.ledger.requests(kind="other") == []


def test_a_name_with_a_dead_address_is_asked_at_its_next_one(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(standin.url.rsplit(":", 1)[1])
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        targets = [(socket.AF_INET, refusing.getsockname()), (socket.AF_INET, ("127.0.0.1", port))]
        monkeypatch.setattr(addresses, "resolve", lambda host, port: targets)
        assert ask([candidate(standin, base_url="http://somewhere.example")]).error is None


@each_kind
def test_a_name_that_resolves_to_a_metadata_address_is_refused_when_connecting(
    standin: Standin, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rebound(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    answered = ask([candidate(standin, kind=kind, base_url="http://harmless.example")])
    assert answered.notes.categories == [Category.ADDRESS_REFUSED]
    assert "metadata" in str(answered.notes.outcomes[0].error_text)


def test_an_address_that_was_stored_under_other_rules_is_not_asked(standin: Standin) -> None:
    for kind in ("groq", "cerebras", "openai_compatible", "llm"):
        for host in ("①⑥⑨.254.169.254", "169。254。169。254", "x .org", "169.254.169.254"):
            answered = ask([candidate(standin, kind=kind, base_url=f"http://{host}/v1")])
            assert answered.notes.categories == [Category.ADDRESS_REFUSED], (kind, host)
            assert "may not be asked" in str(answered.error) and "key" not in str(answered.error)


def test_private_addresses_are_refused_when_connecting_if_the_settings_say_so(
    standin: Standin, no_private_addresses: None
) -> None:
    clients.close()  # a kept connection was made when it was allowed
    answered = ask([candidate(standin)])
    assert answered.notes.categories == [Category.ADDRESS_REFUSED]
    assert standin.requests == []


@each_kind
def test_nobody_listening_is_a_connection_failure_tried_twice_and_free(standin: Standin, kind: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = candidate(standin, kind=kind, base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        answered = ask([nobody])
    assert answered.notes.categories == [Category.CONNECTION] * 2
    assert [outcome.cost for outcome in answered.notes.outcomes] == [0, 0]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + signed.public_bytes(pem))
    return path


@contextmanager
def tls_server(certificate: Path, *, shakes_hands: bool, reached: threading.Event) -> Iterator[str]:
    """Takes one connection and says nothing: after the handshake and the request, or not even that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                if shakes_hands:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(certificate)
                    connection = context.wrap_socket(connection, server_side=True)
                connection.recv(10)
                reached.set()
                over.wait(10)
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join(5)


@pytest.mark.parametrize("shakes_hands", [True, False], ids=["after the handshake", "in the handshake"])
@pytest.mark.parametrize("kind", ["groq", "openai_compatible"])
def test_a_call_over_tls_can_be_stopped(
    standin: Standin, certificate: Path, monkeypatch: pytest.MonkeyPatch, kind: str, shakes_hands: bool
) -> None:
    ask([candidate(standin, kind=kind)])
    monkeypatch.setattr(transports, "tls", lambda: ssl.create_default_context(cafile=certificate))
    reached = threading.Event()
    with tls_server(certificate, shakes_hands=shakes_hands, reached=reached) as url:
        running = InThread([candidate(standin, kind=kind, base_url=url)], request(deadline_s=60))
        assert reached.wait(5)
        running.cancellation.cancel()
        answered = running.result()
    assert answered.error is not None and answered.error.category is Category.CANCELLED
    assert answered.took_s < SOON_S


def test_only_tcp_is_used() -> None:
    import httpcore

    with pytest.raises(httpcore.ConnectError):
        sockets.Backend(httpcore).connect_unix_socket("/var/run/docker.sock")
