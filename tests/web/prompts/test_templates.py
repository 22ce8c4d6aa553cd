from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.services.editorial import fields as revisions
from blogforge_llm.services.editorial import posts
from blogforge_llm.services.prompts import parts, templates
from tests import factories
from tests.services.prompts.factories import block, inline, make_part, make_template

Browse = Callable[[User | None], FlaskClient]
HTMX = {"HX-Request": "true"}


def form(*blocks: dict[str, str], **values: str) -> dict[str, Any]:
    """The editor's form: each block's fields under its key, in order."""
    data: dict[str, Any] = {"name": "Opening", "order": [f"b{number}" for number in range(1, len(blocks) + 1)]}
    for number, fields in enumerate(blocks, 1):
        data |= {f"b{number}-{name}": value for name, value in ({"enabled": "1"} | fields).items()}
    return data | values


def message(content: str, role: str = "user") -> dict[str, str]:
    return {"content": content, "role": role}


def order(page: str) -> list[str]:
    return re.findall(r'name="order" value="(\w+)"', page)


def test_an_empty_page_says_what_to_do_next(browse: Browse, ada: User) -> None:
    page = browse(ada).get("/llm/templates").text
    assert "Import the starter library" in page and "New template" in page


def test_a_template_is_written_without_javascript(conn: db.Connection, browse: Browse, ada: User) -> None:
    browser, part = browse(ada), make_part(conn, ada, name="Be brief", role="system", content="Be brief.")
    page = browser.post("/llm/templates/draft", data=form(name="Opening", add="message", **{"new-role": "user"})).text
    assert order(page) == ["b1"] and 'value="Opening"' in page
    both = form(message("About {{ basic_idea }}."), **{"add-part": str(part.id)})
    assert order(browser.post("/llm/templates/draft", data=both).text) == ["b1", "b2"]
    blocks = (message("About {{ basic_idea }}."), {"part_id": str(part.id), "role": ""})
    assert order(browser.post("/llm/templates/draft", data=form(*blocks, move="b2:up")).text) == ["b2", "b1"]
    assert order(browser.post("/llm/templates/draft", data=form(*blocks, remove="b1")).text) == ["b2"]
    copied = browser.post("/llm/templates/draft", data=form(*blocks, duplicate="b1")).text
    assert order(copied) == ["b1", "b3", "b2"] and copied.count("About {{ basic_idea }}.</textarea>") == 2
    created = browser.post("/llm/templates", data=form(*blocks))
    assert created.status_code == 303
    template = templates.list_(conn)[0]
    version = templates.get_version(conn, template_id=template.id, number=1)
    assert [b.part_id for b in version.blocks] == [None, part.id]
    page = browser.get(created.headers["Location"]).text
    assert "About {{ basic_idea }}." in page and "from the field Basic idea" in page


def test_drafting_saves_nothing(conn: db.Connection, browse: Browse, ada: User) -> None:
    browse(ada).post("/llm/templates/draft", data=form(message("x")))
    browse(ada).post("/llm/templates/draft/preview", data=form(message("x")), headers=HTMX)
    assert templates.count(conn) == 0


def test_the_preview_shows_the_exact_messages_and_warns_of_what_no_field_fills(browse: Browse, ada: User) -> None:
    data = form(message("Write {{ budget }} <i>."), message("System.", "system"), **{"input-budget": "ten {{ x }}"})
    preview = browse(ada).post("/llm/templates/draft/preview", data=data, headers=HTMX).text
    assert "Write ten {{ x }} &lt;i&gt;." in preview and "message--system" in preview
    assert "no post has a field of this key" in preview and "<html" not in preview


def test_mistakes_are_told_in_the_preview_and_beside_their_block(browse: Browse, ada: User) -> None:
    browser, data = browse(ada), form(message("Fine."), message("One\n{{ two"))
    assert "Block 2, line 2" in browser.post("/llm/templates/draft/preview", data=data, headers=HTMX).text
    refused = browser.post("/llm/templates", data=data)
    assert refused.status_code == 422 and 'href="#f-b2-content"' in refused.text and "{{ two</textarea>" in refused.text
    fragment = browser.post("/llm/templates", data=data, headers=HTMX)
    assert fragment.status_code == 422 and fragment.text.lstrip().startswith("<form")


def test_system_text_alone_and_lost_parts_are_refused(browse: Browse, ada: User) -> None:
    browser = browse(ada)
    assert "asks nothing" in browser.post("/llm/templates", data=form(message("x", "system"))).text
    assert "there is no part 999999" in browser.post("/llm/templates", data=form({"part_id": "999999"})).text
    assert browser.post("/llm/templates", data=form()).status_code == 422
    assert browser.post("/llm/templates", data=form(message("x"), name="")).status_code == 422


def test_an_edit_is_a_version_and_its_changes_are_shown(conn: db.Connection, browse: Browse, ada: User) -> None:
    template, browser = make_template(conn, ada, inline("Old words.")), browse(ada)
    place = f"/llm/templates/{template.id}"
    assert "Old words.</textarea>" in browser.get(f"{place}/edit").text
    assert browser.post(place, data=form(message("New words."), base="1", publish="1")).status_code == 303
    page = browser.get(place).text
    assert "<del>" in page and "Version 2" in page
    assert browser.post(place, data=form(message("New words."), base="2", publish="1")).status_code == 303
    assert templates.get(conn, template_id=template.id).latest_version == 2


def test_a_version_saved_for_later_is_published_and_an_old_one_restored(
    conn: db.Connection, browse: Browse, ada: User
) -> None:
    template, browser = make_template(conn, ada, inline("Old.")), browse(ada)
    place = f"/llm/templates/{template.id}"
    browser.post(place, data=form(message("New."), publish="0"))
    assert templates.get(conn, template_id=template.id).version == 1
    assert "You edit version 2" in browser.get(f"{place}/edit").text
    browser.post(f"{place}/published", data={"number": "2"})
    assert templates.get(conn, template_id=template.id).version == 2
    browser.post(f"{place}/published", data={"number": "1"})
    back = templates.get(conn, template_id=template.id)
    assert (back.version, back.latest_version, back.waiting_version) == (1, 2, None)
    assert "Old.</textarea>" in browser.get(f"{place}/edit").text


def test_a_save_over_somebody_elses_version_is_asked_again(conn: db.Connection, browse: Browse, ada: User) -> None:
    template, browser = make_template(conn, ada, inline("Old.")), browse(ada)
    templates.update(conn, actor=ada, template_id=template.id, blocks=[inline("Theirs.")])
    refused = browser.post(f"/llm/templates/{template.id}", data=form(message("Mine."), base="1"))
    assert refused.status_code == 409 and "Mine.</textarea>" in refused.text
    assert '<input type="hidden" name="base" value="2">' in refused.text
    fragment = browser.post(f"/llm/templates/{template.id}", data=form(message("Mine."), base="1"), headers=HTMX)
    assert fragment.status_code == 422


def test_a_template_is_tried_with_values_by_anybody(
    conn: db.Connection, browse: Browse, ada: User, charlie: User
) -> None:
    template = make_template(conn, ada)
    page = browse(charlie).post(f"/llm/templates/{template.id}/preview", data={"input-basic_idea": "kilts"})
    assert "Write about kilts." in page.text and "<html" in page.text


def test_a_template_in_use_keeps_its_archived_part_out(conn: db.Connection, browse: Browse, ada: User) -> None:
    part = make_part(conn, ada, name="Old voice")
    parts.archive(conn, actor=ada, part_id=part.id)
    refused = browse(ada).post("/llm/templates", data=form({"part_id": str(part.id), "role": ""}))
    assert refused.status_code == 409 and "“Old voice”" in refused.text


def test_templates_are_archived_found_and_brought_back(conn: db.Connection, browse: Browse, ada: User) -> None:
    template, browser = make_template(conn, ada, block(make_part(conn, ada)), name="Opening lines"), browse(ada)
    assert browser.post(f"/llm/templates/{template.id}/archival").status_code == 303
    assert "Opening lines" in browser.get("/llm/templates?archived=1").text
    assert browser.get(f"/llm/templates/{template.id}").status_code == 200
    assert browser.post(f"/llm/templates/{template.id}/restoration").status_code == 303
    assert "Opening lines" in browser.get("/llm/templates?q=opening").text
    assert "No template fits" in browser.get("/llm/templates?q=nothing").text


def test_readers_look_and_do_not_change(conn: db.Connection, browse: Browse, ada: User, alice: User) -> None:
    template, browser = make_template(conn, ada), browse(alice)
    assert "/edit" not in browser.get(f"/llm/templates/{template.id}").text
    for address in ("/new", f"/{template.id}/edit"):
        assert browser.get(f"/llm/templates{address}").status_code == 403
    for address in (
        "", "/draft", "/draft/preview", "/draft/parts", f"/{template.id}", f"/{template.id}/archival",
        f"/{template.id}/restoration",
        f"/{template.id}/published", f"/{template.id}/versions/1/refusal", f"/{template.id}/approval",
    ):  # fmt: skip
        assert browser.post(f"/llm/templates{address}", data=form(message("x"))).status_code == 403
    assert browser.get("/llm/templates/999999").status_code == 404


def test_a_variable_that_nothing_fills_is_refused_with_its_block_unless_it_is_typed(
    conn: db.Connection, browse: Browse, ada: User
) -> None:
    browser, data = browse(ada), form(message("About {{ basic_idea }}."), message("For {{ audience }}."))
    refused = browser.post("/llm/templates", data=data)
    assert refused.status_code == 422 and 'href="#f-b2-content"' in refused.text
    assert "Block 2, “Message 2”: no field fills `audience`." in refused.text
    assert browser.post("/llm/templates", data=data | {"typed": "audience"}).status_code == 303
    place = f"/llm/templates/{templates.list_(conn)[0].id}"
    assert 'name="typed" value="audience" checked' in browser.get(f"{place}/edit").text
    off = form(message("About {{ basic_idea }}."), message("For {{ audience }}."))
    off.pop("b2-enabled")
    assert browser.post("/llm/templates", data=off | {"name": "Off"}).status_code == 303


def test_a_draft_is_tried_with_a_post_and_measured_for_each_model(
    conn: db.Connection, browse: Browse, ada: User
) -> None:
    model = factories.make_model(conn, name="tiny", input_price="1", output_price="2")
    conn.execute("UPDATE models SET context_window = 20 WHERE id = %s", (model,))
    route = factories.make_route(conn, model_ids=[model], name="Small", is_default=False)
    post = posts.create(conn, actor=ada, idea="Kilts")
    revisions.save(conn, actor=ada, post_id=post.id, field_key="basic_idea", text="Kilts at weddings.",
                 base_revision_id=None)  # fmt: skip
    data = form(message("About {{ basic_idea }}.")) | {"try-post": str(post.id), "try-route": str(route)}
    seen = browse(ada).post("/llm/templates/draft/preview", data=data, headers=HTMX).text
    assert "About Kilts at weddings.." in seen and "tiny" in seen and "exceeds its window" not in seen
    long = browse(ada).post("/llm/templates/draft/preview", data=data | {"try-max_tokens": "100"}, headers=HTMX).text
    assert "exceeds its window" in long and "$0.0000070 to $0.00021" in long


def test_the_library_beside_a_draft_is_searched(conn: db.Connection, browse: Browse, ada: User) -> None:
    make_part(conn, ada, name="House voice", kind="style", tags=["voice"])
    make_part(conn, ada, name="First paragraph")
    browser, data = browse(ada), form(message("Typed text."))
    for wanted in ({"parts-q": "house"}, {"parts-kind": "style"}, {"parts-tag": "voice"}):
        found = browser.post("/llm/templates/draft/parts", data=data | wanted, headers=HTMX).text
        assert "House voice" in found and "First paragraph" not in found and "<form" not in found
    page = browser.post("/llm/templates/draft/parts", data=data | {"parts-q": "nothing"}).text
    assert "No part fits." in page and "Typed text.</textarea>" in page
