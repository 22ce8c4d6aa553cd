-- Texts that models offer to fields. What became of one follows from its decision, else from its task.

-- name: create_suggestion(post_id, section_id, field_id, action_id, task_id, base_revision_id, user_id)$
-- With what filled its task's prompt: texts that the post has or had under the variables' names, and items of the
-- section. The field itself is no source of its text.
WITH made AS (
    INSERT INTO suggestions (post_id, section_id, field_id, action_id, task_id, base_revision_id, created_by)
    VALUES (:post_id, :section_id, :field_id, :action_id, :task_id, :base_revision_id, :user_id)
    RETURNING id, post_id, section_id, field_id, task_id
), used AS (
    SELECT m.id, m.post_id, m.section_id, m.field_id, i.key AS variable,
           md5(CASE jsonb_typeof(i.value)
               WHEN 'string' THEN i.value #>> '{}'
               WHEN 'array' THEN (SELECT string_agg(l.line, E'\n' ORDER BY l.place)
                                    FROM jsonb_array_elements_text(i.value) WITH ORDINALITY AS l (line, place))
               END)::uuid AS fingerprint
      FROM made m
      JOIN tasks t ON t.id = m.task_id
     CROSS JOIN LATERAL jsonb_each(t.inputs) i
), sources AS (
    INSERT INTO suggestion_sources (suggestion_id, variable, field_id, section_id, revision_id, fingerprint)
    SELECT u.id, u.variable, f.id, CASE f.scope WHEN 'section' THEN u.section_id END, r.id, u.fingerprint
      FROM used u
      JOIN fields f ON f.key = u.variable AND f.id <> u.field_id
     CROSS JOIN LATERAL (
           SELECT r.id
             FROM revisions r
            WHERE r.post_id = u.post_id AND r.field_id = f.id AND r.fingerprint = u.fingerprint
              AND r.section_id IS NOT DISTINCT FROM CASE f.scope WHEN 'section' THEN u.section_id END
            ORDER BY r.id DESC
            LIMIT 1) r
     UNION ALL
    SELECT u.id, u.variable, NULL, u.section_id, NULL, u.fingerprint
      FROM used u
     WHERE u.section_id IS NOT NULL AND u.fingerprint IS NOT NULL AND u.variable IN ('section_ideas', 'section_facts')
)
SELECT id FROM made;

-- name: get_base(post_id, field_id, task_id)$
-- The field's newest revision; where the post filled the task's variables in the runner, the newest as of then.
SELECT max(r.id)
  FROM revisions r
 WHERE r.post_id = :post_id AND r.field_id = :field_id AND r.section_id IS NULL
   AND r.id <= COALESCE((SELECT t.as_of
                           FROM trial_tasks tt
                           JOIN trials t ON t.id = tt.trial_id
                          WHERE tt.task_id = :task_id AND t.post_id = :post_id), r.id);

-- name: get_suggestion(suggestion_id)^
SELECT s.id, s.post_id, s.section_id, s.field_id, f.key AS field_key, s.action_id, a.name AS action_name,
       s.task_id, s.base_revision_id,
       CASE WHEN s.decision IS NOT NULL THEN s.decision
            WHEN t.status IN ('queued', 'running') THEN 'running'
            WHEN t.status = 'failed' THEN 'failed'
            WHEN t.status = 'cancelled' THEN 'withdrawn'
            ELSE 'pending' END AS status,
       s.decided_by, d.name AS decided_by_name, s.decided_at, s.revision_id, s.edit_distance, s.passed_over_for, s.created_by, c.name AS created_by_name,
       s.created_at, t.output, t.route_id, ro.name AS route_name, t.model_id, t.parameters,
       m.name AS served_by, p.name AS served_by_provider, m.is_ai, t.error_category, t.error_message,
       t.input_tokens, t.output_tokens, t.cost, t.cost_source, t.started_at, t.finished_at
  FROM suggestions s
  JOIN fields f ON f.id = s.field_id
  JOIN tasks t ON t.id = s.task_id
  LEFT JOIN actions a ON a.id = s.action_id
  LEFT JOIN routes ro ON ro.id = t.route_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users d ON d.id = s.decided_by
  LEFT JOIN users c ON c.id = s.created_by
 WHERE s.id = :suggestion_id;

-- name: get_place_of_task(task_id)^
-- The post and field that a task writes for.
SELECT s.post_id, p.title AS post_title, s.section_id, se.code AS section_code, f.key AS field_key, f.scope,
       f.name AS field_name, ss.key AS substage_key
  FROM suggestions s
  JOIN posts p ON p.id = s.post_id
  JOIN fields f ON f.id = s.field_id
  JOIN substages ss ON ss.id = f.substage_id
  LEFT JOIN sections se ON se.id = s.section_id
 WHERE s.task_id = :task_id;

-- name: list_open(post_id, section_id)
-- What waits for somebody in the fields of a post, or of one of its sections: running, failed and pending ones, the
-- oldest first.
SELECT s.id, s.post_id, s.section_id, s.field_id, f.key AS field_key, s.action_id, a.name AS action_name,
       s.task_id, s.base_revision_id,
       CASE WHEN t.status IN ('queued', 'running') THEN 'running'
            WHEN t.status = 'failed' THEN 'failed'
            ELSE 'pending' END AS status,
       s.decided_by, NULL AS decided_by_name, s.decided_at, s.revision_id, s.edit_distance, s.passed_over_for, s.created_by, c.name AS created_by_name,
       s.created_at, t.output, t.route_id, ro.name AS route_name, t.model_id, t.parameters,
       m.name AS served_by, p.name AS served_by_provider, m.is_ai, t.error_category, t.error_message,
       t.input_tokens, t.output_tokens, t.cost, t.cost_source, t.started_at, t.finished_at
  FROM suggestions s
  JOIN fields f ON f.id = s.field_id
  JOIN tasks t ON t.id = s.task_id
  LEFT JOIN actions a ON a.id = s.action_id
  LEFT JOIN routes ro ON ro.id = t.route_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users c ON c.id = s.created_by
 WHERE s.post_id = :post_id AND s.section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint) AND s.decision IS NULL
   AND t.status <> 'cancelled'
 ORDER BY s.id;

-- name: list_suggestions(post_id, section_id, field_id, before_id, limit)
-- Every suggestion a field ever had, the newest first, below an id.
SELECT s.id, s.post_id, s.section_id, s.field_id, f.key AS field_key, s.action_id, a.name AS action_name,
       s.task_id, s.base_revision_id,
       CASE WHEN s.decision IS NOT NULL THEN s.decision
            WHEN t.status IN ('queued', 'running') THEN 'running'
            WHEN t.status = 'failed' THEN 'failed'
            WHEN t.status = 'cancelled' THEN 'withdrawn'
            ELSE 'pending' END AS status,
       s.decided_by, d.name AS decided_by_name, s.decided_at, s.revision_id, s.edit_distance, s.passed_over_for, s.created_by, c.name AS created_by_name,
       s.created_at, t.output, t.route_id, ro.name AS route_name, t.model_id, t.parameters,
       m.name AS served_by, p.name AS served_by_provider, m.is_ai, t.error_category, t.error_message,
       t.input_tokens, t.output_tokens, t.cost, t.cost_source, t.started_at, t.finished_at
  FROM suggestions s
  JOIN fields f ON f.id = s.field_id
  JOIN tasks t ON t.id = s.task_id
  LEFT JOIN actions a ON a.id = s.action_id
  LEFT JOIN routes ro ON ro.id = t.route_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users d ON d.id = s.decided_by
  LEFT JOIN users c ON c.id = s.created_by
 WHERE s.post_id = :post_id AND s.field_id = :field_id AND s.section_id IS NOT DISTINCT FROM CAST(:section_id AS bigint)
   AND s.id < :before_id
 ORDER BY s.id DESC
 LIMIT :limit;

-- name: lock_suggestion(suggestion_id)$
-- Of two tabs that decide at once the second sees what the first did.
SELECT post_id FROM suggestions WHERE id = :suggestion_id FOR NO KEY UPDATE;

-- name: decide(suggestion_id, decision, user_id, revision_id, edit_distance)!
UPDATE suggestions
   SET decision = :decision, decided_by = :user_id, decided_at = clock_timestamp(), revision_id = :revision_id,
       edit_distance = :edit_distance
 WHERE id = :suggestion_id AND decision IS NULL;

-- name: list_rivals(suggestion_id)
-- What else waits in the same field: texts nobody decided about, and failures. What is being written goes on.
SELECT s.id
  FROM suggestions chosen
  JOIN suggestions s ON s.post_id = chosen.post_id AND s.field_id = chosen.field_id
                    AND s.section_id IS NOT DISTINCT FROM chosen.section_id
  JOIN tasks t ON t.id = s.task_id
 WHERE chosen.id = :suggestion_id AND s.id <> chosen.id AND s.decision IS NULL AND t.status IN ('succeeded', 'failed')
 ORDER BY s.id
   FOR NO KEY UPDATE OF s;

-- name: pass_over(suggestion_ids, chosen_id, user_id)!
-- Another one was accepted in their place.
UPDATE suggestions
   SET decision = 'discarded', passed_over_for = :chosen_id, decided_by = :user_id, decided_at = clock_timestamp()
 WHERE id = ANY (:suggestion_ids::bigint[]);

-- name: list_passed_over(suggestion_id)
SELECT id FROM suggestions WHERE passed_over_for = :suggestion_id ORDER BY id;

-- name: reopen(suggestion_ids, old_base, new_base)!
-- Nobody has decided. Those made from the text that is back now are on it again.
UPDATE suggestions
   SET decision = NULL, decided_by = NULL, decided_at = NULL, revision_id = NULL, edit_distance = NULL,
       passed_over_for = NULL,
       base_revision_id = CASE WHEN base_revision_id IS NOT DISTINCT FROM :old_base THEN :new_base
                               ELSE base_revision_id END
 WHERE id = ANY (:suggestion_ids::bigint[]);

-- name: note_asked_again(suggestion_id)!
UPDATE suggestions SET asked_again_at = COALESCE(asked_again_at, clock_timestamp()) WHERE id = :suggestion_id;
