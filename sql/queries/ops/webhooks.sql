-- Who is told of alerts by a POST.

-- name: list_webhooks(webhook_id)
-- One, or all without an id; each with its newest delivery. Never the secret.
SELECT w.id, w.name, w.url, w.is_enabled, w.created_at, w.updated_at, d.status AS last_status, d.created_at AS last_at
  FROM webhooks w
  LEFT JOIN LATERAL (SELECT status, created_at FROM deliveries WHERE webhook_id = w.id ORDER BY id DESC LIMIT 1) d ON true
 WHERE :webhook_id::bigint IS NULL OR w.id = :webhook_id
 ORDER BY lower(w.name), w.id;

-- name: create_webhook(name, url, ciphertext, is_enabled, created_by)$
INSERT INTO webhooks (name, url, ciphertext, is_enabled, created_by)
VALUES (:name, :url, :ciphertext, :is_enabled, :created_by)
RETURNING id;

-- name: update_webhook(webhook_id, name, url, is_enabled)!
UPDATE webhooks SET name = :name, url = :url, is_enabled = :is_enabled, updated_at = now() WHERE id = :webhook_id;

-- name: set_secret(webhook_id, ciphertext)!
UPDATE webhooks SET ciphertext = :ciphertext, updated_at = now() WHERE id = :webhook_id;

-- name: delete_webhook(webhook_id)!
DELETE FROM webhooks WHERE id = :webhook_id;
