-- Templates: ordered blocks under versions that never change; published_version_id names the one in use.

-- name: create_template(name, description, created_by)$
INSERT INTO templates (name, description, created_by) VALUES (:name, :description, :created_by) RETURNING id;

-- name: create_version(template_id, note, created_by)^
-- The next number; the caller holds the template's lock, so no two take the same.
INSERT INTO template_versions (template_id, number, note, created_by)
SELECT :template_id, COALESCE(max(number), 0) + 1, :note, :created_by
  FROM template_versions
 WHERE template_id = :template_id
RETURNING id, number;

-- name: create_blocks(version_id, blocks)!
-- All blocks of a version in one statement.
INSERT INTO template_blocks (template_version_id, position, part_id, role, content, is_optional, is_enabled)
SELECT :version_id, b.position, b.part_id, b.role, b.content, b.is_optional, b.is_enabled
  FROM jsonb_to_recordset(:blocks)
    AS b (position integer, part_id bigint, role text, content text, is_optional boolean, is_enabled boolean);

-- name: lock_template(template_id)$
-- Writers of one template come one after another.
SELECT id FROM templates WHERE id = :template_id FOR UPDATE;

-- name: lock_parts(part_ids)
-- Nobody archives them while a version that refers to them is written. In the order of ids, so that two cannot deadlock.
SELECT id, name, archived_at IS NOT NULL AS is_archived
  FROM parts
 WHERE id = ANY (:part_ids)
 ORDER BY id
   FOR SHARE;

-- name: update_template(template_id, name, description)!
UPDATE templates SET name = :name, description = :description, updated_at = now() WHERE id = :template_id;

-- name: publish_version(template_id, version_id)!
UPDATE templates SET published_version_id = :version_id, updated_at = now() WHERE id = :template_id;

-- name: mark_published(version_id, user_id)!
-- The first time counts: it tells who answered for these words.
UPDATE template_versions
   SET published_at = now(), published_by = :user_id, declined_at = NULL
 WHERE id = :version_id AND published_at IS NULL;

-- name: mark_declined(version_id)!
UPDATE template_versions SET declined_at = now() WHERE id = :version_id AND published_at IS NULL;

-- name: set_approval(template_id, needs_approval)!
UPDATE templates SET needs_approval = :needs_approval, updated_at = now() WHERE id = :template_id;

-- name: set_archived(template_id, is_archived)!
UPDATE templates SET archived_at = CASE WHEN :is_archived THEN now() END, updated_at = now() WHERE id = :template_id;

-- name: get_template(template_id)^
SELECT t.id, t.name, t.description, t.needs_approval, v.id AS version_id, v.number AS version,
       (SELECT max(n.number) FROM template_versions n WHERE n.template_id = t.id) AS latest_version,
       (SELECT max(n.number) FILTER (WHERE n.published_at IS NULL AND n.declined_at IS NULL
                                       AND n.number > COALESCE((SELECT max(u.number) FROM template_versions u
                                                                 WHERE u.template_id = t.id AND u.published_at IS NOT NULL), 0))
          FROM template_versions n WHERE n.template_id = t.id) AS waiting_version,
       (SELECT count(*) FROM actions a WHERE a.template_id = t.id AND a.archived_at IS NULL) AS used_by,
       t.library_hash, t.created_at, t.updated_at, t.archived_at
  FROM templates t
  JOIN template_versions v ON v.id = t.published_version_id
 WHERE t.id = :template_id;

-- name: list_names()
-- Enough to choose one of those in use.
SELECT id, name FROM templates WHERE archived_at IS NULL ORDER BY lower(name), id;

-- name: list_templates(is_archived, pattern, limit, offset)
-- By name. NULL pattern: all.
SELECT t.id, t.name, t.description, t.needs_approval, v.id AS version_id, v.number AS version,
       (SELECT max(n.number) FROM template_versions n WHERE n.template_id = t.id) AS latest_version,
       (SELECT max(n.number) FILTER (WHERE n.published_at IS NULL AND n.declined_at IS NULL
                                       AND n.number > COALESCE((SELECT max(u.number) FROM template_versions u
                                                                 WHERE u.template_id = t.id AND u.published_at IS NOT NULL), 0))
          FROM template_versions n WHERE n.template_id = t.id) AS waiting_version,
       (SELECT count(*) FROM actions a WHERE a.template_id = t.id AND a.archived_at IS NULL) AS used_by,
       t.library_hash, t.created_at, t.updated_at, t.archived_at
  FROM templates t
  JOIN template_versions v ON v.id = t.published_version_id
 WHERE (t.archived_at IS NOT NULL) = :is_archived
   AND (:pattern::text IS NULL OR t.name ILIKE :pattern OR t.description ILIKE :pattern)
 ORDER BY lower(t.name), t.id
 LIMIT :limit OFFSET :offset;

-- name: count_templates(is_archived, pattern)$
SELECT count(*)
  FROM templates
 WHERE (archived_at IS NOT NULL) = :is_archived
   AND (:pattern::text IS NULL OR name ILIKE :pattern OR description ILIKE :pattern);

-- name: list_versions(template_id, limit, offset)
-- The newest first.
SELECT v.id, v.template_id, v.number, v.note, v.created_by, u.name AS created_by_name, v.created_at,
       v.id = t.published_version_id AS is_published,
       v.published_at, v.published_by, w.name AS published_by_name, v.declined_at
  FROM template_versions v
  JOIN templates t ON t.id = v.template_id
  LEFT JOIN users u ON u.id = v.created_by
  LEFT JOIN users w ON w.id = v.published_by
 WHERE v.template_id = :template_id
 ORDER BY v.number DESC
 LIMIT :limit OFFSET :offset;

-- name: count_versions(template_id)$
SELECT count(*) FROM template_versions WHERE template_id = :template_id;

-- name: get_version(template_id, number)^
SELECT v.id, v.template_id, v.number, v.note, v.created_by, u.name AS created_by_name, v.created_at,
       v.id = t.published_version_id AS is_published,
       v.published_at, v.published_by, w.name AS published_by_name, v.declined_at
  FROM template_versions v
  JOIN templates t ON t.id = v.template_id
  LEFT JOIN users u ON u.id = v.created_by
  LEFT JOIN users w ON w.id = v.published_by
 WHERE v.template_id = :template_id AND v.number = :number;

-- name: list_blocks(version_ids)
-- Of several versions at once, each in order.
SELECT template_version_id, part_id, role, content, is_optional, is_enabled
  FROM template_blocks
 WHERE template_version_id = ANY (:version_ids)
 ORDER BY template_version_id, position;

-- name: list_users_of_template(template_id)
-- The actions that ask with it.
SELECT a.id, f.name || ': ' || a.name AS name
  FROM actions a
  JOIN fields f ON f.id = a.field_id
 WHERE a.template_id = :template_id AND a.archived_at IS NULL
 ORDER BY f.name, a.name;

-- name: list_owners(version_ids)
SELECT id, template_id FROM template_versions WHERE id = ANY (:version_ids);
