-- What a post and its sections have in their fields; section_id is NULL for the post's own. A field's text is its
-- newest revision, named in field_values.

-- name: get_current_id(post_id, section_id, field_id)$
SELECT revision_id
  FROM field_values
 WHERE post_id = :post_id AND field_id = :field_id AND section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint);

-- name: is_foldable(revision_id)$
-- Whether an autosave is young enough to give way to the next one, and nothing refers to it.
SELECT r.started_at > clock_timestamp() - interval '10 minutes'
       AND NOT EXISTS (SELECT FROM suggestions s WHERE s.base_revision_id = r.id
                          AND s.post_id = r.post_id AND s.field_id = r.field_id)
       AND NOT EXISTS (SELECT FROM suggestion_sources u WHERE u.revision_id = r.id)
       AND NOT EXISTS (SELECT FROM revisions o WHERE o.restored_from_id = r.id
                          AND o.post_id = r.post_id AND o.field_id = r.field_id)
  FROM revisions r
 WHERE r.id = :revision_id AND r.is_autosave;

-- name: set_value(post_id, section_id, field_id, revision_id)!
INSERT INTO field_values (post_id, section_id, field_id, revision_id)
VALUES (:post_id, :section_id, :field_id, :revision_id)
ON CONFLICT ON CONSTRAINT field_values_key DO UPDATE SET revision_id = excluded.revision_id;

-- name: get_section(post_id, section_id)^
-- The section of a post that a text is written to.
SELECT code, deleted_at FROM sections WHERE post_id = :post_id AND id = :section_id;
