-- People with an account.

-- name: create_user(email, name, password_hash, role)^
INSERT INTO users (email, name, password_hash, role)
VALUES (:email, :name, :password_hash, :role)
RETURNING id, email, name, role, is_active, created_at, last_login_at;

-- name: get_user(user_id)^
SELECT id, email, name, role, is_active, created_at, last_login_at FROM users WHERE id = :user_id;

-- name: get_user_by_email(email)^
SELECT id, email, name, role, is_active, created_at, last_login_at FROM users WHERE lower(email) = lower(:email);

-- name: list_users(limit, offset)
-- Those who may come in first, then by name.
SELECT id, email, name, role, is_active, created_at, last_login_at
  FROM users
 ORDER BY is_active DESC, lower(name), id
 LIMIT :limit OFFSET :offset;

-- name: count_users()$
SELECT count(*) FROM users;

-- name: lock_admins()
-- Locked in the order of their ids: of two who demote each other at once, the second sees what the first did.
SELECT id FROM users WHERE role = 'admin' AND is_active ORDER BY id FOR UPDATE;

-- name: update_user(user_id, email, name, role, is_active)^
UPDATE users
   SET email = :email, name = :name, role = :role, is_active = :is_active
 WHERE id = :user_id
RETURNING id, email, name, role, is_active, created_at, last_login_at;

-- name: rename_user(user_id, name)^
UPDATE users
   SET name = :name
 WHERE id = :user_id
RETURNING id, email, name, role, is_active, created_at, last_login_at;

-- name: update_password_hash(user_id, password_hash)!
UPDATE users SET password_hash = :password_hash WHERE id = :user_id;

-- name: delete_user(user_id)!
DELETE FROM users WHERE id = :user_id;
