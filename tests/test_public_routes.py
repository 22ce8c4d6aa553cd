"""Every address needs a login or a token, but those few."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from blogforge_llm import db

PUBLIC = {
    "home.show",  # leads to the login
    "setup.show", "setup.new", "setup.create",  # the first run; guarded by its link
    "sessions.new", "sessions.create", "sessions.delete",
    "assets.show",
    "health.show", "health.ready",  # for the machines around it
    "metrics.show",  # from this machine; from elsewhere with an admin's token
    "api-docs.openapi_json",
}  # fmt: skip
PUBLIC_PREFIX = "flasgger."  # the page that shows the document


def address(app: Flask, rule: Rule) -> str:
    values = {name: 1 if isinstance(kind, IntegerConverter) else "x" for name, kind in rule._converters.items()}
    with app.test_request_context():
        built = rule.build(values, append_unknown=False)
    assert built is not None
    return built[1]


def test_nothing_answers_strangers_but_the_public_list(app: Flask, conn: db.Connection) -> None:
    open_to_strangers, asked = set(), 0
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint in PUBLIC or rule.endpoint.startswith(PUBLIC_PREFIX):
                continue
            with app.test_client().open(address(app, rule), method=method) as answer:
                asked += 1
                if answer.status_code != 401:
                    open_to_strangers.add(f"{method} {rule.rule} [{rule.endpoint}]: {answer.status_code}")
    assert asked > 30
    assert not open_to_strangers


def test_the_public_list_names_only_what_exists(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert PUBLIC - endpoints == set()
