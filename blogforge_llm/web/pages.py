"""Numbered pages of a list: which one the address asks for."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    size: int
    total: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def count(self) -> int:
        return max(1, -(-self.total // self.size))

    def address(self, number: int) -> str:
        """This list's address with another page number."""
        arguments = {**request.args, **(request.view_args or {}), "page": number}
        return url_for(request.endpoint or "", **arguments)


def at(total: int, *, size: int = 50) -> Page:
    """The page that ?page= names, or the nearest there is."""
    last = Page(1, size, total).count
    return Page(min(max(request.args.get("page", 1, type=int), 1), last), size, total)
