-- Circuits as the engine moves them. Every change is one statement on the database's clock, so that any number of
-- processes agree; what a person opened is never touched here.

-- name: list_held_back(names, holder)
-- Those that are not simply closed. "is_due": this run may try now, if it gets the lease. "is_over": it only had to wait,
-- and has. A run may repeat at once what it opened itself.
SELECT name, state, category, is_by_hand, note,
       EXTRACT(EPOCH FROM until - clock_timestamp())::float AS opens_in_s,
       category = 'rate_limit' AND until <= clock_timestamp() AS is_over,
       NOT is_by_hand AND (held_by = :holder
           OR (state = 'open' AND until <= clock_timestamp())
           OR (state = 'half_open' AND held_until <= clock_timestamp())) IS TRUE AS is_due
  FROM circuits
 WHERE name = ANY (:names) AND state <> 'closed';

-- name: lease(names, holder, lease_s)$
-- The right to make the one call that tries: for all of the names or for none. Returns how many were leased.
WITH due AS (
    SELECT name
      FROM circuits
     WHERE name = ANY (:names) AND NOT is_by_hand
       AND (held_by = :holder
            OR (state = 'open' AND until <= clock_timestamp())
            OR (state = 'half_open' AND held_until <= clock_timestamp()))
     ORDER BY name
       FOR UPDATE
), leased AS (
    UPDATE circuits c
       SET state = 'half_open', held_by = :holder, held_until = clock_timestamp() + :lease_s * interval '1 second'
      FROM due
     WHERE c.name = due.name AND (SELECT count(*) FROM due) = cardinality(:names::text[])
    RETURNING c.name
)
SELECT count(*) FROM leased;

-- name: renew(holders, lease_s)!
-- Of the calls that are still at it.
UPDATE circuits SET held_until = clock_timestamp() + :lease_s * interval '1 second'
 WHERE held_by = ANY (:holders) AND state = 'half_open';

-- name: open_circuit(name, holder, category, first_s, cap_s, at_least_s, call_s, is_lasting)!
-- After a failure. It counts when the circuit was closed since before the call began, when the call was the probe
-- (which makes the next cool-down longer), or when it says more than what is known: a dead key outlasts an outage.
-- All other failures are of calls that began before the circuit opened, and say nothing new.
INSERT INTO circuits AS c (name, state, category, failures, cooldown_s, since, until, held_by)
VALUES (:name, 'open', :category, 1, :first_s, clock_timestamp(),
        clock_timestamp() + GREATEST((:first_s)::float, (:at_least_s)::float) * interval '1 second', :holder)
ON CONFLICT (name) DO UPDATE
   SET (cooldown_s, until) = (
           SELECT next.s, clock_timestamp() + GREATEST(next.s, (:at_least_s)::float) * interval '1 second'
             FROM (SELECT CASE WHEN c.state <> 'half_open' THEN (:first_s)::float
                               ELSE LEAST(GREATEST((:first_s)::float, c.cooldown_s * CASE WHEN c.until > clock_timestamp()
                                                                                       THEN 1 ELSE 2 END),
                                          (:cap_s)::float) END AS s) next),
       state = 'open', category = excluded.category,
       failures = CASE WHEN c.state = 'closed' THEN 1 ELSE c.failures + 1 END,
       since = CASE WHEN c.state = 'closed' THEN clock_timestamp() ELSE c.since END,
       held_by = CASE WHEN c.state = 'closed' THEN excluded.held_by END, held_until = NULL
 WHERE NOT c.is_by_hand
   AND ((c.state = 'closed' AND c.since <= clock_timestamp() - :call_s * interval '1 second')
        OR (c.state = 'half_open' AND c.held_by = :holder)
        OR (:is_lasting AND c.state <> 'closed' AND c.until < excluded.until));

-- name: close_circuits(names, holder, is_certain)!
-- After a success of the run that held them, or that opened them and repeated; and of what only had to wait. A test by
-- hand is certain: it asked whatever the circuit said.
UPDATE circuits
   SET state = 'closed', category = NULL, failures = 0, cooldown_s = 0, since = clock_timestamp(), until = NULL,
       held_by = NULL, held_until = NULL
 WHERE name = ANY (:names) AND state <> 'closed' AND NOT is_by_hand
   AND (held_by = :holder OR :is_certain OR (category = 'rate_limit' AND until <= clock_timestamp()));

-- name: release(names, holder)!
-- A probe that proved nothing gives its lease back: the next call may try.
UPDATE circuits SET state = 'open', held_by = NULL, held_until = NULL
 WHERE name = ANY (:names) AND state = 'half_open' AND held_by = :holder;
