"""The OpenAPI 3.1 document at /api/openapi.json and its page at /apidocs/, offline and under the policy."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from flask_smorest import Api
from flask_smorest.pagination import PaginationMetadataSchema
from marshmallow import Schema, fields

from blogforge_llm.api import authentication, idempotency, links, request_limits, requests
from blogforge_llm.api.fields import Money, Share

INTRODUCTION = """\
Everything the pages do, for programs. Send `Authorization: Bearer TOKEN` with every call; make a token under
*Account, API tokens* or with `blogforge token create EMAIL`.

* Lists of small nouns take `page` and `page_size` and answer the total in `X-Pagination`; long ones take `after` and
  `limit`, and give `next` when there is more.
* Bodies are JSON and say so with `Content-Type: application/json`. What was made or begun is named in `Location`.
* Errors are `application/problem+json` (RFC 9457) with `errors` per field.
* Every answer says in `RateLimit` how many requests are left (`r`) and for how many seconds (`t`); above the limit the
  answer is 429 with `Retry-After`.
* A `POST` with an `Idempotency-Key` may be repeated safely: the second answer is the first one's.
"""


_ALWAYS = (401, 429)
_WITH_BODY = (400, 409, 415)


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True, metadata={"example": "Unprocessable content"})
    status = fields.Integer(required=True, metadata={"example": 422})
    detail = fields.String(metadata={"description": "What happened and what to do."})
    request_id = fields.String(metadata={"description": "Name it when you ask an admin for help."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "What is wrong, by field.", "example": {"name": ["Name is missing."]}},
    )
    current = fields.Raw(metadata={"description": "With 409: what is there now."})


class Converter(OpenAPIConverter):
    """Says in the document what a schema checks as a whole: its `rules`, in the words of JSON Schema; and what a
    list `contains` or a text is, which apispec leaves out."""

    def field2property(self, field: Any) -> dict[str, Any]:
        written: dict[str, Any] = super().field2property(field)
        return written | {word: field.metadata[word] for word in ("contains", "const") if word in field.metadata}

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        written: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        return written | getattr(schema, "rules", {})


class Plugin(MarshmallowPlugin):
    Converter = Converter


class ProblemApi(Api):
    """flask-smorest whose errors are problem documents; the handlers themselves are the application's (app.py)."""

    ERROR_SCHEMA = Problem
    DEFAULT_RESPONSE_CONTENT_TYPE: str = "application/json"

    def _register_pagination_header(self) -> None:
        """JSON in a header is text to HTTP: smorest would call it an object. Clients that know `contentSchema` are few,
        and others refuse the document for it."""
        members = ", ".join(f"`{name}`" for name in PaginationMetadataSchema().fields)
        header = {
            "description": f"JSON with {members}; no page before the first, none after the last.",
            "schema": {"type": "string", "contentMediaType": "application/json", "example": '{"total": 3, "page": 1}'},
        }
        self.spec.components.header("PAGINATION", header, lazy=True)

    def _register_error_handlers(self) -> None:
        """Its own handler would answer for the whole application, pages included."""

    def _register_responses(self) -> None:
        # The document must say problem+json for errors; smorest knows one content type for all.
        usual = self.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = usual


def create(app: Flask) -> Api:
    app.config.update(
        API_TITLE="BlogForge LLM",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": INTRODUCTION},
            "servers": [{"url": "/", "description": "This installation."}],
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "security": [{"token": []}],
        },
    )
    app.before_request(authentication.load_viewer)
    request_limits.init(app)
    requests.init(app)
    idempotency.init(app)
    api = ProblemApi(spec_kwargs={"marshmallow_plugin": Plugin()})
    api.init_app(app)
    for kind in (Money, Share):
        api.register_field(kind, "string", "decimal")
    return api


def complete(api: Api) -> None:
    """What is known when every operation is: the links between them, how far pages can be counted, and the errors that
    any of them may answer."""
    links.add(api.spec)
    for path, methods in api.spec._paths.items():
        for operation in (each for each in methods.values() if isinstance(each, dict)):
            for parameter in operation.get("parameters", ()):
                if isinstance(parameter, dict) and parameter["name"] == "page":
                    parameter["schema"]["maximum"] = requests.PAGE_MAX
            if path.startswith("/api/"):
                for status in (*_ALWAYS, *(_WITH_BODY if "requestBody" in operation else ())):
                    name = HTTPStatus(status).name
                    operation["responses"].setdefault(str(status), api.spec.components.get_ref("response", name))


def init_page(app: Flask) -> None:
    """Flasgger serves the page; templates/flasgger/index.html points its Swagger UI at the document above."""
    from flasgger import Swagger  # a fifth of the time that importing the application would take

    Swagger(app, config={"headers": [], "specs": [], "swagger_ui": True, "specs_route": "/apidocs/",
                         "static_url_path": "/flasgger_static", "title": "BlogForge LLM API"})  # fmt: skip
