-- Batches: many tasks run as one. Their counts are kept by a trigger (migration 0017); items.sql claims and ends items.

-- name: create_batch(kind, title, concurrency, priority, budget, user_id)$
INSERT INTO batches (kind, title, concurrency, priority, budget, created_by, asked_by)
VALUES (:kind, :title, :concurrency, :priority, :budget, :user_id, :user_id)
RETURNING id;

-- name: get_batch(batch_id)^
SELECT b.id, b.kind, b.title, b.status, b.note, b.rests_until, b.concurrency, b.priority, b.budget, b.item_cost, b.estimate,
       b.waiting, b.queued, b.running, b.succeeded, b.failed, b.cancelled, b.input_tokens, b.output_tokens, b.cost, b.estimated,
       b.unknown, b.created_by, b.asked_by, u.name AS created_by_name, b.created_at, b.started_at, b.finished_at
  FROM batches b
  LEFT JOIN users u ON u.id = b.created_by
 WHERE b.id = :batch_id;

-- name: lock_batch(batch_id)$
-- Before its items are changed: see migration 0017.
SELECT status FROM batches WHERE id = :batch_id FOR NO KEY UPDATE;

-- name: list_batches_by_id(ids)
-- Whoever owns them.
SELECT b.id, b.kind, b.title, b.status, b.note, b.rests_until, b.concurrency, b.priority, b.budget, b.item_cost, b.estimate,
       b.waiting, b.queued, b.running, b.succeeded, b.failed, b.cancelled, b.input_tokens, b.output_tokens, b.cost, b.estimated,
       b.unknown, b.created_by, b.asked_by, u.name AS created_by_name, b.created_at, b.started_at, b.finished_at
  FROM batches b
  LEFT JOIN users u ON u.id = b.created_by
 WHERE b.id = ANY (:ids);

-- name: list_batches(before_id, has_plans, limit)
-- The newest first, below an id; without has_plans those of runs that were never started are left out.
SELECT b.id, b.kind, b.title, b.status, b.note, b.rests_until, b.concurrency, b.priority, b.budget, b.item_cost, b.estimate,
       b.waiting, b.queued, b.running, b.succeeded, b.failed, b.cancelled, b.input_tokens, b.output_tokens, b.cost, b.estimated,
       b.unknown, b.created_by, b.asked_by, u.name AS created_by_name, b.created_at, b.started_at, b.finished_at
  FROM batches b
  LEFT JOIN users u ON u.id = b.created_by
 WHERE b.id < :before_id AND (:has_plans OR b.status <> 'draft' OR b.kind <> 'runs')
 ORDER BY b.id DESC
 LIMIT :limit;

-- name: list_batches_of(user_id, before_id, has_plans, limit)
-- The same for one person's own.
SELECT b.id, b.kind, b.title, b.status, b.note, b.rests_until, b.concurrency, b.priority, b.budget, b.item_cost, b.estimate,
       b.waiting, b.queued, b.running, b.succeeded, b.failed, b.cancelled, b.input_tokens, b.output_tokens, b.cost, b.estimated,
       b.unknown, b.created_by, b.asked_by, u.name AS created_by_name, b.created_at, b.started_at, b.finished_at
  FROM batches b
  LEFT JOIN users u ON u.id = b.created_by
 WHERE b.created_by = :user_id AND b.id < :before_id AND (:has_plans OR b.status <> 'draft' OR b.kind <> 'runs')
 ORDER BY b.id DESC
 LIMIT :limit;

-- name: list_active_of(user_id, limit)
-- For the tray in the top bar.
SELECT id, title, status, waiting + queued + running + succeeded + failed + cancelled AS total, succeeded + failed + cancelled AS done
  FROM batches
 WHERE status IN ('queued', 'running') AND created_by = :user_id
 ORDER BY id DESC
 LIMIT :limit;

-- name: set_estimate(batch_id, estimate, item_cost)!
UPDATE batches SET estimate = :estimate, item_cost = :item_cost WHERE id = :batch_id;

-- name: set_limits(batch_id, concurrency, priority, budget)!
UPDATE batches SET concurrency = :concurrency, priority = :priority, budget = :budget WHERE id = :batch_id;

-- name: queue_batch(batch_id, user_id, statuses)$
-- Start, resume: a worker begins it, with the keys and rights of who asked for that. It wakes them.
WITH queued AS (
    UPDATE batches
       SET status = 'queued', asked_by = :user_id, note = NULL, rests_until = NULL, finished_at = NULL
     WHERE id = :batch_id AND status = ANY (:statuses)
    RETURNING id
)
SELECT id FROM queued CROSS JOIN LATERAL (SELECT pg_notify('batch_work', queued.id::text) OFFSET 0) told;

-- name: pause_batch(batch_id, note)$
-- What runs goes on to its end; nothing new is begun.
UPDATE batches SET status = 'paused', note = :note, rests_until = NULL
 WHERE id = :batch_id AND status IN ('queued', 'running')
RETURNING id;

-- name: cancel_batch(batch_id)$
UPDATE batches SET status = 'cancelled', note = NULL, rests_until = NULL, finished_at = clock_timestamp()
 WHERE id = :batch_id AND status IN ('draft', 'queued', 'running', 'paused')
RETURNING id;

-- name: delete_draft(batch_id)!
-- With its items: nothing was asked, so nothing else knows of them.
DELETE FROM batches WHERE id = :batch_id AND status = 'draft';

-- name: rest_batch(batch_id, seconds, note)!
-- Nobody can be asked for it now: begin nothing until then, and little until something succeeds.
UPDATE batches SET rests_until = clock_timestamp() + :seconds * interval '1 second', note = :note
 WHERE id = :batch_id AND status = 'running';

-- name: pause_those_not_allowed(roles)!
-- Whoever asked may no longer ask a model.
UPDATE batches b SET status = 'paused', note = 'Whoever started it may no longer ask a model.'
 WHERE b.status IN ('queued', 'running')
   AND NOT EXISTS (SELECT FROM users u WHERE u.id = b.asked_by AND u.is_active AND u.role = ANY (:roles));

-- name: delete_ended_budgets()!
DELETE FROM budgets g
 WHERE g.batch_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM batches b WHERE b.id = g.batch_id AND b.status IN ('queued', 'running', 'paused'));

-- name: pause_those_spent()!
-- Nothing runs, and one more item might go over the budget.
UPDATE batches
   SET status = 'paused', note = 'The budget is used up: one more item might go over it. Raise it and resume.'
 WHERE status IN ('queued', 'running') AND running = 0 AND queued > 0 AND budget IS NOT NULL
   AND cost + greatest(item_cost, 0) > budget;
