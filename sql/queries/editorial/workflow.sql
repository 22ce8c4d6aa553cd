-- The workflow as rows: stages, sub-stages, fields. Read often, changed by migrations only.

-- name: list_stages()
SELECT id, key, name, position FROM stages ORDER BY position;

-- name: list_substages()
SELECT u.id, u.key, u.name, u.icon, u.position, s.key AS stage_key
  FROM substages u
  JOIN stages s ON s.id = u.stage_id
 ORDER BY u.position;

-- name: list_fields()
-- Of posts, their sections and the board, in the order of the pages.
SELECT f.id, f.key, f.name, f.kind, f.help, f.scope, f.max_length, f.title_rank, f.position,
       u.key AS substage_key, u.name AS substage_name
  FROM fields f
  JOIN substages u ON u.id = f.substage_id
 ORDER BY u.position, f.position;

-- name: get_field(key)^
SELECT f.id, f.key, f.name, f.kind, f.help, f.scope, f.max_length, f.title_rank, f.position,
       u.key AS substage_key, u.name AS substage_name
  FROM fields f
  JOIN substages u ON u.id = f.substage_id
 WHERE f.key = :key;
