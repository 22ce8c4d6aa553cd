-- What a text was made from, so that it can say when that changed; and which texts somebody called done.

ALTER TABLE revisions
    ADD COLUMN fingerprint uuid NOT NULL GENERATED ALWAYS AS (md5(text)::uuid) STORED,  -- tells whether two texts are the same
    ADD COLUMN root_suggestion_id bigint;     -- the suggestion the text goes back to, edited since or not; NULL: a person's own
CREATE INDEX revisions_root_idx ON revisions (id) INCLUDE (root_suggestion_id) WHERE root_suggestion_id IS NOT NULL;

-- What the prompt of a suggestion was filled with: a field of the post or of the section, or the items of the section.
CREATE TABLE suggestion_sources (
    suggestion_id bigint NOT NULL REFERENCES suggestions (id) ON DELETE CASCADE,
    variable      text NOT NULL,
    field_id      bigint REFERENCES fields (id),  -- NULL: the items allocated to the section
    section_id    bigint REFERENCES sections (id) ON DELETE CASCADE,  -- NULL: a field of the post
    revision_id   bigint REFERENCES revisions (id) ON DELETE CASCADE,  -- the text that was used
    fingerprint   uuid NOT NULL,              -- of what was used
    CONSTRAINT suggestion_sources_pkey PRIMARY KEY (suggestion_id, variable)
);
CREATE INDEX suggestion_sources_revision_id_idx ON suggestion_sources (revision_id);
CREATE INDEX suggestion_sources_section_id_idx ON suggestion_sources (section_id);

-- A text was kept although its source changed. Holds for that text of the source, and for the autosaves folded into it.
CREATE TABLE kept_sources (
    suggestion_id bigint NOT NULL,
    variable      text NOT NULL,
    fingerprint   uuid NOT NULL,
    started_at    timestamptz,                -- of the source's revision; NULL for items
    kept_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT kept_sources_pkey PRIMARY KEY (suggestion_id, variable, fingerprint),
    CONSTRAINT kept_sources_source_fkey FOREIGN KEY (suggestion_id, variable)
        REFERENCES suggestion_sources (suggestion_id, variable) ON DELETE CASCADE
);

ALTER TABLE field_values
    ADD COLUMN done_revision_id bigint,       -- the text somebody called done; another text is not
    ADD COLUMN done_by bigint REFERENCES users (id) ON DELETE SET NULL,
    ADD COLUMN done_at timestamptz;

-- A row for each source of a field's text that is no longer what it was when the text was made, and was not kept.
CREATE VIEW stale_sources AS
SELECT v.post_id, v.section_id, v.field_id, s.suggestion_id, s.variable, s.field_id AS source_field_id,
       s.section_id AS source_section_id, s.revision_id AS used_revision_id, n.revision_id, n.fingerprint, n.started_at,
       n.changed_at, n.changed_by
  FROM field_values v
  JOIN revisions r ON r.id = v.revision_id
  JOIN suggestion_sources s ON s.suggestion_id = r.root_suggestion_id
 CROSS JOIN LATERAL (
       SELECT x.id AS revision_id, x.fingerprint, x.started_at, x.created_at AS changed_at, x.user_id AS changed_by
         FROM field_values w
         JOIN revisions x ON x.id = w.revision_id
        WHERE w.post_id = v.post_id AND w.field_id = s.field_id AND w.section_id = s.section_id
        UNION ALL
       SELECT x.id, x.fingerprint, x.started_at, x.created_at, x.user_id
         FROM field_values w
         JOIN revisions x ON x.id = w.revision_id
        WHERE w.post_id = v.post_id AND w.field_id = s.field_id AND w.section_id IS NULL AND s.section_id IS NULL
        UNION ALL
       SELECT NULL, md5(coalesce(string_agg(i.text, E'\n' ORDER BY i.number), ''))::uuid, NULL, NULL, NULL
         FROM post_items i
        WHERE i.post_id = v.post_id AND i.section_id = s.section_id AND i.deleted_at IS NULL
          AND i.kind = CASE s.variable WHEN 'section_ideas' THEN 'idea' ELSE 'fact' END
       HAVING s.field_id IS NULL
       ) n
 WHERE r.root_suggestion_id IS NOT NULL AND n.fingerprint <> s.fingerprint
   -- Most sources still have the very text that was used: an index says so before anything is compared.
   AND NOT EXISTS (SELECT FROM field_values u WHERE u.revision_id = s.revision_id)
   AND NOT EXISTS (SELECT FROM kept_sources k
                    WHERE k.suggestion_id = s.suggestion_id AND k.variable = s.variable
                      AND (k.fingerprint = n.fingerprint OR k.started_at = n.started_at));

WITH RECURSIVE roots AS (
    SELECT id, suggestion_id AS root FROM revisions WHERE suggestion_id IS NOT NULL AND words > 0
     UNION ALL
    SELECT r.id, roots.root
      FROM roots
      JOIN revisions r ON coalesce(r.restored_from_id, r.base_revision_id) = roots.id
     WHERE r.suggestion_id IS NULL AND r.words > 0
)
UPDATE revisions r SET root_suggestion_id = roots.root FROM roots WHERE r.id = roots.id;

WITH used AS (
    SELECT s.id, s.post_id, s.section_id, s.field_id, i.key AS variable,
           md5(CASE jsonb_typeof(i.value)
               WHEN 'string' THEN i.value #>> '{}'
               WHEN 'array' THEN (SELECT string_agg(l.line, E'\n' ORDER BY l.place)
                                    FROM jsonb_array_elements_text(i.value) WITH ORDINALITY AS l (line, place))
               END)::uuid AS fingerprint
      FROM suggestions s
      JOIN tasks t ON t.id = s.task_id
     CROSS JOIN LATERAL jsonb_each(t.inputs) i
)
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
 WHERE u.section_id IS NOT NULL AND u.fingerprint IS NOT NULL AND u.variable IN ('section_ideas', 'section_facts');
