"""OpenAPI links: what can be done next with the id that an answer gives. They follow from the addresses, since one noun
has one address: who made `POST /posts` may go on to everything under `/posts/{post_id}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from apispec import APISpec

Operation = dict[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete")


def add(spec: APISpec) -> None:
    """To every answer of a POST that carries an id. Call it when all operations are known."""
    paths: dict[str, dict[str, Any]] = spec._paths
    for path, methods in paths.items():
        for status, answer in methods.get("post", {}).get("responses", {}).items():
            known = _named_in(answer, path, spec) if status in ("201", "202") else {}
            if known and (links := dict(_links(known, path, paths))):
                answer["links"] = links


def _links(known: dict[str, str], path: str, paths: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Operation]]:
    """To every operation whose address has one of `known`, and nothing else that neither it nor `path` can fill."""
    carried = {name: f"$request.path.{name}" for name in _parameters(path)}
    for target, methods in paths.items():
        needed = _parameters(target)
        if not known.keys() & needed or not set(needed) <= known.keys() | carried.keys():
            continue
        filled = {name: (carried | known)[name] for name in needed}
        for method in (method for method in _METHODS if method in methods):
            reference = f"#/paths/{target.replace('/', '~1')}/{method}"
            yield f"{method} {target}", {"operationRef": reference, "parameters": filled}


def _named_in(answer: Operation, path: str, spec: APISpec) -> dict[str, str]:
    """The parameter of addresses that the answer tells, and where in it: of one thing, or of the first of several."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    is_list = schema.get("type") == "array"
    name = (schema["items"] if is_list else schema).get("$ref", "").rsplit("/", 1)[-1]
    members = spec.components.schemas.get(name, {}).get("properties", {})
    plural = path.rsplit("/", 1)[1]
    if plural == "versions":
        return {"number": "$response.body#/number"}
    if "id" not in members:
        return {}
    return {f"{_singular(plural)}_id": f"$response.body#/{'0/' if is_list else ''}id"}


def _parameters(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)


def _singular(plural: str) -> str:
    return plural[:-2] if plural.endswith("ches") else plural[:-1]
