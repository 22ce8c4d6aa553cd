-- What the LLM area's first page says of the tasks that ended: from the totals of ops/totals, never from the tasks.

-- name: get_spent(day, month)^
-- Of calls, as budgets count them: exact, what is running left out.
SELECT budget_spent('instance', :day) AS today, budget_spent('instance', :month) AS this_month;

-- name: list_budgets()
-- Everybody's together.
SELECT period, amount FROM budgets WHERE scope = 'instance' AND period IN ('day', 'month');

-- name: sum_hours(since)^
SELECT COALESCE(sum(tasks), 0)::bigint AS tasks,
       COALESCE(sum(tasks) FILTER (WHERE outcome NOT IN ('succeeded', 'cancelled')), 0)::bigint AS failed,
       COALESCE(sum(input_tokens), 0)::bigint AS input_tokens, COALESCE(sum(output_tokens), 0)::bigint AS output_tokens,
       COALESCE(sum(cost), 0) AS cost
  FROM task_hours
 WHERE hour >= :since;

-- name: list_days(since, until)
-- One for each day, also for those without tasks.
SELECT d.day, COALESCE(sum(t.tasks), 0)::bigint AS tasks, COALESCE(sum(t.failed), 0)::bigint AS failed,
       COALESCE(sum(t.cost), 0) AS cost
  FROM generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz), interval '24 hours') AS d (day)
  LEFT JOIN task_days t ON t.day = d.day AND t.day >= :since
 GROUP BY d.day
 ORDER BY d.day;

-- name: list_hours(since, until)
SELECT h.hour, COALESCE(sum(t.tasks), 0)::bigint AS tasks
  FROM generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz), interval '1 hour') AS h (hour)
  LEFT JOIN task_hours t ON t.hour = h.hour AND t.hour >= :since
 GROUP BY h.hour
 ORDER BY h.hour;

-- name: list_failures(since)
SELECT outcome AS category, sum(tasks)::bigint AS tasks
  FROM task_hours
 WHERE hour >= :since AND outcome NOT IN ('succeeded', 'cancelled')
 GROUP BY outcome
 ORDER BY 2 DESC, 1;

-- name: list_latencies(since)
-- Of all tasks, by day.
SELECT day, bucket, tasks FROM task_latencies WHERE template_id = 0 AND day >= :since ORDER BY day, bucket;

-- name: list_dearest(since, limit)
SELECT d.template_id, t.name, sum(d.tasks)::bigint AS tasks, sum(d.cost) AS cost, sum(d.seconds) / NULLIF(sum(d.answered), 0) AS mean_s
  FROM task_days d
  LEFT JOIN templates t ON t.id = d.template_id
 WHERE d.day >= :since
 GROUP BY d.template_id, t.name
HAVING sum(d.cost) > 0
 ORDER BY 4 DESC, 1
 LIMIT :limit;

-- name: list_slowest(since, least, limit)
-- A mean of a few says nothing, so only what was answered at least so often.
SELECT d.template_id, t.name, sum(d.tasks)::bigint AS tasks, sum(d.cost) AS cost, sum(d.seconds) / sum(d.answered) AS mean_s
  FROM task_days d
  LEFT JOIN templates t ON t.id = d.template_id
 WHERE d.day >= :since
 GROUP BY d.template_id, t.name
HAVING sum(d.answered) >= :least
 ORDER BY 5 DESC, 1
 LIMIT :limit;

-- name: list_latencies_of(template_ids, since)
SELECT template_id, bucket, sum(tasks)::bigint AS tasks
  FROM task_latencies
 WHERE template_id = ANY (:template_ids) AND day >= :since
 GROUP BY template_id, bucket
 ORDER BY template_id, bucket;
