-- What speaks a part or asks with a template, and what fills its variables.

-- name: list_field_sources()
-- The fields whose texts fill variables of the same name; archived ones fill none.
SELECT f.key, f.name, f.scope
  FROM fields f
  JOIN substages u ON u.id = f.substage_id AND u.archived_at IS NULL
  JOIN stages s ON s.id = u.stage_id AND s.archived_at IS NULL
 WHERE f.archived_at IS NULL
 ORDER BY f.position, f.key;

-- name: list_templates_of_part(part_id, limit, offset)
-- The living templates that say the part's words now, by name.
SELECT DISTINCT t.id, t.name, t.published_version_id, t.needs_approval, lower(t.name) AS place
  FROM template_blocks b
  JOIN templates t ON t.published_version_id = b.template_version_id
 WHERE b.part_id = :part_id AND b.is_enabled AND t.archived_at IS NULL
 ORDER BY place, t.id
 LIMIT :limit OFFSET :offset;

-- name: count_templates_of_part(part_id)$
SELECT count(DISTINCT t.id)
  FROM template_blocks b
  JOIN templates t ON t.published_version_id = b.template_version_id
 WHERE b.part_id = :part_id AND b.is_enabled AND t.archived_at IS NULL;

-- name: list_actions_of(template_ids)
-- The actions that ask with any of these templates.
SELECT a.id, a.template_id, f.name || ': ' || a.name AS name, f.scope, a.route_id, t.name AS template_name
  FROM actions a
  JOIN fields f ON f.id = a.field_id
  JOIN templates t ON t.id = a.template_id
 WHERE a.template_id = ANY (:template_ids) AND a.archived_at IS NULL
 ORDER BY f.name, a.name;

-- name: list_actions_needing(part_id)
-- The actions whose prompt cannot do without what the part needs.
SELECT DISTINCT a.id, a.template_id, f.name || ': ' || a.name AS name, f.scope, a.route_id, t.name AS template_name
  FROM template_blocks b
  JOIN templates t ON t.published_version_id = b.template_version_id
  JOIN actions a ON a.template_id = t.id
  JOIN fields f ON f.id = a.field_id
 WHERE b.part_id = :part_id AND b.is_enabled AND NOT b.is_optional AND t.archived_at IS NULL AND a.archived_at IS NULL
 ORDER BY name;

-- name: list_left_speechless(part_id)
-- The templates whose only words of the user are the part's.
SELECT DISTINCT t.name
  FROM template_blocks b
  JOIN templates t ON t.published_version_id = b.template_version_id
 WHERE b.part_id = :part_id AND b.is_enabled AND t.archived_at IS NULL
   AND NOT EXISTS (
       SELECT 1
         FROM template_blocks o
         LEFT JOIN parts p ON p.id = o.part_id
         LEFT JOIN part_versions v ON v.id = p.published_version_id
        WHERE o.template_version_id = b.template_version_id AND o.is_enabled
          AND ((o.part_id IS DISTINCT FROM b.part_id AND COALESCE(o.role, v.role) = 'user') OR o.role = 'user'))
 ORDER BY t.name;
