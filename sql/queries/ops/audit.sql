-- What people did by hand to the installation itself.

-- name: create_entry(user_id, user_name, action, noun, noun_id, detail, changes, request_id)!
INSERT INTO audit_log (user_id, user_name, action, noun, noun_id, detail, changes, request_id)
VALUES (:user_id, :user_name, :action, :noun, :noun_id, :detail, :changes, :request_id);

-- name: list_entries(user_id, noun, action, since, until, before_id, limit)
-- A parameter that is NULL asks for nothing; ids follow time, so that each index on (…, id) serves the order too.
SELECT id, at, user_id, user_name, action, noun, noun_id, detail, changes, request_id
  FROM audit_log
 WHERE (:user_id::bigint IS NULL OR user_id = :user_id)
   AND (:noun::text IS NULL OR noun = :noun)
   AND (:action::text IS NULL OR action = :action)
   AND (:since::timestamptz IS NULL OR at >= :since)
   AND (:until::timestamptz IS NULL OR at < :until)
   AND (:before_id::bigint IS NULL OR id < :before_id)
 ORDER BY id DESC
 LIMIT :limit;

-- name: get_entry(entry_id)^
SELECT id, at, user_id, user_name, action, noun, noun_id, detail, changes, request_id
  FROM audit_log WHERE id = :entry_id;

-- name: list_nouns()
-- One step of the index for each, however many entries there are.
WITH RECURSIVE found AS (
    (SELECT noun FROM audit_log ORDER BY noun LIMIT 1)
    UNION ALL
    SELECT (SELECT a.noun FROM audit_log a WHERE a.noun > found.noun ORDER BY a.noun LIMIT 1)
      FROM found WHERE found.noun IS NOT NULL
)
SELECT noun FROM found WHERE noun IS NOT NULL;

-- name: list_actions()
WITH RECURSIVE found AS (
    (SELECT action FROM audit_log ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT a.action FROM audit_log a WHERE a.action > found.action ORDER BY a.action LIMIT 1)
      FROM found WHERE found.action IS NOT NULL
)
SELECT action FROM found WHERE action IS NOT NULL;

-- name: list_people()
SELECT id, name FROM users u
 WHERE EXISTS (SELECT FROM audit_log a WHERE a.user_id = u.id) ORDER BY lower(name), id LIMIT 500;

-- name: delete_old_entries(days, limit)!
-- A few at a time, so that nobody waits for it.
DELETE FROM audit_log WHERE id IN (
    SELECT id FROM audit_log WHERE at < now() - make_interval(days => :days) ORDER BY at LIMIT :limit
    FOR UPDATE SKIP LOCKED);
