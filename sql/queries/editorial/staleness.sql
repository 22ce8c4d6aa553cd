-- Texts whose sources changed since they were made. The rule itself is the view stale_sources; what is archived is left
-- out, for nobody can act on it.

-- name: list_stale(post_id)
-- Of the post and its living sections, in the order of the workflow. Labels of the board are used up when they are applied.
SELECT s.section_id, f.key AS field_key, s.suggestion_id, g.action_id, s.variable,
       coalesce(o.name, CASE s.variable WHEN 'section_ideas' THEN 'Ideas' ELSE 'Facts' END) AS source_name,
       s.source_section_id, s.used_revision_id, s.revision_id, s.changed_at, u.name AS changed_by_name,
       CASE WHEN s.source_field_id IS NULL
            THEN ARRAY(SELECT DISTINCT i.code
                         FROM section_events v
                        CROSS JOIN LATERAL jsonb_array_elements(v.rewordings) t
                         JOIN post_items i ON i.id = CAST(t ->> 'item' AS bigint)
                        WHERE v.post_id = s.post_id AND v.created_at > g.created_at AND v.undone_by_id IS NULL
                          AND i.section_id = s.source_section_id AND i.deleted_at IS NULL
                          AND i.kind = CASE s.variable WHEN 'section_ideas' THEN 'idea' ELSE 'fact' END
                        ORDER BY i.code)
            ELSE '{}' END AS reworded
  FROM stale_sources s
  JOIN fields f ON f.id = s.field_id AND f.scope <> 'board' AND f.archived_at IS NULL
  JOIN substages b ON b.id = f.substage_id AND b.archived_at IS NULL
  JOIN stages d ON d.id = b.stage_id AND d.archived_at IS NULL
  JOIN suggestions g ON g.id = s.suggestion_id
  LEFT JOIN fields o ON o.id = s.source_field_id
  LEFT JOIN sections e ON e.id = s.section_id
  LEFT JOIN users u ON u.id = s.changed_by
 WHERE s.post_id = :post_id AND e.deleted_at IS NULL
 ORDER BY e.position NULLS FIRST, f.position, o.position NULLS LAST, s.variable;

-- name: count_stale(post_ids)
-- How many texts of each post are stale; no row for a post without one.
SELECT s.post_id, count(DISTINCT (s.section_id, s.field_id)) AS stale
  FROM stale_sources s
  JOIN fields f ON f.id = s.field_id AND f.scope <> 'board' AND f.archived_at IS NULL
  JOIN substages b ON b.id = f.substage_id AND b.archived_at IS NULL
  JOIN stages d ON d.id = b.stage_id AND d.archived_at IS NULL
  LEFT JOIN sections e ON e.id = s.section_id
 WHERE s.post_id = ANY (CAST(:post_ids AS bigint[])) AND e.deleted_at IS NULL
 GROUP BY s.post_id;

-- name: keep(post_id, section_id, field_id, user_id)!
-- The text stays good for its sources as they are now.
INSERT INTO kept_sources (suggestion_id, variable, fingerprint, started_at, kept_by)
SELECT suggestion_id, variable, fingerprint, started_at, :user_id
  FROM stale_sources
 WHERE post_id = :post_id AND field_id = :field_id AND section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint);
