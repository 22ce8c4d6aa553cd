-- Whose limits a provider has. What is counted against them is the engine's: engine/limits.sql.

-- name: list_accounts(provider_id)
-- Its shared keys that are asked with, in the order they are used.
SELECT id, name
  FROM provider_keys
 WHERE provider_id = :provider_id AND user_id IS NULL AND is_enabled
 ORDER BY position, id;
