-- Passwords of those who may come in.

-- name: get_active_password(email)^
SELECT id AS user_id, password_hash FROM users WHERE lower(email) = lower(:email) AND is_active;

-- name: record_login(user_id, password_hash)$
-- Nothing when the password was changed or the user deactivated since it was verified.
UPDATE users
   SET last_login_at = now()
 WHERE id = :user_id AND is_active AND password_hash = :password_hash
RETURNING id;

-- name: replace_password(user_id, old_hash, new_hash)$
-- Nothing when somebody was faster.
UPDATE users
   SET password_hash = :new_hash
 WHERE id = :user_id AND is_active AND password_hash = :old_hash
RETURNING id;
