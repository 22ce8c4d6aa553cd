-- Runs: batches whose items are fields of a post and its sections. A field is known by its key, with its section's code
-- before it.

-- name: create_run(batch_id, post_id, scope, accepts, refreshes, left_out)!
INSERT INTO runs (batch_id, post_id, scope, accepts, refreshes, left_out)
VALUES (:batch_id, :post_id, :scope, :accepts, :refreshes, :left_out);

-- name: get_run(batch_id)^
SELECT batch_id AS id, post_id, scope, accepts, refreshes, left_out FROM runs WHERE batch_id = :batch_id;

-- name: list_runs(post_id, before_id, limit)
-- The newest first, below an id.
SELECT batch_id AS id, post_id, scope, accepts, refreshes, left_out
  FROM runs
 WHERE post_id = :post_id AND batch_id < :before_id
 ORDER BY batch_id DESC
 LIMIT :limit;

-- name: list_begun(post_id, before_id, limit)
-- The same without plans that wait to be started.
SELECT r.batch_id AS id, r.post_id, r.scope, r.accepts, r.refreshes, r.left_out
  FROM runs r
  JOIN batches b ON b.id = r.batch_id
 WHERE r.post_id = :post_id AND r.batch_id < :before_id AND b.status <> 'draft'
 ORDER BY r.batch_id DESC
 LIMIT :limit;

-- name: list_plans(post_id, limit)
SELECT r.batch_id AS id, r.post_id, r.scope, r.accepts, r.refreshes, r.left_out
  FROM runs r
  JOIN batches b ON b.id = r.batch_id
 WHERE r.post_id = :post_id AND b.status = 'draft'
 ORDER BY r.batch_id DESC
 LIMIT :limit;

-- name: delete_plans_of(post_id, scope, user_id, but_id)!
-- The batch goes with its items and its run.
DELETE FROM batches b
 USING runs r
 WHERE r.batch_id = b.id AND r.post_id = :post_id AND r.scope = :scope AND b.status = 'draft'
   AND b.created_by = :user_id AND b.id <> :but_id;

-- name: forget_plans(days, limit)!
-- The oldest first and a few at a time, past those that somebody starts just now.
DELETE FROM batches
 WHERE id IN (SELECT b.id
                FROM batches b
                JOIN runs r ON r.batch_id = b.id
               WHERE b.status = 'draft' AND b.created_at < now() - make_interval(days => :days)
               ORDER BY b.id
               LIMIT :limit
                 FOR UPDATE OF b SKIP LOCKED);

-- name: list_going(post_id)
-- Those that ask, or are paused.
SELECT r.batch_id AS id, r.post_id, r.scope, r.accepts, r.refreshes, r.left_out
  FROM runs r
  JOIN batches b ON b.id = r.batch_id
 WHERE r.post_id = :post_id AND b.status IN ('queued', 'running', 'paused')
 ORDER BY r.batch_id DESC
 LIMIT 5;

-- name: list_steps(batch_ids)
-- Their items with what became of each answer.
SELECT i.batch_id, i.key, i.status, i.subject, i.task_id, i.error_message, s.id AS suggestion_id, s.decision
  FROM items i
  LEFT JOIN suggestions s ON s.task_id = i.task_id
 WHERE i.batch_id = ANY (:batch_ids)
 ORDER BY i.batch_id, i.position;

-- name: list_filled(post_id)
-- The fields that have a text.
SELECT CASE WHEN s.id IS NULL THEN f.key ELSE s.code || ' ' || f.key END AS key
  FROM field_values v
  JOIN revisions r ON r.id = v.revision_id
  JOIN fields f ON f.id = v.field_id
  LEFT JOIN sections s ON s.id = v.section_id
 WHERE v.post_id = :post_id AND r.words > 0;

-- name: list_offered(post_id)
-- The fields where a text waits for somebody, or is being written.
SELECT DISTINCT CASE WHEN se.id IS NULL THEN f.key ELSE se.code || ' ' || f.key END AS key
  FROM suggestions s
  JOIN tasks t ON t.id = s.task_id
  JOIN fields f ON f.id = s.field_id
  LEFT JOIN sections se ON se.id = s.section_id
 WHERE s.post_id = :post_id AND s.decision IS NULL AND t.status IN ('queued', 'running', 'succeeded');

-- name: get_suggestion_id(task_id)$
SELECT id FROM suggestions WHERE task_id = :task_id;
