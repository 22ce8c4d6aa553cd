-- Posts: what they are called, who touched them last, whether they are deleted. Their text is in fields.sql.

-- name: create_post(slug, title, user_id)$
INSERT INTO posts (slug, title, created_by, updated_by) VALUES (:slug, :title, :user_id, :user_id) RETURNING id;

-- name: get_free_number(slug)$
-- The number that makes a taken slug unique.
SELECT coalesce(max(substring(slug FROM '-(\d{1,6})$')::integer), 1) + 1
  FROM posts
 WHERE slug = :slug OR slug ~ ('^' || :slug || '-\d{1,6}$');

-- name: get_post(post_id)^
SELECT p.id, p.slug, p.title, p.created_by, c.name AS created_by_name, p.created_at, p.updated_at, p.updated_by,
       u.name AS updated_by_name, p.deleted_at
  FROM posts p
  LEFT JOIN users c ON c.id = p.created_by
  LEFT JOIN users u ON u.id = p.updated_by
 WHERE p.id = :post_id;

-- name: page_posts(before_at, before_id, limit, offset)
-- The ids of a page, the last touched first.
SELECT id
  FROM posts
 WHERE deleted_at IS NULL AND (updated_at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS bigint))
 ORDER BY updated_at DESC, id DESC
 LIMIT :limit OFFSET :offset;

-- name: page_found_posts(words, before_at, before_id, limit, offset)
-- The ids of a page of those whose title has all the words, or words that begin so.
SELECT id
  FROM posts
 WHERE deleted_at IS NULL AND (updated_at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS bigint))
   AND to_tsvector('simple', title) @@ to_tsquery('simple', :words)
 ORDER BY updated_at DESC, id DESC
 LIMIT :limit OFFSET :offset;

-- name: page_deleted_posts(before_at, before_id, limit, offset)
-- The ids of a page of the deleted ones, the last deleted first.
SELECT id
  FROM posts
 WHERE deleted_at IS NOT NULL AND (deleted_at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS bigint))
 ORDER BY deleted_at DESC, id DESC
 LIMIT :limit OFFSET :offset;

-- name: list_posts(post_ids)
-- The rows of a page in the order of its ids, with the words of each and how much of each stage is filled.
SELECT p.id, p.slug, p.title, p.created_by, c.name AS created_by_name, p.created_at, p.updated_at, p.updated_by,
       u.name AS updated_by_name, p.deleted_at, s.words, s.stages
  FROM unnest(CAST(:post_ids AS bigint[])) WITH ORDINALITY AS wanted (id, place)
  JOIN posts p ON p.id = wanted.id
  LEFT JOIN users c ON c.id = p.created_by
  LEFT JOIN users u ON u.id = p.updated_by
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(g.words), 0)::integer AS words,
              jsonb_agg(jsonb_build_object('key', g.key, 'name', g.name, 'filled', g.filled, 'total', g.total)
                        ORDER BY g.position) AS stages
         FROM (SELECT st.key, st.name, st.position, sum(r.words) AS words, count(f.id) AS total,
                      count(f.id) FILTER (WHERE r.words > 0) AS filled
                 FROM stages st
                 JOIN substages su ON su.stage_id = st.id AND su.archived_at IS NULL
                 JOIN fields f ON f.substage_id = su.id AND f.scope = 'post' AND f.archived_at IS NULL
                 LEFT JOIN field_values v ON v.post_id = p.id AND v.field_id = f.id AND v.section_id IS NULL
                 LEFT JOIN revisions r ON r.id = v.revision_id
                WHERE st.archived_at IS NULL
                GROUP BY st.id) g
       ) s
 ORDER BY wanted.place;

-- name: list_titles(post_ids)
-- What a page of posts is called, in the order of its ids: enough to choose one.
SELECT p.id, p.title
  FROM unnest(CAST(:post_ids AS bigint[])) WITH ORDINALITY AS wanted (id, place)
  JOIN posts p ON p.id = wanted.id
 ORDER BY wanted.place;

-- name: count_posts()$
SELECT count(*) FROM posts WHERE deleted_at IS NULL;

-- name: count_found_posts(words)$
SELECT count(*) FROM posts WHERE deleted_at IS NULL AND to_tsvector('simple', title) @@ to_tsquery('simple', :words);

-- name: count_deleted_posts()$
SELECT count(*) FROM posts WHERE deleted_at IS NOT NULL;

-- name: lock_post(post_id)^
-- Writers of one post wait for each other; so base, title and decision are seen as they are. Keys may still refer to it.
SELECT id, title, deleted_at FROM posts WHERE id = :post_id FOR NO KEY UPDATE;

-- name: touch_post(post_id, user_id, title)!
UPDATE posts SET title = :title, updated_at = clock_timestamp(), updated_by = :user_id WHERE id = :post_id;

-- name: get_title_source(post_id)$
-- The beginning of the filled field that names the post; an archived one no longer does.
SELECT left(r.text, 1000)
  FROM field_values v
  JOIN fields f ON f.id = v.field_id AND f.archived_at IS NULL
  JOIN substages su ON su.id = f.substage_id AND su.archived_at IS NULL
  JOIN stages st ON st.id = su.stage_id AND st.archived_at IS NULL
  JOIN revisions r ON r.id = v.revision_id
 WHERE v.post_id = :post_id AND v.section_id IS NULL AND f.title_rank IS NOT NULL AND r.words > 0
 ORDER BY f.title_rank
 LIMIT 1;

-- name: delete_post(post_id, user_id)!
-- The order of the live list is kept for the day it is restored.
UPDATE posts SET deleted_at = clock_timestamp(), updated_by = :user_id WHERE id = :post_id AND deleted_at IS NULL;

-- name: restore_post(post_id, user_id)!
UPDATE posts SET deleted_at = NULL, updated_at = clock_timestamp(), updated_by = :user_id
 WHERE id = :post_id AND deleted_at IS NOT NULL;
