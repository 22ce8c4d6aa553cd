"""The documents say what is so: links lead somewhere, commands exist, tables agree with the code and the schema."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from blogforge_llm import embedded
from blogforge_llm.config import ROOT
from tests.docs import data_model
from tests.installation import BLOGFORGE, free_port, wait_until

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURES_MAY_WEIGH = 6_000_000


def prose(path: Path) -> str:
    """The document without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)


def anchors(path: Path) -> set[str]:
    """The headings' anchors as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_and_picture_leads_somewhere(path: Path) -> None:
    missing = []
    for target in re.findall(r"(?:\]\(|src=\")([^)\"\s]+)", prose(path)):
        if re.match(r"(https?|mailto):", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            missing.append(target)
    assert not missing


def test_every_picture_is_shown_somewhere_and_all_stay_light() -> None:
    pictures = [path for path in (ROOT / "docs").rglob("*") if path.suffix in {".png", ".svg"}]
    texts = "".join(path.read_text() for path in DOCS)
    assert [path.name for path in pictures if path.name not in texts] == []
    assert sum(path.stat().st_size for path in pictures) < PICTURES_MAY_WEIGH


def test_drawings_are_sound_and_ask_the_network_for_nothing() -> None:
    for path in (ROOT / "docs").rglob("*.svg"):
        ElementTree.parse(path)
        assert not re.search(r"(?:href|src)=|url\((?!#)|@import", path.read_text()), path


def test_the_data_model_is_the_schema_s(cluster: embedded.Cluster, template_database: str) -> None:
    made = data_model.page(cluster.url)
    assert data_model.PAGE.read_text() == made, "run python -m tests.docs.data_model"


def test_the_architecture_names_the_layers_the_linter_enforces() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    enforced = {name for layer in contract["layers"] for name in re.findall(r"\w+", layer)}
    section = re.search(r"^## Layers$.*?(?=^## )", (ROOT / "docs" / "architecture.md").read_text(), re.M | re.S)
    assert section
    first_column = "".join(re.findall(r"^\| (.*?) \|", section[0], re.M))
    assert {name.removesuffix(".py") for name in re.findall(r"`([^`]+)`", first_column)} == enforced


def test_the_make_verbs_in_the_documents_exist() -> None:
    verbs = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.M))
    for path in DOCS:
        code = "".join(re.findall(r"^```\n.*?^```|`[^`\n]+`", path.read_text(), re.M | re.S))
        assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= verbs, path.name
    assert {"run", "test"} <= set(re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), re.M))


def test_every_environment_variable_is_explained_and_no_other() -> None:
    read = set(re.findall(r'env\.get\("(\w+)"\)', (ROOT / "blogforge_llm" / "config.py").read_text()))
    assert len(read) >= 5
    in_example = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    in_guide = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "operators.md").read_text(), re.M))
    assert in_example == read
    assert in_guide == read


def test_every_command_is_explained_and_no_other() -> None:
    guide = (ROOT / "docs" / "operators.md").read_text()
    explained = set(re.findall(r"^\| `blogforge ([a-z-]+(?: [a-z]+)?)\b", guide, re.M))
    assert explained == set(_commands())


def _commands() -> Iterator[str]:
    for verb in _verbs():
        below = list(_verbs(verb))
        yield from (f"{verb} {name}" for name in below) if below else [verb]


def _verbs(*command: str) -> Iterator[str]:
    """The verbs `--help` lists, which argparse indents by four."""
    done = subprocess.run([*BLOGFORGE, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    yield from re.findall(r"^    ([a-z][a-z-]*)\b", done.stdout, re.M)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_a_document_speaks_of_the_product_and_not_of_its_making(path: Path) -> None:
    forbidden = (
        r"\b(TODO|FIXME|Co-Authored|Claude|Copilot|ChatGPT|Codex|written by an? (AI|model)|issue #?\d|builders?)\b"
    )
    assert re.findall(forbidden, path.read_text(), re.I) == []


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_make_run_reaches_a_working_page_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    port = free_port()
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "DATABASE_URL"))}
    environment = inherited | {"BLOGFORGE_DATA_DIR": str(tmp_path / "data"), "BLOGFORGE_PORT": str(port)}
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "run"], cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_until(lambda: "/setup/" in log.read_text() or process.poll() is not None, timeout=240)
        link = re.search(r"http\S+/setup/\S+", log.read_text())
        assert link, log.read_text()
        assert _answers(port)
        with urllib.request.urlopen(link[0], timeout=10) as page:
            assert "Create" in page.read().decode()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        stopped_at = time.monotonic()
        process.wait(20)
    assert time.monotonic() - stopped_at < 10
    assert not _answers(port)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
    except OSError:
        return False
    return True
