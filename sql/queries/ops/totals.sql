-- Tasks that ended, added up per hour and per day, and the words they are found by. Whole hours and days are always written
-- anew from the rows: what is done twice, or half and then again, comes out the same.

-- name: lock_totals()$
-- False while another process is at it: its result is as good.
SELECT pg_try_advisory_xact_lock(hashtext('task_totals'));

-- name: get_horizon(horizon, limit)$
-- Up to when the next tasks are read: at most about "limit" of them, none of them twice.
SELECT LEAST(CAST(:horizon AS timestamptz),
             (SELECT finished_at FROM tasks
               WHERE finished_at > (SELECT read_to FROM totals_mark) AND finished_at <= :horizon
               ORDER BY finished_at OFFSET :limit LIMIT 1));

-- name: note_hours(horizon)!
-- Hours whose tasks ended since the last time, and those of tasks that have not: one may have ended before and be run again.
INSERT INTO stale_hours (hour)
SELECT date_trunc('hour', created_at, 'UTC')
  FROM tasks
 WHERE finished_at > (SELECT read_to FROM totals_mark) AND finished_at <= :horizon
 UNION
SELECT date_trunc('hour', created_at, 'UTC') FROM tasks WHERE status IN ('queued', 'running')
 ORDER BY 1
    ON CONFLICT (hour) DO NOTHING;

-- name: keep_words(horizon, most)!
-- Of the messages and the output as they are spelled, each word once; of either the beginning, for a row has its limits.
INSERT INTO task_words (task_id, words)
SELECT id, strip(to_tsvector('simple', left(coalesce(output, ''), :most))
                 || jsonb_to_tsvector('simple', CASE WHEN length(messages::text) <= :most THEN messages ELSE '[]' END, '["string"]')
                 || to_tsvector('simple', CASE WHEN length(messages::text) <= :most THEN '' ELSE left(messages::text, :most) END))
  FROM tasks
 WHERE finished_at > (SELECT read_to FROM totals_mark) AND finished_at <= :horizon
    ON CONFLICT (task_id) DO UPDATE SET words = excluded.words;

-- name: set_mark(horizon)!
UPDATE totals_mark SET read_to = :horizon WHERE read_to < :horizon;

-- name: take_hours(limit)
-- The latest first: what people look at. Whole days, since days are written too.
WITH taken AS (
    DELETE FROM stale_hours
     WHERE hour IN (SELECT hour FROM stale_hours ORDER BY hour DESC LIMIT :limit)
    RETURNING hour
)
SELECT hour FROM taken ORDER BY hour;

-- name: delete_hours(hours)!
DELETE FROM task_hours WHERE hour = ANY (:hours);

-- name: add_hours(hours)!
-- Counted hour by hour (LATERAL), here and below: of a join over ranges the planner believes that each has a ninth of all
-- tasks, and reads all of them for each.
INSERT INTO task_hours (hour, outcome, tasks, input_tokens, output_tokens, cost)
SELECT h.hour, c.outcome, c.tasks, c.input_tokens, c.output_tokens, c.cost
  FROM unnest(CAST(:hours AS timestamptz[])) AS h (hour)
 CROSS JOIN LATERAL (
       SELECT COALESCE(t.error_category, t.status) AS outcome, count(*) AS tasks, sum(t.input_tokens) AS input_tokens,
              sum(t.output_tokens) AS output_tokens, COALESCE(sum(t.cost), 0) AS cost
         FROM tasks t
        WHERE t.created_at >= h.hour AND t.created_at < h.hour + interval '1 hour' AND t.finished_at IS NOT NULL
        GROUP BY 1) c;

-- name: delete_days(days)!
DELETE FROM task_days WHERE day = ANY (:days);

-- name: add_days(days)!
INSERT INTO task_days (day, template_id, tasks, failed, input_tokens, output_tokens, cost, answered, seconds)
SELECT d.day, c.template_id, c.tasks, c.failed, c.input_tokens, c.output_tokens, c.cost, c.answered, c.seconds
  FROM unnest(CAST(:days AS timestamptz[])) AS d (day)
 CROSS JOIN LATERAL (
       SELECT COALESCE(t.template_id, 0) AS template_id, count(*) AS tasks, count(*) FILTER (WHERE t.status = 'failed') AS failed,
              sum(t.input_tokens) AS input_tokens, sum(t.output_tokens) AS output_tokens, COALESCE(sum(t.cost), 0) AS cost,
              count(*) FILTER (WHERE m.is_ai) AS answered,
              COALESCE(sum(extract(epoch FROM t.finished_at - t.started_at)) FILTER (WHERE m.is_ai), 0) AS seconds
         FROM tasks t
         LEFT JOIN models m ON m.id = t.served_by_model_id AND t.status = 'succeeded'
        WHERE t.created_at >= d.day AND t.created_at < d.day + interval '24 hours' AND t.finished_at IS NOT NULL
        GROUP BY 1) c;

-- name: delete_latencies(days)!
DELETE FROM task_latencies WHERE day = ANY (:days);

-- name: add_latencies(days, bounds)!
-- Only of answers by an AI: an echo would make everything look quick.
WITH answers AS (
    SELECT d.day, c.template_id, c.bucket, c.tasks
      FROM unnest(CAST(:days AS timestamptz[])) AS d (day)
     CROSS JOIN LATERAL (
           SELECT COALESCE(t.template_id, 0) AS template_id, count(*) AS tasks,
                  width_bucket(extract(epoch FROM t.finished_at - t.started_at)::double precision, :bounds::double precision[]) AS bucket
             FROM tasks t
             JOIN models m ON m.id = t.served_by_model_id AND m.is_ai
            WHERE t.created_at >= d.day AND t.created_at < d.day + interval '24 hours' AND t.status = 'succeeded'
            GROUP BY 1, 3) c
)
INSERT INTO task_latencies (day, template_id, bucket, tasks)
SELECT day, template_id, bucket, tasks FROM answers WHERE template_id <> 0
 UNION ALL
SELECT day, 0, bucket, sum(tasks) FROM answers GROUP BY 1, 3;
