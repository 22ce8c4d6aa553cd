-- Every value a field ever had, with who or what made it.

-- name: create_revision(post_id, section_id, field_id, base_revision_id, text, origin, user_id, suggestion_id, restored_from_id, is_autosave, started_at)$
-- started_at is that of the autosave folded into this one, or NULL for now.
-- A text goes back to the same suggestion as the one it was made from, until the field was empty in between.
INSERT INTO revisions (post_id, section_id, field_id, base_revision_id, text, origin, user_id, suggestion_id,
                       restored_from_id, is_autosave, started_at, root_suggestion_id)
SELECT :post_id, :section_id, :field_id, :base_revision_id, t.text, :origin, :user_id, :suggestion_id,
       :restored_from_id, :is_autosave, coalesce(CAST(:started_at AS timestamptz), clock_timestamp()),
       CASE WHEN t.text ~ '\S' THEN coalesce(:suggestion_id, (
            SELECT o.root_suggestion_id
              FROM revisions o
             WHERE o.id = coalesce(CAST(:restored_from_id AS bigint), CAST(:base_revision_id AS bigint)))) END
  FROM (SELECT CAST(:text AS text) AS text) t
RETURNING id;

-- name: delete_revision(revision_id)!
-- Only for an autosave that the next one takes the place of.
DELETE FROM revisions WHERE id = :revision_id;

-- name: get_revision(revision_id)^
SELECT r.id, r.post_id, r.section_id, r.field_id, f.key AS field_key, r.base_revision_id, r.text, r.words, r.origin,
       r.user_id, u.name AS user_name, r.suggestion_id, r.restored_from_id, r.is_autosave, r.started_at, r.created_at,
       s.task_id, tv.template_id, te.name AS template_name, tv.number AS template_number, m.name AS model_name,
       p.name AS provider_name, m.is_ai, t.cost, t.cost_source, r.root_suggestion_id
  FROM revisions r
  JOIN fields f ON f.id = r.field_id
  LEFT JOIN users u ON u.id = r.user_id
  LEFT JOIN suggestions s ON s.id = r.suggestion_id
  LEFT JOIN tasks t ON t.id = s.task_id
  LEFT JOIN template_versions tv ON tv.id = t.template_version_id
  LEFT JOIN templates te ON te.id = tv.template_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
 WHERE r.id = :revision_id;

-- name: list_revisions(post_id, section_id, field_id, before_id, limit)
-- The newest first, below an id.
SELECT r.id, r.post_id, r.section_id, r.field_id, f.key AS field_key, r.base_revision_id, r.text, r.words, r.origin,
       r.user_id, u.name AS user_name, r.suggestion_id, r.restored_from_id, r.is_autosave, r.started_at, r.created_at,
       s.task_id, tv.template_id, te.name AS template_name, tv.number AS template_number, m.name AS model_name,
       p.name AS provider_name, m.is_ai, t.cost, t.cost_source, r.root_suggestion_id
  FROM revisions r
  JOIN fields f ON f.id = r.field_id
  LEFT JOIN users u ON u.id = r.user_id
  LEFT JOIN suggestions s ON s.id = r.suggestion_id
  LEFT JOIN tasks t ON t.id = s.task_id
  LEFT JOIN template_versions tv ON tv.id = t.template_version_id
  LEFT JOIN templates te ON te.id = tv.template_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
 WHERE r.post_id = :post_id AND r.field_id = :field_id AND r.section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint)
   AND r.id < :before_id
 ORDER BY r.id DESC
 LIMIT :limit;

-- name: list_current(post_id, section_id)
-- The newest revision of each filled or cleared field of a post, or of one of its sections.
SELECT r.id, r.post_id, r.section_id, r.field_id, f.key AS field_key, r.base_revision_id, r.text, r.words, r.origin,
       r.user_id, u.name AS user_name, r.suggestion_id, r.restored_from_id, r.is_autosave, r.started_at, r.created_at,
       s.task_id, tv.template_id, te.name AS template_name, tv.number AS template_number, m.name AS model_name,
       p.name AS provider_name, m.is_ai, t.cost, t.cost_source, r.root_suggestion_id
  FROM field_values v
  JOIN revisions r ON r.id = v.revision_id
  JOIN fields f ON f.id = r.field_id
  LEFT JOIN users u ON u.id = r.user_id
  LEFT JOIN suggestions s ON s.id = r.suggestion_id
  LEFT JOIN tasks t ON t.id = s.task_id
  LEFT JOIN template_versions tv ON tv.id = t.template_version_id
  LEFT JOIN templates te ON te.id = tv.template_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
 WHERE v.post_id = :post_id AND v.section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint);
