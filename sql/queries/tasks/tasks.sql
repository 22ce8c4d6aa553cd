-- Tasks: one piece of LLM work each. Starting and finishing are compare-and-set, so that no task is run or ended twice.

-- name: create_task(status, template_version_id, part_version_ids, inputs, messages, route_id, model_id, parameters, contract, deadline_s, is_awaited, is_override, rerun_of, run_id, worker_id, request_id, created_by, billed_to)$
-- With a run it begins at once, in the process that makes it. Without a deadline the settings' holds.
INSERT INTO tasks (status, template_version_id, template_id, part_version_ids, inputs, messages, route_id, model_id, parameters,
                   contract, deadline_s, is_awaited, is_override, rerun_of, run_id, worker_id, started_at, request_id,
                   created_by, asked_by, billed_to)
VALUES (:status, :template_version_id, (SELECT template_id FROM template_versions WHERE id = :template_version_id),
        :part_version_ids, :inputs, :messages, :route_id, :model_id, :parameters, :contract,
        COALESCE(:deadline_s, (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'deadline_s'), 120),
        :is_awaited, :is_override, :rerun_of, :run_id, :worker_id,
        CASE WHEN :run_id::uuid IS NOT NULL THEN clock_timestamp() END, :request_id, :created_by, :created_by,
        :billed_to)
RETURNING id;

-- name: get_task(task_id)^
SELECT t.id, t.status, t.template_version_id, tv.template_id, tv.number AS template_number, tp.name AS template_name,
       t.is_override, t.part_version_ids, t.inputs,
       t.messages, t.route_id, t.model_id, t.parameters, t.contract, t.deadline_s::float AS deadline_s, t.is_awaited,
       t.output, t.served_by_model_id, m.name AS served_by, p.name AS served_by_provider, m.is_ai, t.error_category,
       t.error_message, t.input_tokens, t.output_tokens, t.cost, t.cost_source, t.run_id, t.cancel_requested_at,
       t.rerun_of, t.batch_id, t.request_id, t.created_by, t.asked_by, u.name AS created_by_name, t.created_at, t.started_at, t.finished_at
  FROM tasks t
  LEFT JOIN template_versions tv ON tv.id = t.template_version_id
  LEFT JOIN templates tp ON tp.id = tv.template_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users u ON u.id = t.created_by
 WHERE t.id = :task_id;

-- name: list_tasks_by_id(task_ids)
-- The same for several, in no order.
SELECT t.id, t.status, t.template_version_id, tv.template_id, tv.number AS template_number, tp.name AS template_name,
       t.is_override, t.part_version_ids, t.inputs,
       t.messages, t.route_id, t.model_id, t.parameters, t.contract, t.deadline_s::float AS deadline_s, t.is_awaited,
       t.output, t.served_by_model_id, m.name AS served_by, p.name AS served_by_provider, m.is_ai, t.error_category,
       t.error_message, t.input_tokens, t.output_tokens, t.cost, t.cost_source, t.run_id, t.cancel_requested_at,
       t.rerun_of, t.batch_id, t.request_id, t.created_by, t.asked_by, u.name AS created_by_name, t.created_at, t.started_at, t.finished_at
  FROM tasks t
  LEFT JOIN template_versions tv ON tv.id = t.template_version_id
  LEFT JOIN templates tp ON tp.id = tv.template_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users u ON u.id = t.created_by
 WHERE t.id = ANY (:task_ids);

-- name: get_queued_task(task_id)^
-- What a run must know before it begins: its task, the standing of who asked, how often it was asked, and whether what the
-- process knows of whom to ask still holds.
SELECT t.id, t.messages, t.parameters, t.contract, t.deadline_s::float AS deadline_s, t.route_id, t.model_id, t.is_awaited,
       t.run_id, t.request_id, t.created_by, t.asked_by, t.created_at, t.started_at,
       asker.role AS asker_role, asker.is_active AS asker_is_active,
       (SELECT COALESCE(MAX(a.position), 0) FROM attempts a WHERE a.task_id = t.id) AS last_position,
       (SELECT bit_xor(mark) FROM registry_changes) AS mark
  FROM tasks t
  LEFT JOIN users asker ON asker.id = t.asked_by
 WHERE t.id = :task_id AND t.status = 'queued';

-- name: start_task(task_id, run_id, worker_id)$
-- Only one run gets a queued task; a redelivered job gets nothing. Live pages are told.
WITH started AS (
    UPDATE tasks
       SET status = 'running', run_id = :run_id, worker_id = :worker_id, started_at = clock_timestamp(),
           error_category = NULL, error_message = NULL
     WHERE id = :task_id AND status = 'queued'
    RETURNING id, started_at
)
SELECT s.started_at FROM started s, pg_notify('task_live', 's' || s.id);

-- name: start_task_asking(task_id, run_id, worker_id, position, model_id, provider_id, key_id)
-- The same for a run that asks at once, with the row of its first attempt (attempts.create_attempt): nothing when the run
-- must not ask.
WITH started AS (
    UPDATE tasks
       SET status = 'running', run_id = :run_id, worker_id = :worker_id, started_at = clock_timestamp(),
           error_category = NULL, error_message = NULL
     WHERE id = :task_id AND status = 'queued' AND cancel_requested_at IS NULL
    RETURNING id, started_at, asked_by, template_id, billed_to
), used AS (
    UPDATE provider_keys SET last_used_at = now()
     WHERE id = :key_id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
), asked AS (
    INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, key_id, status, user_id, template_id, billed_to)
    SELECT id, :position, :run_id, :model_id, :provider_id, :key_id, 'running', asked_by, template_id, billed_to
      FROM started
    RETURNING id, position
)
SELECT a.id, a.position, s.started_at FROM started s, asked a, pg_notify('task_live', 's' || s.id);

-- name: finish_task(task_id, run_id, status, output, served_by_model_id, error_category, error_message, attempt_id, finish_reason, text, input_tokens, output_tokens, usage_source, cost, cost_source, provider_request_id, first_token_ms)$
-- Compare-and-set on the run: a run that lost its lease changes nothing but the attempt that answered, which is written
-- here too, for somebody waits. Totals are those of all attempts. Live pages are told.
WITH answered AS (
    UPDATE attempts
       SET status = 'succeeded', category = NULL, finish_reason = :finish_reason, text = :text, input_tokens = :input_tokens,
           output_tokens = :output_tokens, usage_source = :usage_source, cost = :cost, cost_source = :cost_source,
           provider_request_id = :provider_request_id, first_token_ms = :first_token_ms, finished_at = clock_timestamp()
     WHERE id = :attempt_id
), finished AS (
    UPDATE tasks t
       SET status = :status, output = :output, served_by_model_id = :served_by_model_id,
           error_category = :error_category, error_message = :error_message, finished_at = clock_timestamp(),
           input_tokens = a.input_tokens, output_tokens = a.output_tokens, cost = a.cost, cost_source = a.cost_source
      FROM (SELECT COALESCE(SUM(c.input_tokens), 0) AS input_tokens, COALESCE(SUM(c.output_tokens), 0) AS output_tokens,
                   SUM(c.cost) AS cost,
                   CASE WHEN COUNT(*) = 0 OR bool_or(c.cost_source = 'unknown') THEN 'unknown'
                        WHEN bool_or(c.cost_source = 'estimated') THEN 'estimated' ELSE 'known' END AS cost_source
              FROM (SELECT input_tokens, output_tokens, cost, cost_source
                      FROM attempts
                     WHERE task_id = :task_id AND id IS DISTINCT FROM :attempt_id::bigint
                     UNION ALL
                    SELECT :input_tokens::integer, :output_tokens::integer, :cost::numeric, :cost_source::text
                     WHERE :attempt_id::bigint IS NOT NULL) c) a
     WHERE t.id = :task_id AND t.run_id = :run_id AND t.status = 'running'
    RETURNING t.id
)
SELECT f.id FROM finished f, pg_notify('task_live', 's' || f.id);

-- name: cancel_queued_task(task_id)$
UPDATE tasks SET status = 'cancelled', cancel_requested_at = now(), finished_at = now()
 WHERE id = :task_id AND status = 'queued' AND batch_id IS NULL
RETURNING id;

-- name: request_cancel(task_id)$
UPDATE tasks SET cancel_requested_at = COALESCE(cancel_requested_at, now())
 WHERE id = :task_id AND status = 'running'
RETURNING id;

-- name: requeue_task(task_id, user_id)$
-- Retry: its attempts stay and add up, and it runs with the keys and rights of who asked again.
UPDATE tasks
   SET status = 'queued', asked_by = :user_id, run_id = NULL, worker_id = NULL, cancel_requested_at = NULL, finished_at = NULL,
       started_at = NULL, error_category = NULL, error_message = NULL
 WHERE id = :task_id AND status IN ('failed', 'cancelled') AND NOT is_awaited AND batch_id IS NULL
RETURNING id;

-- name: release_task(task_id, run_id)$
-- A stopping worker gives back what it holds.
UPDATE tasks SET status = 'queued', run_id = NULL, worker_id = NULL, started_at = NULL
 WHERE id = :task_id AND run_id = :run_id AND status = 'running' AND NOT is_awaited
RETURNING id;

-- name: list_lost_tasks(limit)
-- Running tasks whose worker has not been heard of for ten seconds. Those of batches: items.list_lost.
SELECT t.id, t.is_awaited, t.cancel_requested_at IS NOT NULL AS is_cancelled, t.run_id, t.request_id, t.created_by
  FROM tasks t
 WHERE t.status = 'running' AND t.batch_id IS NULL
   AND NOT EXISTS (SELECT 1 FROM workers w
                    WHERE w.id = t.worker_id AND w.beat_at > clock_timestamp() - interval '10 seconds')
 ORDER BY t.id
 LIMIT :limit
   FOR UPDATE OF t SKIP LOCKED;

-- name: requeue_lost_task(task_id)!
UPDATE tasks SET status = 'queued', run_id = NULL, worker_id = NULL, started_at = NULL WHERE id = :task_id;

-- name: end_lost_task(task_id, message)!
UPDATE tasks
   SET status = 'cancelled', error_category = 'cancelled', error_message = :message, finished_at = clock_timestamp()
 WHERE id = :task_id;

-- name: list_undelivered_tasks(limit)
-- Queued tasks whose job was lost with a worker: nothing would ever deliver them.
SELECT t.id
  FROM tasks t
 WHERE t.status = 'queued' AND NOT t.is_awaited AND t.batch_id IS NULL AND t.created_at < clock_timestamp() - interval '10 seconds'
   AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
                     LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
                    WHERE (j.args ->> 'task_id')::bigint = t.id
                      AND (j.status = 'todo'
                           OR (j.status = 'doing' AND w.last_heartbeat > now() - interval '30 seconds')))
 ORDER BY t.id
 LIMIT :limit
   FOR UPDATE OF t SKIP LOCKED;

-- name: list_cancelled_of_worker(worker_id)
-- What a worker must stop, should the notification have been missed.
SELECT id FROM tasks
 WHERE status = 'running' AND worker_id = :worker_id AND cancel_requested_at IS NOT NULL;

-- name: list_running_of_worker(worker_id)
-- Those of batches are the lanes' own: what ended there may wait for the database.
SELECT id FROM tasks WHERE status = 'running' AND worker_id = :worker_id AND batch_id IS NULL;

-- name: disown_tasks(worker_id, task_ids)!
-- A running task of no worker is a lost one.
UPDATE tasks SET worker_id = NULL WHERE id = ANY (:task_ids) AND status = 'running' AND worker_id = :worker_id;

-- name: get_live_state(task_id)^
SELECT t.status, t.output, m.name AS model_name, p.name AS provider_name
  FROM tasks t
  LEFT JOIN LATERAL (SELECT model_id FROM attempts WHERE task_id = t.id ORDER BY position DESC LIMIT 1) a ON true
  LEFT JOIN models m ON m.id = a.model_id
  LEFT JOIN providers p ON p.id = m.provider_id
 WHERE t.id = :task_id;

-- name: count_unfinished()^
SELECT COUNT(*) FILTER (WHERE status = 'queued') AS queued, COUNT(*) FILTER (WHERE status = 'running') AS running
  FROM tasks WHERE status IN ('queued', 'running');

-- name: list_unfinished_of_user(user_id, limit)
-- For the tray in the top bar; a batch stands there as one.
SELECT t.id, t.status, tp.name AS template_name, t.created_at
  FROM tasks t
  LEFT JOIN template_versions tv ON tv.id = t.template_version_id
  LEFT JOIN templates tp ON tp.id = tv.template_id
 WHERE t.status IN ('queued', 'running') AND t.created_by = :user_id AND t.batch_id IS NULL
 ORDER BY t.id DESC
 LIMIT :limit;

-- name: notify_live(task_id)!
-- Its result is not read: in a pipeline nobody waits for it.
SELECT 1 FROM pg_notify('task_live', 's' || :task_id::text);

-- name: notify_cancel(task_id)$
SELECT 1 FROM pg_notify('task_cancel', :task_id::text);
