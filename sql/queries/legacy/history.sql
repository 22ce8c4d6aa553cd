-- Tasks of the original, over long ago: no attempt is told of, so nothing was spent and no model is said to have answered.

-- name: create_task(status, messages, inputs, model_id, output, error_category, error_message, user_id, at)$
INSERT INTO tasks (status, messages, inputs, model_id, output, error_category, error_message, deadline_s, is_awaited,
                   created_by, asked_by, created_at, started_at, finished_at)
VALUES (:status, :messages, :inputs, :model_id, :output, :error_category, :error_message, 120, true,
        :user_id, :user_id, coalesce(CAST(:at AS timestamptz), now()), CAST(:at AS timestamptz),
        coalesce(CAST(:at AS timestamptz), now()))
RETURNING id;
