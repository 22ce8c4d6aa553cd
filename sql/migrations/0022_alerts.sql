-- Alerts: rules, what they found, who read it, and webhooks that tell other systems.

CREATE TABLE alert_rules (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text NOT NULL,
    threshold        numeric(12, 4),          -- a share from 0 to 1; of latency seconds; NULL where the kind has none
    window_minutes   integer NOT NULL,        -- how far it looks back, or how long it must have lasted
    minimum          integer NOT NULL,        -- calls or items: fewer say nothing
    cooldown_minutes integer NOT NULL,        -- after its end the same is not told again for so long
    is_enabled       boolean NOT NULL DEFAULT true,
    created_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT alert_rules_kind_check CHECK (kind IN (
        'error_share',                        -- of a model's calls that failed
        'latency',                            -- p95 of a model's calls that were answered
        'budget',                             -- share spent
        'circuit',                            -- a provider, model or key that is not asked
        'batch',                              -- share of a batch's items that failed
        'worker'                              -- nobody runs tasks, or batches that wait
    )),
    CONSTRAINT alert_rules_window_minutes_check CHECK (window_minutes BETWEEN 0 AND 10080),
    CONSTRAINT alert_rules_minimum_check CHECK (minimum >= 1),
    CONSTRAINT alert_rules_cooldown_minutes_check CHECK (cooldown_minutes BETWEEN 0 AND 10080)
);

CREATE TABLE alerts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id      bigint REFERENCES alert_rules (id) ON DELETE SET NULL,
    kind         text NOT NULL,               -- the rule's
    subject      text NOT NULL,               -- model:7, budget:3, key:2, batch:12, worker:interactive
    label        text NOT NULL,               -- the subject as it was called then
    value        numeric NOT NULL,            -- as last seen: a share, seconds, or minutes of circuits and workers
    threshold    numeric,                     -- the rule's, then
    detail       text NOT NULL,               -- the value in words
    opened_at    timestamptz NOT NULL,
    clear_since  timestamptz,                 -- seen to be over; the next look that sees the same resolves it
    resolved_at  timestamptz,
    openings     integer NOT NULL DEFAULT 1,  -- how often it came back within the rule's cool-down
    quiet_until  timestamptz,                 -- it came back: webhooks are told if it still lasts then
    dismissed_at timestamptz,                 -- out of the inbox, for everybody
    dismissed_by bigint REFERENCES users (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX alerts_open_key ON alerts (rule_id, subject) WHERE resolved_at IS NULL;
CREATE INDEX alerts_subject_idx ON alerts (rule_id, subject, id DESC);
CREATE INDEX alerts_inbox_idx ON alerts (id) WHERE dismissed_at IS NULL;

CREATE TABLE alert_reads (
    alert_id bigint NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    user_id  bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (alert_id, user_id)
);

-- One row: which minute was looked at last. Who locks it looks, and nobody else does in that minute.
CREATE TABLE alert_watch (
    is_only      boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    evaluated_at timestamptz NOT NULL DEFAULT 'epoch'
);
INSERT INTO alert_watch DEFAULT VALUES;

-- When a worker of each kind was last seen: the rows of workers themselves go when they stop.
CREATE TABLE worker_sightings (
    kind    text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

CREATE TABLE webhooks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    url        text NOT NULL,
    ciphertext bytea NOT NULL,                -- the secret that signs
    is_enabled boolean NOT NULL DEFAULT true,
    created_by bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhooks_name_key UNIQUE (name)
);

CREATE TABLE deliveries (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id  bigint NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    alert_id    bigint REFERENCES alerts (id) ON DELETE SET NULL,
    event       text NOT NULL,
    body        text NOT NULL,                -- exactly what is sent and signed
    status      text NOT NULL DEFAULT 'queued',
    attempts    integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,         -- queued: when it is tried; while one tries, when another may
    http_status integer,                      -- of the last attempt
    answer      text NOT NULL DEFAULT '',     -- the beginning of the last answer, masked
    error       text NOT NULL DEFAULT '',     -- why the last attempt did not do, in words
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT deliveries_event_check CHECK (event IN ('alert.opened', 'alert.resolved', 'test')),
    CONSTRAINT deliveries_status_check CHECK (status IN (
        'queued',                             -- not taken yet, to be tried at next_at
        'delivered',                          -- answered 2xx
        'failed'                              -- given up
    ))
);
CREATE INDEX deliveries_due_idx ON deliveries (next_at) WHERE status = 'queued';
CREATE INDEX deliveries_webhook_id_idx ON deliveries (webhook_id, id DESC);
CREATE INDEX deliveries_alert_id_idx ON deliveries (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX deliveries_finished_at_idx ON deliveries (finished_at) WHERE finished_at IS NOT NULL;

CREATE INDEX batches_finished_at_idx ON batches (finished_at) WHERE finished_at IS NOT NULL;
