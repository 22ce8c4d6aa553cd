-- Items of batches. Claiming and ending are one statement each for several items: they cost more than the calls otherwise.

-- name: add_items(batch_id, items)$
-- In their order; a key that is there already stays as it is. Returns how many were new.
WITH new AS (
    INSERT INTO items (batch_id, position, status, key, subject, template_version_id, part_version_ids, inputs, messages,
                       route_id, model_id, parameters, contract, deadline_s, prompt_tokens)
    SELECT :batch_id, coalesce((SELECT max(position) FROM items WHERE batch_id = :batch_id), 0) + i.ordinal,
           CASE WHEN i.is_waiting THEN 'waiting' ELSE 'queued' END, i.key, i.subject,
           i.template_version_id, i.part_version_ids, i.inputs, i.messages, i.route_id, i.model_id, i.parameters,
           i.contract, i.deadline_s, i.prompt_tokens
      FROM jsonb_to_recordset(:items)
           AS i (ordinal integer, key text, subject jsonb, template_version_id bigint, part_version_ids bigint[], inputs jsonb,
                 messages jsonb, route_id bigint, model_id bigint, parameters jsonb, contract jsonb, deadline_s numeric,
                 prompt_tokens integer, is_waiting boolean)
     ORDER BY i.ordinal
    ON CONFLICT (batch_id, key) DO NOTHING
    RETURNING status
), counted AS (
    UPDATE batches
       SET queued = queued + (SELECT count(*) FROM new WHERE status = 'queued'),
           waiting = waiting + (SELECT count(*) FROM new WHERE status = 'waiting')
     WHERE id = :batch_id
)
SELECT count(*) FROM new;

-- name: list_items(batch_id, after, limit)
-- By position; an item's answer is its task's.
SELECT i.id, i.batch_id, i.position, i.key, i.status, i.subject, i.inputs, i.task_id, t.output, m.name AS served_by, i.error_category,
       i.error_message, i.input_tokens, i.output_tokens, i.cost, i.cost_source, i.finished_at,
       (SELECT count(*) FROM attempts a WHERE a.task_id = i.task_id) AS attempts
  FROM items i
  LEFT JOIN tasks t ON t.id = i.task_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
 WHERE i.batch_id = :batch_id AND i.position > :after
 ORDER BY i.position
 LIMIT :limit;

-- name: list_items_by_status(batch_id, status, after, limit)
SELECT i.id, i.batch_id, i.position, i.key, i.status, i.subject, i.inputs, i.task_id, t.output, m.name AS served_by, i.error_category,
       i.error_message, i.input_tokens, i.output_tokens, i.cost, i.cost_source, i.finished_at,
       (SELECT count(*) FROM attempts a WHERE a.task_id = i.task_id) AS attempts
  FROM items i
  LEFT JOIN tasks t ON t.id = i.task_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
 WHERE i.batch_id = :batch_id AND i.status = :status AND i.position > :after
 ORDER BY i.position
 LIMIT :limit;

-- name: list_failures(batch_id)
-- Failed items by category, the most frequent first, with the words of one.
SELECT error_category AS category, count(*) AS count, min(error_message) AS message
  FROM items
 WHERE batch_id = :batch_id AND status = 'failed'
 GROUP BY error_category
 ORDER BY count(*) DESC, error_category;

-- name: get_rate(batch_id, over)$
-- Items a second over the last so many that ended; nothing before two did. From the start of the first of them, since
-- many may end in one moment.
SELECT CASE WHEN count(*) > 1
            THEN count(*) / nullif(extract(epoch FROM max(latest.finished_at) - min(tasks.started_at)), 0)::float END
  FROM (SELECT finished_at, task_id FROM items
         WHERE batch_id = :batch_id AND finished_at IS NOT NULL
         ORDER BY finished_at DESC
         LIMIT :over) latest
  JOIN tasks ON tasks.id = latest.task_id;

-- name: list_asked(batch_id)
-- What is asked of whom, for the estimate.
SELECT route_id, model_id, template_version_id, (parameters ->> 'max_tokens')::integer AS max_tokens, count(*) AS items,
       sum(prompt_tokens) AS prompt_tokens, max(prompt_tokens) AS longest
  FROM items
 WHERE batch_id = :batch_id
 GROUP BY route_id, model_id, template_version_id, 4;

-- name: get_experience(template_version_id, model_id)^
-- Tokens of lately answered tasks of the template, and seconds of the model's last calls.
SELECT (SELECT avg(output_tokens)::float
          FROM (SELECT output_tokens FROM tasks
                 WHERE template_version_id = :template_version_id AND status = 'succeeded' AND output_tokens > 0
                 ORDER BY id DESC LIMIT 50) t) AS output_tokens,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at))
          FROM (SELECT started_at, finished_at FROM attempts
                 WHERE model_id = :model_id AND status = 'succeeded' ORDER BY id DESC LIMIT 50) a)::float AS seconds;

-- name: lock_batches(ids)
-- Those whose items end now, and those that have something to begin, locked in order.
SELECT id, status, concurrency, running,
       status IN ('queued', 'running') AND queued > 0 AND (rests_until IS NULL OR rests_until <= clock_timestamp()) AS is_claimable
  FROM batches
 WHERE id = ANY (:ids) OR status IN ('queued', 'running')
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: begin_queued(ids)!
UPDATE batches SET status = 'running', started_at = coalesce(started_at, clock_timestamp())
 WHERE id = ANY (:ids) AND status = 'queued';

-- name: claim_items(ids, ahead, slots, worker_id, roles)
-- Takes items for free slots, so that the batches' running items stay in proportion to their priorities. Each gets its
-- task, running and leased to the worker; one that was asked before keeps its own. "ahead" is how many more than may be
-- asked at once are taken, of each of the batches, so that no lane waits for the next round.
WITH room AS (
    SELECT b.id, b.priority, b.running, b.asked_by,
           least(:slots, CASE WHEN b.note IS NULL THEN b.concurrency + a.ahead ELSE greatest(1, b.concurrency / 8) END - b.running,
                 CASE WHEN b.budget IS NULL THEN :slots
                      WHEN b.item_cost > 0
                      THEN least(:slots, floor((b.budget - b.cost)
                                               / greatest(b.item_cost, b.cost / nullif(b.succeeded + b.failed, 0))) - b.running)
                      WHEN b.cost < b.budget THEN :slots ELSE 0 END)::integer AS slots
      FROM unnest(:ids::bigint[], :ahead::integer[]) AS a (id, ahead)
      JOIN batches b ON b.id = a.id
      JOIN users u ON u.id = b.asked_by AND u.is_active AND u.role = ANY (:roles)
), wanted AS MATERIALIZED (
    SELECT i.id, i.task_id IS NULL AS is_new, coalesce(i.task_id, nextval('tasks_id_seq')) AS task_id, gen_random_uuid() AS run_id,
           r.asked_by, i.batch_id, i.template_version_id, i.part_version_ids, i.inputs, i.messages, i.route_id, i.model_id,
           i.parameters, i.contract, i.deadline_s
      FROM (SELECT q.id, r.asked_by
              FROM room r
             CROSS JOIN LATERAL (SELECT i.id, row_number() OVER (ORDER BY i.position) AS turn
                                   FROM items i
                                  WHERE i.batch_id = r.id AND i.status = 'queued'
                                  ORDER BY i.position
                                  LIMIT greatest(r.slots, 0)) q
             ORDER BY (r.running + q.turn)::float / r.priority, r.id
             LIMIT :slots) r
      JOIN items i ON i.id = r.id
), made AS (
    INSERT INTO tasks (id, batch_id, status, template_version_id, template_id, part_version_ids, inputs, messages, route_id,
                       model_id, parameters,
                       contract, deadline_s, run_id, worker_id, started_at, created_by, asked_by, billed_to)
    OVERRIDING SYSTEM VALUE
    SELECT task_id, batch_id, 'running', template_version_id,
           (SELECT v.template_id FROM template_versions v WHERE v.id = template_version_id), part_version_ids, inputs, messages, route_id, model_id, parameters,
           contract, deadline_s, run_id, :worker_id, clock_timestamp(), asked_by, asked_by, 'batch:' || batch_id
      FROM wanted WHERE is_new
), again AS (
    UPDATE tasks t
       SET status = 'running', run_id = w.run_id, worker_id = :worker_id, started_at = clock_timestamp(), finished_at = NULL,
           cancel_requested_at = NULL, error_category = NULL, error_message = NULL, output = NULL,
           served_by_model_id = NULL, asked_by = w.asked_by
      FROM wanted w
     WHERE NOT w.is_new AND t.id = w.task_id
)
UPDATE items i
   SET status = 'running', task_id = w.task_id, messages = NULL, error_category = NULL, error_message = NULL, finished_at = NULL
  FROM wanted w
 WHERE i.id = w.id
RETURNING i.task_id, i.position;

-- name: lock_batches_of(task_ids)
SELECT id FROM batches WHERE id IN (SELECT batch_id FROM items WHERE task_id = ANY (:task_ids)) ORDER BY id FOR NO KEY UPDATE;

-- name: finish_items(ended)
-- Ends tasks, the attempts that answered them, and their items: compare-and-set on the run, so that whoever lost it changes
-- nothing. "released" is given back, to be begun anew. Totals are those of all attempts; one that was written at the claim
-- and never made is taken away.
WITH ended AS MATERIALIZED (
    SELECT *
      FROM jsonb_to_recordset(:ended)
           AS e (task_id bigint, run_id uuid, status text, output text, served_by_model_id bigint, error_category text,
                 error_message text, attempt_id bigint, finish_reason text, text text, input_tokens integer,
                 output_tokens integer, usage_source text, cost numeric, cost_source text, provider_request_id text,
                 first_token_ms integer, unused_id bigint)
), unused AS (
    DELETE FROM attempts a USING ended e WHERE a.id = e.unused_id AND a.status = 'running'
), answered AS (
    UPDATE attempts a
       SET status = 'succeeded', category = NULL, finish_reason = e.finish_reason, text = e.text, input_tokens = e.input_tokens,
           output_tokens = e.output_tokens, usage_source = e.usage_source, cost = e.cost, cost_source = e.cost_source,
           provider_request_id = e.provider_request_id, first_token_ms = e.first_token_ms, finished_at = clock_timestamp()
      FROM ended e
     WHERE a.id = e.attempt_id
), finished AS (
    UPDATE tasks t
       SET status = s.status, output = e.output, served_by_model_id = e.served_by_model_id,
           error_category = CASE WHEN s.status IN ('failed', 'cancelled') THEN e.error_category END,
           error_message = CASE WHEN s.status IN ('failed', 'cancelled') THEN e.error_message END,
           finished_at = CASE WHEN s.status <> 'queued' THEN clock_timestamp() END,
           run_id = CASE WHEN s.status <> 'queued' THEN t.run_id END,
           worker_id = CASE WHEN s.status <> 'queued' THEN t.worker_id END,
           started_at = CASE WHEN s.status <> 'queued' THEN t.started_at END,
           input_tokens = a.input_tokens, output_tokens = a.output_tokens, cost = a.cost, cost_source = a.cost_source
      FROM ended e
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(c.input_tokens), 0) AS input_tokens, coalesce(sum(c.output_tokens), 0) AS output_tokens,
                  sum(c.cost) AS cost,
                  CASE WHEN bool_or(c.cost_source = 'unknown') THEN 'unknown'
                       WHEN bool_or(c.cost_source = 'estimated') THEN 'estimated' ELSE 'known' END AS cost_source
             FROM (SELECT input_tokens, output_tokens, cost, cost_source FROM attempts
                    WHERE task_id = e.task_id AND id IS DISTINCT FROM e.attempt_id AND id IS DISTINCT FROM e.unused_id
                    UNION ALL
                   SELECT e.input_tokens, e.output_tokens, e.cost, e.cost_source WHERE e.attempt_id IS NOT NULL) c) a
     CROSS JOIN LATERAL (
           SELECT CASE WHEN e.status <> 'released' THEN e.status
                       WHEN (SELECT cancel_requested_at FROM tasks WHERE id = e.task_id) IS NULL THEN 'queued'
                       ELSE 'cancelled' END AS status) s
     WHERE t.id = e.task_id AND t.run_id = e.run_id AND t.status = 'running'
    RETURNING t.id, t.status, t.error_category, t.error_message, t.input_tokens, t.output_tokens, t.cost, t.cost_source,
              t.finished_at
), told AS (
    SELECT pg_notify('task_live', 's' || id) FROM finished
)
UPDATE items i
   SET status = f.status, error_category = f.error_category, error_message = f.error_message, input_tokens = f.input_tokens,
       output_tokens = f.output_tokens, cost = f.cost, cost_source = f.cost_source, finished_at = f.finished_at
  FROM finished f
 WHERE i.task_id = f.id AND (SELECT count(*) FROM told) >= 0
RETURNING i.id, i.task_id, i.batch_id, i.status, i.subject, (SELECT b.kind FROM batches b WHERE b.id = i.batch_id) AS kind;

-- name: fail_item(item_id, category, message)!
-- Its answer came, but could not be used.
UPDATE items SET status = 'failed', error_category = :category, error_message = :message WHERE id = :item_id;

-- name: cancel_queued(batch_id)!
-- And what waits.
UPDATE items SET status = 'cancelled', finished_at = clock_timestamp()
 WHERE batch_id = :batch_id AND status IN ('waiting', 'queued');

-- name: cancel_queued_tasks(batch_id)!
-- Of items that were asked before and waited to be asked again.
UPDATE tasks SET status = 'cancelled', cancel_requested_at = now(), finished_at = now()
 WHERE batch_id = :batch_id AND status = 'queued';

-- name: cancel_running(batch_id)
-- Tell the workers that ask for them; they end the items.
WITH asked AS (
    UPDATE tasks SET cancel_requested_at = coalesce(cancel_requested_at, now())
     WHERE id IN (SELECT task_id FROM items WHERE batch_id = :batch_id AND status = 'running') AND status = 'running'
    RETURNING id
)
SELECT pg_notify('task_cancel', id::text) FROM asked;

-- name: requeue_failed(batch_id)!
UPDATE items SET status = 'queued', error_category = NULL, error_message = NULL, finished_at = NULL
 WHERE batch_id = :batch_id AND status = 'failed';

-- name: requeue_failed_tasks(batch_id)!
-- Before their items are: their attempts stay and add up.
UPDATE tasks
   SET status = 'queued', run_id = NULL, worker_id = NULL, cancel_requested_at = NULL, started_at = NULL, finished_at = NULL,
       error_category = NULL, error_message = NULL
 WHERE id IN (SELECT task_id FROM items WHERE batch_id = :batch_id AND status = 'failed');

-- name: list_lost(limit)
-- Running items whose worker has not been heard of for ten seconds.
SELECT t.id
  FROM tasks t
 WHERE t.status = 'running' AND t.batch_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM workers w
                    WHERE w.id = t.worker_id AND w.beat_at > clock_timestamp() - interval '10 seconds')
 ORDER BY t.id
 LIMIT :limit;

-- name: requeue_lost(task_ids)
-- Looked at again, now that their batches are locked.
WITH lost AS (
    UPDATE tasks t
       SET status = CASE WHEN cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END, run_id = NULL, worker_id = NULL,
           started_at = NULL, finished_at = CASE WHEN cancel_requested_at IS NOT NULL THEN clock_timestamp() END
     WHERE t.id = ANY (:task_ids) AND t.status = 'running'
       AND NOT EXISTS (SELECT 1 FROM workers w
                        WHERE w.id = t.worker_id AND w.beat_at > clock_timestamp() - interval '10 seconds')
    RETURNING id, status, finished_at
), told AS (
    SELECT pg_notify('task_live', 's' || id) FROM lost
)
UPDATE items i SET status = lost.status, finished_at = lost.finished_at
  FROM lost
 WHERE i.task_id = lost.id AND (SELECT count(*) FROM told) >= 0
RETURNING i.task_id, i.batch_id, i.status, (SELECT b.kind FROM batches b WHERE b.id = i.batch_id) AS kind;

-- name: list_provider_kinds()
SELECT DISTINCT kind FROM providers WHERE is_enabled AND archived_at IS NULL;
