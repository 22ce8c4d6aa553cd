-- What a look by a rule finds. Each reads recent minutes by an index, or tables that stay small.

-- name: get_now()$
SELECT clock_timestamp();

-- name: list_error_shares(since, minimum)
-- Of AI models, by model; a call somebody stopped, or whose worker died, says nothing about the model.
WITH ended AS (
    SELECT model_id, count(*) AS calls, count(*) FILTER (WHERE status = 'failed') AS failed
      FROM attempts
     WHERE finished_at > :since AND status IN ('succeeded', 'failed')
     GROUP BY model_id
    HAVING count(*) >= :minimum
)
SELECT e.model_id, p.name || ' / ' || m.name AS label, e.calls, e.failed
  FROM ended e
  JOIN models m ON m.id = e.model_id AND m.is_ai
  JOIN providers p ON p.id = m.provider_id
 ORDER BY e.model_id;

-- name: list_latencies(since, minimum)
WITH answered AS (
    SELECT model_id, count(*) AS calls,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at)::double precision) AS p95_s
      FROM attempts
     WHERE finished_at > :since AND status = 'succeeded'
     GROUP BY model_id
    HAVING count(*) >= :minimum
)
SELECT a.model_id, p.name || ' / ' || m.name AS label, a.calls, a.p95_s
  FROM answered a
  JOIN models m ON m.id = a.model_id AND m.is_ai
  JOIN providers p ON p.id = m.provider_id
 ORDER BY a.model_id;

-- name: list_resting(since, now)
-- Not closed since then or longer, but for what a person stopped, personal keys, and rate limits whose time is over.
SELECT c.name, c.since, COALESCE(c.category, '') AS category,
       concat_ws(' / ', COALESCE(p.name, pm.name, pk.name), m.name, k.name) AS label
  FROM circuits c
  LEFT JOIN providers p ON p.id = substring(c.name FROM '^provider:(\d+)$')::bigint
  LEFT JOIN models m ON m.id = substring(c.name FROM '^model:(\d+)(?:@|$)')::bigint
  LEFT JOIN providers pm ON pm.id = m.provider_id
  LEFT JOIN provider_keys k ON k.id = substring(c.name FROM '(?:^|@)key:(\d+)$')::bigint
  LEFT JOIN providers pk ON pk.id = k.provider_id
 WHERE c.state <> 'closed' AND NOT c.is_by_hand AND c.since <= :since AND k.user_id IS NULL
   AND NOT (c.category = 'rate_limit' AND c.until <= :now) IS TRUE
   AND COALESCE(p.id, m.id, k.id) IS NOT NULL
 ORDER BY c.name;

-- name: list_batches(since, minimum)
-- Those that ended; one that was begun again has not.
SELECT id, title, failed, succeeded + failed AS items
  FROM batches
 WHERE finished_at > :since AND status IN ('completed', 'failed') AND succeeded + failed >= :minimum
 ORDER BY id;

-- name: see_workers(now, is_first)!
-- After a time in which nobody looked, nobody is known to be missing.
INSERT INTO worker_sightings (kind, seen_at)
SELECT k.kind, :now
  FROM (VALUES ('interactive'), ('batch')) k (kind)
 WHERE :is_first::boolean
    OR EXISTS (SELECT FROM workers w WHERE w.kind = k.kind AND w.beat_at > :now::timestamptz - interval '10 seconds')
    ON CONFLICT (kind) DO UPDATE SET seen_at = excluded.seen_at;

-- name: list_missing(since)
-- A worker for batches is missed only by batches that wait for it.
SELECT s.kind, s.seen_at
  FROM worker_sightings s
 WHERE s.seen_at <= :since
   AND (s.kind = 'interactive' OR EXISTS (SELECT FROM batches b WHERE b.status IN ('queued', 'running')))
 ORDER BY s.kind DESC;
