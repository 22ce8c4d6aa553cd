"""The tasks area of the API."""

from __future__ import annotations

from blogforge_llm.api.tasks import batches, tasks

BLUEPRINTS = [tasks.bp, batches.bp]
