"""The prompts area: parts and templates with their versions, and drafts of templates."""

from __future__ import annotations

from blogforge_llm.web.prompts import outcomes, part_versions, parts, template_drafts, template_versions, templates

BLUEPRINTS = [parts.bp, part_versions.bp, templates.bp, template_drafts.bp, template_versions.bp, outcomes.bp]
