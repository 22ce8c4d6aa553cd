"""People, what they may do, and the tokens they give to programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What the matrix in services/accounts/permissions.py grants to roles; docs/permissions.md shows it."""

    READ = "read"  # posts, the registry without keys, prompts, tasks
    WRITE_POSTS = "write_posts"  # create, edit, accept, restore, delete
    RUN_TASKS = "run_tasks"  # ask a model, which may cost money
    PUBLISH_POSTS = "publish_posts"
    KEEP_REGISTRY = "keep_registry"  # providers, shared keys, models, routes, presets
    KEEP_PROMPTS = "keep_prompts"  # parts, templates, actions, the library
    KEEP_WORKFLOW = "keep_workflow"  # stages, sub-stages, fields
    READ_RAW = "read_raw"  # provider error texts and raw replies
    KEEP_USERS = "keep_users"
    KEEP_SETTINGS = "keep_settings"
    KEEP_ALERTS = "keep_alerts"  # read alerts, keep their rules and webhooks


@dataclass(frozen=True, slots=True)
class User:
    id: int
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: int
    user_id: int
    name: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class LoginTry:
    """A try to log in that was counted but not yet verified. `user_id` is None when nobody active has the e-mail."""

    email: str
    failure_ids: list[int]
    user_id: int | None
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """A known key with the value in force. kind: boolean, integer or origins."""

    key: str
    group: str
    label: str
    description: str
    kind: str
    value: Any
    default: Any
    updated_at: datetime | None
    updated_by_name: str | None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of how often programs may ask. `policy` is token or user."""

    policy: str
    remaining: int
    resets_in_s: int
    is_full: bool
    most: int
