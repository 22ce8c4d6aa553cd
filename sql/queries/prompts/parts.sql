-- Reusable pieces of prompts. A part's words live in versions that never change; published_version_id names the one in use.

-- name: create_part(name, kind, description, notes, tags, position, created_by)$
INSERT INTO parts (name, kind, description, notes, tags, position, created_by)
VALUES (:name, :kind, :description, :notes, :tags, :position, :created_by)
RETURNING id;

-- name: create_version(part_id, role, content, variable, label, fence, note, created_by)$
-- The next number; the caller holds the part's lock, so no two take the same.
INSERT INTO part_versions (part_id, number, role, content, variable, label, fence, note, created_by)
SELECT :part_id, COALESCE(max(number), 0) + 1, :role, :content, :variable, :label, :fence, :note, :created_by
  FROM part_versions
 WHERE part_id = :part_id
RETURNING number;

-- name: lock_part(part_id)$
-- Writers of one part come one after another.
SELECT id FROM parts WHERE id = :part_id FOR UPDATE;

-- name: update_part(part_id, name, kind, description, notes, tags, position)!
UPDATE parts
   SET name = :name, kind = :kind, description = :description, notes = :notes, tags = :tags, position = :position, updated_at = now()
 WHERE id = :part_id;

-- name: publish_version(part_id, version_id)!
UPDATE parts SET published_version_id = :version_id, updated_at = now() WHERE id = :part_id;

-- name: mark_published(version_id, user_id)!
-- The first time counts: it tells who answered for these words.
UPDATE part_versions
   SET published_at = now(), published_by = :user_id, declined_at = NULL
 WHERE id = :version_id AND published_at IS NULL;

-- name: mark_declined(version_id)!
UPDATE part_versions SET declined_at = now() WHERE id = :version_id AND published_at IS NULL;

-- name: set_archived(part_id, is_archived)!
UPDATE parts SET archived_at = CASE WHEN :is_archived THEN now() END, updated_at = now() WHERE id = :part_id;

-- name: get_part(part_id)^
SELECT p.id, p.name, p.kind, p.description, p.notes, p.tags, p.position, v.id AS version_id, v.number AS version,
       v.role, v.content, v.variable, v.label, v.fence,
       (SELECT max(n.number) FROM part_versions n WHERE n.part_id = p.id) AS latest_version,
       (SELECT max(n.number) FILTER (WHERE n.published_at IS NULL AND n.declined_at IS NULL
                                       AND n.number > COALESCE((SELECT max(u.number) FROM part_versions u
                                                                 WHERE u.part_id = p.id AND u.published_at IS NOT NULL), 0))
          FROM part_versions n WHERE n.part_id = p.id) AS waiting_version,
       (SELECT count(DISTINCT t.id) FROM template_blocks b JOIN templates t ON t.published_version_id = b.template_version_id
         WHERE b.part_id = p.id AND t.archived_at IS NULL) AS used_by,
       p.library_hash, p.created_at, p.updated_at, p.archived_at
  FROM parts p
  JOIN part_versions v ON v.id = p.published_version_id
 WHERE p.id = :part_id;

-- name: list_parts(is_archived, kind, tag, pattern, limit, offset)
-- In the order in which they usually stand. NULL kind, tag or pattern: any.
SELECT p.id, p.name, p.kind, p.description, p.notes, p.tags, p.position, v.id AS version_id, v.number AS version,
       v.role, v.content, v.variable, v.label, v.fence,
       (SELECT max(n.number) FROM part_versions n WHERE n.part_id = p.id) AS latest_version,
       (SELECT max(n.number) FILTER (WHERE n.published_at IS NULL AND n.declined_at IS NULL
                                       AND n.number > COALESCE((SELECT max(u.number) FROM part_versions u
                                                                 WHERE u.part_id = p.id AND u.published_at IS NOT NULL), 0))
          FROM part_versions n WHERE n.part_id = p.id) AS waiting_version,
       (SELECT count(DISTINCT t.id) FROM template_blocks b JOIN templates t ON t.published_version_id = b.template_version_id
         WHERE b.part_id = p.id AND t.archived_at IS NULL) AS used_by,
       p.library_hash, p.created_at, p.updated_at, p.archived_at
  FROM parts p
  JOIN part_versions v ON v.id = p.published_version_id
 WHERE (p.archived_at IS NOT NULL) = :is_archived
   AND (:kind::text IS NULL OR p.kind = :kind)
   AND (:tag::text IS NULL OR :tag = ANY (p.tags))
   AND (:pattern::text IS NULL OR p.name ILIKE :pattern OR p.description ILIKE :pattern OR p.notes ILIKE :pattern OR v.content ILIKE :pattern)
 ORDER BY p.position, lower(p.name), p.id
 LIMIT :limit OFFSET :offset;

-- name: list_parts_by_id(part_ids)
-- Archived ones too, in no order.
SELECT p.id, p.name, p.kind, p.description, p.notes, p.tags, p.position, v.id AS version_id, v.number AS version,
       v.role, v.content, v.variable, v.label, v.fence,
       (SELECT max(n.number) FROM part_versions n WHERE n.part_id = p.id) AS latest_version,
       (SELECT max(n.number) FILTER (WHERE n.published_at IS NULL AND n.declined_at IS NULL
                                       AND n.number > COALESCE((SELECT max(u.number) FROM part_versions u
                                                                 WHERE u.part_id = p.id AND u.published_at IS NOT NULL), 0))
          FROM part_versions n WHERE n.part_id = p.id) AS waiting_version,
       (SELECT count(DISTINCT t.id) FROM template_blocks b JOIN templates t ON t.published_version_id = b.template_version_id
         WHERE b.part_id = p.id AND t.archived_at IS NULL) AS used_by,
       p.library_hash, p.created_at, p.updated_at, p.archived_at
  FROM parts p
  JOIN part_versions v ON v.id = p.published_version_id
 WHERE p.id = ANY (:part_ids);

-- name: list_offered(kind, tag, pattern, limit)
-- The same living ones as a template's editor offers them: with their beginning, and nothing that must be counted.
SELECT p.id, p.name, p.kind, p.tags, left(v.content, 301) AS content
  FROM parts p
  JOIN part_versions v ON v.id = p.published_version_id
 WHERE p.archived_at IS NULL
   AND (:kind::text IS NULL OR p.kind = :kind)
   AND (:tag::text IS NULL OR :tag = ANY (p.tags))
   AND (:pattern::text IS NULL OR p.name ILIKE :pattern OR p.description ILIKE :pattern OR p.notes ILIKE :pattern OR v.content ILIKE :pattern)
 ORDER BY p.position, lower(p.name), p.id
 LIMIT :limit;

-- name: count_parts(is_archived, kind, tag, pattern)$
SELECT count(*)
  FROM parts p
  JOIN part_versions v ON v.id = p.published_version_id
 WHERE (p.archived_at IS NOT NULL) = :is_archived
   AND (:kind::text IS NULL OR p.kind = :kind)
   AND (:tag::text IS NULL OR :tag = ANY (p.tags))
   AND (:pattern::text IS NULL OR p.name ILIKE :pattern OR p.description ILIKE :pattern OR p.notes ILIKE :pattern OR v.content ILIKE :pattern);

-- name: list_tags()
-- Every tag in use, the commonest first.
SELECT tag, count(*) AS parts
  FROM parts, unnest(tags) AS tag
 WHERE archived_at IS NULL
 GROUP BY tag
 ORDER BY count(*) DESC, tag;

-- name: list_versions(part_id, limit, offset)
-- The newest first.
SELECT v.id, v.part_id, v.number, v.role, v.content, v.variable, v.label, v.fence, v.note,
       v.created_by, u.name AS created_by_name, v.created_at, v.id = p.published_version_id AS is_published,
       v.published_at, v.published_by, w.name AS published_by_name, v.declined_at
  FROM part_versions v
  JOIN parts p ON p.id = v.part_id
  LEFT JOIN users u ON u.id = v.created_by
  LEFT JOIN users w ON w.id = v.published_by
 WHERE v.part_id = :part_id
 ORDER BY v.number DESC
 LIMIT :limit OFFSET :offset;

-- name: count_versions(part_id)$
SELECT count(*) FROM part_versions WHERE part_id = :part_id;

-- name: get_version(part_id, number)^
SELECT v.id, v.part_id, v.number, v.role, v.content, v.variable, v.label, v.fence, v.note,
       v.created_by, u.name AS created_by_name, v.created_at, v.id = p.published_version_id AS is_published,
       v.published_at, v.published_by, w.name AS published_by_name, v.declined_at
  FROM part_versions v
  JOIN parts p ON p.id = v.part_id
  LEFT JOIN users u ON u.id = v.created_by
  LEFT JOIN users w ON w.id = v.published_by
 WHERE v.part_id = :part_id AND v.number = :number;

-- name: list_users_of_part(part_id)
-- The templates it stands in: in the version in use, or in a newer one that waits to be published.
SELECT DISTINCT t.id, t.name
  FROM template_blocks b
  JOIN template_versions v ON v.id = b.template_version_id
  JOIN templates t ON t.id = v.template_id
 WHERE b.part_id = :part_id AND t.archived_at IS NULL
   AND (v.id = t.published_version_id
        OR (v.published_at IS NULL AND v.declined_at IS NULL
            AND v.number > (SELECT p.number FROM template_versions p WHERE p.id = t.published_version_id)))
 ORDER BY t.name;

-- name: list_guarding(part_id)
-- The templates that need a second person and speak it, or would in the version that waits: changing the part changes
-- what somebody approved, or is about to.
SELECT DISTINCT t.id, t.name
  FROM template_blocks b
  JOIN template_versions v ON v.id = b.template_version_id
  JOIN templates t ON t.id = v.template_id
 WHERE b.part_id = :part_id AND b.is_enabled AND t.needs_approval AND t.archived_at IS NULL
   AND (v.id = t.published_version_id OR (v.published_at IS NULL AND v.declined_at IS NULL))
 ORDER BY t.name;
