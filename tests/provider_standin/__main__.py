"""The stand-in as a program, for people developing: `python -m tests.provider_standin --port 9999`."""

import argparse
import contextlib
import sys
import threading

from .behaviours import BEHAVIOURS, COMMON_OPTIONS
from .dialects import CONTEXT_WINDOWS, DIALECTS
from .standin import Standin


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.provider_standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9999, help="0 takes a free one")
    parser.add_argument("--quiet", action="store_true", help="do not print a line for each request")
    parser.add_argument("--list-faults", action="store_true", help="let /models list the behaviours too")
    options = parser.parse_args()
    with Standin(options.host, options.port, log=None if options.quiet else _print) as standin:
        if options.list_faults:
            for dialect in DIALECTS:
                standin.models(dialect, [*CONTEXT_WINDOWS, *(b.kind for b in BEHAVIOURS.values())])
        _print(_introduction(standin))
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def _introduction(standin: Standin) -> str:
    width = max(len(b.usage) for b in BEHAVIOURS.values())
    names = [f"  {b.usage:<{width}}  {b.about}" for b in BEHAVIOURS.values()]
    options = [f"  ;{name:<{width - 1}}  {about}" for name, about in COMMON_OPTIONS.items()]
    return "\n".join(
        [
            f"groq        {standin.groq_url}",
            f"cerebras    {standin.cerebras_url}",
            f"compatible  {standin.compatible_url}",
            "",
            "Any key that does not start with `bad` is accepted. Models that answer:",
            f"  {', '.join(CONTEXT_WINDOWS)}",
            "Models that do as their name says, in capitals your choice (in brackets: without):",
            *names,
            "Options for any of them:",
            *options,
            "Other processes: GET /_requests /_totals /_behaviours, "
            "POST /_script /_behave /_answer /_outage /_keys /_key /_models /_hold /_release /_reset",
        ]
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")  # in one piece: every connection has its thread
    sys.stdout.flush()


if __name__ == "__main__":
    main()
