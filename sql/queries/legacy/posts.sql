-- What only an import may say of a post: when it was really written.

-- name: set_times(post_id, created_at, updated_at)!
-- NULL leaves what is there.
UPDATE posts
   SET created_at = coalesce(CAST(:created_at AS timestamptz), created_at),
       updated_at = coalesce(CAST(:updated_at AS timestamptz), updated_at)
 WHERE id = :post_id;
