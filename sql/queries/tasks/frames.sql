-- Live text of running tasks, in an UNLOGGED table: cheap to write, gone after a crash of the database.

-- name: create_frames(task_ids, attempts, seqs, resets, texts)
-- Several tasks' frames in one statement; their readers are told when it commits. A frame whose predecessor is gone (the
-- database crashed) is not written: the writer then sends the whole text as a reset.
WITH new AS (
    SELECT *
      FROM unnest(:task_ids::bigint[], :attempts::integer[], :seqs::integer[], :resets::boolean[], :texts::text[])
           AS f (task_id, attempt, seq, is_reset, text)
), written AS (
    INSERT INTO task_frames (task_id, attempt, seq, is_reset, text)
    SELECT task_id, attempt, seq, is_reset, text
      FROM new
     WHERE is_reset OR seq = 1
        OR EXISTS (SELECT 1 FROM task_frames p
                    WHERE p.task_id = new.task_id AND p.attempt = new.attempt AND p.seq = new.seq - 1)
    RETURNING task_id
)
SELECT task_id, pg_notify('task_live', 'f' || task_id) FROM written;

-- name: list_frames(task_id, attempt, seq)
-- What came after a position.
SELECT attempt, seq, is_reset, text FROM task_frames
 WHERE task_id = :task_id AND (attempt, seq) > (:attempt, :seq)
 ORDER BY attempt, seq;

-- name: frame_exists(task_id, attempt, seq)$
SELECT EXISTS (SELECT 1 FROM task_frames WHERE task_id = :task_id AND attempt = :attempt AND seq = :seq);

-- name: delete_finished_frames()!
DELETE FROM task_frames f USING tasks t
 WHERE t.id = f.task_id AND t.finished_at < now() - interval '2 minutes';
