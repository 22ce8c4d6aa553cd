-- The models that may be asked, with what is needed to ask them.

-- name: list_for_route(route_id, user_id)
-- In the route's order, each as often as there are keys for it: the user's own before the shared ones. Without a route
-- the default one; a route without models is one row without a model. One read, because somebody waits for it.
SELECT r.name AS route_name, m.id AS model_id, m.name AS model_name, m.context_window, price.input_price,
       price.output_price, m.streams, m.refused_parameters, COALESCE(m.first_token_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'first_token_timeout_s') END) AS first_token_timeout_s,
       COALESCE(m.idle_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'idle_timeout_s') END) AS idle_timeout_s,
       m.is_enabled, m.archived_at,
       p.id AS provider_id, p.name AS provider_name, p.kind, p.base_url, p.is_local,
       p.is_enabled AS provider_is_enabled, p.archived_at AS provider_archived_at, k.id AS key_id, k.ciphertext,
       ARRAY[p.requests_per_minute, p.tokens_per_minute, p.requests_per_day, p.tokens_per_day, p.max_in_flight]
           AS account_limits,
       ARRAY[m.requests_per_minute, m.tokens_per_minute, m.requests_per_day, m.tokens_per_day, m.max_in_flight]
           AS model_limits,
       EXISTS (SELECT FROM limit_notices n
                WHERE n.name = 'model:' || m.id || '@' || coalesce('key:' || k.id, 'provider:' || p.id)
                  AND n.resets_at > clock_timestamp()) AS has_notice,
       (SELECT jsonb_agg(jsonb_build_array(l.valid_from, l.input_price::text, l.output_price::text) ORDER BY l.valid_from)
          FROM model_prices l
         WHERE l.model_id = m.id AND l.valid_from > statement_timestamp()) AS later_prices,
       m.max_output_tokens, EXISTS (SELECT FROM budgets) AS has_budgets,
       EXISTS (SELECT FROM circuits c
                WHERE c.name IN ('provider:' || p.id, 'key:' || k.id, 'model:' || m.id, 'model:' || m.id || '@key:' || k.id)
                  AND c.state <> 'closed') AS is_held_back,
       (SELECT s.value FROM settings s WHERE s.key = 'forbid_private_addresses') AS forbids_private
  FROM routes r
  LEFT JOIN route_models rm ON rm.route_id = r.id
  LEFT JOIN models m ON m.id = rm.model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
  LEFT JOIN provider_keys k
    ON k.provider_id = p.id AND k.is_enabled AND (k.user_id IS NULL OR k.user_id = :user_id)
 WHERE (r.id = :route_id OR (:route_id::bigint IS NULL AND r.is_default)) AND r.archived_at IS NULL
 ORDER BY rm.position, k.user_id IS NULL, k.position, k.id;

-- name: list_for_model(model_id, user_id)
-- The same for a model that is asked by itself.
SELECT m.id AS model_id, m.name AS model_name, m.context_window, price.input_price,
       price.output_price, m.streams, m.refused_parameters, COALESCE(m.first_token_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'first_token_timeout_s') END) AS first_token_timeout_s,
       COALESCE(m.idle_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'idle_timeout_s') END) AS idle_timeout_s,
       m.is_enabled, m.archived_at,
       p.id AS provider_id, p.name AS provider_name, p.kind, p.base_url, p.is_local,
       p.is_enabled AS provider_is_enabled, p.archived_at AS provider_archived_at, k.id AS key_id, k.ciphertext,
       ARRAY[p.requests_per_minute, p.tokens_per_minute, p.requests_per_day, p.tokens_per_day, p.max_in_flight]
           AS account_limits,
       ARRAY[m.requests_per_minute, m.tokens_per_minute, m.requests_per_day, m.tokens_per_day, m.max_in_flight]
           AS model_limits,
       EXISTS (SELECT FROM limit_notices n
                WHERE n.name = 'model:' || m.id || '@' || coalesce('key:' || k.id, 'provider:' || p.id)
                  AND n.resets_at > clock_timestamp()) AS has_notice,
       (SELECT jsonb_agg(jsonb_build_array(l.valid_from, l.input_price::text, l.output_price::text) ORDER BY l.valid_from)
          FROM model_prices l
         WHERE l.model_id = m.id AND l.valid_from > statement_timestamp()) AS later_prices,
       m.max_output_tokens, EXISTS (SELECT FROM budgets) AS has_budgets,
       EXISTS (SELECT FROM circuits c
                WHERE c.name IN ('provider:' || p.id, 'key:' || k.id, 'model:' || m.id, 'model:' || m.id || '@key:' || k.id)
                  AND c.state <> 'closed') AS is_held_back,
       (SELECT s.value FROM settings s WHERE s.key = 'forbid_private_addresses') AS forbids_private
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true
  LEFT JOIN provider_keys k
    ON k.provider_id = p.id AND k.is_enabled AND (k.user_id IS NULL OR k.user_id = :user_id)
 WHERE m.id = :model_id
 ORDER BY k.user_id IS NULL, k.position, k.id;

-- name: list_for_provider(provider_id, user_id)
-- The provider itself, for asking what models it has.
SELECT 0 AS model_id, '' AS model_name, NULL::integer AS context_window, NULL::numeric AS input_price,
       NULL::numeric AS output_price, true AS streams, '{}'::text[] AS refused_parameters,
       NULL::numeric AS first_token_timeout_s, NULL::numeric AS idle_timeout_s, true AS is_enabled,
       NULL::timestamptz AS archived_at,
       p.id AS provider_id, p.name AS provider_name, p.kind, p.base_url, p.is_local,
       true AS provider_is_enabled, p.archived_at AS provider_archived_at, k.id AS key_id, k.ciphertext,
       '{}'::integer[] AS account_limits, '{}'::integer[] AS model_limits, false AS has_notice,
       NULL::jsonb AS later_prices, NULL::integer AS max_output_tokens, false AS has_budgets,
       true AS is_held_back, (SELECT s.value FROM settings s WHERE s.key = 'forbid_private_addresses') AS forbids_private
  FROM providers p
  LEFT JOIN provider_keys k
    ON k.provider_id = p.id AND k.is_enabled AND (k.user_id IS NULL OR k.user_id = :user_id)
 WHERE p.id = :provider_id
 ORDER BY k.user_id IS NULL, k.position, k.id;

-- name: is_offered(model_id, key_id)$
-- Whether a candidate chosen a while ago would still be chosen.
SELECT m.is_enabled AND m.archived_at IS NULL AND p.is_enabled AND p.archived_at IS NULL
       AND (:key_id::bigint IS NULL
            OR EXISTS (SELECT 1 FROM provider_keys k WHERE k.id = :key_id AND k.is_enabled))
  FROM models m
  JOIN providers p ON p.id = m.provider_id
 WHERE m.id = :model_id;

-- name: has_models()$
-- Whether anything was connected at all, to say what is missing.
SELECT EXISTS (SELECT FROM models m JOIN providers p ON p.id = m.provider_id
                WHERE m.archived_at IS NULL AND p.archived_at IS NULL);
