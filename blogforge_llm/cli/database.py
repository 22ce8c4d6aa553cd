"""The database a verb works on: DATABASE_URL, or the embedded one, started for the time of the verb if need be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from blogforge_llm import db, embedded, migrations
from blogforge_llm.config import Settings
from blogforge_llm.errors import Unavailable


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[str]:
    """Its URL; an embedded database that did not run before is stopped again at the end."""
    if settings.database_url:
        yield settings.database_url
        return
    cluster = embedded.Cluster(settings.data_dir)
    was_running = cluster.is_running()
    url = cluster.start()
    try:
        yield url
    finally:
        if not was_running:
            cluster.stop()


@contextlib.contextmanager
def pool(settings: Settings) -> Iterator[None]:
    """The open pool on an up-to-date schema, for verbs that use services. Brings an embedded database up to date."""
    with running(settings) as url:
        if settings.is_embedded:
            migrations.apply(url)
        migrations.check(url)
        db.open_pool(url, max_size=4)
        try:
            yield
        finally:
            db.close_pool()


def url_of_running(settings: Settings) -> str:
    """For web and worker alone: they join a database that runs. Raises Unavailable when there is none."""
    if settings.database_url:
        return settings.database_url
    cluster = embedded.Cluster(settings.data_dir)
    if not cluster.is_running():
        raise Unavailable("The embedded database runs only under `blogforge serve`. Start that, or set DATABASE_URL.")
    return cluster.url
