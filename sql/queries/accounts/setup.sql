-- One-time links of the first run.

-- name: lock_setup()
-- Of two browsers that claim at once, the second waits and then finds a user.
SELECT pg_advisory_xact_lock(7265003);

-- name: create_link(token_hash)!
INSERT INTO setup_links (token_hash) VALUES (:token_hash);

-- name: is_open(token_hash)$
-- A link is good only while there is no user at all.
SELECT EXISTS (SELECT FROM setup_links WHERE token_hash = :token_hash) AND NOT EXISTS (SELECT FROM users);

-- name: delete_links()!
DELETE FROM setup_links;

-- name: record_first_login(user_id)!
UPDATE users SET last_login_at = now() WHERE id = :user_id;
