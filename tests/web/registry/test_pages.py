"""The registry's pages: the connect journey without JavaScript, forms that keep what was typed, and who sees what."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blogforge_llm import db
from blogforge_llm.records.accounts import User
from blogforge_llm.records.registry import Model
from blogforge_llm.services.registry import keys, models, presets, providers, routes
from tests import factories

SECRET = "gsk_topsecret0123456789"
Browse = Callable[[User | None], FlaskClient]
GETS = [
    "/llm/", "/llm/providers", "/llm/models", "/llm/routes", "/llm/presets", "/llm/keys",
]  # fmt: skip
ADMIN_GETS = [
    "/llm/providers/new", "/llm/providers/new?service=groq", "/llm/providers/new?service=ollama",
    "/llm/providers/new?service=custom", "/llm/providers/new?service=llm", "/llm/providers/new?service=echo",
    "/llm/models/new", "/llm/routes/new", "/llm/presets/new",
]  # fmt: skip


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)


@pytest.fixture
def model(conn: db.Connection, ada: User) -> Model:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq", api_key=SECRET)
    return models.create(conn, actor=ada, provider_id=provider.id, name="llama", context_window=131072)


@pytest.mark.parametrize("path", GETS + ADMIN_GETS)
def test_every_page_opens_when_there_is_nothing_yet(browse: Browse, ada: User, path: str) -> None:
    answer = browse(ada).get(path)
    assert answer.status_code == 200
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", ["/llm/providers", "/llm/models", "/llm/routes", "/llm/keys"])
def test_an_empty_page_leads_admins_to_connect_and_tells_others_whom_to_ask(
    browse: Browse, ada: User, charlie: User, path: str
) -> None:
    assert 'href="/llm/providers/new"' in browse(ada).get(path).text
    text = browse(charlie).get(path).text
    assert "/llm/providers/new" not in text
    assert "admin" in text


def test_readers_see_the_registry_without_its_buttons(browse: Browse, charlie: User, model: Model) -> None:
    route_id = 0
    reader = browse(charlie)
    for path in [*GETS, f"/llm/providers/{model.provider_id}", "/llm/routes"]:
        answer = reader.get(path)
        assert answer.status_code == 200
        for word in ("Test connection", "Discover models", "New route", "Add a model", "Shared keys", "Archive"):
            assert word not in answer.text, (path, word)
    for path in [*ADMIN_GETS, f"/llm/providers/{model.provider_id}/edit", f"/llm/models/{model.id}/edit"]:
        assert reader.get(path).status_code == 403
    for path in (
        "/llm/providers", "/llm/providers/local-servers", f"/llm/providers/{model.provider_id}",
        f"/llm/providers/{model.provider_id}/archival", f"/llm/providers/{model.provider_id}/tests",
        f"/llm/providers/{model.provider_id}/discovery", f"/llm/models/{model.id}", f"/llm/models/{model.id}/archival",
        f"/llm/routes/{route_id}/default",
    ):  # fmt: skip
        assert reader.post(path, data={"service": "groq", "name": "x"}).status_code == 403, path


def test_connecting_by_the_form_makes_everything(browse: Browse, conn: db.Connection, ada: User) -> None:
    form = {
        "service": "groq", "name": "Groq", "api_key": SECRET, "models": ["llama-3.3-70b-versatile"],
        "in_default_route": "1", "requests_per_minute": "1,000", "tokens_per_minute": "",
    }  # fmt: skip
    answer = browse(ada).post("/llm/providers", data=form)
    assert answer.status_code == 303
    [provider] = providers.list_all(conn)
    assert answer.headers["Location"] == f"/llm/providers/{provider.id}"
    assert (provider.requests_per_minute, provider.tokens_per_minute, provider.key_count) == (1000, None, 1)
    default = routes.get_default(conn)
    assert default is not None and [found.name for found in default.models] == ["llama-3.3-70b-versatile"]
    page = browse(ada).get(f"/llm/providers/{provider.id}")
    assert "6789" in page.text and SECRET not in page.text


def test_a_refused_form_comes_back_with_what_was_typed_but_never_the_key(browse: Browse, ada: User) -> None:
    form = {"service": "groq", "name": "My Groq", "api_key": SECRET, "requests_per_minute": "lots"}
    answer = browse(ada).post("/llm/providers", data=form)
    assert answer.status_code == 422
    assert 'value="My Groq"' in answer.text and 'value="lots"' in answer.text
    assert "is no whole number" in answer.text
    assert SECRET not in answer.text


def test_a_key_of_the_environment_is_used_when_its_button_was_chosen(
    browse: Browse, conn: db.Connection, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", SECRET)
    text = browse(ada).get("/llm/providers/new").text
    assert "Use GROQ_API_KEY for Groq" in text and "ends in 6789" in text and SECRET not in text
    page = browse(ada).get("/llm/providers/new?service=groq").text
    assert re.search(r'value="typed"[^>]* checked', page), "nothing is chosen for the admin"
    form = {"service": "groq", "name": "Groq", "key_source": "env:GROQ_API_KEY"}
    assert browse(ada).post("/llm/providers", data=form).status_code == 303
    assert keys.list_visible(conn, actor=ada)[0].hint == "6789"


def test_an_unknown_service_is_404(browse: Browse, ada: User) -> None:
    assert browse(ada).get("/llm/providers/new?service=pigeon").status_code == 404
    assert browse(ada).post("/llm/providers", data={"service": "pigeon"}).status_code == 404


def test_a_provider_is_edited_and_archived(browse: Browse, conn: db.Connection, ada: User) -> None:
    provider = providers.create(conn, actor=ada, name="Groq", kind="groq")
    path = f"/llm/providers/{provider.id}"
    assert browse(ada).get(f"{path}/edit").status_code == 200
    wrong = browse(ada).post(path, data={"name": "Groq", "base_url": "http://169.254.169.254/"})
    assert wrong.status_code == 422 and "metadata" in wrong.text and "http://169.254.169.254/" in wrong.text
    assert browse(ada).post(path, data={"name": "New name", "is_local": "1"}).status_code == 303
    changed = providers.get(conn, provider_id=provider.id)
    assert (changed.name, changed.is_enabled, changed.is_local) == ("New name", False, True)
    assert browse(ada).post(f"{path}/archival").status_code == 303
    assert browse(ada).get(path).status_code == 404


def test_archiving_what_a_route_asks_is_refused_with_the_route_named(browse: Browse, ada: User, model: Model) -> None:
    for path in (f"/llm/models/{model.id}/archival", f"/llm/providers/{model.provider_id}/archival"):
        answer = browse(ada).post(path)
        assert answer.status_code == 409
        assert "Default" in answer.text


def test_shared_keys_are_added_on_the_page_of_their_provider(
    browse: Browse, conn: db.Connection, ada: User, alice: User, model: Model
) -> None:
    form = {"provider_id": str(model.provider_id), "is_shared": "1", "api_key": "gsk_second_key_2222", "name": "Second"}
    answer = browse(ada).post("/llm/keys", data=form)
    assert answer.headers["Location"] == f"/llm/providers/{model.provider_id}"
    wrong = browse(ada).post("/llm/keys", data={**form, "api_key": "two words", "name": "Typed"})
    assert wrong.status_code == 422 and 'value="Typed"' in wrong.text and "two words" not in wrong.text
    assert browse(alice).post("/llm/keys", data=form).status_code == 403
    assert len(keys.list_of_provider(conn, actor=ada, provider_id=model.provider_id)) == 2


def test_personal_keys_are_kept_by_their_owner_and_seen_by_nobody_else(
    browse: Browse, conn: db.Connection, ada: User, alice: User, bob: User, model: Model
) -> None:
    form = {"provider_id": str(model.provider_id), "api_key": "gsk_of_alice_9999", "name": "Alice's key"}
    assert browse(alice).post("/llm/keys", data=form).headers["Location"] == "/llm/keys"
    [key] = keys.list_visible(conn, actor=alice)
    path = f"/llm/keys/{key.id}"
    assert "9999" in browse(alice).get("/llm/keys").text
    for other in (bob, ada):
        assert "9999" not in browse(other).get("/llm/keys").text
        assert browse(other).get(f"{path}/edit").status_code == 404
        assert browse(other).post(path, data={"name": "Taken"}).status_code == 404
        assert browse(other).post(f"{path}/deletion").status_code == 404
    assert browse(alice).get(f"{path}/edit").status_code == 200
    assert browse(alice).post(path, data={"name": "Renamed"}).status_code == 303
    assert keys.get(conn, actor=alice, key_id=key.id).is_enabled is False
    assert browse(alice).post(f"{path}/deletion").status_code == 303
    assert keys.count_visible(conn, actor=alice) == 0


def test_a_model_is_added_and_edited_by_form(browse: Browse, conn: db.Connection, ada: User, model: Model) -> None:
    form = {
        "provider_id": str(model.provider_id), "name": "b", "context_window": "131 072", "input_price": "0.59",
        "is_enabled": "1", "is_ai": "1", "in_default_route": "1", "refused_parameters": ["seed", "stop"],
    }  # fmt: skip
    assert browse(ada).post("/llm/models", data=form).status_code == 303
    made = models.find_by_name(conn, name="b")
    assert made is not None and made.context_window == 131072 and made.refused_parameters == ["seed", "stop"]
    default = routes.get_default(conn)
    assert default is not None and [found.name for found in default.models] == ["llama", "b"]
    page = browse(ada).get(f"/llm/models/{made.id}/edit").text
    assert 'value="0.59"' in page
    wrong = browse(ada).post(f"/llm/models/{made.id}", data={**form, "input_price": "cheap", "name": "typed"})
    assert wrong.status_code == 422 and 'value="typed"' in wrong.text and 'value="cheap"' in wrong.text
    twice = browse(ada).post(f"/llm/models/{made.id}", data={**form, "name": "llama"})
    assert twice.status_code == 409 and "already has a model named llama" in twice.text


def test_discovered_models_are_added_as_ticked(browse: Browse, conn: db.Connection, ada: User, model: Model) -> None:
    path = f"/llm/providers/{model.provider_id}/models"
    ticked = ['["new-model", 8192, null, true]', '["llama", 131072, null, true]']
    assert browse(ada).post(path, data={"model": ticked, "in_default_route": "1"}).status_code == 303
    found = models.list_of_provider(conn, provider_id=model.provider_id)
    assert [(entry.name, entry.context_window) for entry in found] == [("llama", 131072), ("new-model", 8192)]
    for wrong in ([], ["nonsense"], ['["x", "8192", null, true]'], ['["x", 0, null, true]'], ['{"name": "x"}']):
        answer = browse(ada).post(path, data={"model": wrong})
        assert answer.status_code == 422, wrong
        assert "error-summary" in answer.text


def test_a_route_is_put_in_order_without_javascript(
    browse: Browse, conn: db.Connection, ada: User, model: Model
) -> None:
    other = models.create(conn, actor=ada, provider_id=model.provider_id, name="b")
    third = models.create(conn, actor=ada, provider_id=model.provider_id, name="c")
    route = routes.create(conn, actor=ada, name="Fast", model_ids=[model.id, other.id])
    path = f"/llm/routes/{route.id}/models"

    def press(**form: object) -> str:
        assert browse(ada).post(path, data=form).status_code == 303
        return "".join(found.name[0] for found in routes.get(conn, route_id=route.id).models)

    order = [str(model.id), str(other.id)]
    assert press(order=order, move=f"{model.id}:down") == "bl"
    assert press(order=order[::-1], move=f"{model.id}:up") == "lb"
    assert press(order=order[::-1]) == "bl"
    assert press(add=str(third.id)) == "blc"
    assert press(order=order, remove=str(other.id)) == "lc"
    assert browse(ada).post(path, data={"order": order}).status_code == 409
    assert browse(ada).get(f"/llm/routes/{route.id}").status_code == 200


def test_ordering_by_htmx_answers_with_the_list_alone(
    browse: Browse, ada: User, model: Model, conn: db.Connection
) -> None:
    default = routes.get_default(conn)
    assert default is not None
    answer = browse(ada).post(
        f"/llm/routes/{default.id}/models", data={"order": [str(model.id)]}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section class="card" id="route-models"')


def test_routes_are_made_renamed_made_default_and_archived(
    browse: Browse, conn: db.Connection, ada: User, model: Model
) -> None:
    made = browse(ada).post("/llm/routes", data={"name": "Fast", "model_ids": [str(model.id)]})
    route = routes.find_by_name(conn, name="Fast")
    assert route is not None and made.headers["Location"] == f"/llm/routes/{route.id}"
    again = browse(ada).post("/llm/routes", data={"name": "fast", "model_ids": [str(model.id)]})
    assert again.status_code == 409 and 'value="fast"' in again.text
    path = f"/llm/routes/{route.id}"
    assert browse(ada).post(path, data={"name": "Faster"}).status_code == 303
    assert browse(ada).post(path, data={"name": ""}).status_code == 422
    assert browse(ada).post(f"{path}/default").status_code == 303
    assert browse(ada).post(f"{path}/archival").status_code == 409
    default = routes.get_default(conn)
    assert default is not None and default.name == "Faster"


def test_a_route_says_whom_it_passes_over_and_why(browse: Browse, conn: db.Connection, ada: User, model: Model) -> None:
    models.update(conn, actor=ada, model_id=model.id, is_enabled=False)
    text = browse(ada).get("/llm/routes").text
    assert "passed over" in text and "The model llama is disabled" in text


def test_presets_are_kept_by_form(browse: Browse, conn: db.Connection, ada: User) -> None:
    form = {"name": "Careful", "temperature": "0.2", "max_tokens": "1,200", "stop": "###\r\nEND\r\n"}
    assert browse(ada).post("/llm/presets", data=form).status_code == 303
    [preset] = presets.list_all(conn)
    assert preset.parameters == {"temperature": 0.2, "max_tokens": 1200, "stop": ["###", "END"]}
    assert "Careful" in browse(ada).get("/llm/presets").text
    assert "###\nEND" in browse(ada).get(f"/llm/presets/{preset.id}/edit").text
    wrong = browse(ada).post(f"/llm/presets/{preset.id}", data={**form, "temperature": "9", "name": "Typed"})
    assert wrong.status_code == 422 and 'value="9"' in wrong.text and 'value="Typed"' in wrong.text
    assert browse(ada).post(f"/llm/presets/{preset.id}/deletion").status_code == 303
    assert presets.count(conn) == 0


def test_the_overview_says_what_to_do_next(browse: Browse, ada: User, charlie: User) -> None:
    text = browse(ada).get("/llm/").text
    assert "Connect a model" in text and "0 of 3 done" in text
    assert "An admin has to connect a model" in browse(charlie).get("/llm/").text


def test_no_page_carries_a_secret(browse: Browse, conn: db.Connection, ada: User, model: Model) -> None:
    [key] = keys.list_visible(conn, actor=ada)
    for path in [*GETS, *ADMIN_GETS, f"/llm/providers/{model.provider_id}", f"/llm/keys/{key.id}/edit"]:
        assert SECRET not in browse(ada).get(path).text


def test_the_limits_of_a_model_are_edited_and_shown_as_bars(browse: Browse, ada: User, model: Model) -> None:
    page = browse(ada)
    assert "No limits are set" in page.get(f"/llm/providers/{model.provider_id}").text
    form = {"name": "llama", "is_enabled": "1", "requests_per_minute": "1,000", "max_in_flight": "two"}
    refused = page.post(f"/llm/models/{model.id}", data=form)
    assert refused.status_code == 422 and "two" in refused.text
    assert page.post(f"/llm/models/{model.id}", data={**form, "max_in_flight": "2"}).status_code == 303
    text = page.get(f"/llm/providers/{model.provider_id}").text
    assert "0 of 1,000" in text and 'aria-label="At the same time"' in text


def test_a_tick_that_is_nested_too_deep_is_refused(browse: Browse, conn: db.Connection, ada: User) -> None:
    provider_id = factories.make_provider(conn, kind="groq", base_url=None)
    answer = browse(ada).post(f"/llm/providers/{provider_id}/models", data={"model": "[" * 100_000})
    assert answer.status_code == 422 and "could not be read" in answer.text
