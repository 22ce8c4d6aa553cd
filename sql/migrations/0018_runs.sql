-- Runs: drafting many sections at once, and running ahead through a post's fields in the order of what they need. A run
-- is a batch; an item of it may wait until what it needs is there.

-- Nobody but a person may accept what the action writes: a run stops there.
ALTER TABLE actions ADD COLUMN needs_choice boolean NOT NULL DEFAULT false;
UPDATE actions SET needs_choice = true
 WHERE field_id IN (SELECT id FROM fields WHERE key IN ('section_headings', 'allocation_labels'));

ALTER TABLE batches ADD COLUMN waiting integer NOT NULL DEFAULT 0;

ALTER TABLE items DROP CONSTRAINT items_status_check;
ALTER TABLE items ADD CONSTRAINT items_status_check CHECK (status IN (
        'waiting',                            -- for what it needs; its kind releases it, or cancels it and says why
        'queued',
        'running',                            -- its task runs
        'succeeded',                          -- its answer is stored, and its kind has used it
        'failed',                             -- has error_category
        'cancelled'
    ));

-- Keep the counts of batches, and end a batch with its last item, whoever changed the items.
CREATE OR REPLACE FUNCTION count_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batches b
       SET waiting = b.waiting + d.waiting, queued = b.queued + d.queued, running = b.running + d.running,
           succeeded = b.succeeded + d.succeeded, failed = b.failed + d.failed, cancelled = b.cancelled + d.cancelled,
           input_tokens = b.input_tokens + d.input_tokens, output_tokens = b.output_tokens + d.output_tokens,
           cost = b.cost + d.cost, estimated = b.estimated + d.estimated, unknown = b.unknown + d.unknown,
           status = CASE WHEN b.status NOT IN ('running', 'paused')
                           OR b.waiting + d.waiting + b.queued + d.queued + b.running + d.running > 0
                         THEN b.status
                         WHEN b.succeeded + d.succeeded = 0 AND b.failed + d.failed > 0 THEN 'failed'
                         ELSE 'completed' END,
           finished_at = CASE WHEN b.waiting + d.waiting + b.queued + d.queued + b.running + d.running = 0
                              THEN clock_timestamp() END,
           note = CASE WHEN d.succeeded > 0 AND b.status = 'running' THEN NULL ELSE b.note END
      FROM (SELECT batch_id,
                   coalesce(sum(n) FILTER (WHERE status = 'waiting'), 0) AS waiting,
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

-- What a batch is for a post: its items are fields of the post and its sections.
CREATE TABLE runs (
    batch_id   bigint PRIMARY KEY REFERENCES batches (id) ON DELETE CASCADE,
    post_id    bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    scope      text NOT NULL,                 -- drafts, post, stage:… or substage:…
    accepts    text NOT NULL,
    refreshes  boolean NOT NULL,              -- filled fields are asked too, and get suggestions
    left_out   jsonb NOT NULL DEFAULT '[]',   -- what is not asked: {key, section, code, field, name, why, stops}
    CONSTRAINT runs_accepts_check CHECK (accepts IN (
        'nothing',                            -- everything waits as a suggestion
        'empty'                               -- into fields that were empty and still are, of themselves
    ))
);
CREATE INDEX runs_post_id_idx ON runs (post_id, batch_id DESC);
