-- Budgets as people see them, with what was spent of them. How they are enforced: engine/budgets.sql.

-- name: list_budgets(budget_id)
-- One, or all without an id: the installation's first. Of everybody's, whoever spent most.
SELECT b.id, b.scope, b.user_id, u.name AS user_name, b.batch_id, b.period, trim_scale(b.amount) AS amount,
       trim_scale(b.warn_share) AS warn_share, b.refuses_unpriced, b.created_at, b.updated_at,
       period_start(b.period) AS since,
       CASE b.period WHEN 'day' THEN period_start('day') + 1
                     WHEN 'month' THEN (period_start('month') + interval '1 month')::date END AS until,
       top.user_name AS top_user_name,
       CASE b.scope WHEN 'each_user' THEN coalesce(top.spent, 0)
                    ELSE budget_spent(named.subject, period_start(b.period)) END AS spent,
       CASE b.scope WHEN 'each_user' THEN coalesce(budget_held(top.subject), 0)
                    ELSE budget_held(named.subject) END AS held
  FROM budgets b
  LEFT JOIN users u ON u.id = b.user_id
 CROSS JOIN LATERAL (SELECT CASE b.scope WHEN 'instance' THEN 'instance' WHEN 'batch' THEN 'batch:' || b.batch_id
                                         ELSE 'user:' || b.user_id END AS subject) named
  LEFT JOIN LATERAL (
       SELECT s.subject, t.name AS user_name, sum(s.cost) AS spent
         FROM (SELECT d.subject, d.cost FROM budget_days d
                WHERE d.subject LIKE 'user:%%' AND d.day >= period_start(b.period)
                UNION ALL
               SELECT 'user:' || l.user_id, l.cost FROM ledger_deltas l
                WHERE l.user_id IS NOT NULL AND l.day >= period_start(b.period)) s
         JOIN users t ON 'user:' || t.id = s.subject
        WHERE NOT EXISTS (SELECT FROM budgets own WHERE own.user_id = t.id AND own.period = b.period)
        GROUP BY s.subject, t.name
        ORDER BY 3 DESC, 1
        LIMIT 1) top ON b.scope = 'each_user'
 WHERE :budget_id::bigint IS NULL OR b.id = :budget_id
 ORDER BY b.scope <> 'instance', b.scope <> 'each_user', b.scope <> 'user', u.name, b.batch_id, b.period, b.id;

-- name: list_of_user(user_id)
-- The budgets that a call of this user must fit into.
SELECT b.id, b.scope, b.period, trim_scale(b.amount) AS amount, trim_scale(w.warn_share) AS warn_share,
       budget_spent(b.subject, b.since) AS spent
  FROM budgets_of(:user_id, NULL) b
  JOIN budgets w ON w.id = b.id
 ORDER BY b.id;

-- name: create_budget(scope, user_id, period, amount, warn_share, refuses_unpriced, created_by)$
INSERT INTO budgets (scope, user_id, period, amount, warn_share, refuses_unpriced, created_by)
VALUES (:scope, :user_id, :period, :amount, :warn_share, :refuses_unpriced, :created_by)
RETURNING id;

-- name: update_budget(budget_id, amount, warn_share, refuses_unpriced)!
UPDATE budgets
   SET amount = :amount, warn_share = :warn_share, refuses_unpriced = :refuses_unpriced, updated_at = now()
 WHERE id = :budget_id;

-- name: delete_budget(budget_id)!
DELETE FROM budgets WHERE id = :budget_id;

-- name: set_of_batch(batch_id, amount, created_by)!
INSERT INTO budgets (scope, batch_id, period, amount, created_by) VALUES ('batch', :batch_id, 'ever', :amount, :created_by)
    ON CONFLICT ON CONSTRAINT budgets_key DO UPDATE SET amount = excluded.amount, updated_at = now();

-- name: delete_of_batch(batch_id)!
DELETE FROM budgets WHERE batch_id = :batch_id;
