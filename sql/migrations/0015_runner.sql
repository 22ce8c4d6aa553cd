-- The task runner, and what became of suggestions by template version and model.

ALTER TABLE tasks ADD COLUMN is_override boolean NOT NULL DEFAULT false; -- its messages were edited for it alone

-- What was tried out by hand: one question to one or several models side by side.
CREATE TABLE trials (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id    bigint REFERENCES posts (id) ON DELETE SET NULL,      -- whose fields filled the variables
    as_of      bigint,                        -- the newest of its revisions when they did
    created_by bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX trials_created_by_idx ON trials (created_by, id DESC);

CREATE TABLE trial_tasks (
    trial_id bigint NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
    position integer NOT NULL,                -- of its column, from 0
    task_id  bigint NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    PRIMARY KEY (trial_id, position),
    CONSTRAINT trial_tasks_task_id_key UNIQUE (task_id)
);

ALTER TABLE suggestions
    ADD COLUMN edit_distance  double precision, -- 0..1, from the output to what was accepted
    ADD COLUMN passed_over_for bigint REFERENCES suggestions (id), -- discarded because this other one was accepted
    ADD COLUMN asked_again_at timestamptz;    -- somebody was not content and asked once more instead of it
CREATE INDEX suggestions_passed_over_for_idx ON suggestions (passed_over_for) WHERE passed_over_for IS NOT NULL;

-- Suggestions that count: texts of an AI, unedited prompt, offered to a field by its action. What became of each stands
-- on the suggestion.
CREATE TABLE outcomes (
    suggestion_id       bigint PRIMARY KEY REFERENCES suggestions (id) ON DELETE CASCADE,
    template_version_id bigint NOT NULL REFERENCES template_versions (id),
    model_id            bigint NOT NULL REFERENCES models (id),   -- which really answered
    is_fallback         boolean NOT NULL,     -- another one was to be asked first
    cost                numeric(18, 9),       -- USD, all attempts; NULL: unknown
    seconds             double precision NOT NULL,
    offered_at          timestamptz NOT NULL
);

-- Their sums, kept in the transaction of every change: pages read these and never scan.
CREATE TABLE outcome_totals (
    template_version_id bigint NOT NULL REFERENCES template_versions (id),
    model_id            bigint NOT NULL REFERENCES models (id),
    is_fallback         boolean NOT NULL,
    offered             bigint NOT NULL,
    accepted            bigint NOT NULL,
    edited              bigint NOT NULL,
    discarded           bigint NOT NULL,
    passed_over         bigint NOT NULL,
    asked_again         bigint NOT NULL,
    distances           bigint NOT NULL,      -- edited ones whose distance is known, its sum and that of its squares
    distance_sum        double precision NOT NULL,
    distance_squares    double precision NOT NULL,
    costs               bigint NOT NULL,
    cost_sum            numeric NOT NULL,
    cost_squares        numeric NOT NULL,
    seconds_sum         double precision NOT NULL,
    seconds_squares     double precision NOT NULL,
    PRIMARY KEY (template_version_id, model_id, is_fallback)
);

-- What was offered and decided before. Which model was to be asked first is what the route says today.
INSERT INTO outcomes (suggestion_id, template_version_id, model_id, is_fallback, cost, seconds, offered_at)
SELECT s.id, t.template_version_id, t.served_by_model_id,
       t.served_by_model_id IS DISTINCT FROM COALESCE(
           t.model_id,
           (SELECT rm.model_id FROM route_models rm
             WHERE rm.route_id = COALESCE(t.route_id, (SELECT r.id FROM routes r WHERE r.is_default))
             ORDER BY rm.position LIMIT 1)),
       t.cost, COALESCE(extract(epoch FROM t.finished_at - t.started_at)::double precision, 0), t.finished_at
  FROM suggestions s
  JOIN tasks t ON t.id = s.task_id
  JOIN models m ON m.id = t.served_by_model_id
 WHERE t.status = 'succeeded' AND t.template_version_id IS NOT NULL AND s.action_id IS NOT NULL AND m.is_ai
   AND s.decision IS DISTINCT FROM 'withdrawn';
INSERT INTO outcome_totals
SELECT o.template_version_id, o.model_id, o.is_fallback, count(*),
       count(*) FILTER (WHERE s.decision = 'accepted'), count(*) FILTER (WHERE s.decision = 'edited'),
       count(*) FILTER (WHERE s.decision = 'discarded'), 0, 0, 0, 0, 0,
       count(o.cost), COALESCE(sum(o.cost), 0), COALESCE(sum(o.cost * o.cost), 0),
       sum(o.seconds), sum(o.seconds * o.seconds)
  FROM outcomes o
  JOIN suggestions s ON s.id = o.suggestion_id
 GROUP BY o.template_version_id, o.model_id, o.is_fallback;
