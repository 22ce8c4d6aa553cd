-- What there is, for the overview of the LLM area.

-- name: get_counts()^
SELECT (SELECT count(*) FROM providers WHERE archived_at IS NULL) AS providers,
       (SELECT count(*) FROM models m JOIN providers p ON p.id = m.provider_id
         WHERE m.archived_at IS NULL AND m.is_enabled AND p.is_enabled) AS models,
       (SELECT count(*) FROM routes WHERE archived_at IS NULL) AS routes,
       (SELECT count(*) FROM presets) AS presets,
       (SELECT count(*) FROM parts WHERE archived_at IS NULL) AS parts,
       (SELECT count(*) FROM templates WHERE archived_at IS NULL) AS templates,
       (SELECT count(*) FROM actions WHERE archived_at IS NULL) AS actions;

-- name: has_default_models()$
-- Whether the default route has anybody to ask.
SELECT EXISTS (
    SELECT FROM routes r
      JOIN route_models rm ON rm.route_id = r.id
      JOIN models m ON m.id = rm.model_id AND m.is_enabled
      JOIN providers p ON p.id = m.provider_id AND p.is_enabled
     WHERE r.is_default AND r.archived_at IS NULL);

-- name: has_posts()$
SELECT EXISTS (SELECT FROM posts WHERE deleted_at IS NULL);

-- name: has_tasks()$
SELECT EXISTS (SELECT FROM tasks);

-- name: list_unfinished_counts()
-- Tasks that wait or run; the partial index keeps this small.
SELECT status, count(*) AS count FROM tasks WHERE status IN ('queued', 'running') GROUP BY status;
