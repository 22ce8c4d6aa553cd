-- Routes: whom to ask, and whom next.

-- name: list_routes(limit, offset)
SELECT id, name, is_default, created_at, updated_at
  FROM routes
 WHERE archived_at IS NULL
 ORDER BY is_default DESC, lower(name)
 LIMIT :limit OFFSET :offset;

-- name: list_choices()
-- Whom somebody may choose to ask: routes that have models, the default first, then the models that may be asked.
SELECT kind, id, name
  FROM (SELECT 'route' AS kind, r.id, 'Route ' || r.name AS name, NOT r.is_default AS is_later, lower(r.name) AS label,
               0 AS provider_id, 0 AS position
          FROM routes r
         WHERE r.archived_at IS NULL AND EXISTS (SELECT FROM route_models rm WHERE rm.route_id = r.id)
         UNION ALL
        SELECT 'model', m.id, m.name || ' on ' || p.name, NULL, NULL, p.id, m.position
          FROM models m
          JOIN providers p ON p.id = m.provider_id
         WHERE m.archived_at IS NULL AND m.is_enabled AND p.is_enabled) c
 ORDER BY kind DESC, is_later, label, provider_id, position, id;

-- name: count_routes()$
SELECT count(*) FROM routes WHERE archived_at IS NULL;

-- name: get_route(route_id)^
SELECT id, name, is_default, created_at, updated_at FROM routes WHERE id = :route_id AND archived_at IS NULL;

-- name: get_default_route()^
SELECT id, name, is_default, created_at, updated_at FROM routes WHERE is_default AND archived_at IS NULL;

-- name: find_by_name(name)^
SELECT id, name, is_default, created_at, updated_at
  FROM routes
 WHERE lower(name) = lower(:name) AND archived_at IS NULL;

-- name: list_models(route_ids)
-- Of several routes at once, each in its order.
SELECT rm.route_id, m.id, m.provider_id, p.name AS provider_name, p.kind AS provider_kind, p.is_enabled AS provider_is_enabled, m.name,
       m.context_window, m.max_output_tokens, trim_scale(price.input_price) AS input_price,
       trim_scale(price.output_price) AS output_price, m.streams, m.sees_images, m.writes_json,
       m.refused_parameters, m.is_ai, trim_scale(m.first_token_timeout_s) AS first_token_timeout_s,
       trim_scale(m.idle_timeout_s) AS idle_timeout_s, m.requests_per_minute, m.tokens_per_minute,
       m.requests_per_day, m.tokens_per_day, m.max_in_flight, m.is_enabled, m.position, m.created_at, m.updated_at
  FROM route_models rm
  JOIN models m ON m.id = rm.model_id
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
 WHERE rm.route_id = ANY (:route_ids)
 ORDER BY rm.route_id, rm.position;

-- name: lock_default()!
-- One change of the default at a time, so that there is always exactly one.
SELECT pg_advisory_xact_lock(hashtext('routes.default'));

-- name: create_route(name)$
INSERT INTO routes (name) VALUES (:name) RETURNING id;

-- name: rename_route(route_id, name)!
UPDATE routes SET name = :name, updated_at = now() WHERE id = :route_id;

-- name: clear_default()!
UPDATE routes SET is_default = false WHERE is_default;

-- name: set_default(route_id)!
UPDATE routes SET is_default = true, updated_at = now() WHERE id = :route_id;

-- name: lock_route(route_id)!
-- Two people who order the same route do so one after the other.
SELECT id FROM routes WHERE id = :route_id FOR UPDATE;

-- name: delete_route_models(route_id)!
DELETE FROM route_models WHERE route_id = :route_id;

-- name: add_route_models(route_id, model_ids)!
INSERT INTO route_models (route_id, position, model_id)
SELECT :route_id, place - 1, model_id FROM unnest((:model_ids)::bigint[]) WITH ORDINALITY AS listed (model_id, place);

-- name: list_missing_models(model_ids)
-- Those of the ids that are no live model.
SELECT wanted.id
  FROM unnest((:model_ids)::bigint[]) AS wanted (id)
  LEFT JOIN models m ON m.id = wanted.id AND m.archived_at IS NULL
 WHERE m.id IS NULL;

-- name: archive_route(route_id)!
UPDATE routes SET archived_at = now(), is_default = false WHERE id = :route_id;

-- name: list_action_names(route_id)
-- The actions that ask this route.
SELECT a.name || ' (' || f.name || ')' AS name
  FROM actions a
  JOIN fields f ON f.id = a.field_id
 WHERE a.route_id = :route_id AND a.archived_at IS NULL
 ORDER BY 1;
