-- The ledger: what attempts cost, by the day (UTC) on which they began. Sums are read from the roll-up, entries are attempts.

-- name: lock_fold()$
-- False while another process folds: its result is as good.
SELECT pg_try_advisory_xact_lock(hashtext('ledger_deltas'));

-- name: fold(most)$
-- Sum up what ended since the last time; how many rows that were. One statement, so that no reader sees a row twice or not at all.
WITH taken AS (
    DELETE FROM ledger_deltas WHERE ctid = ANY (ARRAY(SELECT ctid FROM ledger_deltas LIMIT :most))
    RETURNING day, model_id, provider_id, user_id, template_id, billed_to, cost_source, calls, input_tokens, output_tokens, cost
), summed AS (
    INSERT INTO ledger_days AS l (noun, noun_id, day, cost_source, calls, input_tokens, output_tokens, cost)
    SELECT n.noun, n.noun_id, t.day, t.cost_source, sum(t.calls), sum(t.input_tokens), sum(t.output_tokens), sum(t.cost)
      FROM taken t
     CROSS JOIN LATERAL (VALUES ('model', t.model_id), ('provider', t.provider_id), ('user', t.user_id),
                                ('template', t.template_id)) AS n (noun, noun_id)
     GROUP BY n.noun, n.noun_id, t.day, t.cost_source
        ON CONFLICT ON CONSTRAINT ledger_days_key DO UPDATE
       SET calls = l.calls + excluded.calls, input_tokens = l.input_tokens + excluded.input_tokens,
           output_tokens = l.output_tokens + excluded.output_tokens, cost = l.cost + excluded.cost
), counted AS (
    INSERT INTO budget_days AS b (subject, day, cost)
    SELECT s.subject, t.day, sum(t.cost)
      FROM taken t
     CROSS JOIN LATERAL (VALUES ('instance'), ('user:' || t.user_id), (t.billed_to)) AS s (subject)
     WHERE s.subject IS NOT NULL AND t.cost <> 0
     GROUP BY s.subject, t.day
        ON CONFLICT (subject, day) DO UPDATE SET cost = b.cost + excluded.cost
)
SELECT count(*) FROM taken;

-- name: get_totals(since, until)^
-- Every call has a provider, and there are few of them.
SELECT coalesce(sum(l.calls), 0)::bigint AS calls, coalesce(sum(l.input_tokens), 0)::bigint AS input_tokens,
       coalesce(sum(l.output_tokens), 0)::bigint AS output_tokens,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'known'), 0) AS known,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'estimated'), 0) AS estimated,
       coalesce(sum(l.calls) FILTER (WHERE l.cost_source = 'unknown'), 0)::bigint AS unpriced
  FROM ledger l
 WHERE l.noun = 'provider' AND l.day >= :since AND l.day < :until;

-- name: sum_by_model(since, until)
-- The dearest first; so are the others but for the days.
SELECT l.noun_id::text AS key, m.name AS label, p.name AS detail, sum(l.calls)::bigint AS calls,
       sum(l.input_tokens)::bigint AS input_tokens, sum(l.output_tokens)::bigint AS output_tokens,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'known'), 0) AS known,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'estimated'), 0) AS estimated,
       coalesce(sum(l.calls) FILTER (WHERE l.cost_source = 'unknown'), 0)::bigint AS unpriced
  FROM ledger l
  JOIN models m ON m.id = l.noun_id
  JOIN providers p ON p.id = m.provider_id
 WHERE l.noun = 'model' AND l.day >= :since AND l.day < :until
 GROUP BY l.noun_id, m.name, p.name
HAVING sum(l.calls) <> 0
 ORDER BY sum(l.cost) DESC, sum(l.calls) DESC, 1;

-- name: sum_by_provider(since, until)
SELECT l.noun_id::text AS key, p.name AS label, NULL AS detail, sum(l.calls)::bigint AS calls,
       sum(l.input_tokens)::bigint AS input_tokens, sum(l.output_tokens)::bigint AS output_tokens,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'known'), 0) AS known,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'estimated'), 0) AS estimated,
       coalesce(sum(l.calls) FILTER (WHERE l.cost_source = 'unknown'), 0)::bigint AS unpriced
  FROM ledger l
  JOIN providers p ON p.id = l.noun_id
 WHERE l.noun = 'provider' AND l.day >= :since AND l.day < :until
 GROUP BY l.noun_id, p.name
HAVING sum(l.calls) <> 0
 ORDER BY sum(l.cost) DESC, sum(l.calls) DESC, 1;

-- name: sum_by_user(since, until)
SELECT l.noun_id::text AS key, u.name AS label, u.email AS detail, sum(l.calls)::bigint AS calls,
       sum(l.input_tokens)::bigint AS input_tokens, sum(l.output_tokens)::bigint AS output_tokens,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'known'), 0) AS known,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'estimated'), 0) AS estimated,
       coalesce(sum(l.calls) FILTER (WHERE l.cost_source = 'unknown'), 0)::bigint AS unpriced
  FROM ledger l
  LEFT JOIN users u ON u.id = l.noun_id
 WHERE l.noun = 'user' AND l.day >= :since AND l.day < :until
 GROUP BY l.noun_id, u.name, u.email
HAVING sum(l.calls) <> 0
 ORDER BY sum(l.cost) DESC, sum(l.calls) DESC, 1;

-- name: sum_by_template(since, until)
SELECT l.noun_id::text AS key, t.name AS label, NULL AS detail, sum(l.calls)::bigint AS calls,
       sum(l.input_tokens)::bigint AS input_tokens, sum(l.output_tokens)::bigint AS output_tokens,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'known'), 0) AS known,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'estimated'), 0) AS estimated,
       coalesce(sum(l.calls) FILTER (WHERE l.cost_source = 'unknown'), 0)::bigint AS unpriced
  FROM ledger l
  LEFT JOIN templates t ON t.id = l.noun_id
 WHERE l.noun = 'template' AND l.day >= :since AND l.day < :until
 GROUP BY l.noun_id, t.name
HAVING sum(l.calls) <> 0
 ORDER BY sum(l.cost) DESC, sum(l.calls) DESC, 1;

-- name: sum_by_day(since, until)
SELECT l.day::text AS key, to_char(l.day, 'YYYY-MM-DD') AS label, NULL AS detail, sum(l.calls)::bigint AS calls,
       sum(l.input_tokens)::bigint AS input_tokens, sum(l.output_tokens)::bigint AS output_tokens,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'known'), 0) AS known,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'estimated'), 0) AS estimated,
       coalesce(sum(l.calls) FILTER (WHERE l.cost_source = 'unknown'), 0)::bigint AS unpriced
  FROM ledger l
 WHERE l.noun = 'provider' AND l.day >= :since AND l.day < :until
 GROUP BY l.day
HAVING sum(l.calls) <> 0
 ORDER BY l.day DESC;

-- name: sum_by_source(since, until)
SELECT l.cost_source::text AS key, l.cost_source AS label, NULL AS detail, sum(l.calls)::bigint AS calls,
       sum(l.input_tokens)::bigint AS input_tokens, sum(l.output_tokens)::bigint AS output_tokens,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'known'), 0) AS known,
       coalesce(sum(l.cost) FILTER (WHERE l.cost_source = 'estimated'), 0) AS estimated,
       coalesce(sum(l.calls) FILTER (WHERE l.cost_source = 'unknown'), 0)::bigint AS unpriced
  FROM ledger l
 WHERE l.noun = 'provider' AND l.day >= :since AND l.day < :until
 GROUP BY l.cost_source
HAVING sum(l.calls) <> 0
 ORDER BY sum(l.cost) DESC, sum(l.calls) DESC, 1;

-- name: list_entries(since, before_at, before_id, limit)
-- The latest first, before one that began at a moment. With 0 for its id: before that moment.
SELECT id, task_id, position, started_at, model_name, provider_name, user_name, template_name, outcome, input_tokens, output_tokens,
       cost, cost_source
  FROM ledger_entries
 WHERE started_at >= :since AND (started_at, id) < (:before_at, :before_id)
 ORDER BY started_at DESC, id DESC
 LIMIT :limit;

-- name: list_of_model(key, since, before_at, before_id, limit)
SELECT id, task_id, position, started_at, model_name, provider_name, user_name, template_name, outcome, input_tokens, output_tokens,
       cost, cost_source
  FROM ledger_entries
 WHERE started_at >= :since AND (started_at, id) < (:before_at, :before_id) AND model_id = :key::bigint
 ORDER BY started_at DESC, id DESC
 LIMIT :limit;

-- name: list_of_provider(key, since, before_at, before_id, limit)
SELECT id, task_id, position, started_at, model_name, provider_name, user_name, template_name, outcome, input_tokens, output_tokens,
       cost, cost_source
  FROM ledger_entries
 WHERE started_at >= :since AND (started_at, id) < (:before_at, :before_id) AND provider_id = :key::bigint
 ORDER BY started_at DESC, id DESC
 LIMIT :limit;

-- name: list_of_user(key, since, before_at, before_id, limit)
SELECT id, task_id, position, started_at, model_name, provider_name, user_name, template_name, outcome, input_tokens, output_tokens,
       cost, cost_source
  FROM ledger_entries
 WHERE started_at >= :since AND (started_at, id) < (:before_at, :before_id)
   AND (user_id = :key::bigint OR (:key::bigint IS NULL AND user_id IS NULL))
 ORDER BY started_at DESC, id DESC
 LIMIT :limit;

-- name: list_of_template(key, since, before_at, before_id, limit)
SELECT id, task_id, position, started_at, model_name, provider_name, user_name, template_name, outcome, input_tokens, output_tokens,
       cost, cost_source
  FROM ledger_entries
 WHERE started_at >= :since AND (started_at, id) < (:before_at, :before_id)
   AND (template_id = :key::bigint OR (:key::bigint IS NULL AND template_id IS NULL))
 ORDER BY started_at DESC, id DESC
 LIMIT :limit;

-- name: list_of_source(key, since, before_at, before_id, limit)
SELECT id, task_id, position, started_at, model_name, provider_name, user_name, template_name, outcome, input_tokens, output_tokens,
       cost, cost_source
  FROM ledger_entries
 WHERE started_at >= :since AND (started_at, id) < (:before_at, :before_id) AND cost_source = :key
 ORDER BY started_at DESC, id DESC
 LIMIT :limit;

-- name: get_start(attempt_id)$
SELECT started_at FROM attempts WHERE id = :attempt_id;
