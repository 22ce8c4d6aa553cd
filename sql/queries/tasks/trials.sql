-- Trials: what was tried out in the task runner, one to four tasks side by side.

-- name: create_trial(post_id, as_of, user_id)$
INSERT INTO trials (post_id, as_of, created_by) VALUES (:post_id, :as_of, :user_id) RETURNING id;

-- name: add_task(trial_id, position, task_id)!
INSERT INTO trial_tasks (trial_id, position, task_id) VALUES (:trial_id, :position, :task_id);

-- name: get_trial(trial_id)^
SELECT t.id, t.post_id, t.as_of, t.created_by, u.name AS created_by_name, t.created_at
  FROM trials t
  LEFT JOIN users u ON u.id = t.created_by
 WHERE t.id = :trial_id;

-- name: list_task_ids(trial_id)
-- In the order of the columns.
SELECT task_id FROM trial_tasks WHERE trial_id = :trial_id ORDER BY position;

-- name: list_trials(before_id, limit)
-- Everybody's, the newest first, below an id.
SELECT t.id, u.name AS created_by_name, t.created_at
  FROM trials t
  LEFT JOIN users u ON u.id = t.created_by
 WHERE t.id < :before_id
 ORDER BY t.id DESC
 LIMIT :limit;

-- name: list_trials_of_user(user_id, before_id, limit)
SELECT t.id, u.name AS created_by_name, t.created_at
  FROM trials t
  JOIN users u ON u.id = t.created_by
 WHERE t.created_by = :user_id AND t.id < :before_id
 ORDER BY t.id DESC
 LIMIT :limit;

-- name: list_tasks(trial_ids)
-- Of several trials at once, each in the order of its columns.
SELECT tt.trial_id, t.id, t.status, tp.name AS template_name, t.is_override, m.name AS served_by,
       p.name AS served_by_provider, t.error_category, t.input_tokens, t.output_tokens, t.cost, t.cost_source,
       u.name AS created_by_name, t.created_at, t.started_at, t.finished_at
  FROM trial_tasks tt
  JOIN tasks t ON t.id = tt.task_id
  LEFT JOIN template_versions tv ON tv.id = t.template_version_id
  LEFT JOIN templates tp ON tp.id = tv.template_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users u ON u.id = t.created_by
 WHERE tt.trial_id = ANY (:trial_ids)
 ORDER BY tt.trial_id DESC, tt.position;

-- name: get_trial_of_task(task_id)$
SELECT trial_id FROM trial_tasks WHERE task_id = :task_id;

-- name: get_post_of_task(task_id)$
SELECT t.post_id FROM trial_tasks tt JOIN trials t ON t.id = tt.trial_id WHERE tt.task_id = :task_id;

-- name: get_newest_revision(post_id)$
SELECT max(id) FROM revisions WHERE post_id = :post_id;
