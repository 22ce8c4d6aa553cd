-- What /metrics tells of all processes together.

-- name: lock_totals()$
-- False while another process is adding up: its result is as good.
SELECT pg_try_advisory_xact_lock(hashtext('call_totals'));

-- name: get_horizon()$
-- Before this every attempt that ended is there to be seen. Whoever writes one now began its transaction later; the second
-- is for those who have read the clock and not yet written.
SELECT LEAST(clock_timestamp() - interval '1 second', min(xact_start))
  FROM pg_stat_activity
 WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid();

-- name: add_totals(horizon, bounds)!
-- Attempts that ended since the last time, each counted once.
WITH mark AS (
    SELECT counted_to FROM call_totals_mark
), ended AS (
    SELECT a.model_id, COALESCE(a.category, a.status) AS outcome, a.input_tokens, a.output_tokens, a.cost,
           GREATEST(extract(epoch FROM a.finished_at - a.started_at)::double precision, 0) AS seconds
      FROM attempts a, mark
     WHERE a.finished_at > mark.counted_to AND a.finished_at <= :horizon
)
INSERT INTO call_totals AS t (model_id, outcome, bucket, calls, seconds, input_tokens, output_tokens, cost)
SELECT model_id, outcome, width_bucket(seconds, :bounds::double precision[]), count(*), sum(seconds),
       COALESCE(sum(input_tokens), 0), COALESCE(sum(output_tokens), 0), COALESCE(sum(cost), 0)
  FROM ended
 GROUP BY 1, 2, 3
    ON CONFLICT (model_id, outcome, bucket) DO UPDATE
   SET calls = t.calls + excluded.calls, seconds = t.seconds + excluded.seconds,
       input_tokens = t.input_tokens + excluded.input_tokens, output_tokens = t.output_tokens + excluded.output_tokens,
       cost = t.cost + excluded.cost;

-- name: set_mark(horizon)!
UPDATE call_totals_mark SET counted_to = GREATEST(counted_to, :horizon);

-- name: list_totals()
SELECT p.name AS provider, m.name AS model, t.outcome, t.bucket, t.calls, t.seconds, t.input_tokens, t.output_tokens,
       t.cost
  FROM call_totals t
  JOIN models m ON m.id = t.model_id
  JOIN providers p ON p.id = m.provider_id
 ORDER BY t.model_id, t.outcome, t.bucket;

-- name: list_unfinished()
-- Queue depth and age, and what runs; the partial index keeps this small.
SELECT status, count(*) AS count, extract(epoch FROM clock_timestamp() - min(created_at))::double precision AS oldest_s
  FROM tasks WHERE status IN ('queued', 'running') GROUP BY status;

-- name: list_workers()
SELECT kind, count(*) AS count FROM workers
 WHERE beat_at > clock_timestamp() - interval '10 seconds' GROUP BY kind ORDER BY kind;

-- name: list_resting()
-- What is not asked as usual; the names are those of engine/circuits. A rate limit whose time is over holds nobody back.
SELECT name, state, COALESCE(category, 'by_hand') AS category
  FROM circuits
 WHERE state <> 'closed' AND NOT (category = 'rate_limit' AND until <= clock_timestamp()) IS TRUE
 ORDER BY name;

-- name: keep_process(worker_id, exposition)!
INSERT INTO process_metrics (worker_id, taken_at, exposition) VALUES (:worker_id, clock_timestamp(), :exposition)
    ON CONFLICT (worker_id) DO UPDATE SET taken_at = excluded.taken_at, exposition = excluded.exposition;

-- name: list_processes()
-- Of those that are alive.
SELECT w.id AS worker_id, w.kind, w.host, w.pid, p.exposition
  FROM process_metrics p
  JOIN workers w ON w.id = p.worker_id
 WHERE w.beat_at > clock_timestamp() - interval '10 seconds';

-- name: delete_dead_processes()!
DELETE FROM process_metrics p WHERE NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = p.worker_id);
