-- Importing a library: which rows it wrote last, so that rows edited since are left alone.

-- name: lock_library()$
-- One import at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('blogforge library', 0));

-- name: set_part_hash(part_id, library_hash)!
UPDATE parts SET library_hash = :library_hash WHERE id = :part_id;

-- name: set_template_hash(template_id, library_hash)!
UPDATE templates SET library_hash = :library_hash WHERE id = :template_id;

-- name: set_action_hash(action_id, library_hash)!
UPDATE actions SET library_hash = :library_hash WHERE id = :action_id;

-- name: list_fields()
SELECT id, key FROM fields;

-- name: get_first_admin()^
-- On whose behalf the terminal imports.
SELECT id, email, name, role, is_active, created_at, last_login_at
  FROM users
 WHERE role = 'admin' AND is_active
 ORDER BY id
 LIMIT 1;
