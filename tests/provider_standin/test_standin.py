"""What tests and other processes can tell the stand-in, and what it tells them."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import groq
import httpx
import openai
import pytest

from tests.provider_standin import Fault, Plan, Reply, Standin, Text, count_tokens, in_words
from tests.provider_standin.asking import (
    ANSWER,
    PROMPT_TOKENS,
    THREE,
    ask,
    control,
    post,
    text_of,
)


def test_a_gate_holds_the_stream_until_it_is_released(standin: Standin, client: Any) -> None:
    gate = standin.hold("ok", after_words=3)
    stream = ask(client("groq"), "ok", stream=True)
    chunks = [next(stream) for _ in range(4)]
    gate.wait_held()
    [served] = standin.requests
    assert text_of(chunks) == THREE
    assert (served.held, served.words_sent, served.outcome) == (True, 3, "open")
    standin.release("ok")
    assert text_of(chunks + list(stream)) == ANSWER
    assert not standin.requests[0].held


def test_a_gate_holds_whole_answers_and_headers_too(standin: Standin, client: Any) -> None:
    for after_words in (2, None):
        gate = standin.hold("ok", after_words=after_words)
        answers: list[Any] = []
        asking = client("compatible")
        thread = threading.Thread(target=lambda: answers.append(ask(asking, "ok")))  # noqa: B023
        thread.start()
        gate.wait_held()
        assert standin.requests[-1].status is None
        gate.release()
        thread.join()
        assert answers[0].choices[0].message.content == ANSWER


def test_words_sent_before_the_client_left_are_billed(standin: Standin, client: Any) -> None:
    gate = standin.hold("ok", after_words=2)
    stream = ask(client("cerebras"), "ok", stream=True)
    gate.wait_held()
    stream.close()
    [served] = standin.wait_for_end(1)
    said = "".join(in_words(ANSWER)[:2])
    assert (served.outcome, served.chars_sent) == ("client_left", len(said))
    assert (served.input_tokens, served.output_tokens) == (PROMPT_TOKENS, count_tokens(said))


def test_a_script_is_played_in_turn_and_then_forgotten(standin: Standin, client: Any) -> None:
    steps = [
        "status:503",
        Text("One."),
        lambda body: f"Asked of {body['model']}.",
        Plan(Reply("Two.")),
        Plan(Fault(429)),
    ]
    standin.script("llama-standin", steps)
    said = []
    for _ in range(6):
        try:
            said.append(ask(client("groq"), "llama-standin").choices[0].message.content)
        except groq.APIStatusError as error:
            said.append(error.status_code)
    assert said == [503, "One.", "Asked of llama-standin.", "Two.", 429, ANSWER]


def test_scripts_answers_and_outages_make_a_model_known(standin: Standin, client: Any) -> None:
    standin.answer("my-model", "Exactly this.")
    assert ask(client("compatible"), "my-model").choices[0].message.content == "Exactly this."
    standin.outage("my-model")
    with pytest.raises(openai.InternalServerError):
        ask(client("compatible"), "my-model")
    standin.outage("my-model", on=False)
    standin.behave("my-model", "quoted")
    assert ask(client("compatible"), "my-model").choices[0].message.content == '"Exactly this."'
    standin.reset()
    with pytest.raises(openai.NotFoundError):
        ask(client("compatible"), "my-model")
    assert len(standin.requests) == 1


def test_a_script_with_a_misspelt_step_is_refused_at_once(standin: Standin) -> None:
    with pytest.raises(ValueError, match="statsu"):
        standin.script("ok", ["statsu:503"])
    with pytest.raises(ValueError, match="retry-aftr"):
        standin.script("ok", ["status:429;retry-aftr=2"])


def test_keys_are_refused_accepted_and_exhausted(standin: Standin, client: Any) -> None:
    with pytest.raises(groq.AuthenticationError):
        ask(client("groq", "bad-key"), "ok")
    standin.keys("groq", ["right-key"])
    with pytest.raises(groq.AuthenticationError):
        ask(client("groq", "other-key"), "ok")
    assert ask(client("groq", "right-key"), "ok").choices
    standin.key_behaves("right-key", "status:402")
    with pytest.raises(groq.APIStatusError) as error:
        ask(client("groq", "right-key"), "ok")
    assert error.value.status_code == 402
    assert "right-key" not in repr(standin.requests)
    with pytest.raises(groq.AuthenticationError):
        client("groq", "bad-key").models.list()


def test_the_ledger_counts_requests_in_flight_and_in_a_window(standin: Standin) -> None:
    gate = standin.hold("ok", after_words=0)
    with post(standin, "ok") as one, post(standin, "ok") as two, post(standin, "ok") as three:
        gate.wait_held(3)
        assert standin.ledger.most_in_flight() == 3
        gate.release()
        for response in (one, two, three):
            response.read()
    with post(standin, "ok", stream=False):
        pass
    assert standin.ledger.most_in_flight() == 3
    assert standin.ledger.most_within(60, model="ok") == 4


def test_waiting_in_vain_says_what_there_was(standin: Standin) -> None:
    with post(standin, "ok", stream=False) as response:
        response.read()
    with pytest.raises(TimeoutError, match="1:ok:complete"):
        standin.wait_for_request(2, timeout=0.01)


def test_other_processes_steer_it_over_http(standin: Standin, client: Any) -> None:
    steps = ["status:503", {"text": "From afar."}, {"json": ["a", "b"]}]
    assert control(standin, "POST", "/_script", {"model": "ok", "steps": steps}) == (200, {"ok": True})
    with pytest.raises(groq.InternalServerError):
        ask(client("groq"), "ok")
    assert ask(client("groq"), "ok").choices[0].message.content == "From afar."
    assert ask(client("groq"), "ok").choices[0].message.content == '["a", "b"]'
    control(standin, "POST", "/_hold", {"model": "ok", "after_words": 1})
    stream = ask(client("groq"), "ok", stream=True)
    status, rows = control(standin, "GET", "/_requests?model=ok&wait=3&ended=1&timeout=5")
    assert (status, [row["status"] for row in rows]) == (200, [503, 200, 200, 200])
    control(standin, "POST", "/_release", {"model": "ok"})
    assert text_of(list(stream)) == ANSWER
    assert control(standin, "GET", "/_totals?model=ok")[1]["requests"] == 4
    assert control(standin, "POST", "/_script", {"model": "ok", "steps": ["nonsense"]})[0] == 400
    assert control(standin, "POST", "/_nothing", {})[0] == 404
    control(standin, "POST", "/_reset")
    assert standin.requests == []


def test_closing_ends_open_streams_at_once() -> None:
    standin = Standin()
    with post(standin, "idle-after:1"):
        standin.close()
    assert standin.requests[0].outcome == "stopped"


def test_as_a_program_it_prints_its_addresses_and_names() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.provider_standin", "--port", "0"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    with program:
        printed = [program.stdout.readline() for _ in range(12)]
        url = printed[0].split()[1]
        with httpx.Client() as http_client:
            listed = http_client.get(f"{url}/cerebras/v1/models", headers={"Authorization": "Bearer a-key"})
        assert listed.json()["data"][0]["id"] == "llama-3.3-70b-versatile"
        program.terminate()
    assert any("slow-first-token:SECONDS" in line for line in printed)
