-- A post as one article: the texts of its sections side by side, and what it said at a moment.

-- name: list_section_texts(post_id, is_whole)
-- Draft, polished text and caption of each living section, in reading order; only their beginnings unless is_whole.
SELECT s.id AS section_id, f.key AS field_key, r.id AS revision_id, r.words,
       CASE WHEN :is_whole THEN r.text ELSE left(r.text, 700) END AS text, r.created_at AS written_at,
       u.name AS written_by_name, m.name AS model_name
  FROM sections s
  JOIN field_values v ON v.post_id = s.post_id AND v.section_id = s.id
  JOIN fields f ON f.id = v.field_id AND f.key IN ('section_draft', 'section_text', 'section_caption')
       AND f.archived_at IS NULL
  JOIN revisions r ON r.id = v.revision_id AND r.words > 0
  LEFT JOIN users u ON u.id = r.user_id
  LEFT JOIN suggestions g ON g.id = r.suggestion_id
  LEFT JOIN tasks t ON t.id = g.task_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
 WHERE s.post_id = :post_id AND s.deleted_at IS NULL
 ORDER BY s.position, s.id, f.position;

-- name: list_moments(post_id, limit)
-- When a text of the post was written, the newest first.
SELECT r.id AS revision_id, r.created_at AS at, u.name AS user_name, f.name AS field_name, s.code AS section_code
  FROM revisions r
  JOIN fields f ON f.id = r.field_id AND f.scope <> 'board'
  LEFT JOIN sections s ON s.id = r.section_id
  LEFT JOIN users u ON u.id = r.user_id
 WHERE r.post_id = :post_id
 ORDER BY r.id DESC
 LIMIT :limit;

-- name: get_moment(post_id, revision_id)^
-- The last one up to a revision; of an autosave folded away since, the one before it.
SELECT r.id AS revision_id, r.created_at AS at, u.name AS user_name, f.name AS field_name, s.code AS section_code
  FROM revisions r
  JOIN fields f ON f.id = r.field_id AND f.scope <> 'board'
  LEFT JOIN sections s ON s.id = r.section_id
  LEFT JOIN users u ON u.id = r.user_id
 WHERE r.post_id = :post_id AND r.id <= :revision_id
 ORDER BY r.id DESC
 LIMIT 1;

-- name: list_differences(post_id, before_id, after_id)
-- Texts whose newest revision up to one moment says something else than that up to another, whichever is earlier;
-- those of sections that are deleted now come last.
WITH was AS (
    SELECT DISTINCT ON (field_id, section_id) field_id, coalesce(section_id, 0) AS section, text, fingerprint
      FROM revisions
     WHERE post_id = :post_id AND id <= :before_id
     ORDER BY field_id, section_id, id DESC
), became AS (
    SELECT DISTINCT ON (field_id, section_id) field_id, coalesce(section_id, 0) AS section, text, fingerprint
      FROM revisions
     WHERE post_id = :post_id AND id <= :after_id
     ORDER BY field_id, section_id, id DESC
)
SELECT s.id AS section_id, s.code || CASE WHEN s.deleted_at IS NULL THEN '' ELSE ' (deleted)' END AS section_name,
       f.key AS field_key, f.name AS field_name, coalesce(a.text, '') AS before, coalesce(b.text, '') AS after
  FROM was a
  FULL JOIN became b USING (field_id, section)
  JOIN fields f ON f.id = field_id AND f.scope <> 'board'
  JOIN substages u ON u.id = f.substage_id
  LEFT JOIN sections s ON s.id = section
 WHERE a.fingerprint IS DISTINCT FROM b.fingerprint AND coalesce(a.text, '') <> coalesce(b.text, '')
 ORDER BY u.position, s.deleted_at IS NOT NULL, s.position NULLS FIRST, f.position;
