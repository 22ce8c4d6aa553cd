-- Processes that run tasks, known by their heartbeat.

-- name: create_worker(worker_id, host, pid, kind)!
INSERT INTO workers (id, host, pid, kind) VALUES (:worker_id, :host, :pid, :kind);

-- name: beat(worker_id)!
UPDATE workers SET beat_at = clock_timestamp() WHERE id = :worker_id;

-- name: delete_worker(worker_id)!
DELETE FROM workers WHERE id = :worker_id;

-- name: delete_dead_workers()!
DELETE FROM workers w
 WHERE w.beat_at < clock_timestamp() - interval '1 minute'
   AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.worker_id = w.id AND t.status = 'running');

-- name: is_any_alive(kind)$
SELECT EXISTS (SELECT 1 FROM workers WHERE kind = :kind AND beat_at > clock_timestamp() - interval '10 seconds');
