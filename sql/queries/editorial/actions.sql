-- What Automate can do for a field.

-- name: create_action(field_id, name, template_id, route_id, preset_id, parameters, contract, is_default, needs_choice)$
-- Behind the field's other actions.
INSERT INTO actions (field_id, name, template_id, route_id, preset_id, parameters, contract, is_default, needs_choice,
                     position)
SELECT :field_id, :name, :template_id, :route_id, :preset_id, :parameters, :contract, :is_default, :needs_choice,
       (SELECT COALESCE(max(position) + 1, 0) FROM actions WHERE field_id = :field_id)
RETURNING id;

-- name: lock_field(field_id)^
-- Writers of one field's actions come one after another: there is at most one default.
SELECT id, scope FROM fields WHERE id = :field_id FOR UPDATE;

-- name: lock_template(template_id)^
-- Nobody archives it while an action that asks with it is written.
SELECT id, name, published_version_id, archived_at FROM templates WHERE id = :template_id FOR SHARE;

-- name: update_action(action_id, name, template_id, route_id, preset_id, parameters, contract, is_default, needs_choice)!
UPDATE actions
   SET name = :name, template_id = :template_id, route_id = :route_id, preset_id = :preset_id,
       parameters = :parameters, contract = :contract, is_default = :is_default, needs_choice = :needs_choice,
       updated_at = now()
 WHERE id = :action_id;

-- name: clear_default(field_id)!
UPDATE actions SET is_default = false, updated_at = now()
 WHERE field_id = :field_id AND is_default AND archived_at IS NULL;

-- name: promote_next(field_id)!
-- A field whose default went gets its next action as the default.
UPDATE actions SET is_default = true, updated_at = now()
 WHERE id = (SELECT id FROM actions WHERE field_id = :field_id AND archived_at IS NULL ORDER BY position, id LIMIT 1);

-- name: set_archived(action_id, is_archived)!
UPDATE actions SET archived_at = CASE WHEN :is_archived THEN now() END, is_default = false, updated_at = now()
 WHERE id = :action_id;

-- name: get_action(action_id)^
SELECT a.id, a.field_id, f.key AS field_key, f.name AS field_name, f.kind AS field_kind, f.max_length AS field_max_length, f.max_words AS field_max_words,
       s.name AS substage_name, a.name, a.template_id, t.name AS template_name, t.published_version_id AS template_version_id,
       a.route_id, r.name AS route_name, a.preset_id, p.name AS preset_name,
       COALESCE(p.parameters, '{}') AS preset_parameters, a.parameters, a.contract, a.is_default, a.needs_choice, a.position,
       a.library_hash, a.created_at, a.updated_at, a.archived_at
  FROM actions a
  JOIN fields f ON f.id = a.field_id
  JOIN substages s ON s.id = f.substage_id
  JOIN templates t ON t.id = a.template_id
  LEFT JOIN routes r ON r.id = a.route_id
  LEFT JOIN presets p ON p.id = a.preset_id
 WHERE a.id = :action_id;

-- name: list_actions(field_id, is_archived, limit, offset)
-- In the order of the workflow, a field's default first. NULL field_id: of all fields.
SELECT a.id, a.field_id, f.key AS field_key, f.name AS field_name, f.kind AS field_kind, f.max_length AS field_max_length, f.max_words AS field_max_words,
       s.name AS substage_name, a.name, a.template_id, t.name AS template_name, t.published_version_id AS template_version_id,
       a.route_id, r.name AS route_name, a.preset_id, p.name AS preset_name,
       COALESCE(p.parameters, '{}') AS preset_parameters, a.parameters, a.contract, a.is_default, a.needs_choice, a.position,
       a.library_hash, a.created_at, a.updated_at, a.archived_at
  FROM actions a
  JOIN fields f ON f.id = a.field_id
  JOIN substages s ON s.id = f.substage_id
  JOIN templates t ON t.id = a.template_id
  LEFT JOIN routes r ON r.id = a.route_id
  LEFT JOIN presets p ON p.id = a.preset_id
 WHERE (a.archived_at IS NOT NULL) = :is_archived AND (:field_id::bigint IS NULL OR a.field_id = :field_id)
 ORDER BY s.position, f.position, a.is_default DESC, a.position, a.id
 LIMIT :limit OFFSET :offset;

-- name: count_actions(field_id, is_archived)$
SELECT count(*)
  FROM actions
 WHERE (archived_at IS NOT NULL) = :is_archived AND (:field_id::bigint IS NULL OR field_id = :field_id);

-- name: get_default_id(field_id)$
SELECT id FROM actions WHERE field_id = :field_id AND is_default AND archived_at IS NULL;

-- name: get_field(field_id)^
SELECT id, key, name, kind, max_length FROM fields WHERE id = :field_id;

-- name: list_field_keys()
-- What an editor can fill in, and whether each section has it or the post.
SELECT f.key, f.scope
  FROM fields f
  JOIN substages u ON u.id = f.substage_id AND u.archived_at IS NULL
  JOIN stages s ON s.id = u.stage_id AND s.archived_at IS NULL
 WHERE f.archived_at IS NULL;

-- name: arrange(action_ids)!
-- The first one becomes the default. After clear_default.
UPDATE actions a SET position = w.place, is_default = w.place = 1, updated_at = now()
  FROM unnest(CAST(:action_ids AS bigint[])) WITH ORDINALITY AS w (id, place)
 WHERE a.id = w.id;
