"""Bytes that are no text are refused before they become other characters."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.editorial import fields, posts

Browse = Callable[[User | None], FlaskClient]

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("broken", [b"%ED%A0%80", b"%FF%FE", b"\xff\xfe", b"caf%E9"])
def test_a_form_that_is_not_utf_8_changes_nothing(
    browse: Browse, conn: db.Connection, alice: User, broken: bytes
) -> None:
    post = posts.create(conn, actor=alice, idea="Bread")
    client, path = browse(alice), f"/posts/{post.id}/fields/basic_idea"
    body = b"base_revision=&text=Good+" + broken
    for answer in (
        client.post(path, data=body, content_type=FORM),
        client.put(path, data=body, content_type=FORM, headers={"Accept": "application/json"}),
    ):
        assert answer.status_code == 422 and "not UTF-8" in answer.text
    swap = client.post(path, data=body, content_type=FORM, headers={"HX-Request": "true"})
    assert swap.status_code == 422 and swap.headers["HX-Reswap"] == "none"  # what was typed stays on the page
    assert fields.get(conn, post_id=post.id, field_key="basic_idea").revision is None


@pytest.mark.parametrize(("text", "status"), [(b"\xed\xa0\x80", 422), ("é \N{REPLACEMENT CHARACTER}".encode(), 303)])
def test_the_same_holds_for_a_form_in_parts(
    browse: Browse, conn: db.Connection, alice: User, text: bytes, status: int
) -> None:
    post = posts.create(conn, actor=alice, idea="Bread")
    body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + text + b"\r\n--x--\r\n"
    answer = browse(alice).post(
        f"/posts/{post.id}/fields/basic_idea", data=body, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == status or (status == 303 and answer.status_code == 428)


def test_text_of_every_script_is_taken(browse: Browse, conn: db.Connection, alice: User) -> None:
    text = "naïve 日本語 😀 \N{REPLACEMENT CHARACTER} 100% + a&b=c"
    answer = browse(alice).post("/posts", data={"idea": text})
    assert answer.status_code == 303
    assert conn.execute("SELECT 1 FROM revisions WHERE text = %s", (text,)).fetchone()


def test_a_form_without_a_length_is_never_cut(browse: Browse, alice: User) -> None:
    answer = browse(alice).post(
        "/posts", input_stream=io.BytesIO(b"idea=" + b"x" * (9 << 20)), content_type=FORM,
        environ_overrides={"wsgi.input_terminated": True}, headers={"Transfer-Encoding": "chunked"},
    )  # fmt: skip
    assert answer.status_code == 413


def test_a_write_without_a_text_never_empties_the_field(browse: Browse, conn: db.Connection, alice: User) -> None:
    post = posts.create(conn, actor=alice, idea="Bread")
    kept = fields.save(conn, actor=alice, post_id=post.id, field_key="basic_idea", text="Kept.", base_revision_id=None)
    assert kept is not None
    client, path, form = browse(alice), f"/posts/{post.id}/fields/basic_idea", {"base_revision": str(kept.id)}
    for answer in (
        client.put(path, data=form, headers={"Accept": "application/json"}),
        client.post(path, data=form),
        client.post(f"{path}/surrender", data=form | {"theirs": str(kept.id)}),
        client.post(f"{path}/comparison", data=form),
    ):
        assert answer.status_code == 422 and "text is missing" in answer.text
    revision = fields.get(conn, post_id=post.id, field_key="basic_idea").revision
    assert revision is not None and revision.id == kept.id


class _BrokenOff(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise InvalidChunkSize(b"zz")


def test_a_body_whose_chunks_are_broken_is_the_callers_fault(app: Flask) -> None:
    answer = app.test_client().post(
        "/v1/chat/completions", headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": _BrokenOff(), "wsgi.input_terminated": True},
    )  # fmt: skip
    assert answer.status_code == 400 and answer.json is not None
    assert "chunks" in answer.json["error"]["message"]
