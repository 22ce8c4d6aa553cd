"""The workflow page as a browser without JavaScript uses it: save, ask, decide, compare, restore."""

from __future__ import annotations

import pytest

from blogforge_llm.records.editorial import Post
from blogforge_llm.services.editorial import actions, fields, posts, suggestions, workflow
from tests import factories
from tests.services.prompts.factories import inline, make_template
from tests.web.editorial.pages import forms


@pytest.fixture
def post(conn, alice) -> Post:
    return posts.create(conn, actor=alice, idea="kilts for weddings")


@pytest.fixture
def model(conn) -> int:
    model_id = factories.make_model(conn, name="llama", provider="Groq", input_price="0.5")
    factories.make_route(conn, model_ids=[model_id])
    return model_id


@pytest.fixture
def action(conn, ada, model):
    template = make_template(conn, ada, inline("Expand {{ idea_seed }}, beside {{ basic_idea }}"), name="Expander")
    field = workflow.get_field(conn, key="basic_idea")
    return actions.create(conn, actor=ada, field_id=field.id, name="Expand", template_id=template.id)


def text_of(response) -> str:
    return response.get_data(as_text=True)


def page_of(browser, post, step="idea"):
    return browser.get(f"/workflow/{step}/?post_id={post.id}")


def value_of(conn, post, key="basic_idea") -> str:
    return fields.get(conn, post_id=post.id, field_key=key).text


def write(conn, actor, post, text, key="basic_idea"):
    value = fields.get(conn, post_id=post.id, field_key=key)
    base = value.revision.id if value.revision else None
    return fields.save(conn, actor=actor, post_id=post.id, field_key=key, text=text, base_revision_id=base)


def test_a_step_shows_its_fields_and_the_way_to_the_others(browse, alice, post):
    page = text_of(page_of(browse(alice), post))
    for name in ("Idea seed", "Basic idea", "Provisional title", "Idea scope"):
        assert name in page
    assert "kilts for weddings" in page
    assert f"/workflow/syndication/?post_id={post.id}" in page
    assert 'aria-current="step"' in page


@pytest.mark.parametrize(
    "step", ["idea", "research", "structure", "sections", "content", "meta_info", "images", "preflight"]
)
def test_every_step_opens(browse, alice, post, step):
    assert page_of(browse(alice), post, step).status_code == 200


def test_without_a_post_it_leads_to_the_list(browse, alice):
    assert browse(alice).get("/workflow/").location == "/posts"
    assert browse(alice).get("/workflow/idea/").location == "/posts"
    assert browse(alice).get("/workflow/idea/?post_id=x").location == "/posts"


def test_work_goes_on_at_the_first_step_with_an_empty_field(conn, browse, alice, post):
    assert browse(alice).get(f"/workflow/?post_id={post.id}").location == f"/workflow/idea/?post_id={post.id}"
    for key in ("basic_idea", "provisional_title", "idea_scope"):
        write(conn, alice, post, "x", key)
    assert browse(alice).get(f"/workflow/?post_id={post.id}").location == f"/workflow/research/?post_id={post.id}"


def test_an_unknown_step_is_not_found(browse, alice, post):
    assert page_of(browse(alice), post, "nowhere").status_code == 404


def test_a_field_is_saved_by_its_form(conn, browse, alice, post):
    browser = browse(alice)
    form = forms(page_of(browser, post))[f"/posts/{post.id}/fields/basic_idea"]
    answer = browser.post(form.action, data=form | {"text": "Mine.\r\n"})
    assert (answer.status_code, answer.location) == (
        303, f"/workflow/idea/?post_id={post.id}#field-basic_idea",
    )  # fmt: skip
    assert value_of(conn, post) == "Mine.\n"


def test_a_text_that_begins_with_a_blank_line_survives_the_form(conn, browse, alice, post):
    write(conn, alice, post, "\n\nafter two blank lines")
    form = forms(page_of(browse(alice), post))[f"/posts/{post.id}/fields/basic_idea"]
    assert form["text"] == "\n\nafter two blank lines"


def test_a_stale_form_comes_back_with_both_texts(conn, browse, alice, bob, post):
    browser = browse(alice)
    form = forms(page_of(browser, post))[f"/posts/{post.id}/fields/basic_idea"]
    theirs = write(conn, bob, post, "Bob's words")
    answer = browser.post(form.action, data=form | {"text": "Alice's words"})
    assert answer.status_code == 409
    assert "Bob changed this field while you were typing" in text_of(answer)
    again = forms(answer)[form.action]
    assert (again["text"], again["base_revision"]) == ("Alice's words", str(theirs.id))
    assert value_of(conn, post) == "Bob's words"
    browser.post(form.action, data=again)
    assert value_of(conn, post) == "Alice's words"


def test_giving_way_keeps_what_was_typed_in_the_history(conn, browse, alice, bob, post):
    theirs = write(conn, bob, post, "Bob's words")
    form = {"text": "Alice's words", "base_revision": "", "theirs": theirs.id}
    assert browse(alice).post(f"/posts/{post.id}/fields/basic_idea/surrender", data=form).status_code == 303
    assert value_of(conn, post) == "Bob's words"
    history = text_of(browse(alice).get(f"/posts/{post.id}/fields/basic_idea/revisions"))
    assert "Alice" in history and "Restored by Alice" in history


@pytest.mark.parametrize(("text", "words"), [("x" * 200_001, "takes at most 200,000"), ("a\x00", "NUL character")])
def test_a_refused_text_stays_in_its_field_with_the_reason(conn, browse, alice, post, text, words):
    answer = browse(alice).post(f"/posts/{post.id}/fields/basic_idea", data={"text": text, "base_revision": ""})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert forms(answer)[f"/posts/{post.id}/fields/basic_idea"]["text"].startswith(text[:1])


def test_asking_saves_what_was_typed_and_shows_the_running_suggestion(conn, browse, alice, post, action):
    browser = browse(alice)
    form = forms(page_of(browser, post))[f"/posts/{post.id}/fields/basic_idea"]
    answer = browser.post(form.action + "/suggestions", data=form | {"text": "typed just now"})
    assert answer.status_code == 303
    (suggestion,) = suggestions.list_open(conn, post_id=post.id)
    assert value_of(conn, post) == "typed just now"
    page = text_of(browser.get(answer.location))
    assert f'data-live-task="{suggestion.task_id}"' in page and f"/live?tasks={suggestion.task_id}" in page
    assert "llama on Groq" in page and "about" in page and "Refresh" in page and "No worker is running" in page


def test_typed_text_is_kept_when_nothing_can_be_asked(conn, browse, ada, alice, post, model):
    template = make_template(conn, ada, inline("{{ interesting_facts }}"))
    field = workflow.get_field(conn, key="basic_idea")
    actions.create(conn, actor=ada, field_id=field.id, name="Expand", template_id=template.id)
    browser = browse(alice)
    form = forms(page_of(browser, post))[f"/posts/{post.id}/fields/basic_idea"]
    answer = browser.post(form.action + "/suggestions", data=form | {"text": "typed just now"})
    assert answer.status_code == 422
    assert "“Interesting facts” is empty" in text_of(answer)
    assert f"/workflow/research/?post_id={post.id}#field-interesting_facts" in text_of(answer)
    assert value_of(conn, post) == "typed just now"


@pytest.mark.parametrize(
    "options",
    [{"temperature": "hot"}, {"temperature": "7"}, {"temperature": "nan"}, {"count": "5"}, {"count": "x"},
     {"action_id": "9" * 30}, {"action_id": "0"}, {"ask": "model:0"}, {"ask": "route:99999"}, {"ask": "route:x"},
     {"instead_of": "x"}],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(conn, browse, alice, post, action, options):
    write(conn, alice, post, "An idea.")
    answer = browse(alice).post(f"/posts/{post.id}/fields/basic_idea/suggestions", data=options)
    assert answer.status_code == 422
    assert suggestions.list_open(conn, post_id=post.id) == []


def test_a_field_without_action_offers_no_button_that_cannot_work(browse, alice, post, model):
    page = text_of(page_of(browse(alice), post))
    assert "Automate with LLM" not in page and "has no action yet" in page


def test_without_any_model_the_page_says_to_connect_one(conn, browse, ada, alice, post):
    template = make_template(conn, ada, inline("Expand {{ idea_seed }}."))
    field = workflow.get_field(conn, key="basic_idea")
    actions.create(conn, actor=ada, field_id=field.id, name="Expand", template_id=template.id)
    assert "Connect a model first" in text_of(page_of(browse(alice), post))


def test_a_suggestion_is_accepted_and_undone_by_forms(conn, browse, alice, post):
    base = write(conn, alice, post, "A guide.")
    suggestion_id = factories.make_suggestion(
        conn, post=post, actor=alice, base_revision_id=base.id, output="A short guide."
    )
    browser = browse(alice)
    page = page_of(browser, post)
    assert "<ins>" in text_of(page) and "short" in text_of(page)
    form = forms(page)[f"/suggestions/{suggestion_id}/acceptance"]
    assert browser.post(form.action, data=form).status_code == 303
    assert value_of(conn, post) == "A short guide."
    history = browser.get(f"/posts/{post.id}/fields/basic_idea/revisions")
    assert "accepted by Alice" in text_of(history) and "$0.00041" in text_of(history)
    restoring = forms(history)[f"/posts/{post.id}/fields/basic_idea/restorations"]
    browser.post(restoring.action, data=restoring)
    assert value_of(conn, post) == "A guide."


def test_a_field_that_moved_on_shows_a_merge_instead_of_overwriting(conn, browse, alice, bob, post):
    base = write(conn, alice, post, "one")
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice, base_revision_id=base.id, output="two")
    browser = browse(alice)
    form = forms(page_of(browser, post))[f"/suggestions/{suggestion_id}/acceptance"]
    newer = write(conn, bob, post, "one from Bob")
    answer = browser.post(form.action, data=form)
    assert answer.status_code == 409
    assert "The text changed after this was asked" in text_of(answer)
    merge = forms(answer)[form.action]
    assert (merge["base_revision"], merge["text"]) == (str(newer.id), "two")
    browser.post(form.action, data=merge | {"text": "one and two"})
    assert value_of(conn, post) == "one and two"


def test_the_second_tab_to_accept_is_told_who_was_first(conn, browse, alice, bob, post):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    suggestions.accept(conn, actor=bob, suggestion_id=suggestion_id)
    answer = browse(alice).post(f"/suggestions/{suggestion_id}/acceptance", data={"base_revision": ""})
    assert answer.status_code == 409
    assert "Bob already accepted this suggestion" in text_of(answer)


def test_stopping_and_discarding_lead_back_to_the_field(conn, browse, alice, post, action):
    write(conn, alice, post, "An idea.")
    browser = browse(alice)
    browser.post(f"/posts/{post.id}/fields/basic_idea/suggestions")
    (running,) = suggestions.list_open(conn, post_id=post.id)
    assert browser.post(f"/suggestions/{running.id}/withdrawal").location.endswith("#field-basic_idea")
    pending = factories.make_suggestion(conn, post=post, actor=alice)
    assert browser.post(f"/suggestions/{pending}/dismissal").status_code == 303
    assert suggestions.list_open(conn, post_id=post.id) == []


def test_a_failure_says_what_happened_and_what_to_do(conn, browse, alice, post):
    factories.make_suggestion(conn, post=post, actor=alice, status="failed", category="rate_limit")
    page = text_of(page_of(browse(alice), post))
    assert "It failed." in page and "Try again" in page


def test_an_answer_of_no_ai_is_marked_so(conn, browse, alice, post):
    echo = factories.make_model(conn, name="echo", is_ai=False)
    factories.make_suggestion(conn, post=post, actor=alice, model_id=echo)
    assert "Not an AI model" in text_of(page_of(browse(alice), post))


def test_several_suggestions_are_numbered(conn, browse, alice, post):
    for _ in range(3):
        factories.make_suggestion(conn, post=post, actor=alice)
    assert "2 of 3" in text_of(page_of(browse(alice), post))


def test_the_prompt_can_be_seen_before_it_is_sent(conn, browse, alice, post, action):
    address = f"/posts/{post.id}/fields/basic_idea/prompt"
    refused = browse(alice).get(address)
    assert refused.status_code == 422 and "“Basic idea” is empty" in text_of(refused)
    write(conn, alice, post, "An <idea>.")
    page = text_of(browse(alice).get(address))
    assert "Expand kilts for weddings, beside An &lt;idea&gt;." in page and "about" in page and "llama on Groq" in page


def test_a_viewer_reads_everything_and_has_nothing_to_press(conn, browse, alice, charlie, post, action):
    suggestion_id = factories.make_suggestion(conn, post=post, actor=alice)
    page = text_of(page_of(browse(charlie), post))
    assert "A better text." in page and "readonly" in page
    assert "Automate with LLM" not in page and "/acceptance" not in page
    for path in ("acceptance", "dismissal", "withdrawal"):
        assert browse(charlie).post(f"/suggestions/{suggestion_id}/{path}").status_code == 403
    saving = browse(charlie).post(f"/posts/{post.id}/fields/basic_idea", data={"text": "x", "base_revision": ""})
    assert saving.status_code == 403
