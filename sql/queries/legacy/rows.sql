-- What was imported before: which row of the source became what here.

-- name: lock_imports()$
-- One import writes at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('blogforge import-legacy', 0));

-- name: list_places(source, table_name, row_id)
-- The row itself has the empty place.
SELECT place, noun, noun_id, hash, written, fate, original ->> 'created_at' AS created_at
  FROM legacy_imports
 WHERE source = :source AND table_name = :table_name AND row_id = :row_id;

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
