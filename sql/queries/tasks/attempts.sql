-- Attempts: every call to a model is a row, written before the call and completed after it.

-- name: create_attempt(task_id, run_id, model_id, provider_id, key_id, messages)
-- Nothing when the run no longer holds the task: then the call must not be made. The key's last use is noted once a minute.
WITH used AS (
    UPDATE provider_keys SET last_used_at = now()
     WHERE id = :key_id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, key_id, messages, status, user_id, template_id,
                      billed_to)
SELECT t.id, (SELECT COALESCE(MAX(position), 0) + 1 FROM attempts WHERE task_id = t.id), :run_id, :model_id,
       :provider_id, :key_id, :messages, 'running', t.asked_by,
       t.template_id, t.billed_to
  FROM tasks t
 WHERE t.id = :task_id AND t.run_id = :run_id AND t.status = 'running' AND t.cancel_requested_at IS NULL
RETURNING id, position;

-- name: delete_unused(attempt_id)!
DELETE FROM attempts WHERE id = :attempt_id AND status = 'running';

-- name: finish_attempt(attempt_id, status, category, http_status, error_code, error_text, finish_reason, text, input_tokens, output_tokens, usage_source, cost, cost_source, provider_request_id, first_token_ms)!
-- Also for a row the reaper gave up meanwhile: what really happened is better than "abandoned".
UPDATE attempts
   SET status = :status, category = :category, http_status = :http_status, error_code = :error_code,
       error_text = :error_text, finish_reason = :finish_reason, text = :text, input_tokens = :input_tokens,
       output_tokens = :output_tokens, usage_source = :usage_source, cost = :cost, cost_source = :cost_source,
       provider_request_id = :provider_request_id, first_token_ms = :first_token_ms, finished_at = clock_timestamp()
 WHERE id = :attempt_id;

-- name: list_open_attempts(task_id)
-- Calls nobody will finish any more, with what their readers had been shown: it is all that is known of the answer.
SELECT a.id, a.position, a.run_id, a.model_id, m.name AS model_name, a.provider_id, p.name AS provider_name, p.kind,
       price.input_price, price.output_price, COALESCE(a.messages, t.messages) AS messages, t.request_id,
       (SELECT string_agg(f.text, '' ORDER BY f.seq)
          FROM task_frames f
         WHERE f.task_id = a.task_id AND f.attempt = a.position
           AND f.seq >= COALESCE((SELECT MAX(r.seq) FROM task_frames r
                                   WHERE r.task_id = a.task_id AND r.attempt = a.position AND r.is_reset), 0)) AS heard,
       extract(epoch FROM clock_timestamp() - a.started_at)::float AS took_s
  FROM attempts a
  JOIN tasks t ON t.id = a.task_id
  JOIN models m ON m.id = a.model_id
  JOIN providers p ON p.id = a.provider_id
  LEFT JOIN LATERAL price_at(a.model_id, a.started_at) price ON true
 WHERE a.task_id = :task_id AND a.status = 'running'
 ORDER BY a.position;

-- name: abandon_attempt(attempt_id, text, input_tokens, output_tokens, usage_source, cost, cost_source)!
UPDATE attempts
   SET status = 'abandoned', text = :text, input_tokens = :input_tokens, output_tokens = :output_tokens,
       usage_source = :usage_source, cost = :cost, cost_source = :cost_source, finished_at = clock_timestamp()
 WHERE id = :attempt_id AND status = 'running';

-- name: list_attempts(task_id)
SELECT a.id, a.task_id, a.position, a.model_id, m.name AS model_name, a.provider_id, p.name AS provider_name, a.key_id,
       a.status, a.category, a.http_status, a.error_code, a.error_text, a.finish_reason, a.text, a.input_tokens,
       a.output_tokens, a.usage_source, a.cost, a.cost_source, a.first_token_ms, a.started_at, a.finished_at
  FROM attempts a
  JOIN models m ON m.id = a.model_id
  JOIN providers p ON p.id = a.provider_id
 WHERE a.task_id = :task_id
 ORDER BY a.position;

-- name: create_attempts(task_ids, run_ids, model_ids, provider_ids, key_ids)
-- As create_attempt does, for tasks that were just started and are asked at once.
WITH used AS (
    UPDATE provider_keys SET last_used_at = now()
     WHERE id = ANY (:key_ids) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, key_id, status, user_id, template_id, billed_to)
SELECT n.task_id, (SELECT COALESCE(MAX(position), 0) + 1 FROM attempts a WHERE a.task_id = n.task_id), n.run_id, n.model_id,
       n.provider_id, n.key_id, 'running', t.asked_by, t.template_id, t.billed_to
  FROM unnest(:task_ids::bigint[], :run_ids::uuid[], :model_ids::bigint[], :provider_ids::bigint[], :key_ids::bigint[])
       AS n (task_id, run_id, model_id, provider_id, key_id)
  JOIN tasks t ON t.id = n.task_id
RETURNING task_id, id, position;
