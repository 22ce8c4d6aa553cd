"""blogforge VERB: parse, settle the settings, run one verb. Exit codes: 0, 1 (failed, says why), 2 (usage)."""

from __future__ import annotations

import argparse
import contextlib
import sys
from importlib import import_module

import psycopg

from blogforge_llm import config, tracing
from blogforge_llm.cli import database
from blogforge_llm.errors import DomainError

# Where each verb is. A module has add_arguments(subparsers), which names the function to run: (arguments, settings).
_VERBS = {
    "serve": "serve",
    "web": "web",
    "worker": "worker",
    "migrate": "migrate",
    "user": "users",
    "token": "tokens",
    "library": "library",
    "import-legacy": "legacy",
    "backup": "backup",
    "restore": "backup",
}
_ON_SERVICES = {"user", "token", "library", "import-legacy"}  # these verbs need the database running and the pool open


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="blogforge", description="BlogForge LLM: editorial work with language models."
    )
    subparsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    given = sys.argv[1:] if argv is None else argv
    # A start waits for every import: of a known verb only its own module is read.
    named = {_VERBS[given[0]]} if given and given[0] in _VERBS else dict.fromkeys(_VERBS.values())
    for name in named:
        import_module(f"blogforge_llm.cli.{name}").add_arguments(subparsers)
    arguments = parser.parse_args(argv)
    tracing.configure_logging()
    try:
        settings = config.from_env()
        with database.pool(settings) if arguments.verb in _ON_SERVICES else contextlib.nullcontext():
            code: int = arguments.run(arguments, settings)
    except (DomainError, psycopg.Error) as error:
        print(f"blogforge: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
