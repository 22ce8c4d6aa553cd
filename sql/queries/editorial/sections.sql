-- Sections of a post: which there are and in what order. Their texts, headings too, are in fields.sql.

-- name: list_sections(post_id)
-- Living and deleted ones in the order of the post, with what a list of them shows.
SELECT s.id, s.post_id, s.code, s.position, s.created_at, s.deleted_at,
       coalesce(max(r.text) FILTER (WHERE f.key = 'section_heading'), '') AS heading,
       coalesce(max(r.text) FILTER (WHERE f.key = 'section_description'), '') AS description,
       coalesce(max(r.text) FILTER (WHERE f.key = 'section_summary'), '') AS summary,
       coalesce(max(r.words) FILTER (WHERE f.key = 'section_draft'), 0) AS draft_words,
       coalesce(max(r.words) FILTER (WHERE f.key = 'section_text'), 0) AS text_words,
       (SELECT count(*) FROM suggestions o JOIN tasks t ON t.id = o.task_id
         WHERE o.post_id = s.post_id AND o.section_id = s.id AND o.decision IS NULL AND t.status <> 'cancelled')
       AS waiting,
       (SELECT count(*) FROM suggestions o JOIN tasks t ON t.id = o.task_id
         WHERE o.post_id = s.post_id AND o.section_id = s.id AND o.decision IS NULL AND t.status = 'failed')
       AS failed
  FROM sections s
  LEFT JOIN field_values v ON v.post_id = s.post_id AND v.section_id = s.id
  LEFT JOIN fields f ON f.id = v.field_id
  LEFT JOIN revisions r ON r.id = v.revision_id
 WHERE s.post_id = :post_id
 GROUP BY s.id
 ORDER BY s.position, s.id;

-- name: find_post_id(section_id)$
SELECT post_id FROM sections WHERE id = :section_id;

-- name: list_version(post_id)
-- Of the order, as a row: it is fetched together with others.
SELECT sections_version FROM posts WHERE id = :post_id;

-- name: get_version(post_id)$
-- Of the order of the post's sections.
SELECT sections_version FROM posts WHERE id = :post_id;

-- name: create_section(post_id)$
-- Not yet in the order; its number was never used in this post.
INSERT INTO sections (post_id, position, number, deleted_at)
SELECT :post_id, 0, coalesce(max(number), 0) + 1, clock_timestamp() FROM sections WHERE post_id = :post_id
RETURNING id;

-- name: arrange(post_id, section_ids)!
-- These live, in this order; all others of the post are deleted.
UPDATE sections s
   SET position = coalesce(w.place, s.position),
       deleted_at = CASE WHEN w.id IS NULL THEN coalesce(s.deleted_at, clock_timestamp()) END
  FROM sections o
  LEFT JOIN unnest(CAST(:section_ids AS bigint[])) WITH ORDINALITY AS w (id, place) ON w.id = o.id
 WHERE o.id = s.id AND s.post_id = :post_id;

-- name: raise_version(post_id)!
UPDATE posts SET sections_version = sections_version + 1 WHERE id = :post_id;
