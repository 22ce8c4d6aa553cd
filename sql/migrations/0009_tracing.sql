-- Which request made a task, and what /metrics tells of calls without looking at each of them.

ALTER TABLE tasks ADD COLUMN request_id text; -- as the answer's X-Request-Id said and the log's lines say

-- Calls that ended, added up: they only grow, whichever process is asked. Read and brought up to date by ops/metrics.
CREATE TABLE call_totals (
    model_id      bigint NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    outcome       text NOT NULL,                -- succeeded, cancelled, abandoned, or the category of the failure
    bucket        integer NOT NULL,             -- of the duration: 0 is below the first bound of ops/metrics
    calls         bigint NOT NULL,
    seconds       double precision NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric(18, 9) NOT NULL,      -- USD, as far as it is known or estimated
    PRIMARY KEY (model_id, outcome, bucket)
);

CREATE TABLE call_totals_mark (
    counted_to timestamptz NOT NULL             -- attempts that finished up to here are in call_totals
);
INSERT INTO call_totals_mark (counted_to) VALUES ('-infinity');
CREATE INDEX attempts_finished_at_idx ON attempts (finished_at);

-- What each process that runs tasks last measured of itself, in Prometheus' format. Nothing is lost with it.
CREATE UNLOGGED TABLE process_metrics (
    worker_id  uuid PRIMARY KEY,
    taken_at   timestamptz NOT NULL,
    exposition text NOT NULL
);
