-- What models cost from a moment on. A price that has begun stays as it is.

-- name: list_prices(model_id)
-- The latest first.
SELECT p.id, p.model_id, p.valid_from, trim_scale(p.input_price) AS input_price, trim_scale(p.output_price) AS output_price,
       u.name AS created_by_name, p.created_at, p.valid_from > statement_timestamp() AS is_future,
       lead(p.valid_from) OVER (ORDER BY p.valid_from) AS valid_until
  FROM model_prices p
  LEFT JOIN users u ON u.id = p.created_by
 WHERE p.model_id = :model_id
 ORDER BY p.valid_from DESC;

-- name: create_price(model_id, input_price, output_price, valid_from, user_id)$
-- From now on without a moment. Nothing for a moment that has passed.
INSERT INTO model_prices (model_id, valid_from, input_price, output_price, created_by)
SELECT :model_id, coalesce(:valid_from::timestamptz, clock_timestamp()), :input_price, :output_price, :user_id
 WHERE :valid_from::timestamptz IS NULL OR :valid_from::timestamptz > clock_timestamp()
RETURNING id;

-- name: delete_price(price_id, model_id)$
-- Only while it has not begun.
DELETE FROM model_prices
 WHERE id = :price_id AND model_id = :model_id AND valid_from > clock_timestamp()
RETURNING id;
