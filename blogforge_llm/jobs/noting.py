"""What a job raises is noted for the page of errors, and raised on: the queue decides what becomes of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from blogforge_llm.errors import DomainError
from blogforge_llm.records.ops import ErrorSource
from blogforge_llm.services.ops import errors

P = ParamSpec("P")
T = TypeVar("T")


def errors_of(job: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(job)
    def noted(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return job(*args, **kwargs)
        except Exception as error:
            if not isinstance(error, DomainError):
                errors.note(error, source=ErrorSource.JOB, path=job.__name__)
            raise

    return noted
