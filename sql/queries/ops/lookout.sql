-- Which minute was looked at last, and by whom now.

-- name: lock_minute(now)$
-- The minute that was looked at before; NULL when this one was already, or is being.
SELECT evaluated_at FROM alert_watch
 WHERE evaluated_at < date_trunc('minute', :now::timestamptz)
   FOR UPDATE SKIP LOCKED;

-- name: set_minute(now)!
UPDATE alert_watch SET evaluated_at = date_trunc('minute', :now::timestamptz);
