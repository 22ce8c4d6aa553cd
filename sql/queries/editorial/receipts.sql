-- What a text was made with and from.

-- name: get_accepted_id(suggestion_id)$
-- The text that came in by accepting the suggestion; the last one, had it been taken back in between.
SELECT max(r.id)
  FROM suggestions s
  JOIN revisions r ON r.post_id = s.post_id AND r.field_id = s.field_id
                  AND r.section_id IS NOT DISTINCT FROM s.section_id AND r.suggestion_id = s.id
 WHERE s.id = :suggestion_id;

-- name: get_template_version(task_id)^
SELECT v.id, t.id AS owner_id, t.name, v.number,
       (SELECT max(n.number) FROM template_versions n WHERE n.template_id = t.id) AS newest
  FROM tasks k
  JOIN template_versions v ON v.id = k.template_version_id
  JOIN templates t ON t.id = v.template_id
 WHERE k.id = :task_id;

-- name: list_part_versions(task_id)
-- In the order of the prompt.
SELECT v.id, p.id AS owner_id, p.name, v.number,
       (SELECT max(n.number) FROM part_versions n WHERE n.part_id = p.id) AS newest
  FROM tasks k
 CROSS JOIN LATERAL unnest(k.part_version_ids) WITH ORDINALITY AS used (id, place)
  JOIN part_versions v ON v.id = used.id
  JOIN parts p ON p.id = v.part_id
 WHERE k.id = :task_id
 ORDER BY used.place;

-- name: list_sources(suggestion_id)
-- Whether a source says something else now, kept or not: the receipt tells what was, staleness what is to be done.
SELECT s.variable, coalesce(f.name, CASE s.variable WHEN 'section_ideas' THEN 'Ideas' ELSE 'Facts' END) AS name,
       f.key AS field_key, s.section_id, s.revision_id, r.created_at AS written_at, u.name AS written_by_name,
       CASE WHEN s.field_id IS NULL
            THEN EXISTS (SELECT FROM stale_sources t
                          WHERE t.post_id = g.post_id AND t.suggestion_id = s.suggestion_id AND t.variable = s.variable)
            ELSE n.fingerprint IS DISTINCT FROM s.fingerprint END AS is_changed
  FROM suggestion_sources s
  JOIN suggestions g ON g.id = s.suggestion_id
  LEFT JOIN fields f ON f.id = s.field_id
  LEFT JOIN revisions r ON r.id = s.revision_id
  LEFT JOIN users u ON u.id = r.user_id
  LEFT JOIN field_values v ON v.post_id = g.post_id AND v.field_id = s.field_id
                          AND v.section_id IS NOT DISTINCT FROM s.section_id
  LEFT JOIN revisions n ON n.id = v.revision_id
 WHERE s.suggestion_id = :suggestion_id
 ORDER BY f.position NULLS LAST, s.variable;
