-- What was asked and answered: tasks, attempts, the live text of running ones, the workers that run them.

CREATE TABLE workers (
    id         uuid PRIMARY KEY,
    host       text NOT NULL,
    pid        integer NOT NULL,
    kind       text NOT NULL,                 -- interactive, batch, or web (which runs what a request awaits)
    started_at timestamptz NOT NULL DEFAULT now(),
    beat_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tasks (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status              text NOT NULL,
    template_version_id bigint REFERENCES template_versions (id),
    part_version_ids    bigint[] NOT NULL DEFAULT '{}',
    inputs              jsonb NOT NULL DEFAULT '{}',
    messages            jsonb NOT NULL,       -- exactly what is sent: [{role, content}]
    route_id            bigint REFERENCES routes (id),
    model_id            bigint REFERENCES models (id),  -- asked for by itself, without a route
    parameters          jsonb NOT NULL DEFAULT '{}',
    contract            jsonb,
    deadline_s          numeric(8, 1) NOT NULL,
    is_awaited          boolean NOT NULL DEFAULT false, -- run by the process that made it, never queued
    output              text,
    served_by_model_id  bigint REFERENCES models (id),
    error_category      text,
    error_message       text,                 -- safe for anybody; the provider's words are on the attempt
    input_tokens        bigint NOT NULL DEFAULT 0,
    output_tokens       bigint NOT NULL DEFAULT 0,
    cost                numeric(18, 9),       -- USD, all attempts
    cost_source         text NOT NULL DEFAULT 'unknown',
    run_id              uuid,                 -- the run that may finish it; a new one for every start
    worker_id           uuid,
    cancel_requested_at timestamptz,
    rerun_of            bigint REFERENCES tasks (id),
    created_by          bigint REFERENCES users (id) ON DELETE SET NULL,
    asked_by            bigint REFERENCES users (id) ON DELETE SET NULL,  -- whose keys and rights it runs with
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    finished_at         timestamptz,
    CONSTRAINT tasks_status_check CHECK (status IN (
        'queued',                             -- waiting for a worker
        'running',                            -- held by run_id
        'succeeded',                          -- has output
        'failed',                             -- has error_category
        'cancelled'                           -- stopped by a person
    )),
    CONSTRAINT tasks_cost_source_check CHECK (cost_source IN ('known', 'estimated', 'unknown'))
);
CREATE INDEX tasks_unfinished_idx ON tasks (id) WHERE status IN ('queued', 'running');
-- The reaper asks whether a queued task still has a job.
CREATE INDEX procrastinate_jobs_task_id_idx ON procrastinate_jobs (((args ->> 'task_id')::bigint))
 WHERE status IN ('todo', 'doing');
CREATE INDEX tasks_created_by_idx ON tasks (created_by, id);
CREATE INDEX tasks_template_version_id_idx ON tasks (template_version_id, id);
CREATE INDEX tasks_rerun_of_idx ON tasks (rerun_of) WHERE rerun_of IS NOT NULL;

CREATE TABLE attempts (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id             bigint NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    position            integer NOT NULL,     -- 1, 2, … over all runs of the task
    run_id              uuid NOT NULL,
    model_id            bigint NOT NULL REFERENCES models (id),
    provider_id         bigint NOT NULL REFERENCES providers (id),
    key_id              bigint REFERENCES provider_keys (id) ON DELETE SET NULL,
    messages            jsonb,                -- only when it differs from the task's (a re-ask that names a breach)
    status              text NOT NULL,
    category            text,
    http_status         integer,
    error_code          text,
    error_text          text,                 -- the provider's words, masked; for admins
    finish_reason       text,
    text                text NOT NULL DEFAULT '',
    input_tokens        integer,
    output_tokens       integer,
    usage_source        text NOT NULL DEFAULT 'unknown',
    cost                numeric(18, 9),
    cost_source         text NOT NULL DEFAULT 'unknown',
    provider_request_id text,
    first_token_ms      integer,
    started_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at         timestamptz,
    CONSTRAINT attempts_position_key UNIQUE (task_id, position),
    CONSTRAINT attempts_status_check CHECK (status IN (
        'running',                            -- sent, no end yet
        'succeeded',
        'failed',                             -- has category
        'cancelled',                          -- stopped by us
        'abandoned'                           -- its worker died
    )),
    CONSTRAINT attempts_usage_source_check CHECK (usage_source IN ('known', 'estimated', 'unknown')),
    CONSTRAINT attempts_cost_source_check CHECK (cost_source IN ('known', 'estimated', 'unknown'))
);
CREATE INDEX attempts_model_id_idx ON attempts (model_id, id);
CREATE INDEX attempts_running_idx ON attempts (task_id) WHERE status = 'running';

-- Live text, coalesced; gone after a crash of the database, which readers notice and answer with a reset.
CREATE UNLOGGED TABLE task_frames (
    task_id  bigint NOT NULL,
    attempt  integer NOT NULL,
    seq      integer NOT NULL,                -- from 1 within the attempt, without gaps
    is_reset boolean NOT NULL,                -- the text replaces what was there before
    text     text NOT NULL,
    PRIMARY KEY (task_id, attempt, seq)
);
