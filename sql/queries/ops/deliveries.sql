-- Messages to webhooks: rows until somebody has taken them, so that they outlive any process.

-- name: queue_for_all(alert_id, event, body, now)!
-- One for each webhook that is switched on.
INSERT INTO deliveries (webhook_id, alert_id, event, body, next_at)
SELECT id, :alert_id, :event, :body, :now FROM webhooks WHERE is_enabled ORDER BY id;

-- name: create_test(webhook_id, body, lease_until)^
-- Held from the beginning by who tries it at once.
WITH made AS (
    INSERT INTO deliveries (webhook_id, event, body, attempts, next_at)
    VALUES (:webhook_id, 'test', :body, 1, :lease_until)
    RETURNING id, webhook_id, event, body, attempts
)
SELECT m.id, m.event, m.body, m.attempts AS attempt, w.url, w.ciphertext
  FROM made m
  JOIN webhooks w ON w.id = m.webhook_id;

-- name: claim_due(now, lease_until, limit)
-- Whoever claims one has it until lease_until; should that process die, another tries then.
UPDATE deliveries d
   SET attempts = d.attempts + 1, next_at = :lease_until
  FROM webhooks w
 WHERE w.id = d.webhook_id
   AND d.id IN (SELECT id FROM deliveries WHERE status = 'queued' AND next_at <= :now
                 ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING d.id, d.event, d.body, d.attempts AS attempt, w.url, w.ciphertext;

-- name: finish(delivery_id, attempt, status, next_at, http_status, answer, error)!
-- Only by who holds it: one that took too long changes nothing.
UPDATE deliveries
   SET status = :status, next_at = COALESCE(:next_at::timestamptz, next_at), http_status = :http_status, answer = :answer,
       error = :error, finished_at = CASE WHEN :status <> 'queued' THEN clock_timestamp() END
 WHERE id = :delivery_id AND attempts = :attempt AND status = 'queued';

-- name: give_up(webhook_id, error)!
UPDATE deliveries SET status = 'failed', error = :error, finished_at = clock_timestamp()
 WHERE webhook_id = :webhook_id AND status = 'queued';

-- name: list_deliveries(webhook_id, delivery_id, before_id, limit)
-- The newest first; those before "before_id".
SELECT id, webhook_id, alert_id, event, body, status, attempts, next_at, http_status, answer, error, created_at, finished_at
  FROM deliveries
 WHERE webhook_id = :webhook_id AND (:delivery_id::bigint IS NULL OR id = :delivery_id)
   AND (:before_id::bigint IS NULL OR id < :before_id)
 ORDER BY id DESC
 LIMIT :limit;

-- name: delete_old(days)!
DELETE FROM deliveries WHERE finished_at < now() - make_interval(days => :days);
