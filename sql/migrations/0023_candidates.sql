-- Whom a task may ask, in one place: three queries read it, one of them together with the start of a task.

-- Models with their providers and what holds for asking them now; without keys, for these are somebody's.
CREATE VIEW askable_models AS
SELECT m.id AS model_id, m.name AS model_name, m.context_window, m.max_output_tokens, price.input_price, price.output_price,
       (SELECT jsonb_agg(jsonb_build_array(l.valid_from, l.input_price::text, l.output_price::text) ORDER BY l.valid_from)
          FROM model_prices l
         WHERE l.model_id = m.id AND l.valid_from > statement_timestamp()) AS later_prices,
       m.streams, m.refused_parameters,
       COALESCE(m.first_token_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'first_token_timeout_s') END) AS first_token_timeout_s,
       COALESCE(m.idle_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'idle_timeout_s') END) AS idle_timeout_s,
       m.is_enabled, m.archived_at,
       p.id AS provider_id, p.name AS provider_name, p.kind, p.base_url, p.is_local,
       p.is_enabled AS provider_is_enabled, p.archived_at AS provider_archived_at,
       ARRAY[p.requests_per_minute, p.tokens_per_minute, p.requests_per_day, p.tokens_per_day, p.max_in_flight]
           AS account_limits,
       ARRAY[m.requests_per_minute, m.tokens_per_minute, m.requests_per_day, m.tokens_per_day, m.max_in_flight]
           AS model_limits,
       EXISTS (SELECT FROM budgets) AS has_budgets,
       (SELECT s.value FROM settings s WHERE s.key = 'forbid_private_addresses') AS forbids_private
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true;

-- What is known of the model with this key now: little is left, as the provider said lately; one of its circuits is not
-- closed. One row, as a table, for so it becomes part of the query that asks.
CREATE FUNCTION model_with_key(asked_model bigint, asked_provider bigint, asked_key bigint)
RETURNS TABLE (has_notice boolean, is_held_back boolean) LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM limit_notices n
                    WHERE n.name = 'model:' || asked_model || '@' || coalesce('key:' || asked_key, 'provider:' || asked_provider)
                      AND n.resets_at > clock_timestamp()),
           EXISTS (SELECT FROM circuits c
                    WHERE c.name IN ('provider:' || asked_provider, 'key:' || asked_key, 'model:' || asked_model,
                                     'model:' || asked_model || '@key:' || asked_key)
                      AND c.state <> 'closed')
$$;
