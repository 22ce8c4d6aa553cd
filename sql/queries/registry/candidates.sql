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

-- name: list_for_run(task_id, run_id)
-- The same for what a task says, with the keys of who asked, for a run that begins: it can be read before the task is.
-- Somebody waits, so the row of the first call is written along, where nothing is counted that could refuse that call;
-- the key's last use is noted once a minute.
WITH asked AS MATERIALIZED (
SELECT row_number() OVER (ORDER BY rm.position, k.user_id IS NULL, k.position, k.id) AS place,
       r.name AS route_name, m.model_id, m.model_name, m.context_window, m.max_output_tokens, m.input_price, m.output_price, m.later_prices,
       m.streams, m.refused_parameters, m.first_token_timeout_s, m.idle_timeout_s, m.is_enabled, m.archived_at, m.provider_id,
       m.provider_name, m.kind, m.base_url, m.is_local, m.provider_is_enabled, m.provider_archived_at, m.account_limits,
       m.model_limits, m.has_budgets, m.forbids_private, k.id AS key_id, k.ciphertext,
       now.has_notice, now.is_held_back
  FROM tasks t
  LEFT JOIN routes r ON t.model_id IS NULL AND (r.id = t.route_id OR (t.route_id IS NULL AND r.is_default)) AND r.archived_at IS NULL
  LEFT JOIN route_models rm ON rm.route_id = r.id
  LEFT JOIN askable_models m ON m.model_id = COALESCE(t.model_id, rm.model_id)
  LEFT JOIN provider_keys k
    ON k.provider_id = m.provider_id AND k.is_enabled AND (k.user_id IS NULL OR k.user_id = t.asked_by)
  LEFT JOIN LATERAL model_with_key(m.model_id, m.provider_id, k.id) now ON true
 WHERE t.id = :task_id
), first AS (
    SELECT * FROM asked
     WHERE is_enabled AND provider_is_enabled AND archived_at IS NULL AND provider_archived_at IS NULL
       AND (ciphertext IS NOT NULL OR kind = 'llm' OR (kind = 'openai_compatible' AND is_local))
     ORDER BY place
     LIMIT 1
), written AS (
    INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, key_id, status, user_id, template_id,
                          billed_to)
    SELECT t.id, (SELECT COALESCE(MAX(position), 0) + 1 FROM attempts WHERE task_id = t.id), :run_id, f.model_id,
           f.provider_id, f.key_id, 'running', t.asked_by, t.template_id, t.billed_to
      FROM first f
      JOIN tasks t ON t.id = :task_id AND t.run_id = :run_id AND t.status = 'running' AND t.cancel_requested_at IS NULL
     WHERE NOT (f.is_held_back OR f.has_notice OR f.has_budgets)
       AND num_nonnulls(VARIADIC f.account_limits || f.model_limits) = 0
    RETURNING id, position
), used AS (
    UPDATE provider_keys k SET last_used_at = now()
      FROM first f
     WHERE k.id = f.key_id AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute')
       AND EXISTS (SELECT FROM written)
)
SELECT a.*, w.id AS attempt_id, w.position AS attempt_position
  FROM asked a
  LEFT JOIN first f ON f.place = a.place
  LEFT JOIN written w ON f.place IS NOT NULL
 ORDER BY a.place;

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
