-- Operations: the audit log with what changed, errors in groups, and what retention clears.

ALTER TABLE audit_log
    ADD COLUMN user_name  text NOT NULL DEFAULT '',     -- as the person was called then; empty for the terminal
    ADD COLUMN changes    jsonb NOT NULL DEFAULT '{}',  -- member -> [before, after]; never a secret
    ADD COLUMN request_id text;
UPDATE audit_log a SET user_name = u.name FROM users u WHERE u.id = a.user_id;
CREATE INDEX audit_log_user_id_idx ON audit_log (user_id, id DESC);
CREATE INDEX audit_log_action_idx ON audit_log (action, id DESC);
CREATE INDEX audit_log_at_idx ON audit_log (at);

-- The same error many times over is one group; the newest samples of each tell what happened.
CREATE TABLE error_groups (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint bytea NOT NULL,               -- SHA-256 of source, kind and place
    source      text NOT NULL,
    kind        text NOT NULL,                -- the exception's type, or the policy's directive
    place       text NOT NULL,                -- where: file and function, or address and line
    message     text NOT NULL,                -- of the newest one, masked
    occurrences bigint NOT NULL DEFAULT 1,
    first_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at timestamptz,                  -- said to be mended; the next one opens it again
    muted_at    timestamptz,                  -- known, and not worth looking at: it stays so
    CONSTRAINT error_groups_fingerprint_key UNIQUE (fingerprint),
    CONSTRAINT error_groups_source_check CHECK (source IN (
        'web',                                -- a page
        'api',
        'job',                                -- a worker's job
        'browser',                            -- a script on a page, as the browser told us
        'policy'                              -- what the Content-Security-Policy stopped, as the browser told us
    ))
);
CREATE INDEX error_groups_last_at_idx ON error_groups (last_at, id);

CREATE TABLE error_samples (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id   bigint NOT NULL REFERENCES error_groups (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id text,
    method     text,
    path       text,
    user_id    bigint REFERENCES users (id) ON DELETE SET NULL,
    message    text NOT NULL,
    trace      text NOT NULL                  -- masked; without values of variables
);
CREATE INDEX error_samples_group_id_idx ON error_samples (group_id, id DESC);
CREATE INDEX error_samples_request_id_idx ON error_samples (request_id) WHERE request_id IS NOT NULL;

-- How many reports came from browsers in a minute, by who sent them and together. Lost in a crash, which is no matter.
CREATE UNLOGGED TABLE report_counts (
    subject text NOT NULL,                    -- address:…, or all
    minute  timestamptz NOT NULL,
    reports integer NOT NULL,
    PRIMARY KEY (subject, minute)
);

-- Retention: prompts and answers are cleared, the row with its tokens, cost and times stays.
ALTER TABLE tasks ADD COLUMN texts_cleared_at timestamptz;
CREATE INDEX tasks_texts_idx ON tasks (finished_at) WHERE texts_cleared_at IS NULL AND finished_at IS NOT NULL;
