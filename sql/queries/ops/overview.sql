-- What there is, for the overview of the LLM area.

-- name: get_overview()^
-- In one statement, for it stands on the page that everybody opens first. has_default_models: whether the default route
-- has anybody to ask. Of the unfinished tasks the partial index keeps the count small.
SELECT (SELECT count(*) FROM providers WHERE archived_at IS NULL) AS providers,
       (SELECT count(*) FROM models m JOIN providers p ON p.id = m.provider_id
         WHERE m.archived_at IS NULL AND m.is_enabled AND p.is_enabled) AS models,
       (SELECT count(*) FROM routes WHERE archived_at IS NULL) AS routes,
       (SELECT count(*) FROM presets) AS presets,
       (SELECT count(*) FROM parts WHERE archived_at IS NULL) AS parts,
       (SELECT count(*) FROM templates WHERE archived_at IS NULL) AS templates,
       (SELECT count(*) FROM actions WHERE archived_at IS NULL) AS actions,
       unfinished.queued AS tasks_queued, unfinished.running AS tasks_running,
       EXISTS (SELECT FROM routes r
                 JOIN route_models rm ON rm.route_id = r.id
                 JOIN models m ON m.id = rm.model_id AND m.is_enabled
                 JOIN providers p ON p.id = m.provider_id AND p.is_enabled
                WHERE r.is_default AND r.archived_at IS NULL) AS has_default_models,
       EXISTS (SELECT FROM posts WHERE deleted_at IS NULL) AS has_posts,
       EXISTS (SELECT FROM tasks) AS has_tasks
  FROM (SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
               count(*) FILTER (WHERE status = 'running') AS running
          FROM tasks
         WHERE status IN ('queued', 'running')) AS unfinished;
