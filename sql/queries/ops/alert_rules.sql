-- What admins want to be told of.

-- name: list_rules(rule_id)
-- One, or all without an id.
SELECT r.id, r.kind, trim_scale(r.threshold) AS threshold, r.window_minutes, r.minimum, r.cooldown_minutes, r.is_enabled,
       (SELECT count(*) FROM alerts a WHERE a.rule_id = r.id AND a.resolved_at IS NULL) AS open_alerts,
       r.created_at, r.updated_at
  FROM alert_rules r
 WHERE :rule_id::bigint IS NULL OR r.id = :rule_id
 ORDER BY array_position(ARRAY['error_share', 'latency', 'budget', 'circuit', 'batch', 'worker'], r.kind), r.id;

-- name: create_rule(kind, threshold, window_minutes, minimum, cooldown_minutes, is_enabled, created_by)$
INSERT INTO alert_rules (kind, threshold, window_minutes, minimum, cooldown_minutes, is_enabled, created_by)
VALUES (:kind, :threshold, :window_minutes, :minimum, :cooldown_minutes, :is_enabled, :created_by)
RETURNING id;

-- name: update_rule(rule_id, threshold, window_minutes, minimum, cooldown_minutes, is_enabled)!
UPDATE alert_rules
   SET threshold = :threshold, window_minutes = :window_minutes, minimum = :minimum,
       cooldown_minutes = :cooldown_minutes, is_enabled = :is_enabled, updated_at = now()
 WHERE id = :rule_id;

-- name: delete_rule(rule_id)!
DELETE FROM alert_rules WHERE id = :rule_id;

-- name: lock_all()$
-- Two people who add the usual rules at once add them once.
SELECT pg_advisory_xact_lock(hashtext('alert_rules'));
