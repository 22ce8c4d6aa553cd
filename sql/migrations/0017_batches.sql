-- Batches: many tasks run as one. An item becomes a task when a lane claims it; the worker for batches claims and ends
-- several at once, each in one statement. Whoever changes items locks their batch first, batches in the order of ids.

CREATE TABLE batches (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL,              -- what is done with an answer: services/tasks/kinds.py
    title         text NOT NULL,
    status        text NOT NULL DEFAULT 'draft',
    note          text,                       -- why it is paused or rests, for people
    rests_until   timestamptz,                -- nobody can be asked before
    concurrency   integer NOT NULL,           -- items asked at once, at most
    priority      integer NOT NULL,           -- its share of the slots beside other batches
    budget        numeric(18, 9),             -- USD; no item is begun that might go over it
    item_cost     numeric(18, 9),             -- USD, what one item is expected to take at most; none when prices are not known
    estimate      jsonb NOT NULL DEFAULT '{}',
    -- Of its items; a trigger keeps them.
    queued        integer NOT NULL DEFAULT 0,
    running       integer NOT NULL DEFAULT 0,
    succeeded     integer NOT NULL DEFAULT 0,
    failed        integer NOT NULL DEFAULT 0,
    cancelled     integer NOT NULL DEFAULT 0,
    input_tokens  bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    cost          numeric(18, 9) NOT NULL DEFAULT 0,
    estimated     integer NOT NULL DEFAULT 0, -- items whose cost is an estimate
    unknown       integer NOT NULL DEFAULT 0, -- items whose cost nobody knows
    created_by    bigint REFERENCES users (id) ON DELETE SET NULL,
    asked_by      bigint REFERENCES users (id) ON DELETE SET NULL,  -- whose keys and rights it runs with: who started it last
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    CONSTRAINT batches_status_check CHECK (status IN (
        'draft',                              -- planned, not begun
        'queued',                             -- to be begun by a worker
        'running',
        'paused',                             -- by a person, or for the reason in note
        'completed',                          -- nothing is left, and something succeeded
        'failed',                             -- nothing is left, and nothing succeeded
        'cancelled'
    )),
    CONSTRAINT batches_concurrency_check CHECK (concurrency BETWEEN 1 AND 200),
    CONSTRAINT batches_priority_check CHECK (priority BETWEEN 1 AND 10)
) WITH (fillfactor = 50);
CREATE INDEX batches_active_idx ON batches (id) WHERE status IN ('queued', 'running');
CREATE INDEX batches_created_by_idx ON batches (created_by, id);

ALTER TABLE tasks ADD COLUMN batch_id bigint REFERENCES batches (id) ON DELETE SET NULL;
CREATE INDEX tasks_batch_id_idx ON tasks (batch_id, id) WHERE batch_id IS NOT NULL;

CREATE TABLE items (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id            bigint NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    position            integer NOT NULL,     -- 1, 2, … in the order they are begun
    key                 text NOT NULL,        -- names it within the batch: adding it twice is adding it once
    status              text NOT NULL DEFAULT 'queued',
    subject             jsonb NOT NULL DEFAULT '{}',  -- what the kind needs to know of it
    template_version_id bigint REFERENCES template_versions (id),
    part_version_ids    bigint[] NOT NULL DEFAULT '{}',
    inputs              jsonb NOT NULL DEFAULT '{}',
    messages            jsonb,                -- exactly what will be sent; its task has them once there is one
    route_id            bigint REFERENCES routes (id),
    model_id            bigint REFERENCES models (id),
    parameters          jsonb NOT NULL DEFAULT '{}',
    contract            jsonb,
    deadline_s          numeric(8, 1) NOT NULL,
    prompt_tokens       integer NOT NULL,     -- estimated
    task_id             bigint REFERENCES tasks (id),
    error_category      text,
    error_message       text,
    input_tokens        bigint NOT NULL DEFAULT 0,
    output_tokens       bigint NOT NULL DEFAULT 0,
    cost                numeric(18, 9),
    cost_source         text NOT NULL DEFAULT 'known',
    finished_at         timestamptz,
    CONSTRAINT items_key_key UNIQUE (batch_id, key),
    CONSTRAINT items_task_id_key UNIQUE (task_id),
    CONSTRAINT items_status_check CHECK (status IN (
        'queued',
        'running',                            -- its task runs
        'succeeded',                          -- its answer is stored, and its kind has used it
        'failed',                             -- has error_category
        'cancelled'
    )),
    CONSTRAINT items_cost_source_check CHECK (cost_source IN ('known', 'estimated', 'unknown'))
);
CREATE INDEX items_status_idx ON items (batch_id, status, position);
CREATE INDEX items_position_idx ON items (batch_id, position);
CREATE INDEX items_finished_at_idx ON items (batch_id, finished_at) WHERE finished_at IS NOT NULL;

-- Keep the counts of batches, and end a batch with its last item, whoever changed the items.
CREATE FUNCTION count_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batches b
       SET queued = b.queued + d.queued, running = b.running + d.running, succeeded = b.succeeded + d.succeeded,
           failed = b.failed + d.failed, cancelled = b.cancelled + d.cancelled,
           input_tokens = b.input_tokens + d.input_tokens, output_tokens = b.output_tokens + d.output_tokens,
           cost = b.cost + d.cost, estimated = b.estimated + d.estimated, unknown = b.unknown + d.unknown,
           status = CASE WHEN b.status NOT IN ('running', 'paused') OR b.queued + d.queued + b.running + d.running > 0
                         THEN b.status
                         WHEN b.succeeded + d.succeeded = 0 AND b.failed + d.failed > 0 THEN 'failed'
                         ELSE 'completed' END,
           finished_at = CASE WHEN b.queued + d.queued + b.running + d.running = 0 THEN clock_timestamp() END,
           note = CASE WHEN d.succeeded > 0 AND b.status = 'running' THEN NULL ELSE b.note END
      FROM (SELECT batch_id,
                   coalesce(sum(n) FILTER (WHERE status = 'queued'), 0) AS queued,
                   coalesce(sum(n) FILTER (WHERE status = 'running'), 0) AS running,
                   coalesce(sum(n) FILTER (WHERE status = 'succeeded'), 0) AS succeeded,
                   coalesce(sum(n) FILTER (WHERE status = 'failed'), 0) AS failed,
                   coalesce(sum(n) FILTER (WHERE status = 'cancelled'), 0) AS cancelled,
                   sum(n * input_tokens) AS input_tokens, sum(n * output_tokens) AS output_tokens,
                   sum(n * coalesce(cost, 0)) AS cost,
                   coalesce(sum(n) FILTER (WHERE cost_source = 'estimated'), 0) AS estimated,
                   coalesce(sum(n) FILTER (WHERE cost_source = 'unknown'), 0) AS unknown
              FROM (SELECT 1 AS n, batch_id, status, input_tokens, output_tokens, cost, cost_source FROM new_items
                     UNION ALL
                    SELECT -1, batch_id, status, input_tokens, output_tokens, cost, cost_source FROM old_items) c
             GROUP BY batch_id) d
     WHERE b.id = d.batch_id;
    RETURN NULL;
END $$;
CREATE TRIGGER items_count AFTER UPDATE ON items REFERENCING OLD TABLE AS old_items NEW TABLE AS new_items
   FOR EACH STATEMENT EXECUTE FUNCTION count_items();
