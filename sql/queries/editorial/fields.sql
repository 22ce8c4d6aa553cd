-- What a post has in its fields. A field's text is its newest revision, named in field_values.

-- name: get_current(post_id, field_id)^
-- The newest revision as a writer must see it; the post is locked.
SELECT r.id, r.base_revision_id, r.text, r.user_id, u.name AS user_name, r.origin, r.is_autosave, r.started_at,
       r.created_at,
       r.is_autosave AND r.started_at > clock_timestamp() - interval '10 minutes'
       AND NOT EXISTS (SELECT 1 FROM suggestions s WHERE s.base_revision_id = r.id
                          AND s.post_id = r.post_id AND s.field_id = r.field_id)
       AND NOT EXISTS (SELECT 1 FROM revisions o WHERE o.restored_from_id = r.id
                          AND o.post_id = r.post_id AND o.field_id = r.field_id) AS is_foldable
  FROM field_values v
  JOIN revisions r ON r.id = v.revision_id
  LEFT JOIN users u ON u.id = r.user_id
 WHERE v.post_id = :post_id AND v.field_id = :field_id AND v.section_id IS NULL;

-- name: set_value(post_id, field_id, revision_id)!
INSERT INTO field_values (post_id, section_id, field_id, revision_id) VALUES (:post_id, NULL, :field_id, :revision_id)
ON CONFLICT ON CONSTRAINT field_values_key DO UPDATE SET revision_id = excluded.revision_id;
