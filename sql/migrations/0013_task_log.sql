-- The log of tasks, found by any filter, and what the dashboard adds up: per hour and per day, never a scan per request.

ALTER TABLE tasks ADD COLUMN template_id bigint REFERENCES templates (id);  -- of its version, so that the log finds it by one index
UPDATE tasks t SET template_id = v.template_id FROM template_versions v WHERE v.id = t.template_version_id;

-- The log's order is (created_at, id). Each index serves one filter in that order, alone and with a time range.
DROP INDEX tasks_created_by_idx;
CREATE INDEX tasks_created_by_idx ON tasks (created_by, created_at, id);
CREATE INDEX tasks_created_at_idx ON tasks (created_at, id);
CREATE INDEX tasks_status_idx ON tasks (status, created_at, id);
CREATE INDEX tasks_template_id_idx ON tasks (template_id, created_at, id);
CREATE INDEX tasks_served_by_idx ON tasks (served_by_model_id, created_at, id) WHERE served_by_model_id IS NOT NULL;
CREATE INDEX tasks_error_category_idx ON tasks (error_category, created_at, id) WHERE error_category IS NOT NULL;
CREATE INDEX tasks_cost_idx ON tasks (cost, created_at, id) WHERE cost IS NOT NULL;
CREATE INDEX suggestions_action_id_idx ON suggestions (action_id, task_id);
CREATE INDEX suggestions_post_task_idx ON suggestions (post_id, task_id);

-- The words of tasks that ended, for the log's search. Apart from tasks, whose row is written three times and whose
-- writer would wait for it: ops/totals adds them afterwards.
CREATE TABLE task_words (
    task_id bigint PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    words   tsvector NOT NULL                   -- of the messages and the output, as they are spelled, without positions
);
ALTER TABLE task_words ALTER COLUMN words SET STATISTICS 1000;  -- so that the planner knows which words are common
CREATE INDEX task_words_idx ON task_words USING gin (words);

-- Tasks that ended, by the hour they were made in. Written by ops/totals, always whole hours and days anew from the rows.
CREATE TABLE task_hours (
    hour          timestamptz NOT NULL,
    outcome       text NOT NULL,                -- succeeded, cancelled, or the category of the failure
    tasks         bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,             -- USD, as far as it is known or estimated
    PRIMARY KEY (hour, outcome)
);

CREATE TABLE task_days (
    day           timestamptz NOT NULL,         -- its first moment, UTC
    template_id   bigint NOT NULL,              -- 0: asked without a template
    tasks         bigint NOT NULL,
    failed        bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,
    answered      bigint NOT NULL,              -- of these the time is known: succeeded, by an AI
    seconds       double precision NOT NULL,    -- theirs together, from start to end
    PRIMARY KEY (day, template_id)
);

-- How long answers took: for p50 and p95 without looking at each.
CREATE TABLE task_latencies (
    day         timestamptz NOT NULL,
    template_id bigint NOT NULL,                -- 0: of all tasks, with a template or without
    bucket      integer NOT NULL,               -- the bounds of ops/totals that were reached
    tasks       bigint NOT NULL,
    PRIMARY KEY (template_id, day, bucket)
);

-- Hours and days whose rows changed since they were added up.
CREATE TABLE stale_hours (
    hour timestamptz PRIMARY KEY
);

CREATE TABLE totals_mark (
    read_to timestamptz NOT NULL                -- tasks that ended up to here are in task_words, their hours in stale_hours
);
INSERT INTO totals_mark (read_to) VALUES ('-infinity');
CREATE INDEX tasks_finished_at_idx ON tasks (finished_at, created_at) WHERE finished_at IS NOT NULL;
