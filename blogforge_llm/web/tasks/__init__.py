"""The tasks area: the log, one task, the runner, the tray of running ones, and the stream that feeds every page."""

from __future__ import annotations

from blogforge_llm.web.tasks import comparisons, live, reruns, task_suggestions, tasks, tray, trials

BLUEPRINTS = [live.bp, tasks.bp, tray.bp, trials.bp, reruns.bp, comparisons.bp, task_suggestions.bp]
