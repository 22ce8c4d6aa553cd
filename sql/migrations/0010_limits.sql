-- Limits: how often and how much providers and models are asked, and how often programs ask us.

ALTER TABLE models
    ADD COLUMN requests_per_minute integer,
    ADD COLUMN tokens_per_minute   integer,
    ADD COLUMN requests_per_day    integer,
    ADD COLUMN tokens_per_day      integer,
    ADD COLUMN max_in_flight       integer;

-- What is counted against one limit, summed up so that no call must count a day's rows: the uses since "…_from". The row
-- is the lock under which its uses change. Nothing here waits for the disk (synchronous_commit is off): a crash of the
-- database forgets half a second.
CREATE TABLE limits (
    name            text PRIMARY KEY,         -- key:3, provider:2 (without a key), model:7@key:3, model:7@provider:2
    minute_from     timestamptz NOT NULL,
    minute_requests bigint NOT NULL DEFAULT 0,
    minute_tokens   bigint NOT NULL DEFAULT 0,
    day_from        timestamptz NOT NULL,
    day_requests    bigint NOT NULL DEFAULT 0,
    day_tokens      bigint NOT NULL DEFAULT 0
);

-- One call, once for each name it counts against.
CREATE TABLE limit_uses (
    call_id      bigint NOT NULL,
    name         text NOT NULL,
    admitted_at  timestamptz NOT NULL,
    at           timestamptz NOT NULL,        -- the latest moment at which the provider may have counted it; infinity while it runs
    tokens       integer NOT NULL,            -- reserved while it runs, then what it really used
    leased_until timestamptz NOT NULL,        -- its process renews it while the call runs
    PRIMARY KEY (call_id, name)
) WITH (fillfactor = 70);
CREATE INDEX limit_uses_name_idx ON limit_uses (name, at, call_id);
CREATE SEQUENCE limit_calls;

-- What a provider's headers said was left when little was. Kept apart: it may know of calls that we do not.
CREATE TABLE limit_notices (
    name      text NOT NULL,                  -- model:7@key:3
    unit      text NOT NULL,
    most      bigint NOT NULL,                -- the provider's limit
    remaining bigint NOT NULL,
    said_at   timestamptz NOT NULL,
    resets_at timestamptz NOT NULL,           -- all of it is free again
    refills   boolean NOT NULL,               -- bit by bit until then, or all at once
    PRIMARY KEY (name, unit),
    CONSTRAINT limit_notices_unit_check CHECK (unit IN ('requests', 'tokens'))
);

-- Programs' requests by the second, for the last minute.
CREATE TABLE api_uses (
    subject text PRIMARY KEY,                 -- user:3, token:9f86d081884c7d65
    second  bigint NOT NULL,                  -- the last one counted, since 1970
    counts  integer[] NOT NULL                -- 61 of them; a second stands at its remainder
);

-- Lock the rows of these names in one order, making those that are missing.
CREATE FUNCTION lock_limits(asked text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_rows integer;
BEGIN
    PERFORM FROM limits WHERE name = ANY (asked) ORDER BY name FOR UPDATE;
    GET DIAGNOSTICS found_rows = ROW_COUNT;
    IF found_rows < cardinality(asked) THEN
        INSERT INTO limits (name, minute_from, day_from)
        SELECT a.name, '-infinity', '-infinity' FROM unnest(asked) AS a (name) ORDER BY a.name
        ON CONFLICT (name) DO NOTHING;
        PERFORM FROM limits WHERE name = ANY (asked) ORDER BY name FOR UPDATE;
    END IF;
END $$;

-- Take from the sums what has left the windows, and end the calls of dead processes. The row must be locked; statements
-- that follow a lock see what was committed before it, which a single statement would not.
CREATE FUNCTION sweep_limit(asked text, moment timestamptz, minute_s double precision, day_s double precision)
RETURNS limits LANGUAGE plpgsql AS $$
DECLARE
    swept limits;
BEGIN
    UPDATE limit_uses SET at = leased_until WHERE name = asked AND at = 'infinity' AND leased_until < moment;
    SELECT * INTO swept FROM limits WHERE name = asked;
    SELECT swept.minute_requests - count(*), swept.minute_tokens - coalesce(sum(tokens), 0)
      INTO swept.minute_requests, swept.minute_tokens
      FROM limit_uses
     WHERE name = asked AND at > swept.minute_from AND at <= moment - make_interval(secs => minute_s);
    SELECT swept.day_requests - count(*), swept.day_tokens - coalesce(sum(tokens), 0)
      INTO swept.day_requests, swept.day_tokens
      FROM limit_uses
     WHERE name = asked AND at > swept.day_from AND at <= moment - make_interval(secs => day_s);
    swept.minute_from := greatest(swept.minute_from, moment - make_interval(secs => minute_s));
    swept.day_from := greatest(swept.day_from, moment - make_interval(secs => day_s));
    RETURN swept;
END $$;

-- When the window since "counted_from" has room for the asked amount: after enough of the oldest uses have left it. Of a
-- call that still runs it is only known that it will not be earlier.
CREATE FUNCTION limit_opens_at(
    asked text, counted_from timestamptz, moment timestamptz, window_s double precision, in_tokens boolean, excess bigint
) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN at = 'infinity' THEN greatest(admitted_at, moment - make_interval(secs => window_s - 0.05))
                ELSE at END + make_interval(secs => window_s)
      FROM (SELECT at, admitted_at,
                   sum(CASE WHEN in_tokens THEN tokens ELSE 1 END) OVER (ORDER BY at, call_id ROWS UNBOUNDED PRECEDING) AS freed
              FROM limit_uses
             WHERE name = asked AND at > counted_from) oldest
     WHERE freed >= excess
     LIMIT 1
$$;

-- Count a call against all its names at once, or against none and say what is full: then call_id is NULL, and opens_in_s
-- too where nobody can know it. "most" has five numbers for each name: requests and tokens a minute, requests and tokens
-- a day, calls at the same time; NULL for no limit.
CREATE FUNCTION admit_call(
    names text[], most integer[], reserved integer, lease_s double precision, minute_s double precision, day_s double precision,
    OUT call_id bigint, OUT name text, OUT reason text, OUT allowed bigint, OUT opens_in_s double precision
) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
    opens_at timestamptz;
    latest timestamptz := '-infinity';
    swept limits[] := '{}';
    entry limits;
    checked record;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM lock_limits(names);
    moment := clock_timestamp();
    FOR i IN 1 .. cardinality(names) LOOP
        entry := sweep_limit(names[i], moment, minute_s, day_s);
        swept := swept || entry;
        FOR checked IN
            SELECT * FROM (VALUES
                ('requests a minute', most[5 * i - 4], entry.minute_requests, 1, entry.minute_from, minute_s, false),
                ('tokens a minute', most[5 * i - 3], entry.minute_tokens, reserved, entry.minute_from, minute_s, true),
                ('requests a day', most[5 * i - 2], entry.day_requests, 1, entry.day_from, day_s, false),
                ('tokens a day', most[5 * i - 1], entry.day_tokens, reserved, entry.day_from, day_s, true)
            ) AS c (reason, most, used, needed, counted_from, window_s, in_tokens)
            WHERE c.used + c.needed > c.most
        LOOP
            opens_at := coalesce(
                limit_opens_at(names[i], checked.counted_from, moment, checked.window_s, checked.in_tokens,
                               checked.used + checked.needed - checked.most),
                moment + make_interval(secs => checked.window_s));
            IF opens_at > latest THEN
                latest := opens_at;
                SELECT names[i], checked.reason, checked.most INTO name, reason, allowed;
            END IF;
        END LOOP;
        FOR checked IN
            SELECT n.unit, n.most,
                   CASE WHEN n.refills
                        THEN least(n.resets_at, n.said_at + (n.resets_at - n.said_at)
                             * ((needed.amount + since.amount - n.remaining)::double precision
                                / greatest(n.most - n.remaining, 1)))
                        ELSE n.resets_at END AS opens_at
              FROM limit_notices n
             CROSS JOIN LATERAL (SELECT CASE WHEN n.unit = 'tokens' THEN reserved ELSE 1 END AS amount) needed
             CROSS JOIN LATERAL (
                   SELECT coalesce(sum(CASE WHEN n.unit = 'tokens' THEN u.tokens ELSE 1 END), 0) AS amount
                     FROM limit_uses u
                    WHERE u.name = n.name AND u.at > n.said_at AND u.admitted_at > n.said_at) since
             WHERE n.name = names[i] AND n.resets_at > moment AND needed.amount + since.amount > n.remaining
        LOOP
            IF checked.opens_at > greatest(latest, moment) THEN
                latest := checked.opens_at;
                SELECT names[i], 'told ' || checked.unit, checked.most INTO name, reason, allowed;
            END IF;
        END LOOP;
        IF name IS NULL AND most[5 * i] <= (SELECT count(*) FROM limit_uses u WHERE u.name = names[i] AND u.at = 'infinity') THEN
            SELECT names[i], 'in flight', most[5 * i] INTO name, reason, allowed;
        END IF;
    END LOOP;
    IF name IS NULL THEN
        call_id := nextval('limit_calls');
        INSERT INTO limit_uses (call_id, name, admitted_at, at, tokens, leased_until)
        SELECT admit_call.call_id, n.name, moment, 'infinity', reserved, moment + make_interval(secs => lease_s)
          FROM unnest(names) AS n (name);
    ELSIF latest > '-infinity' THEN
        opens_in_s := greatest(extract(epoch FROM latest - moment), 0.001);
    END IF;
    UPDATE limits l
       SET minute_from = s.minute_from, day_from = s.day_from,
           minute_requests = s.minute_requests + taken.calls, minute_tokens = s.minute_tokens + taken.tokens,
           day_requests = s.day_requests + taken.calls, day_tokens = s.day_tokens + taken.tokens
      FROM unnest(swept) s
     CROSS JOIN (SELECT (admit_call.call_id IS NOT NULL)::integer AS calls,
                        CASE WHEN admit_call.call_id IS NULL THEN 0 ELSE reserved END AS tokens) taken
     WHERE l.name = s.name;
END $$;

-- The call has ended: "heard_s" ago the provider had surely counted it. NULL tokens leave what was reserved; a call that
-- never reached the provider is taken back.
CREATE FUNCTION end_call(ended bigint, used integer, heard_s double precision, never_sent boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM lock_limits(array_agg(name)) FROM limit_uses WHERE call_id = ended HAVING count(*) > 0;
    moment := clock_timestamp() - make_interval(secs => heard_s);
    UPDATE limits l
       SET minute_requests = l.minute_requests - (u.at > l.minute_from)::integer + n.calls * (n.at > l.minute_from)::integer,
           minute_tokens = l.minute_tokens - u.tokens * (u.at > l.minute_from)::integer
                           + n.tokens * (n.at > l.minute_from)::integer,
           day_requests = l.day_requests - (u.at > l.day_from)::integer + n.calls * (n.at > l.day_from)::integer,
           day_tokens = l.day_tokens - u.tokens * (u.at > l.day_from)::integer + n.tokens * (n.at > l.day_from)::integer
      FROM limit_uses u
     CROSS JOIN LATERAL (SELECT CASE WHEN never_sent THEN 0 ELSE 1 END AS calls,
                                CASE WHEN never_sent THEN 0 ELSE coalesce(used, u.tokens) END AS tokens,
                                greatest(moment, u.admitted_at) AS at) n
     WHERE u.call_id = ended AND l.name = u.name;
    IF never_sent THEN
        DELETE FROM limit_uses WHERE call_id = ended;
    ELSE
        UPDATE limit_uses SET at = greatest(moment, admitted_at), tokens = coalesce(used, tokens) WHERE call_id = ended;
    END IF;
END $$;

-- Let the sums of names that nobody asks any more move on, and delete what no window reaches.
CREATE FUNCTION forget_limits(minute_s double precision, day_s double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry limits;
BEGIN
    FOR entry IN SELECT * FROM limits ORDER BY name FOR UPDATE SKIP LOCKED LOOP
        entry := sweep_limit(entry.name, clock_timestamp(), minute_s, day_s);
        UPDATE limits l
           SET minute_from = entry.minute_from, minute_requests = entry.minute_requests, minute_tokens = entry.minute_tokens,
               day_from = entry.day_from, day_requests = entry.day_requests, day_tokens = entry.day_tokens
         WHERE l.name = entry.name;
        DELETE FROM limit_uses u WHERE u.name = entry.name AND u.at <= least(entry.minute_from, entry.day_from);
        DELETE FROM limits l WHERE l.name = entry.name AND NOT EXISTS (SELECT FROM limit_uses u WHERE u.name = l.name);
    END LOOP;
    DELETE FROM limit_notices WHERE resets_at < clock_timestamp();
    DELETE FROM api_uses WHERE second < extract(epoch FROM clock_timestamp()) - 3600;
END $$;

-- Count a program's request against its subjects, or against none when one is full. For each: what is left, and the
-- seconds until the oldest of its counted requests leave the minute. Whole seconds are counted, so a minute is never over.
CREATE FUNCTION admit_request(subjects text[], most integer[])
RETURNS TABLE (remaining integer, resets_in_s integer, is_full boolean) LANGUAGE plpgsql AS $$
DECLARE
    this bigint := 0;
    entry api_uses;
    kept integer[][] := '{}';
    used integer;
    any_full boolean := false;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM FROM api_uses a WHERE a.subject = ANY (subjects) ORDER BY a.subject FOR UPDATE;
    GET DIAGNOSTICS used = ROW_COUNT;
    IF used < cardinality(subjects) THEN
        INSERT INTO api_uses (subject, second, counts)
        SELECT s.name, 0, array_fill(0, ARRAY[61]) FROM unnest(subjects) AS s (name) ORDER BY s.name
        ON CONFLICT (subject) DO NOTHING;
        PERFORM FROM api_uses a WHERE a.subject = ANY (subjects) ORDER BY a.subject FOR UPDATE;
    END IF;
    FOR i IN 1 .. cardinality(subjects) LOOP
        SELECT * INTO entry FROM api_uses a WHERE a.subject = subjects[i];
        this := greatest(floor(extract(epoch FROM clock_timestamp()))::bigint, entry.second);
        IF this - entry.second > 60 THEN
            entry.counts := array_fill(0, ARRAY[61]);
        ELSE
            FOR step IN 1 .. (this - entry.second)::integer LOOP
                entry.counts[((entry.second + step) % 61 + 1)::integer] := 0;
            END LOOP;
        END IF;
        SELECT coalesce(sum(c.count), 0), coalesce(min((c.at - 1 - this % 61 + 60) % 61 + 1) FILTER (WHERE c.count > 0), 61)
          INTO used, resets_in_s
          FROM unnest(entry.counts) WITH ORDINALITY AS c (count, at);
        kept := kept || ARRAY[entry.counts];
        is_full := used >= most[i];
        remaining := greatest(most[i] - used - 1, 0);
        any_full := any_full OR is_full;
        RETURN NEXT;
    END LOOP;
    IF NOT any_full THEN
        UPDATE api_uses a
           SET second = this,
               counts = (SELECT array_agg(c.count + (c.at = this % 61 + 1)::integer ORDER BY c.at)
                           FROM unnest(kept[k.i:k.i]) WITH ORDINALITY AS c (count, at))
          FROM generate_subscripts(subjects, 1) AS k (i)
         WHERE a.subject = subjects[k.i];
    END IF;
END $$;
