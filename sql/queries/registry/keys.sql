-- Keys of providers. The ciphertext is read by candidates.sql alone.

-- name: list_visible(user_id, sees_shared, limit, offset)
-- One's own, and the shared ones for who keeps the registry.
SELECT k.id, k.provider_id, p.name AS provider_name, k.user_id, k.name, k.hint, k.position, k.is_enabled,
       k.created_by, u.name AS created_by_name, k.created_at, k.last_used_at
  FROM provider_keys k
  JOIN providers p ON p.id = k.provider_id
  LEFT JOIN users u ON u.id = k.created_by
 WHERE k.user_id = :user_id OR (k.user_id IS NULL AND :sees_shared)
 ORDER BY k.user_id NULLS LAST, lower(p.name), k.position, k.id
 LIMIT :limit OFFSET :offset;

-- name: count_visible(user_id, sees_shared)$
SELECT count(*) FROM provider_keys WHERE user_id = :user_id OR (user_id IS NULL AND :sees_shared);

-- name: has_provider(provider_id)$
SELECT EXISTS (SELECT FROM providers WHERE id = :provider_id AND archived_at IS NULL);

-- name: list_of_provider(provider_id)
-- The shared keys of one provider, in the order they are used.
SELECT k.id, k.provider_id, p.name AS provider_name, k.user_id, k.name, k.hint, k.position, k.is_enabled,
       k.created_by, u.name AS created_by_name, k.created_at, k.last_used_at
  FROM provider_keys k
  JOIN providers p ON p.id = k.provider_id
  LEFT JOIN users u ON u.id = k.created_by
 WHERE k.provider_id = :provider_id AND k.user_id IS NULL
 ORDER BY k.position, k.id;

-- name: get_key(key_id)^
SELECT k.id, k.provider_id, p.name AS provider_name, k.user_id, k.name, k.hint, k.position, k.is_enabled,
       k.created_by, u.name AS created_by_name, k.created_at, k.last_used_at
  FROM provider_keys k
  JOIN providers p ON p.id = k.provider_id
  LEFT JOIN users u ON u.id = k.created_by
 WHERE k.id = :key_id;

-- name: create_key(provider_id, user_id, name, ciphertext, hint, created_by)$
-- At the end of the provider's keys.
INSERT INTO provider_keys (provider_id, user_id, name, ciphertext, hint, created_by, position)
VALUES (:provider_id, :user_id, :name, :ciphertext, :hint, :created_by,
        (SELECT coalesce(max(position) + 1, 0) FROM provider_keys WHERE provider_id = :provider_id))
RETURNING id;

-- name: update_key(key_id, name, is_enabled)!
UPDATE provider_keys SET name = :name, is_enabled = :is_enabled WHERE id = :key_id;

-- name: replace_secret(key_id, ciphertext, hint)!
UPDATE provider_keys SET ciphertext = :ciphertext, hint = :hint, created_at = now() WHERE id = :key_id;

-- name: delete_key(key_id)!
DELETE FROM provider_keys WHERE id = :key_id;
