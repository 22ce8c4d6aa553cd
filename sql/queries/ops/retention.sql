-- What the settings no longer keep.

-- name: clear_texts(days, limit)!
-- The oldest first and a few at a time, so that nobody waits. What waits for a decision is somebody's work in progress.
WITH old AS (
    SELECT t.id
      FROM tasks t
     WHERE t.texts_cleared_at IS NULL AND t.finished_at < now() - make_interval(days => :days)
       AND NOT EXISTS (SELECT FROM suggestions s WHERE s.task_id = t.id AND s.decision IS NULL)
     ORDER BY t.finished_at
     LIMIT :limit
       FOR UPDATE OF t SKIP LOCKED
), cleared AS (
    UPDATE attempts a SET text = '', messages = NULL, error_text = NULL FROM old WHERE a.task_id = old.id
)
UPDATE tasks t
   SET messages = '[]', inputs = '{}', output = CASE WHEN t.output IS NOT NULL THEN '' END, texts_cleared_at = now()
  FROM old
 WHERE t.id = old.id;
