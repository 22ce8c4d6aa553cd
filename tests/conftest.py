"""What every test may ask for: a real PostgreSQL, a connection rolled back at the end, the app, and three people.

alice writes and owns, bob is her colleague, charlie may only read; ada is the admin.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg.rows import dict_row

from blogforge_llm import db, embedded, migrations
from blogforge_llm.app import create_app
from blogforge_llm.config import Settings
from blogforge_llm.errors import Unavailable
from blogforge_llm.records.accounts import User
from blogforge_llm.services.accounts import sessions, tokens
from blogforge_llm.web import viewers
from tests import factories
from tests.provider_standin import Standin


class OneConnection:
    """A stand-in for the pool: everything in the test, requests included, shares one transaction.

    Threads that an earlier test left running (a heartbeat) get nothing: they would break into that transaction.
    """

    def __init__(self, conn: db.Connection) -> None:
        self.conn = conn
        self.thread = threading.get_ident()

    @contextlib.contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[db.Connection]:
        if threading.get_ident() != self.thread:
            raise Unavailable("This connection is the test's own.")
        yield self.conn

    def close(self) -> None:
        """Nothing to close: the fixture owns the connection."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Cluster]:
    cluster = embedded.Cluster(tmp_path_factory.mktemp("cluster"))
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def template_database(cluster: embedded.Cluster) -> str:
    """The name of a migrated database, cloned for tests that must commit."""
    migrations.apply(cluster.url)
    return "blogforge"


@pytest.fixture(scope="session")
def shared_database(cluster: embedded.Cluster, template_database: str) -> str:
    return new_database(cluster, template_database)


@pytest.fixture
def database_url(cluster: embedded.Cluster, template_database: str) -> Iterator[str]:
    """A database of the test's own, for several processes or connections; dropped afterwards."""
    url = new_database(cluster, template_database)
    yield url
    name = url.split("/")[-1].split("?")[0]
    with psycopg.connect(cluster.url, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def new_database(cluster: embedded.Cluster, template: str = "template1") -> str:
    """A database with a name of its own; the URL of it."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster.url.replace("/blogforge?", "/postgres?"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return cluster.url.replace("/blogforge?", f"/{name}?")


@pytest.fixture
def conn(shared_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[db.Connection]:
    with (
        db.Connection.connect(shared_database, row_factory=dict_row, autocommit=True) as conn,
        conn.transaction(force_rollback=True),
    ):
        monkeypatch.setattr(db, "_pool", OneConnection(conn))
        yield conn


@pytest.fixture
def pool(database_url: str) -> Iterator[str]:
    """The real pool on a database of the test's own: transactions commit, threads and processes see them."""
    db.open_pool(database_url)
    yield database_url
    db.close_pool()


@pytest.fixture
def standin() -> Iterator[Standin]:
    """A provider on loopback that answers, and breaks, as its models' names say."""
    with Standin() as standin:
        yield standin


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data_dir=Path(tmp_path_factory.mktemp("data")), host="127.0.0.1", port=5000, database_url=None,
        secret_key="a secret of the tests only", is_embedded=True,
    )  # fmt: skip


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    app = create_app(settings)
    app.testing = True
    # Tests see the answers people see, not the exceptions behind them.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def ada(conn: db.Connection) -> User:
    return factories.make_user(conn, name="Ada", role="admin")


@pytest.fixture
def alice(conn: db.Connection) -> User:
    return factories.make_user(conn, name="Alice", role="editor")


@pytest.fixture
def bob(conn: db.Connection) -> User:
    return factories.make_user(conn, name="Bob", role="editor")


@pytest.fixture
def charlie(conn: db.Connection) -> User:
    return factories.make_user(conn, name="Charlie", role="viewer")


@pytest.fixture
def browse(app: Flask, conn: db.Connection) -> Callable[[User | None], FlaskClient]:
    """A browser of somebody: `browse(alice).get("/posts")`; `browse(None)` is logged out."""

    def open_browser(user: User | None) -> FlaskClient:
        client = app.test_client()
        if user is not None:
            client.set_cookie(viewers.COOKIE, sessions.create(conn, user_id=user.id))
        return client

    return open_browser


class ApiClient:
    """A program of somebody: paths below /api/v1, JSON in and out."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {token}"}

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(path: str, json: Any = None, headers: dict[str, str] | None = None, **kwargs: Any) -> Any:
            return self.client.open(
                f"/api/v1{path}", method=method.upper(), json=json, headers=self.headers | (headers or {}), **kwargs
            )

        return call


@pytest.fixture
def program(app: Flask, conn: db.Connection) -> Callable[[User], ApiClient]:
    """`program(ada).post("/llm/providers", {...})`."""

    def open_program(user: User) -> ApiClient:
        _, token = tokens.create(conn, actor=user, name="test")
        return ApiClient(app.test_client(), token)

    return open_program
