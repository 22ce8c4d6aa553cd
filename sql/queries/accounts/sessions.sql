-- Who is logged in. Only hashes of the cookies are kept.

-- name: create_session(token_hash, user_id, lifetime_s)!
INSERT INTO sessions (token_hash, user_id, expires_at)
VALUES (:token_hash, :user_id, now() + make_interval(secs => :lifetime_s));

-- name: get_session_user(token_hash)^
-- The user of a living session; is_touch_due keeps writes at one a minute however many pages are read.
SELECT u.id, u.email, u.name, u.role, u.is_active, u.created_at, u.last_login_at,
       s.last_used_at < now() - interval '1 minute' AS is_touch_due
  FROM sessions s
  JOIN users u ON u.id = s.user_id
 WHERE s.token_hash = :token_hash AND s.expires_at > now() AND u.is_active;

-- name: touch_session(token_hash, lifetime_s)!
-- The end slides: who comes back within the lifetime stays logged in.
UPDATE sessions
   SET last_used_at = now(), expires_at = now() + make_interval(secs => :lifetime_s)
 WHERE token_hash = :token_hash AND last_used_at < now() - interval '1 minute';

-- name: delete_session(token_hash)!
DELETE FROM sessions WHERE token_hash = :token_hash;

-- name: delete_user_sessions(user_id, except_token_hash)!
-- All of one user's, but the one given (NULL: none is spared).
DELETE FROM sessions
 WHERE user_id = :user_id AND token_hash IS DISTINCT FROM :except_token_hash::bytea;

-- name: delete_expired_sessions()!
DELETE FROM sessions WHERE expires_at <= now();
