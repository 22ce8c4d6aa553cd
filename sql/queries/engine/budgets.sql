-- What running calls may spend. The functions are in migration 0011.

-- name: admit_spend(task_id, run_id, most, lasts_s)^
-- Hold it for the run's next call, or say which budget has no room. One statement, so that it is exact whoever else asks.
SELECT budget_id, scope, period, amount, spent, held, refuses_unpriced
  FROM admit_spend(:task_id::bigint, :run_id::uuid, :most::numeric, :lasts_s::double precision);

-- name: release(run_id)!
-- Of a call that was not made, or whose attempt is written already.
DELETE FROM budget_holds WHERE run_id = :run_id;

-- name: forget_old()!
-- Those of processes that died before their call was written down.
DELETE FROM budget_holds WHERE until < clock_timestamp();
