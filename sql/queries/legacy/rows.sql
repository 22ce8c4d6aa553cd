-- What was imported before: which row of the source became what here.

-- name: lock_imports()$
-- One import writes at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('blogforge import-legacy', 0));

-- name: list_places(source, table_name, row_id)
-- The row itself has the empty place. edited names a text that somebody wrote over here: a field whose text is another
-- one and came from no import, an idea or fact that was reworded.
SELECT l.place, l.noun, l.noun_id, l.hash, l.written, l.fate, l.original ->> 'created_at' AS created_at,
       CASE l.noun
            WHEN 'revision'
            THEN (SELECT f.name
                    FROM revisions r
                    JOIN fields f ON f.id = r.field_id
                    JOIN field_values v ON v.post_id = r.post_id AND v.field_id = r.field_id
                                       AND v.section_id IS NOT DISTINCT FROM r.section_id
                    JOIN revisions n ON n.id = v.revision_id AND n.fingerprint <> r.fingerprint
                   WHERE r.id = l.noun_id
                     AND NOT EXISTS (SELECT FROM legacy_imports o WHERE o.noun = 'revision' AND o.noun_id = n.id))
            WHEN 'item'
            THEN (SELECT i.code
                    FROM post_items i
                   WHERE i.id = l.noun_id
                     AND EXISTS (SELECT FROM section_events e
                                  WHERE e.post_id = i.post_id AND e.undone_by_id IS NULL
                                    AND e.rewordings @> jsonb_build_array(jsonb_build_object('item', i.id))))
            END AS edited
  FROM legacy_imports l
 WHERE l.source = :source AND l.table_name = :table_name AND l.row_id = :row_id
 ORDER BY l.place;

-- name: keep(source, table_name, row_id, place, noun, noun_id, hash, written, fate, original)!
-- The same again changes nothing.
INSERT INTO legacy_imports (source, table_name, row_id, place, noun, noun_id, hash, written, fate, original)
VALUES (:source, :table_name, :row_id, :place, :noun, :noun_id, :hash, :written, :fate, :original)
ON CONFLICT (source, table_name, row_id, place) DO UPDATE
   SET noun = excluded.noun, noun_id = excluded.noun_id, hash = excluded.hash, written = excluded.written,
       fate = excluded.fate, original = excluded.original, imported_at = clock_timestamp()
 WHERE (legacy_imports.noun, legacy_imports.noun_id, legacy_imports.hash, legacy_imports.written,
        legacy_imports.fate, legacy_imports.original)
       IS DISTINCT FROM
       (excluded.noun, excluded.noun_id, excluded.hash, excluded.written, excluded.fate, excluded.original);

-- name: find_id(source, table_name, row_id, place)$
-- What a row became here.
SELECT noun_id
  FROM legacy_imports
 WHERE source = :source AND table_name = :table_name AND row_id = :row_id AND place = :place;

-- name: get_original(source, table_name, row_id)$
SELECT original
  FROM legacy_imports
 WHERE source = :source AND table_name = :table_name AND row_id = :row_id AND place = '';

-- name: find_origin(noun, noun_id)^
-- Where a row here came from; the first one when several did.
SELECT source, table_name, row_id
  FROM legacy_imports
 WHERE noun = :noun AND noun_id = :noun_id
 ORDER BY imported_at
 LIMIT 1;
