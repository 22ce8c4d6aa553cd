-- Money: prices with the time they hold from, a ledger that always sums to the attempts, budgets.

-- What a model costs from a moment on. A price that has begun is never changed: calls were paid at it.
CREATE TABLE model_prices (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id     bigint NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    valid_from   timestamptz NOT NULL,        -- until the next one of this model
    input_price  numeric(14, 6),              -- USD per million tokens; NULL when not known
    output_price numeric(14, 6),
    created_by   bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT model_prices_valid_from_key UNIQUE (model_id, valid_from),
    CONSTRAINT model_prices_price_check CHECK (input_price >= 0 AND output_price >= 0)
);

INSERT INTO model_prices (model_id, valid_from, input_price, output_price)
SELECT id, created_at, input_price, output_price FROM models WHERE input_price IS NOT NULL OR output_price IS NOT NULL;

-- One row or none.
CREATE FUNCTION price_at(asked bigint, moment timestamptz) RETURNS TABLE (input_price numeric, output_price numeric)
LANGUAGE sql STABLE AS $$
    SELECT p.input_price, p.output_price
      FROM model_prices p
     WHERE p.model_id = asked AND p.valid_from <= moment
     ORDER BY p.valid_from DESC
     LIMIT 1
$$;

-- The prices on models are read no more. Processes of the release before still write them while they are replaced.
CREATE FUNCTION keep_written_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO model_prices (model_id, valid_from, input_price, output_price)
    VALUES (NEW.id, clock_timestamp(), NEW.input_price, NEW.output_price);
    RETURN NULL;
END $$;
CREATE TRIGGER models_price_created AFTER INSERT ON models
    FOR EACH ROW WHEN (NEW.input_price IS NOT NULL OR NEW.output_price IS NOT NULL) EXECUTE FUNCTION keep_written_price();
CREATE TRIGGER models_price_updated AFTER UPDATE ON models
    FOR EACH ROW WHEN ((OLD.input_price, OLD.output_price) IS DISTINCT FROM (NEW.input_price, NEW.output_price))
    EXECUTE FUNCTION keep_written_price();

-- A token at the cheapest price costs less than nine digits can tell. Without a scale no digit is lost, and no row rewritten.
ALTER TABLE attempts ALTER COLUMN cost TYPE numeric;
ALTER TABLE tasks ALTER COLUMN cost TYPE numeric;
ALTER TABLE call_totals ALTER COLUMN cost TYPE numeric;

-- Whom and what a call was made for. No foreign keys: what a user spent was spent, also when the user is gone.
ALTER TABLE tasks ADD COLUMN billed_to text;  -- batch:12: what its calls are spent for beside their user
ALTER TABLE attempts
    ADD COLUMN user_id     bigint,
    ADD COLUMN template_id bigint,
    ADD COLUMN billed_to   text;
UPDATE attempts a
   SET user_id = t.asked_by, template_id = v.template_id
  FROM tasks t
  LEFT JOIN template_versions v ON v.id = t.template_version_id
 WHERE t.id = a.task_id;
-- The ledger's rows behind its sums, page by page.
CREATE INDEX attempts_started_at_idx ON attempts (started_at, id);
CREATE INDEX attempts_user_id_idx ON attempts (user_id, started_at, id);
CREATE INDEX attempts_template_id_idx ON attempts (template_id, started_at, id) WHERE template_id IS NOT NULL;

-- Attempts that ended, summed up by the day (UTC) on which they began. What is not in it yet is in ledger_deltas, so the
-- two together are always the sum of the rows.
CREATE TABLE ledger_days (
    day           date NOT NULL,
    model_id      bigint NOT NULL,
    provider_id   bigint NOT NULL,
    user_id       bigint,
    template_id   bigint,
    outcome       text NOT NULL,              -- succeeded, cancelled, abandoned, or the category of the failure
    cost_source   text NOT NULL,
    calls         bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,           -- USD, as far as it is known or estimated
    CONSTRAINT ledger_days_key UNIQUE NULLS NOT DISTINCT
        (day, model_id, provider_id, user_id, template_id, outcome, cost_source)
);

-- Written with the end of each attempt, in its transaction, and only ever appended to: no call waits for another one's
-- sum. A row that is corrected is taken back with minus signs. No index, for it is read as a whole and soon emptied.
CREATE TABLE ledger_deltas (
    day           date NOT NULL,
    model_id      bigint NOT NULL,
    provider_id   bigint NOT NULL,
    user_id       bigint,
    template_id   bigint,
    billed_to     text,
    outcome       text NOT NULL,
    cost_source   text NOT NULL,
    calls         integer NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL
);

CREATE VIEW ledger AS
SELECT day, model_id, provider_id, user_id, template_id, outcome, cost_source, calls, input_tokens, output_tokens, cost
  FROM ledger_days
 UNION ALL
SELECT day, model_id, provider_id, user_id, template_id, outcome, cost_source, calls, input_tokens, output_tokens, cost
  FROM ledger_deltas;

-- What the ledger's sums are made of, in words.
CREATE VIEW ledger_entries AS
SELECT a.id, a.task_id, a.position, a.started_at, a.model_id, m.name AS model_name, a.provider_id, p.name AS provider_name,
       a.user_id, u.name AS user_name, a.template_id, t.name AS template_name, coalesce(a.category, a.status) AS outcome,
       a.input_tokens, a.output_tokens, a.cost, a.cost_source
  FROM attempts a
  JOIN models m ON m.id = a.model_id
  JOIN providers p ON p.id = a.provider_id
  LEFT JOIN users u ON u.id = a.user_id
  LEFT JOIN templates t ON t.id = a.template_id
 WHERE a.status <> 'running';

-- The same by what budgets are about. Moved along with ledger_days.
CREATE TABLE budget_days (
    subject text NOT NULL,                    -- instance, user:3, batch:12
    day     date NOT NULL,
    cost    numeric NOT NULL,
    PRIMARY KEY (subject, day)
);

CREATE TABLE budgets (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope            text NOT NULL,
    user_id          bigint REFERENCES users (id) ON DELETE CASCADE,
    batch_id         bigint,
    period           text NOT NULL,
    amount           numeric(14, 6) NOT NULL, -- USD
    warn_share       numeric(4, 3) NOT NULL DEFAULT 0.8, -- of the amount: people are warned from here on
    refuses_unpriced boolean NOT NULL DEFAULT false,  -- models whose price is not known are not asked at all
    created_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT budgets_scope_check CHECK (scope IN (
        'instance',                           -- everybody together
        'each_user',                          -- everybody by themselves, but those with a budget of their own
        'user',                               -- user_id
        'batch'                               -- batch_id
    )),
    CONSTRAINT budgets_period_check CHECK (period IN ('day', 'month', 'ever')),  -- of the calendar, in UTC
    CONSTRAINT budgets_user_check CHECK ((scope = 'user') = (user_id IS NOT NULL)),
    CONSTRAINT budgets_batch_check CHECK ((scope = 'batch') = (batch_id IS NOT NULL)),
    CONSTRAINT budgets_amount_check CHECK (amount >= 0),
    CONSTRAINT budgets_warn_share_check CHECK (warn_share > 0 AND warn_share <= 1),
    CONSTRAINT budgets_key UNIQUE NULLS NOT DISTINCT (scope, user_id, batch_id, period)
);
CREATE INDEX budgets_user_id_idx ON budgets (user_id);

-- What running calls may cost at most, so that those let in beside them leave room for it. A run asks one at a time. It
-- goes when the attempt's end is written, whoever writes it, and lasts no longer than the call may take.
CREATE TABLE budget_holds (
    run_id    uuid PRIMARY KEY,
    user_id   bigint,
    billed_to text,
    amount    numeric NOT NULL,
    until     timestamptz NOT NULL
);

-- An attempt that ended is booked; one that was given up for dead and then came back is booked anew.
CREATE FUNCTION book_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status <> 'running' THEN
        INSERT INTO ledger_deltas (day, model_id, provider_id, user_id, template_id, billed_to, outcome, cost_source,
                                   calls, input_tokens, output_tokens, cost)
        VALUES ((OLD.started_at AT TIME ZONE 'UTC')::date, OLD.model_id, OLD.provider_id, OLD.user_id, OLD.template_id,
                OLD.billed_to, coalesce(OLD.category, OLD.status), OLD.cost_source, -1, -coalesce(OLD.input_tokens, 0),
                -coalesce(OLD.output_tokens, 0), -coalesce(OLD.cost, 0));
    END IF;
    IF NEW.status <> 'running' THEN
        INSERT INTO ledger_deltas (day, model_id, provider_id, user_id, template_id, billed_to, outcome, cost_source,
                                   calls, input_tokens, output_tokens, cost)
        VALUES ((NEW.started_at AT TIME ZONE 'UTC')::date, NEW.model_id, NEW.provider_id, NEW.user_id, NEW.template_id,
                NEW.billed_to, coalesce(NEW.category, NEW.status), NEW.cost_source, 1, coalesce(NEW.input_tokens, 0),
                coalesce(NEW.output_tokens, 0), coalesce(NEW.cost, 0));
        DELETE FROM budget_holds WHERE run_id = NEW.run_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER attempts_booked AFTER INSERT ON attempts
    FOR EACH ROW WHEN (NEW.status <> 'running') EXECUTE FUNCTION book_attempt();
CREATE TRIGGER attempts_rebooked AFTER UPDATE ON attempts
    FOR EACH ROW WHEN (
        (OLD.status, OLD.category, OLD.cost_source, OLD.input_tokens, OLD.output_tokens, OLD.cost, OLD.started_at,
         OLD.model_id, OLD.provider_id, OLD.user_id, OLD.template_id, OLD.billed_to)
        IS DISTINCT FROM
        (NEW.status, NEW.category, NEW.cost_source, NEW.input_tokens, NEW.output_tokens, NEW.cost, NEW.started_at,
         NEW.model_id, NEW.provider_id, NEW.user_id, NEW.template_id, NEW.billed_to))
    EXECUTE FUNCTION book_attempt();

INSERT INTO ledger_days (day, model_id, provider_id, user_id, template_id, outcome, cost_source, calls, input_tokens,
                         output_tokens, cost)
SELECT (started_at AT TIME ZONE 'UTC')::date, model_id, provider_id, user_id, template_id, coalesce(category, status),
       cost_source, count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost), 0)
  FROM attempts
 WHERE status <> 'running'
 GROUP BY 1, 2, 3, 4, 5, 6, 7;
INSERT INTO budget_days (subject, day, cost)
SELECT 'instance', day, sum(cost) FROM ledger_days GROUP BY day
 UNION ALL
SELECT 'user:' || user_id, day, sum(cost) FROM ledger_days WHERE user_id IS NOT NULL GROUP BY user_id, day;

CREATE FUNCTION period_start(period text) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT CASE period WHEN 'ever' THEN date '0001-01-01'
                       ELSE date_trunc(period, clock_timestamp() AT TIME ZONE 'UTC')::date END
$$;

-- The budgets a call of this user, made for this, must fit into. One's own stands instead of everybody's for its period.
CREATE FUNCTION budgets_of(asked_user bigint, asked_for text)
RETURNS TABLE (id bigint, scope text, period text, amount numeric, refuses_unpriced boolean, subject text, since date)
LANGUAGE sql STABLE AS $$
    SELECT b.id, b.scope, b.period, b.amount, b.refuses_unpriced,
           CASE b.scope WHEN 'instance' THEN 'instance' WHEN 'batch' THEN asked_for ELSE 'user:' || asked_user END,
           period_start(b.period)
      FROM budgets b
     WHERE b.scope = 'instance'
        OR (b.scope = 'user' AND b.user_id = asked_user)
        OR (b.scope = 'batch' AND 'batch:' || b.batch_id = asked_for)
        OR (b.scope = 'each_user' AND asked_user IS NOT NULL
            AND NOT EXISTS (SELECT FROM budgets own WHERE own.user_id = asked_user AND own.period = b.period))
$$;

-- Exact at the moment it is read: what was summed up and what was not yet.
CREATE FUNCTION budget_spent(asked text, since date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT sum(d.cost) FROM budget_days d WHERE d.subject = asked AND d.day >= since), 0)
         + coalesce((SELECT sum(l.cost) FROM ledger_deltas l
                      WHERE l.day >= since
                        AND (asked = 'instance' OR asked = 'user:' || l.user_id OR asked = l.billed_to)), 0)
$$;

CREATE FUNCTION budget_held(asked text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(h.amount), 0) FROM budget_holds h
     WHERE h.until > clock_timestamp()
       AND (asked = 'instance' OR asked = 'user:' || h.user_id OR asked = h.billed_to)
$$;

-- Hold "most" for the next call of the run, or say which budget has no room for it: then there is a row. Callers of one
-- subject come one after the other; each looks after the one before has written. NULL: the price is not known.
CREATE FUNCTION admit_spend(asked_task bigint, asked_run uuid, most numeric, lasts_s double precision)
RETURNS TABLE (budget_id bigint, scope text, period text, amount numeric, spent numeric, held numeric, refuses_unpriced boolean)
LANGUAGE plpgsql AS $$
DECLARE
    payer bigint;
    payer_for text;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT t.asked_by, t.billed_to INTO payer, payer_for FROM tasks t WHERE t.id = asked_task;
    PERFORM pg_advisory_xact_lock(hashtext('budgets'), s.key)
       FROM (SELECT DISTINCT hashtext(b.subject) AS key FROM budgets_of(payer, payer_for) b ORDER BY 1) s;
    RETURN QUERY
        SELECT f.id, f.scope, f.period, f.amount, f.spent, f.held, f.refuses_unpriced
          FROM (SELECT b.id, b.scope, b.period, b.amount, b.refuses_unpriced, budget_spent(b.subject, b.since) AS spent,
                       budget_held(b.subject) AS held
                  FROM budgets_of(payer, payer_for) b) f
         WHERE CASE WHEN most IS NULL THEN f.refuses_unpriced OR f.spent >= f.amount
                    ELSE f.spent + f.held + most > f.amount END
         ORDER BY f.spent + coalesce(most, 0) <= f.amount, f.amount - f.spent, f.id
         LIMIT 1;
    IF NOT FOUND AND most > 0 THEN
        INSERT INTO budget_holds (run_id, user_id, billed_to, amount, until)
        VALUES (asked_run, payer, payer_for, most, clock_timestamp() + make_interval(secs => lasts_s))
        ON CONFLICT (run_id) DO UPDATE SET amount = EXCLUDED.amount, until = EXCLUDED.until;
    END IF;
END $$;
