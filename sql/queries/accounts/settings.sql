-- What admins changed from the built-in defaults of services/accounts/settings.py.

-- name: get_value(key)$
SELECT value FROM settings WHERE key = :key;

-- name: list_settings()
SELECT s.key, s.value, s.updated_at, u.name AS updated_by_name
  FROM settings s
  LEFT JOIN users u ON u.id = s.updated_by
 ORDER BY s.key;

-- name: set_value(key, value, user_id)!
INSERT INTO settings (key, value, updated_by) VALUES (:key, :value, :user_id)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_by = EXCLUDED.updated_by, updated_at = now();
