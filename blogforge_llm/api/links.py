"""OpenAPI links: what can be done next with the ids that an answer gives. They follow from the addresses, since one
noun has one address: who made `POST /posts`, or listed `GET /posts`, may go on to everything under `/posts/{post_id}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from apispec import APISpec

Operation = dict[str, Any]
Paths = dict[str, dict[str, Any]]

_METHODS = ("get", "put", "post", "patch", "delete")
_GOOD = ("200", "201", "202")
# Which member of an answer a parameter of addresses is; any other is its `id`.
_MEMBERS = {"number": "number", "field_key": "key", "name": "name"}
# What may be set depends on the key alone, which no schema says: nobody goes there without looking.
_APART = "/api/v1/settings/"


def add(spec: APISpec) -> None:
    """To every answer that carries an id, and to the rest of what stands at an address. Call it when all operations are
    known."""
    paths: Paths = spec._paths
    for path, methods in paths.items():
        for method in ("get", "post"):
            for status, answer in methods.get(method, {}).get("responses", {}).items():
                if status in _GOOD and (links := dict(_links(answer, method, path, paths, spec))):
                    answer["links"] = links


def _links(answer: Operation, method: str, path: str, paths: Paths, spec: APISpec) -> Iterator[tuple[str, Operation]]:
    """To what the answer's ids fill, and from the address of one thing to what else stands there or just below."""
    carried = {name: f"$request.path.{name}" for name in _parameters(path)}
    known = {name: f"$response.body#/{place}" for name, place in _told(answer, path, paths, spec).items()}
    for target, methods in paths.items():
        needed = _parameters(target)
        is_near = bool(needed) and target.rpartition("/")[0] in (path, path.rpartition("/")[0])
        is_led_to = known.keys() & needed or (method == "get" and is_near and path.endswith("}"))
        if not is_led_to or not set(needed) <= known.keys() | carried.keys() or target.startswith(_APART):
            continue
        filled = {name: (carried | known)[name] for name in needed}
        for other in (other for other in _METHODS if other in methods and (other, target) != (method, path)):
            reference = f"#/paths/{target.replace('/', '~1')}/{other}"
            yield f"{other} {target}", {"operationRef": reference, "parameters": filled}


def _told(answer: Operation, path: str, paths: Paths, spec: APISpec) -> dict[str, str]:
    """The parameters of addresses that the answer tells, and where in it: of one thing, or of the first of several."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    name, place = _name_of(schema), ""
    if schema.get("type") == "array":
        name, place = _name_of(schema["items"]), "0/"
    elif (items := _members(name, spec).get("items", {})).get("type") == "array":
        name, place = _name_of(items["items"]), "items/0/"
    parameter = _parameter_of(path, name, paths)
    if parameter is None or (member := _MEMBERS.get(parameter, "id")) not in _members(name, spec):
        return {}
    return {parameter: f"{place}{member}"}


def _parameter_of(path: str, schema: str, paths: Paths) -> str | None:
    """What names one of those that the address lists or makes: the parameter right below it, or below the same noun
    elsewhere, or that of the address which answers with the same schema."""
    if path.endswith("}"):
        return None
    noun = path.rpartition("/")[2]
    for below in (f"{path}/", f"/api/v1/{noun}/"):
        for other in paths:
            if other.startswith(f"{below}{{"):
                return _parameters(other.removeprefix(below))[0]
    for other, methods in paths.items():
        good = methods.get("get", {}).get("responses", {}).get("200", {}) if other.endswith("}") else {}
        if schema and _name_of(good.get("content", {}).get("application/json", {}).get("schema", {})) == schema:
            return _parameters(other)[-1]
    return None


def _name_of(schema: Operation) -> str:
    name: str = schema.get("$ref", "").rpartition("/")[2]
    return name


def _members(name: str, spec: APISpec) -> Operation:
    members: Operation = spec.components.schemas.get(name, {}).get("properties", {})
    return members


def _parameters(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)
