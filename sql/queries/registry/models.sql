-- Models of providers. Their prices are those of now (prices.sql).

-- name: list_models(limit, offset)
SELECT m.id, m.provider_id, p.name AS provider_name, p.kind AS provider_kind, p.is_enabled AS provider_is_enabled, m.name,
       m.context_window, m.max_output_tokens, trim_scale(price.input_price) AS input_price,
       trim_scale(price.output_price) AS output_price, m.streams, m.sees_images, m.writes_json,
       m.refused_parameters, m.is_ai, trim_scale(m.first_token_timeout_s) AS first_token_timeout_s,
       trim_scale(m.idle_timeout_s) AS idle_timeout_s, m.requests_per_minute, m.tokens_per_minute,
       m.requests_per_day, m.tokens_per_day, m.max_in_flight, m.is_enabled, m.position, m.created_at, m.updated_at
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
 WHERE m.archived_at IS NULL
 ORDER BY p.id, m.position, m.id
 LIMIT :limit OFFSET :offset;

-- name: count_models()$
SELECT count(*) FROM models WHERE archived_at IS NULL;

-- name: list_of_provider(provider_id)
SELECT m.id, m.provider_id, p.name AS provider_name, p.kind AS provider_kind, p.is_enabled AS provider_is_enabled, m.name,
       m.context_window, m.max_output_tokens, trim_scale(price.input_price) AS input_price,
       trim_scale(price.output_price) AS output_price, m.streams, m.sees_images, m.writes_json,
       m.refused_parameters, m.is_ai, trim_scale(m.first_token_timeout_s) AS first_token_timeout_s,
       trim_scale(m.idle_timeout_s) AS idle_timeout_s, m.requests_per_minute, m.tokens_per_minute,
       m.requests_per_day, m.tokens_per_day, m.max_in_flight, m.is_enabled, m.position, m.created_at, m.updated_at
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
 WHERE m.provider_id = :provider_id AND m.archived_at IS NULL
 ORDER BY m.position, m.id;

-- name: get_model(model_id)^
SELECT m.id, m.provider_id, p.name AS provider_name, p.kind AS provider_kind, p.is_enabled AS provider_is_enabled, m.name,
       m.context_window, m.max_output_tokens, trim_scale(price.input_price) AS input_price,
       trim_scale(price.output_price) AS output_price, m.streams, m.sees_images, m.writes_json,
       m.refused_parameters, m.is_ai, trim_scale(m.first_token_timeout_s) AS first_token_timeout_s,
       trim_scale(m.idle_timeout_s) AS idle_timeout_s, m.requests_per_minute, m.tokens_per_minute,
       m.requests_per_day, m.tokens_per_day, m.max_in_flight, m.is_enabled, m.position, m.created_at, m.updated_at
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
 WHERE m.id = :model_id AND m.archived_at IS NULL;

-- name: list_by_name(name)
-- As it is spelt, of every provider that has it.
SELECT m.id, m.provider_id, p.name AS provider_name, p.kind AS provider_kind, p.is_enabled AS provider_is_enabled, m.name,
       m.context_window, m.max_output_tokens, trim_scale(price.input_price) AS input_price,
       trim_scale(price.output_price) AS output_price, m.streams, m.sees_images, m.writes_json,
       m.refused_parameters, m.is_ai, trim_scale(m.first_token_timeout_s) AS first_token_timeout_s,
       trim_scale(m.idle_timeout_s) AS idle_timeout_s, m.requests_per_minute, m.tokens_per_minute,
       m.requests_per_day, m.tokens_per_day, m.max_in_flight, m.is_enabled, m.position, m.created_at, m.updated_at
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
 WHERE m.name = :name AND m.archived_at IS NULL
 ORDER BY p.id;

-- name: find_by_full_name(name)^
-- "Provider/model", for names that several providers use; both may have slashes of their own.
SELECT m.id, m.provider_id, p.name AS provider_name, p.kind AS provider_kind, p.is_enabled AS provider_is_enabled, m.name,
       m.context_window, m.max_output_tokens, trim_scale(price.input_price) AS input_price,
       trim_scale(price.output_price) AS output_price, m.streams, m.sees_images, m.writes_json,
       m.refused_parameters, m.is_ai, trim_scale(m.first_token_timeout_s) AS first_token_timeout_s,
       trim_scale(m.idle_timeout_s) AS idle_timeout_s, m.requests_per_minute, m.tokens_per_minute,
       m.requests_per_day, m.tokens_per_day, m.max_in_flight, m.is_enabled, m.position, m.created_at, m.updated_at
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
 WHERE lower(left(:name, length(p.name) + 1)) = lower(p.name || '/') AND m.name = substr(:name, length(p.name) + 2)
   AND m.archived_at IS NULL
 ORDER BY p.id
 LIMIT 1;

-- name: create_model(provider_id, name, context_window, max_output_tokens, streams, sees_images, writes_json, refused_parameters, is_ai, first_token_timeout_s, idle_timeout_s, requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, max_in_flight, is_enabled)$
INSERT INTO models (provider_id, name, context_window, max_output_tokens, streams, sees_images, writes_json,
                    refused_parameters, is_ai, first_token_timeout_s, idle_timeout_s,
                    requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, max_in_flight,
                    is_enabled, position)
VALUES (:provider_id, :name, :context_window, :max_output_tokens, :streams, :sees_images, :writes_json,
        :refused_parameters, :is_ai, :first_token_timeout_s, :idle_timeout_s, :requests_per_minute, :tokens_per_minute, :requests_per_day, :tokens_per_day, :max_in_flight,
        :is_enabled, (SELECT coalesce(max(position) + 1, 0) FROM models WHERE provider_id = :provider_id))
RETURNING id;

-- name: update_model(model_id, name, context_window, max_output_tokens, streams, sees_images, writes_json, refused_parameters, is_ai, first_token_timeout_s, idle_timeout_s, requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, max_in_flight, is_enabled)!
UPDATE models
   SET name = :name, context_window = :context_window, max_output_tokens = :max_output_tokens,
       streams = :streams, sees_images = :sees_images,
       writes_json = :writes_json, refused_parameters = :refused_parameters, is_ai = :is_ai,
       first_token_timeout_s = :first_token_timeout_s, idle_timeout_s = :idle_timeout_s,
       requests_per_minute = :requests_per_minute, tokens_per_minute = :tokens_per_minute,
       requests_per_day = :requests_per_day, tokens_per_day = :tokens_per_day, max_in_flight = :max_in_flight,
       is_enabled = :is_enabled,
       updated_at = now()
 WHERE id = :model_id;

-- name: archive_model(model_id)!
UPDATE models SET archived_at = now(), is_enabled = false WHERE id = :model_id;

-- name: list_route_names(model_id)
-- The routes this model stands in.
SELECT r.name
  FROM routes r
  JOIN route_models rm ON rm.route_id = r.id
 WHERE rm.model_id = :model_id AND r.archived_at IS NULL
 ORDER BY r.name;
