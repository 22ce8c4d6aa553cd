-- API tokens. Only hashes are kept; a revoked one stays as a row, so that its use can be explained.

-- name: create_token(user_id, name, token_hash, hint)^
INSERT INTO api_tokens (user_id, name, token_hash, hint)
VALUES (:user_id, :name, :token_hash, :hint)
RETURNING id, user_id, name, hint, created_at, last_used_at, revoked_at;

-- name: get_token_user(token_hash)^
-- The user of a good token; is_touch_due keeps writes at one a minute however many calls come.
SELECT u.id, u.email, u.name, u.role, u.is_active, u.created_at, u.last_login_at,
       COALESCE(t.last_used_at < now() - interval '1 minute', true) AS is_touch_due
  FROM api_tokens t
  JOIN users u ON u.id = t.user_id
 WHERE t.token_hash = :token_hash AND t.revoked_at IS NULL AND u.is_active;

-- name: get_token_id(token_hash)$
-- Which one a program asks with.
SELECT id FROM api_tokens WHERE token_hash = :token_hash;

-- name: touch_token(token_hash)!
UPDATE api_tokens
   SET last_used_at = now()
 WHERE token_hash = :token_hash
   AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');

-- name: list_tokens(user_id, limit, offset)
-- One user's good ones, newest first.
SELECT id, user_id, name, hint, created_at, last_used_at, revoked_at
  FROM api_tokens
 WHERE user_id = :user_id AND revoked_at IS NULL
 ORDER BY id DESC
 LIMIT :limit OFFSET :offset;

-- name: count_tokens(user_id)$
SELECT count(*) FROM api_tokens WHERE user_id = :user_id AND revoked_at IS NULL;

-- name: revoke_token(token_id, user_id)^
-- Only one's own; nothing when it is not there or was revoked before.
UPDATE api_tokens
   SET revoked_at = now()
 WHERE id = :token_id AND user_id = :user_id AND revoked_at IS NULL
RETURNING id, user_id, name, hint, created_at, last_used_at, revoked_at;
