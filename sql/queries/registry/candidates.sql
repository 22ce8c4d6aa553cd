-- The models that may be asked, with what is needed to ask them.

-- name: list_for_routes(route_ids, user_id)
-- Route by route, in its order, each as often as there are keys for it: the user's own before the shared ones. Without routes
-- the default one; a route without models is one row without a model. One read, because somebody waits for it.
SELECT r.id AS route_id, r.name AS route_name, m.model_id, m.model_name, m.context_window, m.max_output_tokens, m.input_price,
       m.output_price, m.later_prices,
       m.streams, m.refused_parameters, m.first_token_timeout_s, m.idle_timeout_s, m.is_enabled, m.archived_at, m.provider_id,
       m.provider_name, m.kind, m.base_url, m.is_local, m.provider_is_enabled, m.provider_archived_at, m.account_limits,
       m.model_limits, m.has_budgets, m.forbids_private, k.id AS key_id, k.ciphertext,
       now.has_notice, now.is_held_back
  FROM routes r
  LEFT JOIN route_models rm ON rm.route_id = r.id
  LEFT JOIN askable_models m ON m.model_id = rm.model_id
  LEFT JOIN provider_keys k
    ON k.provider_id = m.provider_id AND k.is_enabled AND (k.user_id IS NULL OR k.user_id = :user_id)
  LEFT JOIN LATERAL model_with_key(m.model_id, m.provider_id, k.id) now ON true
 WHERE (r.id = ANY (:route_ids::bigint[]) OR (:route_ids::bigint[] IS NULL AND r.is_default)) AND r.archived_at IS NULL
 ORDER BY r.id, rm.position, k.user_id IS NULL, k.position, k.id;

-- name: list_for_model(model_id, user_id)
-- The same for a model that is asked by itself.
SELECT m.model_id, m.model_name, m.context_window, m.max_output_tokens, m.input_price, m.output_price, m.later_prices,
       m.streams, m.refused_parameters, m.first_token_timeout_s, m.idle_timeout_s, m.is_enabled, m.archived_at, m.provider_id,
       m.provider_name, m.kind, m.base_url, m.is_local, m.provider_is_enabled, m.provider_archived_at, m.account_limits,
       m.model_limits, m.has_budgets, m.forbids_private, k.id AS key_id, k.ciphertext,
       now.has_notice, now.is_held_back
  FROM askable_models m
  LEFT JOIN provider_keys k
    ON k.provider_id = m.provider_id AND k.is_enabled AND (k.user_id IS NULL OR k.user_id = :user_id)
  LEFT JOIN LATERAL model_with_key(m.model_id, m.provider_id, k.id) now ON true
 WHERE m.model_id = :model_id
 ORDER BY k.user_id IS NULL, k.position, k.id;

-- name: get_mark()$
-- While it is the same, what was read of them holds.
SELECT bit_xor(mark) FROM registry_changes;

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
