"""Providers: what may be kept, under which names and addresses, and by whom."""

from __future__ import annotations

import pytest

from blogforge_llm import db
from blogforge_llm.engine import addresses
from blogforge_llm.errors import Conflict, Forbidden, Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import settings
from blogforge_llm.services.registry import keys, models, providers, routes


def test_create_keeps_what_was_given(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name=" Groq ", kind="groq", requests_per_minute=30)
    assert (provider.name, provider.kind, provider.requests_per_minute) == ("Groq", "groq", 30)
    assert provider.is_enabled and not provider.is_local and provider.tokens_per_minute is None


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_only_admins_keep_providers(conn: db.Connection, who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(Forbidden):
        providers.create(conn, actor=request.getfixturevalue(who), name="Groq", kind="groq")


def test_two_providers_cannot_share_a_name(conn: db.Connection, ada: User) -> None:
    providers.create(conn, actor=ada, name="Groq", kind="groq")
    with pytest.raises(Conflict, match="already a provider named groq"):
        providers.create(conn, actor=ada, name="groq", kind="groq")
    assert providers.count(conn) == 1


def test_a_name_is_free_again_after_archiving(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq")
    providers.archive(conn, actor=ada, provider_id=provider.id)
    assert providers.create(conn, actor=ada, name="Groq", kind="groq").id != provider.id
    with pytest.raises(NotFound):
        providers.get(conn, provider_id=provider.id)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "example.com/v1",
        "http://",
        "http://user:secret@example.com/v1",
        "http://169.254.169.254/latest",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://metadata.google.internal/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "https://example.com/v1?key=1",
        "http://224.0.0.1/",
        "http://[1:2/",
    ],
)
def test_addresses_that_must_not_be_asked_are_refused(conn: db.Connection, ada: User, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        providers.create(conn, actor=ada, name="Server", kind="openai_compatible", base_url=url)
    assert "base_url" in refused.value.errors


def test_local_addresses_are_refused_only_when_the_setting_says_so(conn: db.Connection, ada: User) -> None:
    url = "http://127.0.0.1:11434/v1"
    providers.create(conn, actor=ada, name="Ollama", kind="openai_compatible", base_url=url)
    settings.update(conn, actor=ada, key="forbid_private_addresses", value=True)
    try:
        for near in (url, "http://10.0.0.5/v1", "http://localhost:1234/v1", "http://[::1]/v1"):
            with pytest.raises(Invalid, match="not allowed by the settings"):
                providers.create(conn, actor=ada, name="Another", kind="openai_compatible", base_url=near)
    finally:
        addresses.configure(private_allowed=True)


def test_an_openai_compatible_server_needs_an_address(conn: db.Connection, ada: User) -> None:
    with pytest.raises(Invalid) as refused:
        providers.create(conn, actor=ada, name="Server", kind="openai_compatible")
    assert refused.value.errors.keys() == {"base_url"}


def test_the_path_that_an_sdk_appends_itself_is_taken_off(conn: db.Connection, ada: User) -> None:
    url = "https://api.groq.com/openai/v1/"
    assert providers.create(conn, actor=ada, name="G", kind="groq", base_url=url).base_url == "https://api.groq.com"


@pytest.mark.parametrize(
    ("url", "api_key", "is_local"),
    [
        ("http://127.0.0.1:11434/v1", None, True),
        ("http://192.168.1.7/v1", None, True),
        ("http://studio.local:1234/v1", None, True),
        ("http://127.0.0.1:4000/v1", "sk-of-a-proxy", False),
        ("https://api.openai.com/v1", None, False),
    ],
)
def test_a_server_of_ones_own_is_told_by_its_address(
    conn: db.Connection, ada: User, url: str, api_key: str | None, is_local: bool
) -> None:
    provider = providers.create(conn, actor=ada, name="Server", kind="openai_compatible", base_url=url, api_key=api_key)
    assert provider.is_local is is_local


@pytest.mark.parametrize("limit", [0, -1, 2**31])
def test_a_limit_out_of_range_is_refused(conn: db.Connection, ada: User, limit: int) -> None:
    with pytest.raises(Invalid) as refused:
        providers.create(conn, actor=ada, name="Groq", kind="groq", requests_per_minute=limit)
    assert refused.value.errors.keys() == {"requests_per_minute"}


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a\ud800b", "x" * 101])
def test_names_that_cannot_be_kept_are_refused(conn: db.Connection, ada: User, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        providers.create(conn, actor=ada, name=name, kind="groq")
    assert refused.value.errors.keys() == {"name"}


def test_an_unknown_kind_is_refused(conn: db.Connection, ada: User) -> None:
    with pytest.raises(Invalid, match="groq, cerebras, openai_compatible, llm"):
        providers.create(conn, actor=ada, name="X", kind="carrier pigeon")


def test_update_changes_only_what_is_given_and_forgets_a_test_of_another_address(
    conn: db.Connection, ada: User
) -> None:
    provider = providers.create(
        conn, actor=ada, name="S", kind="openai_compatible", base_url="https://a.example/v1", requests_per_day=9
    )
    providers.keep_test(conn, actor=ada, provider_id=provider.id, category=None, message="fine")
    kept = providers.update(conn, actor=ada, provider_id=provider.id, name="T")
    assert (kept.name, kept.requests_per_day, kept.test_message) == ("T", 9, "fine")
    moved = providers.update(conn, actor=ada, provider_id=provider.id, base_url="https://b.example/v1")
    assert (moved.tested_at, moved.test_message) == (None, None)


def test_archive_is_refused_while_a_route_asks_its_models_and_names_the_route(conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq", api_key="gsk_0123456789")
    models.create(conn, actor=ada, provider_id=provider.id, name="llama")
    with pytest.raises(Conflict, match="Default"):
        providers.archive(conn, actor=ada, provider_id=provider.id)
    default = routes.get_default(conn)
    assert default is not None
    routes.update(conn, actor=ada, route_id=default.id, model_ids=[])
    providers.archive(conn, actor=ada, provider_id=provider.id)
    assert models.count(conn) == 0
    assert keys.count_visible(conn, actor=ada) == 0
