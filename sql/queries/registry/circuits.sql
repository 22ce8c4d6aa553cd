-- Circuits as people see and move them. The engine's own statements are in engine/circuits.sql.

-- name: list_circuits(user_id, sees_shared)
-- One for everything that can be asked, with a row or without: providers, models, keys one may see, and models with one
-- key while they are not closed. A rate limit whose time is over holds nobody back.
WITH things AS (
    SELECT 'provider:' || p.id AS name, 'provider' AS kind, p.id AS provider_id, p.name AS provider_name,
           NULL::bigint AS model_id, NULL::text AS model_name, NULL::bigint AS key_id, NULL::text AS key_name,
           false AS is_own
      FROM providers p
     WHERE p.archived_at IS NULL
     UNION ALL
    SELECT 'model:' || m.id, 'model', p.id, p.name, m.id, m.name, NULL, NULL, false
      FROM models m
      JOIN providers p ON p.id = m.provider_id
     WHERE m.archived_at IS NULL AND p.archived_at IS NULL
     UNION ALL
    SELECT 'key:' || k.id, 'key', p.id, p.name, NULL, NULL, k.id, k.name, k.user_id IS NOT NULL
      FROM provider_keys k
      JOIN providers p ON p.id = k.provider_id
     WHERE p.archived_at IS NULL AND (k.user_id = :user_id OR (k.user_id IS NULL AND :sees_shared))
     UNION ALL
    SELECT c.name, 'model_key', p.id, p.name, m.id, m.name, k.id, k.name, k.user_id IS NOT NULL
      FROM circuits c
      JOIN models m ON m.id = substring(c.name FROM '^model:(\d+)@key:\d+$')::bigint
      JOIN provider_keys k ON k.id = substring(c.name FROM '^model:\d+@key:(\d+)$')::bigint
      JOIN providers p ON p.id = m.provider_id
     WHERE c.state <> 'closed' AND NOT (c.category = 'rate_limit' AND c.until <= clock_timestamp()) IS TRUE
       AND (k.user_id = :user_id OR (k.user_id IS NULL AND :sees_shared))
)
SELECT t.name, t.kind, t.provider_id, t.provider_name, t.model_id, t.model_name, t.key_id, t.key_name, t.is_own,
       CASE WHEN c.state IS NULL OR (c.category = 'rate_limit' AND c.until <= clock_timestamp()) THEN 'closed'
            WHEN c.state = 'half_open' AND c.held_until <= clock_timestamp() THEN 'open'
            ELSE c.state END AS state,
       c.category, c.since, c.until, COALESCE(c.failures, 0) AS failures, COALESCE(c.is_by_hand, false) AS is_by_hand,
       u.name AS opened_by_name, COALESCE(c.note, '') AS note,
       EXTRACT(EPOCH FROM c.until - clock_timestamp())::float AS opens_in_s
  FROM things t
  LEFT JOIN circuits c ON c.name = t.name
  LEFT JOIN users u ON u.id = c.opened_by
 ORDER BY lower(t.provider_name), t.provider_id, t.kind <> 'provider', t.kind <> 'key', t.model_id, t.key_id;

-- name: open_by_hand(name, user_id, note)!
INSERT INTO circuits (name, state, is_by_hand, opened_by, note)
VALUES (:name, 'open', true, :user_id, :note)
ON CONFLICT (name) DO UPDATE
   SET state = 'open', category = NULL, is_by_hand = true, opened_by = excluded.opened_by, note = excluded.note,
       failures = 0, cooldown_s = 0, since = clock_timestamp(), until = NULL, held_by = NULL, held_until = NULL;

-- name: close_by_hand(name)!
UPDATE circuits
   SET state = 'closed', category = NULL, is_by_hand = false, opened_by = NULL, note = '', failures = 0, cooldown_s = 0,
       since = clock_timestamp(), until = NULL, held_by = NULL, held_until = NULL
 WHERE name = :name;

-- name: forget_key(key_id)!
-- What is known of something that changed says nothing any more; what a person opened stays.
DELETE FROM circuits
 WHERE NOT is_by_hand AND (name = 'key:' || (:key_id)::bigint OR name LIKE 'model:%%@key:' || (:key_id)::bigint);

-- name: forget_model(model_id)!
DELETE FROM circuits
 WHERE NOT is_by_hand AND (name = 'model:' || (:model_id)::bigint OR name LIKE 'model:' || (:model_id)::bigint || '@%%');

-- name: forget_provider(provider_id)!
-- With everything behind its address.
DELETE FROM circuits c
 WHERE NOT is_by_hand
   AND (c.name = 'provider:' || (:provider_id)::bigint
        OR EXISTS (SELECT FROM models m WHERE m.provider_id = :provider_id AND split_part(c.name, '@', 1) = 'model:' || m.id)
        OR EXISTS (SELECT FROM provider_keys k WHERE k.provider_id = :provider_id AND c.name = 'key:' || k.id));

-- name: forget_gone()!
-- Of things that were archived or deleted.
DELETE FROM circuits c
 WHERE c.name ~ '^(provider|key|model):'
   AND NOT EXISTS (SELECT FROM providers p WHERE p.archived_at IS NULL AND c.name = 'provider:' || p.id)
   AND NOT EXISTS (SELECT FROM provider_keys k WHERE c.name = 'key:' || k.id)
   AND NOT EXISTS (SELECT FROM models m
                    WHERE m.archived_at IS NULL AND split_part(c.name, '@', 1) = 'model:' || m.id
                      AND (c.name NOT LIKE '%%@key:%%'
                           OR EXISTS (SELECT FROM provider_keys k
                                       WHERE k.provider_id = m.provider_id AND split_part(c.name, '@', 2) = 'key:' || k.id)));

-- name: list_model_ticks(model_ids, limit)
-- The last attempts of each model, newest first.
SELECT m.id AS thing_id, a.id, a.status, a.category, a.started_at
  FROM unnest((:model_ids)::bigint[]) AS m (id)
 CROSS JOIN LATERAL (SELECT id, status, category, started_at FROM attempts
                      WHERE model_id = m.id ORDER BY id DESC LIMIT :limit) a
 ORDER BY a.id DESC;

-- name: list_key_ticks(key_ids, limit)
SELECT k.id AS thing_id, a.id, a.status, a.category, a.started_at
  FROM unnest((:key_ids)::bigint[]) AS k (id)
 CROSS JOIN LATERAL (SELECT id, status, category, started_at FROM attempts
                      WHERE key_id = k.id ORDER BY id DESC LIMIT :limit) a
 ORDER BY a.id DESC;
