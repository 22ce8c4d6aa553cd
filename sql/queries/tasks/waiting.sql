-- Items that wait for what they need. Their batch is locked by whoever changes them.

-- name: list_waiting(batch_id)
SELECT id, key, subject FROM items WHERE batch_id = :batch_id AND status = 'waiting' ORDER BY position;

-- name: list_going(batch_id)
-- Those that will end by themselves.
SELECT key FROM items WHERE batch_id = :batch_id AND status IN ('queued', 'running');

-- name: release_items(batch_id, items)
-- What is asked for is known now: they get their tasks at once, so that a page can show what is to come, and a worker
-- is woken.
WITH wanted AS MATERIALIZED (
    SELECT nextval('tasks_id_seq') AS task_id, b.asked_by, g.id, g.subject, g.template_version_id, g.part_version_ids, g.inputs,
           g.messages, g.route_id, g.model_id, g.parameters, g.contract, g.deadline_s, g.prompt_tokens
      FROM jsonb_to_recordset(:items)
           AS g (id bigint, subject jsonb, template_version_id bigint, part_version_ids bigint[], inputs jsonb, messages jsonb,
                 route_id bigint, model_id bigint, parameters jsonb, contract jsonb, deadline_s numeric, prompt_tokens integer)
      JOIN items i ON i.id = g.id AND i.batch_id = :batch_id AND i.status = 'waiting'
      JOIN batches b ON b.id = i.batch_id
), made AS (
    INSERT INTO tasks (id, batch_id, status, template_version_id, template_id, part_version_ids, inputs, messages, route_id,
                       model_id, parameters, contract, deadline_s, created_by, asked_by, billed_to)
    OVERRIDING SYSTEM VALUE
    SELECT task_id, :batch_id, 'queued', template_version_id,
           (SELECT v.template_id FROM template_versions v WHERE v.id = template_version_id), part_version_ids, inputs, messages,
           route_id, model_id, parameters, contract, deadline_s, asked_by, asked_by, 'batch:' || :batch_id::bigint
      FROM wanted
), told AS (
    SELECT pg_notify('batch_work', :batch_id::bigint::text)
)
UPDATE items i
   SET status = 'queued', task_id = w.task_id, subject = w.subject, template_version_id = w.template_version_id,
       part_version_ids = w.part_version_ids, inputs = w.inputs, messages = NULL, route_id = w.route_id, model_id = w.model_id,
       parameters = w.parameters, contract = w.contract, deadline_s = w.deadline_s, prompt_tokens = w.prompt_tokens
  FROM wanted w
 WHERE i.id = w.id AND (SELECT count(*) FROM told) > 0
RETURNING i.id, i.task_id;

-- name: drop_items(batch_id, items)!
-- They cannot go on; without a time of their end, for nobody was asked.
UPDATE items i SET status = 'cancelled', error_message = g.why
  FROM jsonb_to_recordset(:items) AS g (id bigint, why text)
 WHERE i.id = g.id AND i.batch_id = :batch_id AND i.status = 'waiting';

-- name: hold_dropped(batch_id)!
-- What they needed is asked for again.
UPDATE items SET status = 'waiting', error_message = NULL
 WHERE batch_id = :batch_id AND status = 'cancelled' AND task_id IS NULL;

-- name: stop_queued(task_id)^
-- One item alone, before it is begun.
WITH stopped AS (
    UPDATE tasks SET status = 'cancelled', cancel_requested_at = now(), finished_at = now()
     WHERE id = :task_id AND status = 'queued'
    RETURNING id
), told AS (
    SELECT pg_notify('task_live', 's' || id) FROM stopped
)
UPDATE items i SET status = 'cancelled', finished_at = clock_timestamp()
  FROM stopped
 WHERE i.task_id = stopped.id AND i.status = 'queued' AND (SELECT count(*) FROM told) >= 0
RETURNING i.id, i.task_id, i.batch_id, i.status, i.subject, (SELECT b.kind FROM batches b WHERE b.id = i.batch_id) AS kind;
