-- What is counted against the limits of providers, keys and models. The functions are in migration 0010.

-- name: admit_call(names, most, reserved, ticket, lease_s, minute_s, day_s)^
-- Count the call, or say what is full. One statement, so that it is exact whoever else asks at the same moment. What
-- those need who came earlier (all who wait, for a caller without a ticket) is taken as used. Of the five limits of
-- each name the second and the fourth are of tokens.
WITH ahead AS (
    SELECT n.position, count(w.ticket) AS calls, coalesce(sum(w.reserved), 0) AS tokens
      FROM unnest(:names::text[]) WITH ORDINALITY AS n (name, position)
      LEFT JOIN limit_places w ON w.name = n.name AND w.leased_until > clock_timestamp()
                              AND w.ticket < coalesce(:ticket::bigint, 9223372036854775807)
     GROUP BY n.position
), room AS (
    SELECT array_agg((m.most - CASE WHEN m.position %% 5 IN (2, 4) THEN ahead.tokens ELSE ahead.calls END)::integer
                     ORDER BY m.position) AS most
      FROM unnest(:most::integer[]) WITH ORDINALITY AS m (most, position)
      JOIN ahead ON ahead.position = (m.position + 4) / 5
)
SELECT a.call_id, a.name, a.reason, a.opens_in_s, (SELECT max(calls) FROM ahead) AS ahead
  FROM room
 CROSS JOIN LATERAL admit_call(:names::text[], room.most, :reserved::integer, :lease_s::double precision,
                               :minute_s::double precision, :day_s::double precision) a;

-- name: keep_places(ticket, names, reserved, lease_s)$
-- Wait in the line of each, or go on waiting where one stands already. Answers the ticket.
WITH own AS MATERIALIZED (
    SELECT coalesce(:ticket::bigint, nextval('limit_tickets')) AS ticket
), kept AS (
    INSERT INTO limit_places (ticket, name, reserved, leased_until)
    SELECT own.ticket, n.name, n.reserved, clock_timestamp() + make_interval(secs => :lease_s)
      FROM own, unnest(:names::text[], :reserved::integer[]) AS n (name, reserved)
    ON CONFLICT (name, ticket) DO UPDATE SET leased_until = EXCLUDED.leased_until
)
SELECT ticket FROM own;

-- name: leave_places(ticket)!
-- Let in, or waiting no longer.
DELETE FROM limit_places WHERE ticket = :ticket;

-- name: forget_places()!
-- Of processes that died.
DELETE FROM limit_places WHERE leased_until < clock_timestamp();

-- name: end_call(call_id, used, heard_s, never_sent)$
SELECT end_call(:call_id::bigint, :used::integer, :heard_s::double precision, :never_sent::boolean);

-- name: renew_leases(call_ids, lease_s)!
-- Of calls that still run. Rows that somebody else is ending are left to him: waiting for him could be for ever.
UPDATE limit_uses u
   SET leased_until = clock_timestamp() + make_interval(secs => :lease_s)
  FROM (SELECT call_id, name FROM limit_uses
         WHERE call_id = ANY(:call_ids) AND at = 'infinity'
           FOR UPDATE SKIP LOCKED) held
 WHERE u.call_id = held.call_id AND u.name = held.name;

-- name: keep_notice(name, unit, most, remaining, resets_in_s, refills)!
-- Of two answers that overtook each other, the one that was said last stands.
INSERT INTO limit_notices (name, unit, most, remaining, said_at, resets_at, refills)
VALUES (:name, :unit, :most, :remaining, clock_timestamp(), clock_timestamp() + make_interval(secs => :resets_in_s),
        :refills)
ON CONFLICT (name, unit) DO UPDATE
   SET most = EXCLUDED.most, remaining = EXCLUDED.remaining, said_at = EXCLUDED.said_at,
       resets_at = EXCLUDED.resets_at, refills = EXCLUDED.refills;

-- name: list_used(names)
-- What is in the windows at this moment, without changing anything.
SELECT n.name, count(u.call_id) FILTER (WHERE u.at > clock_timestamp() - interval '1 minute') AS requests_per_minute,
       coalesce(sum(u.tokens) FILTER (WHERE u.at > clock_timestamp() - interval '1 minute'), 0) AS tokens_per_minute,
       count(u.call_id) AS requests_per_day, coalesce(sum(u.tokens), 0) AS tokens_per_day,
       count(u.call_id) FILTER (WHERE u.at = 'infinity' AND u.leased_until > clock_timestamp()) AS max_in_flight
  FROM unnest(:names::text[]) WITH ORDINALITY AS n (name, position)
  LEFT JOIN limit_uses u ON u.name = n.name AND u.at > clock_timestamp() - interval '1 day'
 GROUP BY n.name, n.position
 ORDER BY n.position;

-- name: list_notices(names)
-- What providers said of themselves that still holds.
SELECT name, unit, most, remaining, extract(epoch FROM resets_at - clock_timestamp())::double precision AS resets_in_s
  FROM limit_notices
 WHERE name = ANY(:names) AND resets_at > clock_timestamp()
 ORDER BY name, unit;

-- name: forget_old(minute_s, day_s)$
SELECT forget_limits(:minute_s::double precision, :day_s::double precision);
