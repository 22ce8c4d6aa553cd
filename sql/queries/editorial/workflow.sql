-- The workflow as rows: stages, sub-stages, fields. Read often, so archived rows come along and are told apart by who asks.

-- name: list_stages()
SELECT id, key, name, position, archived_at FROM stages ORDER BY position, id;

-- name: list_substages()
SELECT u.id, u.key, u.name, u.icon, u.position, s.key AS stage_key, u.archived_at,
       u.archived_at IS NULL AND s.archived_at IS NULL AS is_living
  FROM substages u
  JOIN stages s ON s.id = u.stage_id
 ORDER BY u.position, u.id;

-- name: list_fields()
-- Of posts, their sections and the board, in the order of the pages.
SELECT f.id, f.key, f.name, f.kind, f.help, f.scope, f.max_length, f.title_rank, f.position,
       u.key AS substage_key, u.name AS substage_name, f.max_words, f.archived_at,
       f.archived_at IS NULL AND u.archived_at IS NULL AND s.archived_at IS NULL AS is_living
  FROM fields f
  JOIN substages u ON u.id = f.substage_id
  JOIN stages s ON s.id = u.stage_id
 ORDER BY u.position, f.position, f.id;

-- name: get_field(key)^
SELECT f.id, f.key, f.name, f.kind, f.help, f.scope, f.max_length, f.title_rank, f.position,
       u.key AS substage_key, u.name AS substage_name, f.max_words, f.archived_at,
       f.archived_at IS NULL AND u.archived_at IS NULL AND s.archived_at IS NULL AS is_living
  FROM fields f
  JOIN substages u ON u.id = f.substage_id
  JOIN stages s ON s.id = u.stage_id
 WHERE f.key = :key;

-- name: get_version()$
SELECT version FROM workflow_versions;

-- name: lock()$
-- Who changes the workflow comes one after another.
SELECT version FROM workflow_versions FOR UPDATE;

-- name: raise_version()!
UPDATE workflow_versions SET version = version + 1;

-- name: create_stage(key, name)$
-- Behind the others.
INSERT INTO stages (key, name, position) SELECT :key, :name, coalesce(max(position), 0) + 1 FROM stages RETURNING id;

-- name: update_stage(stage_id, name)!
UPDATE stages SET name = :name WHERE id = :stage_id;

-- name: create_substage(stage_id, key, name, icon)$
-- As the last one of its stage, once renumber was called.
INSERT INTO substages (stage_id, key, name, icon, position)
SELECT :stage_id, :key, :name, :icon, coalesce(max(position), 0) + 1 FROM substages
RETURNING id;

-- name: update_substage(substage_id, stage_id, name, icon)!
UPDATE substages SET stage_id = :stage_id, name = :name, icon = :icon WHERE id = :substage_id;

-- name: create_field(substage_id, key, name, kind, help, scope, max_length, max_words)$
-- As the last one of its step.
INSERT INTO fields (substage_id, key, name, kind, help, scope, max_length, max_words, position)
SELECT :substage_id, :key, :name, :kind, :help, :scope, :max_length, :max_words, coalesce(max(position), 0) + 1
  FROM fields
 WHERE substage_id = :substage_id
RETURNING id;

-- name: update_field(field_id, substage_id, key, name, kind, help, scope, max_length, max_words)!
-- One that goes to another step goes behind the others there.
UPDATE fields f
   SET key = :key, name = :name, kind = :kind, help = :help, scope = :scope, max_length = :max_length,
       max_words = :max_words, substage_id = :substage_id,
       position = CASE WHEN f.substage_id = :substage_id THEN f.position
                       ELSE (SELECT coalesce(max(o.position), 0) + 1 FROM fields o WHERE o.substage_id = :substage_id)
                  END
 WHERE f.id = :field_id;

-- name: arrange_stages(ids)!
UPDATE stages s SET position = w.place
  FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS w (id, place)
 WHERE s.id = w.id;

-- name: arrange_substages(ids)!
UPDATE substages u SET position = w.place
  FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS w (id, place)
 WHERE u.id = w.id;

-- name: arrange_fields(ids)!
UPDATE fields f SET position = w.place
  FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS w (id, place)
 WHERE f.id = w.id;

-- name: renumber()!
-- Sub-stages are numbered over all stages, so that what lists them need not know those.
UPDATE substages u SET position = n.place
  FROM (SELECT o.id, row_number() OVER (ORDER BY s.position, s.id, o.position, o.id) AS place
          FROM substages o
          JOIN stages s ON s.id = o.stage_id) n
 WHERE n.id = u.id AND u.position <> n.place;

-- name: set_stage_archived(row_id, is_archived)!
UPDATE stages SET archived_at = CASE WHEN :is_archived THEN now() END WHERE id = :row_id;

-- name: set_substage_archived(row_id, is_archived)!
UPDATE substages SET archived_at = CASE WHEN :is_archived THEN now() END WHERE id = :row_id;

-- name: set_field_archived(row_id, is_archived)!
UPDATE fields SET archived_at = CASE WHEN :is_archived THEN now() END WHERE id = :row_id;

-- name: is_used(field_id)$
-- Whether anything refers to the field. Every text, past ones too, has its row in field_values.
SELECT EXISTS (SELECT FROM actions WHERE field_id = :field_id)
    OR EXISTS (SELECT FROM field_values WHERE field_id = :field_id)
    OR EXISTS (SELECT FROM suggestions WHERE field_id = :field_id);

-- name: count_texts(field_ids)^
-- What people wrote in these fields, and in how many posts; what models offer there.
SELECT (SELECT count(*)
          FROM field_values v
          JOIN revisions r ON r.id = v.revision_id
         WHERE v.field_id = ANY (:field_ids) AND r.words > 0) AS texts,
       (SELECT count(DISTINCT v.post_id)
          FROM field_values v
          JOIN revisions r ON r.id = v.revision_id
         WHERE v.field_id = ANY (:field_ids) AND r.words > 0) AS posts,
       (SELECT count(*) FROM suggestions s WHERE s.field_id = ANY (:field_ids) AND s.decision IS NULL) AS waiting;

-- name: list_asking()
-- Which field's action asks with which template, and whether that field is in use.
SELECT a.template_id, a.field_id,
       f.archived_at IS NULL AND u.archived_at IS NULL AND s.archived_at IS NULL AS is_living
  FROM actions a
  JOIN fields f ON f.id = a.field_id
  JOIN substages u ON u.id = f.substage_id
  JOIN stages s ON s.id = u.stage_id
 WHERE a.archived_at IS NULL;
