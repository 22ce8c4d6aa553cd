"""The tasks area of the API."""

from __future__ import annotations

from blogforge_llm.api.tasks import batches, tasks, trials

BLUEPRINTS = [tasks.bp, trials.bp, batches.bp]
