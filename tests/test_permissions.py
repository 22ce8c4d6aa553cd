"""The matrix, its table in the docs, and what each role really gets from the services."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from blogforge_llm import db, watching
from blogforge_llm.config import ROOT
from blogforge_llm.errors import DomainError, Forbidden
from blogforge_llm.records.accounts import Permission, Role, User
from blogforge_llm.records.ops import ErrorState
from blogforge_llm.records.sections import ItemKind
from blogforge_llm.records.tasks import TaskFilter
from blogforge_llm.services.accounts import permissions, settings, tokens, users
from blogforge_llm.services.editorial import (
    actions,
    board,
    headings,
    items,
    marks,
    receipts,
    runs,
    section_events,
    section_joints,
    sections,
    staleness,
    suggestions,
    workflow_archival,
    workflow_fields,
    workflow_order,
    workflow_steps,
)
from blogforge_llm.services.editorial.workflow_archival import Noun
from blogforge_llm.services.ops import (
    alert_rules,
    alerts,
    audit,
    budgets,
    dashboard,
    deliveries,
    errors,
    ledger,
    webhooks,
)
from blogforge_llm.services.prompts import approvals, impacts, outcomes, parts, templates
from blogforge_llm.services.registry import circuits
from blogforge_llm.services.tasks import log, trials
from tests import factories

Call = Callable[[db.Connection, User], Any]

# What a service does, and the permission it must ask for. Ids that do not exist will do: the permission comes first.
CALLS: list[tuple[str, Permission, Call]] = [
    ("tokens.create", Permission.READ, lambda conn, actor: tokens.create(conn, actor=actor, name="x")),
    ("users.rename", Permission.READ, lambda conn, actor: users.rename(conn, actor=actor, name="x")),
    ("users.list_", Permission.KEEP_USERS, lambda conn, actor: users.list_(conn, actor=actor)),
    ("users.get", Permission.KEEP_USERS, lambda conn, actor: users.get(conn, actor=actor, user_id=0)),
    ("users.create", Permission.KEEP_USERS,
     lambda conn, actor: users.create(conn, actor=actor, email="", name="", role="", password="")),
    ("users.update", Permission.KEEP_USERS, lambda conn, actor: users.update(conn, actor=actor, user_id=0)),
    ("users.delete", Permission.KEEP_USERS, lambda conn, actor: users.delete(conn, actor=actor, user_id=0)),
    ("users.set_password", Permission.KEEP_USERS,
     lambda conn, actor: users.set_password(conn, actor=actor, user_id=0, password="")),
    ("settings.list_", Permission.KEEP_SETTINGS, lambda conn, actor: settings.list_(conn, actor=actor)),
    ("settings.update", Permission.KEEP_SETTINGS,
     lambda conn, actor: settings.update(conn, actor=actor, key="cors_origins", value=[])),
    ("staleness.dismiss", Permission.WRITE_POSTS,
     lambda conn, actor: staleness.dismiss(conn, actor=actor, post_id=0, field_key="basic_idea")),
    ("marks.complete", Permission.WRITE_POSTS,
     lambda conn, actor: marks.complete(conn, actor=actor, post_id=0, field_key="basic_idea", revision_id=None)),
    ("marks.reopen", Permission.WRITE_POSTS,
     lambda conn, actor: marks.reopen(conn, actor=actor, post_id=0, field_key="basic_idea")),
    ("receipts.get", Permission.READ,
     lambda conn, actor: receipts.get(conn, actor=actor, post_id=0, field_key="basic_idea")),
    ("sections.add", Permission.WRITE_POSTS,
     lambda conn, actor: sections.add(conn, actor=actor, post_id=0, heading="x")),
    ("sections.reorder", Permission.WRITE_POSTS,
     lambda conn, actor: sections.reorder(conn, actor=actor, post_id=0, order=[], version=0)),
    ("sections.delete", Permission.WRITE_POSTS,
     lambda conn, actor: sections.delete(conn, actor=actor, section_id=0)),
    ("sections.restore", Permission.WRITE_POSTS,
     lambda conn, actor: sections.restore(conn, actor=actor, section_id=0)),
    ("section_joints.merge", Permission.WRITE_POSTS,
     lambda conn, actor: section_joints.merge(conn, actor=actor, section_id=0, into_id=0)),
    ("section_joints.split", Permission.WRITE_POSTS,
     lambda conn, actor: section_joints.split(
         conn, actor=actor, section_id=0, field_key="", at=1, heading="x", base_revision_id=None)),
    ("section_events.undo", Permission.WRITE_POSTS,
     lambda conn, actor: section_events.undo(conn, actor=actor, post_id=0, event_id=0)),
    ("headings.apply", Permission.WRITE_POSTS,
     lambda conn, actor: headings.apply(
         conn, actor=actor, post_id=0, version=0, base_revision_id=None, section_ids=[])),
    ("items.collect", Permission.WRITE_POSTS,
     lambda conn, actor: items.collect(conn, actor=actor, post_id=0, field_keys=[])),
    ("items.add", Permission.WRITE_POSTS,
     lambda conn, actor: items.add(conn, actor=actor, post_id=0, kind=ItemKind.IDEA, text="x")),
    ("items.move", Permission.WRITE_POSTS,
     lambda conn, actor: items.move(conn, actor=actor, item_id=0, section_id=None, base_section_id=None)),
    ("items.reword", Permission.WRITE_POSTS,
     lambda conn, actor: items.reword(conn, actor=actor, item_id=0, text="x", base_text="y")),
    ("items.delete", Permission.WRITE_POSTS, lambda conn, actor: items.delete(conn, actor=actor, item_id=0)),
    ("items.restore", Permission.WRITE_POSTS, lambda conn, actor: items.restore(conn, actor=actor, item_id=0)),
    ("board.apply", Permission.WRITE_POSTS,
     lambda conn, actor: board.apply(conn, actor=actor, post_id=0, suggestion_id=0)),
    ("workflow_steps.create_stage", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_steps.create_stage(conn, actor=actor, name="")),
    ("workflow_steps.update_stage", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_steps.update_stage(conn, actor=actor, stage_id=0, name="x")),
    ("workflow_steps.create_substage", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_steps.create_substage(conn, actor=actor, stage_id=0, name="x")),
    ("workflow_steps.update_substage", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_steps.update_substage(conn, actor=actor, substage_id=0)),
    ("workflow_fields.create", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_fields.create(conn, actor=actor, substage_id=0, key="x", name="x")),
    ("workflow_fields.update", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_fields.update(conn, actor=actor, field_id=0)),
    ("workflow_order.reorder_stages", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_order.reorder_stages(conn, actor=actor, order=[], version=0)),
    ("workflow_order.reorder_substages", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_order.reorder_substages(conn, actor=actor, stage_id=0, order=[], version=0)),
    ("workflow_order.reorder_fields", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_order.reorder_fields(conn, actor=actor, substage_id=0, order=[], version=0)),
    ("workflow_archival.impact", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_archival.impact(conn, actor=actor, noun=Noun.FIELD, row_id=0)),
    ("workflow_archival.archive", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_archival.archive(conn, actor=actor, noun=Noun.FIELD, row_id=0)),
    ("workflow_archival.restore", Permission.KEEP_WORKFLOW,
     lambda conn, actor: workflow_archival.restore(conn, actor=actor, noun=Noun.FIELD, row_id=0)),
    ("actions.reorder", Permission.KEEP_PROMPTS,
     lambda conn, actor: actions.reorder(conn, actor=actor, field_id=0, order=[], version=0)),
    ("runs.draft", Permission.WRITE_POSTS,
     lambda conn, actor: runs.draft(conn, actor=actor, post_id=0, action_ids=[])),
    ("runs.ahead", Permission.RUN_TASKS, lambda conn, actor: runs.ahead(conn, actor=actor, post_id=0)),
    ("circuits.list_all", Permission.READ, lambda conn, actor: circuits.list_all(conn, actor=actor)),
    ("log.list_page", Permission.READ, lambda conn, actor: log.list_page(conn, actor=actor, wanted=TaskFilter())),
    ("log.choices", Permission.READ, lambda conn, actor: log.choices(conn, actor=actor)),
    ("log.each", Permission.READ, lambda conn, actor: list(log.each(actor=actor, wanted=TaskFilter()))),
    ("dashboard.get", Permission.READ, lambda conn, actor: dashboard.get(conn, actor=actor)),
    ("parts.publish", Permission.KEEP_PROMPTS,
     lambda conn, actor: parts.publish(conn, actor=actor, part_id=0, number=1)),
    ("parts.decline", Permission.KEEP_PROMPTS,
     lambda conn, actor: parts.decline(conn, actor=actor, part_id=0, number=1)),
    ("templates.publish", Permission.KEEP_PROMPTS,
     lambda conn, actor: templates.publish(conn, actor=actor, template_id=0, number=1)),
    ("templates.decline", Permission.KEEP_PROMPTS,
     lambda conn, actor: templates.decline(conn, actor=actor, template_id=0, number=1)),
    ("templates.set_approval", Permission.KEEP_PROMPTS,
     lambda conn, actor: templates.set_approval(conn, actor=actor, template_id=0, needs_approval=True)),
    ("approvals.list_waiting", Permission.READ, lambda conn, actor: approvals.list_waiting(conn, actor=actor)),
    ("impacts.of_part", Permission.READ,
     lambda conn, actor: impacts.of_part(conn, actor=actor, part_id=0, number=1)),
    ("budgets.list_all", Permission.KEEP_REGISTRY, lambda conn, actor: budgets.list_all(conn, actor=actor)),
    ("budgets.create", Permission.KEEP_REGISTRY,
     lambda conn, actor: budgets.create(conn, actor=actor, scope="", period="", amount=None)),
    ("budgets.update", Permission.KEEP_REGISTRY, lambda conn, actor: budgets.update(conn, actor=actor, budget_id=0)),
    ("budgets.delete", Permission.KEEP_REGISTRY, lambda conn, actor: budgets.delete(conn, actor=actor, budget_id=0)),
    ("ledger.list_sums", Permission.KEEP_REGISTRY,
     lambda conn, actor: ledger.list_sums(conn, actor=actor, group="day", span=ledger.Span.read())),
    ("ledger.list_entries", Permission.KEEP_REGISTRY,
     lambda conn, actor: ledger.list_entries(conn, actor=actor, span=ledger.Span.read())),
    ("outcomes.list_all", Permission.READ, lambda conn, actor: outcomes.list_all(conn, actor=actor)),
    ("outcomes.list_for", Permission.READ, lambda conn, actor: outcomes.list_for(conn, actor=actor, template_id=0)),
    ("trials.create", Permission.RUN_TASKS,
     lambda conn, actor: trials.create(conn, actor=actor, template_id=0, inputs={}, whom=[])),
    ("suggestions.offer", Permission.WRITE_POSTS,
     lambda conn, actor: suggestions.offer(conn, actor=actor, task_id=0, post_id=0, field_key="x")),
    ("suggestions.reopen", Permission.WRITE_POSTS,
     lambda conn, actor: suggestions.reopen(conn, actor=actor, suggestion_id=0)),
    ("audit.list_", Permission.KEEP_REGISTRY, lambda conn, actor: audit.list_(conn, actor=actor, noun="circuit")),
    ("audit.get", Permission.KEEP_SETTINGS, lambda conn, actor: audit.get(conn, actor=actor, entry_id=0)),
    ("audit.list_choices", Permission.KEEP_SETTINGS, lambda conn, actor: audit.list_choices(conn, actor=actor)),
    ("errors.list_", Permission.KEEP_SETTINGS, lambda conn, actor: errors.list_(conn, actor=actor)),
    ("errors.set_state", Permission.KEEP_SETTINGS,
     lambda conn, actor: errors.set_state(conn, actor=actor, group_id=0, state=ErrorState.MUTED)),
    ("alerts.list_", Permission.KEEP_ALERTS, lambda conn, actor: alerts.list_(conn, actor=actor)),
    ("alerts.get", Permission.KEEP_ALERTS, lambda conn, actor: alerts.get(conn, actor=actor, alert_id=0)),
    ("alerts.count_unread", Permission.KEEP_ALERTS, lambda conn, actor: alerts.count_unread(conn, actor=actor)),
    ("alerts.update", Permission.KEEP_ALERTS, lambda conn, actor: alerts.update(conn, actor=actor, alert_id=0)),
    ("alerts.read_all", Permission.KEEP_ALERTS, lambda conn, actor: alerts.read_all(conn, actor=actor)),
    ("alerts.dismiss_resolved", Permission.KEEP_ALERTS, lambda conn, actor: alerts.dismiss_resolved(conn, actor=actor)),
    ("alert_rules.list_all", Permission.KEEP_ALERTS, lambda conn, actor: alert_rules.list_all(conn, actor=actor)),
    ("alert_rules.create", Permission.KEEP_ALERTS, lambda conn, actor: alert_rules.create(conn, actor=actor, kind="")),
    ("alert_rules.add_usual", Permission.KEEP_ALERTS, lambda conn, actor: alert_rules.add_usual(conn, actor=actor)),
    ("alert_rules.update", Permission.KEEP_ALERTS,
     lambda conn, actor: alert_rules.update(conn, actor=actor, rule_id=0)),
    ("alert_rules.delete", Permission.KEEP_ALERTS,
     lambda conn, actor: alert_rules.delete(conn, actor=actor, rule_id=0)),
    ("webhooks.list_all", Permission.KEEP_ALERTS, lambda conn, actor: webhooks.list_all(conn, actor=actor)),
    ("webhooks.create", Permission.KEEP_ALERTS,
     lambda conn, actor: webhooks.create(conn, actor=actor, name="", url="")),
    ("webhooks.update", Permission.KEEP_ALERTS, lambda conn, actor: webhooks.update(conn, actor=actor, webhook_id=0)),
    ("webhooks.renew_secret", Permission.KEEP_ALERTS,
     lambda conn, actor: webhooks.renew_secret(conn, actor=actor, webhook_id=0)),
    ("webhooks.delete", Permission.KEEP_ALERTS, lambda conn, actor: webhooks.delete(conn, actor=actor, webhook_id=0)),
    ("watching.send_test", Permission.KEEP_ALERTS, lambda conn, actor: watching.send_test(actor=actor, webhook_id=0)),
    ("deliveries.list_", Permission.KEEP_ALERTS, lambda conn, actor: deliveries.list_(conn, actor=actor, webhook_id=0)),
    ("deliveries.get", Permission.KEEP_ALERTS,
     lambda conn, actor: deliveries.get(conn, actor=actor, webhook_id=0, delivery_id=0)),
]  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("name", "permission", "call"), CALLS, ids=[name for name, _, _ in CALLS])
def test_a_service_refuses_who_lacks_its_permission_and_nobody_else(
    conn: db.Connection, role: Role, name: str, permission: Permission, call: Call
) -> None:
    actor = factories.make_user(conn, name="Somebody", role=role)
    try:
        call(conn, actor)
        is_refused = False
    except Forbidden:
        is_refused = True
    except DomainError:
        is_refused = False
    assert is_refused is (permission not in permissions.MATRIX[role])


def test_the_table_in_the_docs_is_the_matrix() -> None:
    text = (ROOT / "docs" / "permissions.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\| (yes|no) \| (yes|no) \| (yes|no) \|$", text, re.M)
    documented = {name: (viewer, editor, admin) for name, viewer, editor, admin in rows}
    matrix = {
        permission.value: tuple(
            "yes" if permission in permissions.MATRIX[role] else "no" for role in (Role.VIEWER, Role.EDITOR, Role.ADMIN)
        )
        for permission in Permission
    }
    assert documented == matrix


@pytest.mark.parametrize("permission", list(Permission))
def test_a_refusal_says_whom_to_ask(conn: db.Connection, charlie: User, permission: Permission) -> None:
    if permissions.may(charlie, permission):
        permissions.require(charlie, permission)
        return
    with pytest.raises(Forbidden, match="admin"):
        permissions.require(charlie, permission)
