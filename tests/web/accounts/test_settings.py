from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import settings

Browse = Callable[[User | None], FlaskClient]


def test_an_admin_sets_and_clears_a_setting(browse: Browse, conn: db.Connection, ada: User) -> None:
    client = browse(ada)
    client.post("/settings/cors_origins", data={"value": "https://a.example\r\nhttps://b.example"})
    assert settings.value(conn, key="cors_origins") == ["https://a.example", "https://b.example"]
    assert "https://b.example" in client.get("/settings").text
    client.post("/settings/cors_origins", data={"value": " "})
    assert settings.value(conn, key="cors_origins") == []
    client.post("/settings/forbid_private_addresses", data={"value": "1"})
    assert settings.value(conn, key="forbid_private_addresses") is True
    client.post("/settings/forbid_private_addresses")
    assert settings.value(conn, key="forbid_private_addresses") is False


def test_what_is_refused_stays_in_its_box(browse: Browse, ada: User) -> None:
    answer = browse(ada).post("/settings/cors_origins", data={"value": "evil.example/*"})
    assert (
        answer.status_code == 422 and "is not an origin" in answer.text and "\nevil.example/*</textarea>" in answer.text
    )


def test_settings_are_for_admins_and_known_keys_only(browse: Browse, ada: User, alice: User) -> None:
    assert browse(ada).post("/settings/secret_key", data={"value": "x"}).status_code == 404
    assert browse(alice).get("/settings").status_code == 403
    assert browse(alice).post("/settings/cors_origins", data={"value": "https://a.example"}).status_code == 403
