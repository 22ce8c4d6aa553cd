from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from blogforge_llm.engine import adapters, addresses, clients, fallback
from blogforge_llm.engine.adapters import llm_library
from tests.provider_standin import Standin


@pytest.fixture(scope="session")
def running_standin() -> Iterator[Standin]:
    with Standin() as standin:
        yield standin


@pytest.fixture
def standin(running_standin: Standin) -> Iterator[Standin]:
    running_standin.reset()
    yield running_standin
    running_standin.release()


@pytest.fixture(scope="session", autouse=True)
def llm_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Never the home of whoever runs the tests."""
    path = tmp_path_factory.mktemp("llm")
    llm_library.configure(path)
    return path


@pytest.fixture(scope="session", autouse=True)
def sdks(llm_files: Path) -> Iterator[None]:
    """Imported before anything is timed."""
    for kind in adapters.KINDS:
        adapters.load(kind)
    for module in ("groq", "cerebras.cloud.sdk", "openai", "llm.default_plugins.openai_models"):
        importlib.import_module(module)
    yield
    clients.close()


@pytest.fixture(autouse=True)
def short_pauses(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause before a repeat matters in one test only."""
    if "real_pauses" not in request.fixturenames:
        monkeypatch.setattr(fallback, "_PAUSE_S", (0.01, 0.02))


@pytest.fixture
def real_pauses() -> None:
    """Ask for the engine's own pauses."""


@pytest.fixture
def no_private_addresses() -> Iterator[None]:
    addresses.configure(private_allowed=False)
    yield
    addresses.configure(private_allowed=True)
