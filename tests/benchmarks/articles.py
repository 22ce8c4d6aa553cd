"""The pages of a whole article over ten thousand posts of twenty sections each: by one reader, and the overview and the
workflow's pages by four at once, none of whom ever pauses.

`python -m tests.benchmarks.articles` alone; BENCH_POSTS=1000 for fewer, BENCH_ARTICLES=folder keeps what was seeded and
uses it again. Every read is of another post. Readers and PostgreSQL are on the same machine as the web processes.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiosql
import psycopg

from blogforge_llm import embedded
from tests.benchmarks import readers, seed
from tests.benchmarks.numbers import Number
from tests.installation import Installation

TARGET_MS = 100.0
ROUNDS = 60  # of each reader
ORDER = (
    "make_paragraphs", "seed_posts", "seed_sections", "seed_items", "make_asked", "seed_tasks", "seed_attempts",
    "seed_suggestions", "seed_revisions", "seed_values", "seed_sources",
)  # fmt: skip
_WRITING = (
    "/posts/{post}", "/workflow/idea/?post_id={post}", "/workflow/sections/?post_id={post}",
    "/workflow/content/?post_id={post}", "/posts/{post}/sections/{section}",
)  # fmt: skip
_OTHERS = (
    "/posts", "/posts/{post}/board", "/posts/{post}/preview", "/posts/{post}/comparison",
    "/posts/{post}/sections/{section}/fields/section_draft/receipt",
)  # fmt: skip
_SECTIONS = "SELECT id, post_id FROM sections WHERE number = 7 ORDER BY id"


def measure(data_dir: Path, *, posts: int) -> Iterator[Number]:
    """Seeds the data directory if nobody has."""
    with Installation(data_dir) as installation:
        email = f"bench{time.time_ns()}@example.org"
        installation.create_admin(email)
        url = embedded.Cluster(data_dir).url
        if len(_read_sections(url)) < posts:
            _furnish(installation)
            _fill(url, posts=posts)
        found, headers = _read_sections(url), readers.log_in(installation, email)
        for count, pages, words in ((1, (*_WRITING, *_OTHERS), "one reader"), (4, _WRITING, "four readers")):
            for page in pages:
                times = readers.read_at_once(
                    installation, lambda page=page: _address(page, found), headers, readers=count, rounds=ROUNDS
                )
                yield Number(f"{page.format(post='N', section='M')}, {words}", times, TARGET_MS)


def _furnish(installation: Installation) -> None:
    """Whom to ask, and what: so that every button has its plan."""
    provider = installation.api(
        "POST", "/llm/providers",
        {"name": "Bench", "kind": "openai_compatible", "base_url": "http://127.0.0.1:9/v1", "api_key": "none"},
    )  # fmt: skip
    installation.api("POST", "/llm/models", {"provider_id": provider["id"], "name": "bench", "context_window": 131072})
    installation.command("library", "import", "editorial")


def _fill(url: str, *, posts: int) -> None:
    queries: Any = aiosql.from_path(Path(__file__).with_suffix(".sql"), "psycopg")
    with seed.unhindered(url) as conn:
        for name in ORDER:
            query = getattr(queries, name)
            asked = {"posts": posts} if name == "seed_posts" else {}
            seed.timed(name, lambda query=query, asked=asked: query(conn, **asked))
        seed.timed("statistics", lambda: conn.execute("VACUUM ANALYZE"))


def _read_sections(url: str) -> list[tuple[int, int]]:
    """One of each post."""
    with psycopg.connect(url) as conn:
        return conn.execute(_SECTIONS).fetchall()


def _address(page: str, sections: list[tuple[int, int]]) -> str:
    section, post = random.choice(sections)
    return page.format(post=post, section=section)


def main() -> int:
    posts = int(os.environ.get("BENCH_POSTS", "10000"))
    print(readers.heading(f"{posts:,} posts of 20 sections"), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for number in measure(Path(os.environ.get("BENCH_ARTICLES", folder)), posts=posts):
            print(readers.line(number), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
