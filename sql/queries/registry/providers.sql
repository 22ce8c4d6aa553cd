-- Providers: LLM services and local servers.

-- name: list_providers(limit, offset)
SELECT p.id, p.name, p.kind, p.base_url, p.is_enabled, p.is_local, p.requests_per_minute, p.tokens_per_minute,
       p.requests_per_day, p.tokens_per_day, p.max_in_flight, p.tested_at, p.test_category, p.test_message,
       p.created_at, p.updated_at,
       (SELECT count(*) FROM provider_keys k WHERE k.provider_id = p.id AND k.user_id IS NULL) AS key_count,
       (SELECT count(*) FROM models m WHERE m.provider_id = p.id AND m.archived_at IS NULL) AS model_count
  FROM providers p
 WHERE p.archived_at IS NULL
 ORDER BY p.id
 LIMIT :limit OFFSET :offset;

-- name: count_providers()$
SELECT count(*) FROM providers WHERE archived_at IS NULL;

-- name: get_provider(provider_id)^
SELECT p.id, p.name, p.kind, p.base_url, p.is_enabled, p.is_local, p.requests_per_minute, p.tokens_per_minute,
       p.requests_per_day, p.tokens_per_day, p.max_in_flight, p.tested_at, p.test_category, p.test_message,
       p.created_at, p.updated_at,
       (SELECT count(*) FROM provider_keys k WHERE k.provider_id = p.id AND k.user_id IS NULL) AS key_count,
       (SELECT count(*) FROM models m WHERE m.provider_id = p.id AND m.archived_at IS NULL) AS model_count
  FROM providers p
 WHERE p.id = :provider_id AND p.archived_at IS NULL;

-- name: create_provider(name, kind, base_url, is_enabled, is_local, requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, max_in_flight)$
INSERT INTO providers (name, kind, base_url, is_enabled, is_local, requests_per_minute, tokens_per_minute,
                       requests_per_day, tokens_per_day, max_in_flight)
VALUES (:name, :kind, :base_url, :is_enabled, :is_local, :requests_per_minute, :tokens_per_minute,
        :requests_per_day, :tokens_per_day, :max_in_flight)
RETURNING id;

-- name: update_provider(provider_id, name, base_url, is_enabled, is_local, requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, max_in_flight)!
-- The kind stays: the models and keys below belong to it.
UPDATE providers
   SET name = :name, base_url = :base_url, is_enabled = :is_enabled, is_local = :is_local,
       requests_per_minute = :requests_per_minute, tokens_per_minute = :tokens_per_minute,
       requests_per_day = :requests_per_day, tokens_per_day = :tokens_per_day, max_in_flight = :max_in_flight,
       updated_at = now()
 WHERE id = :provider_id;

-- name: keep_test(provider_id, category, message)!
UPDATE providers SET tested_at = clock_timestamp(), test_category = :category, test_message = :message
 WHERE id = :provider_id;

-- name: forget_test(provider_id)!
-- After its address or a key changed, the last test says nothing any more.
UPDATE providers SET tested_at = NULL, test_category = NULL, test_message = NULL WHERE id = :provider_id;

-- name: archive_provider(provider_id)!
UPDATE providers SET archived_at = now(), is_enabled = false WHERE id = :provider_id;

-- name: archive_models(provider_id)!
UPDATE models SET archived_at = now(), is_enabled = false WHERE provider_id = :provider_id AND archived_at IS NULL;

-- name: delete_keys(provider_id)!
-- An archived provider is asked no more: its secrets need not be kept.
DELETE FROM provider_keys WHERE provider_id = :provider_id;

-- name: list_route_names(provider_id)
-- The routes in which models of this provider stand.
SELECT DISTINCT r.name
  FROM routes r
  JOIN route_models rm ON rm.route_id = r.id
  JOIN models m ON m.id = rm.model_id
 WHERE m.provider_id = :provider_id AND r.archived_at IS NULL
 ORDER BY r.name;
