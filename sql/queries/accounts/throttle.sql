-- Failed logins by subject. A try counts as failed from its start, so that many at once cannot slip through.

-- name: lock_subject(subject)
-- One at a time per subject: count and insert are then one step.
SELECT pg_advisory_xact_lock(7265002, hashtext(:subject));

-- name: get_wait(subject, allowed, window_s)$
-- Seconds until the try that fills the window leaves it; nothing while there is room.
SELECT ceil(extract(epoch FROM failed_at - now()) + :window_s)::integer
  FROM login_failures
 WHERE subject = :subject AND failed_at > now() - make_interval(secs => :window_s)
 ORDER BY failed_at DESC
OFFSET :allowed - 1 LIMIT 1;

-- name: create_failure(subject)$
INSERT INTO login_failures (subject) VALUES (:subject) RETURNING id;

-- name: delete_failures(subject, failure_ids)!
-- The right password clears its own e-mail, but of the address only this one try: others there may be guessing.
DELETE FROM login_failures WHERE subject = :subject OR id = ANY(:failure_ids);

-- name: delete_old_failures(window_s)!
DELETE FROM login_failures WHERE failed_at <= now() - make_interval(secs => :window_s);
