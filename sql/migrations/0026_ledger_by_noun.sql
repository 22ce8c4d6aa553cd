-- The ledger's sums are read by one noun at a time, so they are kept so: by model, user and template at once there is
-- nearly a row for each attempt, and a month of them took seconds to sum.
DROP VIEW ledger;
ALTER TABLE ledger_days RENAME TO ledger_days_before;
ALTER INDEX ledger_days_key RENAME TO ledger_days_before_key;

-- Attempts that ended, summed up by the day (UTC) on which they began, once for each noun. What is not in it yet is in
-- ledger_deltas, so the two together are always the sum of the rows.
CREATE TABLE ledger_days (
    noun          text NOT NULL,
    day           date NOT NULL,
    noun_id       bigint,                     -- NULL: of tasks without a user or a template
    cost_source   text NOT NULL,
    calls         bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,           -- USD, as far as it is known or estimated
    CONSTRAINT ledger_days_key UNIQUE NULLS NOT DISTINCT (noun, day, noun_id, cost_source),
    CONSTRAINT ledger_days_noun_check CHECK (noun IN ('model', 'provider', 'user', 'template'))
);
INSERT INTO ledger_days (noun, day, noun_id, cost_source, calls, input_tokens, output_tokens, cost)
SELECT n.noun, b.day, n.noun_id, b.cost_source, sum(b.calls), sum(b.input_tokens), sum(b.output_tokens), sum(b.cost)
  FROM ledger_days_before b
 CROSS JOIN LATERAL (VALUES ('model', b.model_id), ('provider', b.provider_id), ('user', b.user_id),
                            ('template', b.template_id)) AS n (noun, noun_id)
 GROUP BY n.noun, b.day, n.noun_id, b.cost_source;
DROP TABLE ledger_days_before;

ALTER TABLE ledger_deltas DROP COLUMN outcome;
CREATE OR REPLACE FUNCTION book_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status <> 'running' THEN
        INSERT INTO ledger_deltas (day, model_id, provider_id, user_id, template_id, billed_to, cost_source,
                                   calls, input_tokens, output_tokens, cost)
        VALUES ((OLD.started_at AT TIME ZONE 'UTC')::date, OLD.model_id, OLD.provider_id, OLD.user_id, OLD.template_id,
                OLD.billed_to, OLD.cost_source, -1, -coalesce(OLD.input_tokens, 0),
                -coalesce(OLD.output_tokens, 0), -coalesce(OLD.cost, 0));
    END IF;
    IF NEW.status <> 'running' THEN
        INSERT INTO ledger_deltas (day, model_id, provider_id, user_id, template_id, billed_to, cost_source,
                                   calls, input_tokens, output_tokens, cost)
        VALUES ((NEW.started_at AT TIME ZONE 'UTC')::date, NEW.model_id, NEW.provider_id, NEW.user_id, NEW.template_id,
                NEW.billed_to, NEW.cost_source, 1, coalesce(NEW.input_tokens, 0),
                coalesce(NEW.output_tokens, 0), coalesce(NEW.cost, 0));
        DELETE FROM budget_holds WHERE run_id = NEW.run_id;
    END IF;
    RETURN NULL;
END $$;

CREATE VIEW ledger AS
SELECT noun, noun_id, day, cost_source, calls, input_tokens, output_tokens, cost
  FROM ledger_days
 UNION ALL
SELECT n.noun, n.noun_id, d.day, d.cost_source, d.calls, d.input_tokens, d.output_tokens, d.cost
  FROM ledger_deltas d
 CROSS JOIN LATERAL (VALUES ('model', d.model_id), ('provider', d.provider_id), ('user', d.user_id),
                            ('template', d.template_id)) AS n (noun, noun_id);
