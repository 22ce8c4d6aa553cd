-- What the rules found. Times come from the caller, so that one look sees one moment.

-- name: list_alerts(user_id, view, alert_id, before_id, limit)
-- The newest first; those before "before_id". Open ones are never many, so that they are found by the inbox's order.
SELECT a.id, a.rule_id, a.kind, a.subject, a.label, trim_scale(a.value) AS value, trim_scale(a.threshold) AS threshold,
       a.detail, a.opened_at, a.resolved_at, a.openings, a.dismissed_at, d.name AS dismissed_by_name,
       EXISTS (SELECT FROM alert_reads r WHERE r.alert_id = a.id AND r.user_id = :user_id) AS is_read
  FROM alerts a
  LEFT JOIN users d ON d.id = a.dismissed_by
 WHERE (:alert_id::bigint IS NULL OR a.id = :alert_id)
   AND (:before_id::bigint IS NULL OR a.id < :before_id)
   AND CASE :view::text WHEN 'inbox' THEN a.dismissed_at IS NULL WHEN 'open' THEN a.resolved_at IS NULL ELSE true END
 ORDER BY a.id DESC
 LIMIT :limit;

-- name: count_unread(user_id)$
SELECT count(*)
  FROM alerts a
 WHERE a.dismissed_at IS NULL
   AND NOT EXISTS (SELECT FROM alert_reads r WHERE r.alert_id = a.id AND r.user_id = :user_id);

-- name: mark_read(alert_id, user_id)!
INSERT INTO alert_reads (alert_id, user_id) VALUES (:alert_id, :user_id) ON CONFLICT DO NOTHING;

-- name: mark_unread(alert_id, user_id)!
DELETE FROM alert_reads WHERE alert_id = :alert_id AND user_id = :user_id;

-- name: mark_all_read(user_id)!
INSERT INTO alert_reads (alert_id, user_id)
SELECT id, :user_id FROM alerts WHERE dismissed_at IS NULL
    ON CONFLICT DO NOTHING;

-- name: dismiss(alert_id, user_id)!
UPDATE alerts SET dismissed_at = COALESCE(dismissed_at, clock_timestamp()), dismissed_by = COALESCE(dismissed_by, :user_id)
 WHERE id = :alert_id;

-- name: bring_back(alert_id)!
UPDATE alerts SET dismissed_at = NULL, dismissed_by = NULL WHERE id = :alert_id;

-- name: dismiss_resolved(user_id)!
UPDATE alerts SET dismissed_at = clock_timestamp(), dismissed_by = :user_id
 WHERE dismissed_at IS NULL AND resolved_at IS NOT NULL;

-- name: list_open(rule_id)
SELECT id, subject, clear_since, quiet_until FROM alerts WHERE rule_id = :rule_id AND resolved_at IS NULL;

-- name: open_again(rule_id, subject, since, cooldown, value, threshold, detail)$
-- It came back within its cool-down: the same alert, told of only if it lasts beyond that.
UPDATE alerts
   SET resolved_at = NULL, clear_since = NULL, openings = openings + 1, value = :value, threshold = :threshold,
       detail = :detail, quiet_until = resolved_at + make_interval(mins => :cooldown)
 WHERE id = (SELECT id FROM alerts WHERE rule_id = :rule_id AND subject = :subject ORDER BY id DESC LIMIT 1)
   AND resolved_at > :since
RETURNING id;

-- name: open_alert(rule_id, kind, subject, label, value, threshold, detail, now)$
INSERT INTO alerts (rule_id, kind, subject, label, value, threshold, detail, opened_at)
VALUES (:rule_id, :kind, :subject, :label, :value, :threshold, :detail, :now)
RETURNING id;

-- name: still_open(alert_id, label, value, threshold, detail, now)$
-- Whether webhooks are to be told now of what came back.
WITH before AS (
    SELECT id, quiet_until <= :now AS is_due FROM alerts WHERE id = :alert_id
)
UPDATE alerts a
   SET label = :label, value = :value, threshold = :threshold, detail = :detail, clear_since = NULL,
       quiet_until = CASE WHEN before.is_due THEN NULL ELSE a.quiet_until END
  FROM before
 WHERE a.id = before.id
RETURNING COALESCE(before.is_due, false);

-- name: set_clear(alert_id, since)!
UPDATE alerts SET clear_since = :since WHERE id = :alert_id;

-- name: resolve(alert_id, now)$
-- Whether its beginning was told, so that its end must be, too.
UPDATE alerts SET resolved_at = :now, clear_since = NULL WHERE id = :alert_id RETURNING quiet_until IS NULL;

-- name: list_open_ids(rule_id)
SELECT id FROM alerts WHERE rule_id = :rule_id AND resolved_at IS NULL ORDER BY id;

-- name: delete_old(days, limit)!
DELETE FROM alerts WHERE id IN (
    SELECT id FROM alerts WHERE resolved_at < now() - make_interval(days => :days) ORDER BY id LIMIT :limit);
