-- What was done to the sections of a post and their items.

-- name: create_event(post_id, kind, summary, order_before, order_after, moves, texts, rewordings, user_id)$
INSERT INTO section_events (post_id, kind, summary, order_before, order_after, moves, texts, rewordings, user_id)
VALUES (:post_id, :kind, :summary, :order_before, :order_after, :moves, :texts, :rewordings, :user_id)
RETURNING id;

-- name: list_events(post_id, before_id, limit)
-- The newest first, below an id.
SELECT e.id, e.post_id, e.kind, e.summary, e.order_before, e.order_after, e.moves, e.texts, e.rewordings, e.user_id,
       u.name AS user_name, e.created_at, e.undone_by_id
  FROM section_events e
  LEFT JOIN users u ON u.id = e.user_id
 WHERE e.post_id = :post_id AND e.id < :before_id
 ORDER BY e.id DESC
 LIMIT :limit;

-- name: get_undoable(post_id)^
-- The newest that is not undone; everything after it is undone, or undid something.
SELECT e.id, e.post_id, e.kind, e.summary, e.order_before, e.order_after, e.moves, e.texts, e.rewordings, e.user_id,
       u.name AS user_name, e.created_at, e.undone_by_id
  FROM section_events e
  LEFT JOIN users u ON u.id = e.user_id
 WHERE e.post_id = :post_id AND e.undone_by_id IS NULL AND e.kind <> 'undone'
 ORDER BY e.id DESC
 LIMIT 1;

-- name: set_undone(event_id, undone_by_id)!
UPDATE section_events SET undone_by_id = :undone_by_id WHERE id = :event_id;

-- name: move_items(post_id, item_ids, section_ids)!
-- Each item to the section beside it; NULL is the tray.
UPDATE post_items i
   SET section_id = w.section_id
  FROM unnest(CAST(:item_ids AS bigint[]), CAST(:section_ids AS bigint[])) AS w (item_id, section_id)
 WHERE i.id = w.item_id AND i.post_id = :post_id;
