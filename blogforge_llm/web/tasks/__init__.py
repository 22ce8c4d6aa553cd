"""The tasks area: the log, one task, the tray of running ones, and the stream that feeds every page."""

from __future__ import annotations

from blogforge_llm.web.tasks import batches, live, tasks, tray

BLUEPRINTS = [live.bp, tasks.bp, batches.bp, tray.bp]
