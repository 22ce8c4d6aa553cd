-- What a template's blocks say today: a part's published version, or the block's own words.

-- name: list_version_pieces(template_version_ids)
-- Of several versions at once, each in order. A block without a part is named by its place.
SELECT b.template_version_id, COALESCE(p.name, 'Message ' || (b.position + 1)) AS source,
       p.kind, COALESCE(b.role, v.role) AS role, COALESCE(b.content, v.content) AS content,
       v.variable, v.label, v.fence, b.part_id, v.id AS part_version_id,
       b.is_optional, b.is_enabled, p.archived_at IS NOT NULL AS is_archived, b.role IS NOT NULL AS has_role
  FROM template_blocks b
  LEFT JOIN parts p ON p.id = b.part_id
  LEFT JOIN part_versions v ON v.id = p.published_version_id
 WHERE b.template_version_id = ANY (:template_version_ids)
 ORDER BY b.template_version_id, b.position;

-- name: list_part_pieces(part_ids)
-- For blocks that are not saved yet.
SELECT p.id AS part_id, p.name AS source, p.kind, v.role, v.content, v.variable, v.label, v.fence,
       v.id AS part_version_id, p.archived_at IS NOT NULL AS is_archived
  FROM parts p
  JOIN part_versions v ON v.id = p.published_version_id
 WHERE p.id = ANY (:part_ids);

-- name: get_published(template_id)^
-- The version in use.
SELECT published_version_id, name, archived_at FROM templates WHERE id = :template_id;

-- name: get_template_of(template_version_id)$
SELECT template_id FROM template_versions WHERE id = :template_version_id;
