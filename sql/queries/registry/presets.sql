-- Presets: parameters under a name.

-- name: list_presets(limit, offset)
SELECT id, name, parameters, created_at, updated_at FROM presets ORDER BY lower(name) LIMIT :limit OFFSET :offset;

-- name: count_presets()$
SELECT count(*) FROM presets;

-- name: get_preset(preset_id)^
SELECT id, name, parameters, created_at, updated_at FROM presets WHERE id = :preset_id;

-- name: find_by_name(name)^
SELECT id, name, parameters, created_at, updated_at FROM presets WHERE lower(name) = lower(:name);

-- name: create_preset(name, parameters)$
INSERT INTO presets (name, parameters) VALUES (:name, :parameters) RETURNING id;

-- name: update_preset(preset_id, name, parameters)!
UPDATE presets SET name = :name, parameters = :parameters, updated_at = now() WHERE id = :preset_id;

-- name: delete_preset(preset_id)!
DELETE FROM presets WHERE id = :preset_id;

-- name: list_action_names(preset_id)
-- The live actions that use this preset.
SELECT a.name || ' (' || f.name || ')' AS name
  FROM actions a
  JOIN fields f ON f.id = a.field_id
 WHERE a.preset_id = :preset_id AND a.archived_at IS NULL
 ORDER BY 1;

-- name: release_archived_actions(preset_id)!
-- An archived action keeps its row but must not keep the preset.
UPDATE actions SET preset_id = NULL WHERE preset_id = :preset_id AND archived_at IS NOT NULL;
