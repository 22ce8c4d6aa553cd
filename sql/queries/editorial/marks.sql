-- Which texts somebody called done. The mark is on the text it was set on: another text is not done.

-- name: set_done(post_id, section_id, field_id, user_id)!
UPDATE field_values
   SET done_revision_id = revision_id, done_by = :user_id, done_at = clock_timestamp()
 WHERE post_id = :post_id AND field_id = :field_id AND section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint)
   AND done_revision_id IS DISTINCT FROM revision_id;

-- name: clear_done(post_id, section_id, field_id)!
UPDATE field_values
   SET done_revision_id = NULL, done_by = NULL, done_at = NULL
 WHERE post_id = :post_id AND field_id = :field_id AND section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint);

-- name: list_done(post_id)
-- The texts of a post and its sections that are done.
SELECT v.section_id, f.key AS field_key, u.name AS done_by_name, v.done_at
  FROM field_values v
  JOIN fields f ON f.id = v.field_id
  LEFT JOIN users u ON u.id = v.done_by
 WHERE v.post_id = :post_id AND v.done_revision_id = v.revision_id;
