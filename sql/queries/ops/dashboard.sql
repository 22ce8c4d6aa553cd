-- What the LLM area's first page says of the tasks that ended: from the totals of ops/totals, never from the tasks.

-- name: get_spent(day, month)
-- Of calls, as budgets count them: exact, what is running left out.
SELECT budget_spent('instance', :day) AS today, budget_spent('instance', :month) AS this_month;

-- name: list_budgets()
-- Everybody's together.
SELECT period, amount FROM budgets WHERE scope = 'instance' AND period IN ('day', 'month');

-- name: sum_hours(since)
SELECT COALESCE(sum(tasks), 0)::bigint AS tasks,
       COALESCE(sum(tasks) FILTER (WHERE outcome NOT IN ('succeeded', 'cancelled')), 0)::bigint AS failed,
       COALESCE(sum(input_tokens), 0)::bigint AS input_tokens, COALESCE(sum(output_tokens), 0)::bigint AS output_tokens,
       COALESCE(sum(cost), 0) AS cost
  FROM task_hours
 WHERE hour >= :since;

-- name: list_days(since, until)
-- One for each day, also for those without tasks. Summed before they are joined: the join is of thirty rows then.
SELECT d.day, COALESCE(t.tasks, 0) AS tasks, COALESCE(t.failed, 0) AS failed, COALESCE(t.cost, 0) AS cost
  FROM generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz), interval '24 hours') AS d (day)
  LEFT JOIN (SELECT day, sum(tasks)::bigint AS tasks, sum(failed)::bigint AS failed, sum(cost) AS cost
               FROM task_days
              WHERE day >= :since
              GROUP BY day) AS t ON t.day = d.day
 ORDER BY d.day;

-- name: list_hours(since, until)
SELECT h.hour, COALESCE(t.tasks, 0) AS tasks
  FROM generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz), interval '1 hour') AS h (hour)
  LEFT JOIN (SELECT hour, sum(tasks)::bigint AS tasks
               FROM task_hours
              WHERE hour >= :since
              GROUP BY hour) AS t ON t.hour = h.hour
 ORDER BY h.hour;

-- name: list_failures(since)
SELECT outcome AS category, sum(tasks)::bigint AS tasks
  FROM task_hours
 WHERE hour >= :since AND outcome NOT IN ('succeeded', 'cancelled')
 GROUP BY outcome
 ORDER BY 2 DESC, 1;

-- name: list_latencies(since)
-- Of all tasks: each day's histogram as two lists, for as rows a month of them takes longer to read than to add up.
SELECT day, array_agg(bucket ORDER BY bucket) AS buckets, array_agg(tasks ORDER BY bucket) AS tasks
  FROM task_latencies
 WHERE template_id = 0 AND day >= :since
 GROUP BY day;

-- name: list_foremost(since, least, limit)
-- The templates that cost most and the slowest ones, from one look at their days. A mean of a few says nothing, so only
-- what was answered at least so often is among the slowest.
WITH sums AS MATERIALIZED (
    SELECT template_id, sum(tasks)::bigint AS tasks, sum(cost) AS cost, sum(answered) AS answered,
           sum(seconds) / NULLIF(sum(answered), 0) AS mean_s
      FROM task_days
     WHERE day >= :since
     GROUP BY template_id
), foremost AS (
    (SELECT true AS is_dearest, s.* FROM sums s WHERE s.cost > 0 ORDER BY s.cost DESC, s.template_id LIMIT :limit)
     UNION ALL
    (SELECT false, s.* FROM sums s WHERE s.answered >= :least ORDER BY s.mean_s DESC, s.template_id LIMIT :limit)
)
SELECT f.is_dearest, f.template_id, t.name, f.tasks, f.cost, f.mean_s
  FROM foremost f
  LEFT JOIN templates t ON t.id = f.template_id
 ORDER BY f.is_dearest DESC, CASE WHEN f.is_dearest THEN f.cost ELSE f.mean_s::numeric END DESC, f.template_id;

-- name: list_latencies_of(template_ids, since)
SELECT template_id, array_agg(bucket ORDER BY bucket) AS buckets, array_agg(tasks ORDER BY bucket) AS tasks
  FROM (SELECT template_id, bucket, sum(tasks)::bigint AS tasks
          FROM task_latencies
         WHERE template_id = ANY (:template_ids) AND day >= :since
         GROUP BY template_id, bucket) AS summed
 GROUP BY template_id;
