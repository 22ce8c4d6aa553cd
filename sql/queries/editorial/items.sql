-- Ideas and facts of a post.

-- name: list_items(post_id)
-- Deleted ones too; those of a deleted section are in the tray.
SELECT i.id, i.post_id, i.kind, i.code, i.text, CASE WHEN s.deleted_at IS NULL THEN i.section_id END AS section_id,
       f.key AS field_key, i.revision_id, i.created_at, i.deleted_at
  FROM post_items i
  LEFT JOIN sections s ON s.id = i.section_id
  LEFT JOIN fields f ON f.id = i.field_id
 WHERE i.post_id = :post_id
 ORDER BY i.kind DESC, i.number;

-- name: find_post_id(item_id)$
SELECT post_id FROM post_items WHERE id = :item_id;

-- name: create_items(post_id, kind, texts, field_id, revision_id, user_id)
-- With numbers that were never used in this post, in the order given.
INSERT INTO post_items (post_id, kind, number, text, field_id, revision_id, created_by)
SELECT :post_id, :kind, coalesce((SELECT max(number) FROM post_items WHERE post_id = :post_id AND kind = :kind), 0)
       + t.place, t.text, :field_id, :revision_id, :user_id
  FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS t (text, place)
RETURNING id;

-- name: list_former_words(post_id)
-- What items said before they were reworded, the newest last. What was undone is said again.
SELECT i.id AS item_id, t ->> 'before' AS text
  FROM section_events e
 CROSS JOIN LATERAL jsonb_array_elements(e.rewordings) t
  JOIN post_items i ON i.id = CAST(t ->> 'item' AS bigint)
 WHERE e.post_id = :post_id AND e.undone_by_id IS NULL
 ORDER BY e.id;

-- name: reword(item_id, base_text, text)!
-- Unless it says something else by now.
UPDATE post_items SET text = :text WHERE id = :item_id AND text = :base_text;

-- name: set_deleted(item_id, is_deleted)!
UPDATE post_items
   SET deleted_at = CASE WHEN :is_deleted THEN coalesce(deleted_at, clock_timestamp()) END
 WHERE id = :item_id;
