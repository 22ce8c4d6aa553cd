from __future__ import annotations

import socket

import pytest

from blogforge_llm.engine import addresses
from blogforge_llm.errors import Invalid


@pytest.mark.parametrize(
    "url",
    [
        "https://api.groq.com",
        "http://localhost:11434/v1",
        "http://127.0.0.1:1234/v1/",
        "http://192.168.1.20:8000/v1",
        "http://[::1]:8080/v1",
        "http://0.0.0.0:8000/v1",
    ],
)
def test_public_local_and_private_addresses_are_allowed(url: str) -> None:
    assert addresses.check(f"  {url} ") == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "file:///etc/passwd",
        "api.groq.com",
        "https://",
        "https://user:secret@example.com/v1",
        "https://example.com/v1?x=1",
        "https://example.com/v1#x",
        "http://[broken/v1",
        "http://example.com:99999/v1",
        "http://example.com:0/v1",
        "http://x\n.org",
        "http://x .org",
        "http://x\u200b.org",
        "http://x.org/v1 /models",
        "http://%31%36%39.254.169.254",
        "http://169.254.169.254%00.x.org",
        "http://[fe80::1%25eth0]",
        "http://[v1.x]",
        "http://x..org",
        "http://x.org\\y",
        "http://" + "a" * 64 + ".org",
        "http://1.2.3.4.5",
        "http://999.1.1.1",
        "http://☃.\u2028org",
        "http://ex,ample.org",
    ],
)
def test_what_is_no_plain_web_address_is_refused_naming_the_field(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        addresses.check(url)
    assert set(refused.value.errors) == {"base_url"}


def test_a_name_is_stored_as_it_is_asked() -> None:
    for url in ("https://api.groq.com", "http://my_server:8000/v1", "http://[::1]:8080/v1", "http://xn--bcher-kva.de"):
        assert addresses.check(url) == url
    assert addresses.check("https://Bücher.example:8443/v1/") == "https://xn--bcher-kva.example:8443/v1"
    assert addresses.check("http://ａpi。example") == "http://api.example"


METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "①⑥⑨.254.169.254",
    "169。254。169。254",
    "１６９．254．169．254",
    "metadata。google。internal",
]


@pytest.mark.parametrize("host", METADATA)
def test_metadata_addresses_are_refused_however_they_are_spelt(host: str) -> None:
    with pytest.raises(Invalid, match="never asked"):
        addresses.check(f"http://{host}/latest/meta-data")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "10.0.0.1", "172.16.0.1", "[::1]", "[fd12::1]", "nas.local"]
)
def test_private_addresses_are_refused_when_a_setting_forbids_them(host: str, no_private_addresses: None) -> None:
    with pytest.raises(Invalid, match="not allowed by the settings"):
        addresses.check(f"http://{host}:8000")


def test_one_forbidden_address_among_several_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "169.254.169.254")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(addresses.Refused):
        addresses.resolve("two-faced.example", 80)


def test_each_kind_gets_the_base_its_sdk_expects() -> None:
    pasted = {
        ("groq", "https://api.groq.com/openai/v1/"): "https://api.groq.com",
        ("groq", "https://api.groq.com/openai/v1/chat/completions"): "https://api.groq.com",
        ("cerebras", "https://api.cerebras.ai/v1"): "https://api.cerebras.ai",
        ("openai_compatible", "https://api.openai.com/v1"): "https://api.openai.com/v1",
        ("openai_compatible", "http://localhost:11434/v1/chat/completions"): "http://localhost:11434/v1",
    }
    assert {key: addresses.normalise(*key) for key in pasted} == pasted
