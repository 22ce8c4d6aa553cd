-- Versions that wait to be published, of parts and templates alike.

-- name: list_waiting(limit, offset)
-- The oldest first. `guarding`: the templates that want a second person for it.
WITH waiting AS (
    SELECT DISTINCT ON (v.part_id) 'part' AS noun, p.id, p.name, v.number, v.note, v.created_by, v.created_at
      FROM part_versions v
      JOIN parts p ON p.id = v.part_id
     WHERE v.published_at IS NULL AND v.declined_at IS NULL AND p.archived_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM part_versions n
                        WHERE n.part_id = v.part_id AND n.number > v.number AND n.published_at IS NOT NULL)
     ORDER BY v.part_id, v.number DESC
), also AS (
    SELECT DISTINCT ON (v.template_id) 'template' AS noun, t.id, t.name, v.number, v.note, v.created_by, v.created_at
      FROM template_versions v
      JOIN templates t ON t.id = v.template_id
     WHERE v.published_at IS NULL AND v.declined_at IS NULL AND t.archived_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM template_versions n
                        WHERE n.template_id = v.template_id AND n.number > v.number AND n.published_at IS NOT NULL)
     ORDER BY v.template_id, v.number DESC
)
SELECT w.noun, w.id, w.name, w.number, w.note, w.created_by, u.name AS created_by_name, w.created_at,
       CASE WHEN w.noun = 'template'
            THEN ARRAY(SELECT t.name FROM templates t WHERE t.id = w.id AND t.needs_approval)
            ELSE ARRAY(SELECT DISTINCT t.name
                         FROM template_blocks b
                         JOIN template_versions v ON v.id = b.template_version_id
                         JOIN templates t ON t.id = v.template_id
                        WHERE b.part_id = w.id AND b.is_enabled AND t.needs_approval AND t.archived_at IS NULL
                          AND (v.id = t.published_version_id OR (v.published_at IS NULL AND v.declined_at IS NULL))
                        ORDER BY t.name)
       END AS guarding
  FROM (SELECT noun, id, name, number, note, created_by, created_at FROM waiting
          UNION ALL
        SELECT noun, id, name, number, note, created_by, created_at FROM also) w
  LEFT JOIN users u ON u.id = w.created_by
 ORDER BY w.created_at, w.noun, w.id
 LIMIT :limit OFFSET :offset;

-- name: count_waiting()$
SELECT (SELECT count(DISTINCT v.part_id)
          FROM part_versions v JOIN parts p ON p.id = v.part_id
         WHERE v.published_at IS NULL AND v.declined_at IS NULL AND p.archived_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM part_versions n
                            WHERE n.part_id = v.part_id AND n.number > v.number AND n.published_at IS NOT NULL))
     + (SELECT count(DISTINCT v.template_id)
          FROM template_versions v JOIN templates t ON t.id = v.template_id
         WHERE v.published_at IS NULL AND v.declined_at IS NULL AND t.archived_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM template_versions n
                            WHERE n.template_id = v.template_id AND n.number > v.number AND n.published_at IS NOT NULL));
