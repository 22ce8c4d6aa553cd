"""A guide's commands, run in order in one shell on an installation, and their answers compared with those it shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.installation import Installation

EXACT = (".status", ".title", ".key", ".role")
_MARK = "--- the next block ---"


class Guide:
    """The ```bash blocks of a document, each with the ```json or ```text block that shows its answer, if any. `helpers`
    are the commands it takes for granted; members whose path ends as in `exact` must have the values it shows, but for
    those that it shows as "…"."""

    def __init__(self, path: Path, *, helpers: str = "", exact: tuple[str, ...] = EXACT) -> None:
        self.text = path.read_text()
        self.examples: list[tuple[str, str, str]] = re.findall(
            r"```bash\n(.*?)```(?:\n```(json|text)\n(.*?)```)?", self.text, re.S
        )
        self._helpers, self._exact = helpers, exact

    def run(self, installation: Installation, folder: Path, **variables: str) -> list[str]:
        """What each block prints, its answer compared with what the guide shows."""
        assert shutil.which("curl") and shutil.which("bash"), "The guide's examples need bash and curl: install them."
        script = self._helpers + f"\necho '{_MARK}'\n".join(commands for commands, _, _ in self.examples)
        path = f"{Path(sys.executable).parent}:{installation.environment['PATH']}"
        environment = installation.environment | variables
        environment |= {"URL": installation.url, "TOKEN": installation.token, "PATH": path}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True,
            timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        printed = done.stdout.split(_MARK)
        for (commands, kind, shown), text in zip(self.examples, printed, strict=True):
            if kind == "json":
                self._assert_alike(json.loads(shown), last_json(text), commands)
            elif kind == "text":
                assert set(re.findall(r"^event: \w+", shown, re.M)) <= set(re.findall(r"^event: \w+", text, re.M)), text
        return printed

    def _assert_alike(self, shown: Any, answered: Any, where: str) -> None:
        """The answer has all that the guide shows, in the same places and of the same kind; other values may differ."""
        if isinstance(shown, dict):
            assert isinstance(answered, dict), where
            for key, value in shown.items():
                assert key in answered, f"{where}: no {key} in {sorted(answered)}"
                self._assert_alike(value, answered[key], f"{where}.{key}")
        elif isinstance(shown, list):
            assert isinstance(answered, list) and len(answered) >= len(shown), where
            for number, value in enumerate(shown):
                self._assert_alike(value, answered[number], f"{where}[{number}]")
        elif shown is not None:
            assert type(shown) is type(answered), f"{where}: {answered!r}"
            if where.endswith(self._exact) and shown != "…":
                assert shown == answered, where


def last_json(text: str) -> Any:
    """The last of the JSON documents that a block prints, its other words left out."""
    decoder, place, last = json.JSONDecoder(), 0, None
    while match := re.compile(r"[\[{]").search(text, place):
        last, place = decoder.raw_decode(text, match.start())
    return last
