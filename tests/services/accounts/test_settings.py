from __future__ import annotations

from typing import Any

import pytest

from blogforge_llm import db
from blogforge_llm.errors import Invalid, NotFound
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import settings


def test_what_nobody_set_has_its_default(conn: db.Connection, ada: User) -> None:
    found = {setting.key: setting for setting in settings.list_(conn, actor=ada)}
    assert set(found) == set(settings.KNOWN)
    assert found["cors_origins"].value == [] and found["forbid_private_addresses"].value is False
    assert all(setting.updated_at is None and setting.description for setting in found.values())


def test_a_value_holds_once_it_is_set_and_says_who_set_it(conn: db.Connection, ada: User) -> None:
    setting = settings.update(conn, actor=ada, key="forbid_private_addresses", value=True)
    assert (setting.value, setting.updated_by_name) == (True, "Ada") and setting.updated_at
    assert settings.value(conn, key="forbid_private_addresses") is True
    settings.update(conn, actor=ada, key="forbid_private_addresses", value=False)
    assert settings.value(conn, key="forbid_private_addresses") is False


def test_origins_are_written_one_way_and_once(conn: db.Connection, ada: User) -> None:
    text = " https://Example.org/ \nhttps://example.org\nhttp://localhost:3000\r\nhttp://[::1]:8080 "
    setting = settings.update_from_text(conn, actor=ada, key="cors_origins", text=text)
    assert setting.value == ["https://example.org", "http://localhost:3000", "http://[::1]:8080"]


@pytest.mark.parametrize(
    "value",
    ["https://example.org", ["*"], ["null"], ["https://example.org/path"], ["ftp://example.org"], ["https://a b"],
     [1], None, {"a": 1}, ["https://user@example.org"], ["https://x\x00y"], [f"https://h{n}" for n in range(51)],
     ["https://" + "a" * 400]],
)  # fmt: skip
def test_what_is_not_a_list_of_origins_is_refused(conn: db.Connection, ada: User, value: Any) -> None:
    with pytest.raises(Invalid) as caught:
        settings.update(conn, actor=ada, key="cors_origins", value=value)
    assert set(caught.value.errors) == {"value"}


@pytest.mark.parametrize("value", [1, "true", None, []])
def test_what_is_not_a_boolean_is_refused(conn: db.Connection, ada: User, value: Any) -> None:
    with pytest.raises(Invalid):
        settings.update(conn, actor=ada, key="forbid_private_addresses", value=value)


def test_an_unknown_key_is_not_found(conn: db.Connection, ada: User) -> None:
    for call in (lambda: settings.get(conn, actor=ada, key="x"), lambda: settings.value(conn, key="x"),
                 lambda: settings.update(conn, actor=ada, key="x", value=1)):  # fmt: skip
        with pytest.raises(NotFound):
            call()
