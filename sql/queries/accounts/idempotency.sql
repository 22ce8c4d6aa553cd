-- Answers kept for an Idempotency-Key.

-- name: claim_key(user_id, key, request)$
-- Take the key if nobody has it; the id of who took it, or nothing.
INSERT INTO idempotency_keys (user_id, key, request) VALUES (:user_id, :key, :request)
ON CONFLICT (user_id, key) DO NOTHING
RETURNING user_id;

-- name: get_key(user_id, key)^
SELECT request, status, headers, body FROM idempotency_keys WHERE user_id = :user_id AND key = :key;

-- name: keep_answer(user_id, key, status, headers, body)!
UPDATE idempotency_keys SET status = :status, headers = :headers, body = :body
 WHERE user_id = :user_id AND key = :key;

-- name: delete_key(user_id, key)!
DELETE FROM idempotency_keys WHERE user_id = :user_id AND key = :key;

-- name: delete_old_keys()!
-- A day is longer than any client repeats itself.
DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day';
