-- Every table with its columns, keys, checks and indexes, as JSON, for data_model.py.
WITH relations AS (
    SELECT c.oid, c.relname::text AS table_name
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace
       AND c.relkind IN ('r', 'p')
       AND c.relname <> 'schema_migrations'
),
columns AS (
    SELECT a.attrelid AS oid,
           jsonb_agg(jsonb_build_object(
               'name', a.attname,
               'type', format_type(a.atttypid, a.atttypmod),
               'is_nullable', NOT a.attnotnull,
               'is_computed', a.attgenerated <> '',
               'default', pg_get_expr(d.adbin, d.adrelid),
               'values', (
                   SELECT coalesce(jsonb_agg(m.found[1] ORDER BY m.place), '[]')
                     FROM pg_constraint k,
                          regexp_matches(pg_get_constraintdef(k.oid), '''(\w+)''::text', 'g')
                          WITH ORDINALITY AS m (found, place)
                    WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
               )
           ) ORDER BY a.attnum) AS columns
      FROM pg_attribute a
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attnum > 0 AND NOT a.attisdropped
     GROUP BY a.attrelid
),
foreign_keys AS (
    SELECT k.conrelid AS oid,
           jsonb_agg(jsonb_build_object(
               'column', a.attname,
               'target', k.confrelid::regclass::text,
               'on_delete', k.confdeltype,
               'is_nullable', NOT a.attnotnull,
               'is_unique', EXISTS (
                   SELECT FROM pg_index i
                    WHERE i.indrelid = k.conrelid AND i.indisunique AND i.indpred IS NULL
                      AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
               )
           ) ORDER BY a.attnum) AS foreign_keys
      FROM pg_constraint k
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
     WHERE k.contype = 'f'
     GROUP BY k.conrelid
),
indexes AS (
    SELECT i.indrelid AS oid,
           jsonb_agg(jsonb_build_object(
               'name', i.indexrelid::regclass::text,
               'definition', CASE WHEN i.indisunique THEN 'unique ' ELSE '' END
                             || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING (btree )?', '')
           ) ORDER BY i.indexrelid::regclass::text) FILTER (WHERE NOT i.indisprimary) AS indexes
      FROM pg_index i
     GROUP BY i.indrelid
),
keyed AS (
    SELECT i.indrelid AS oid,
           coalesce(jsonb_agg(DISTINCT a.attname) FILTER (WHERE i.indisprimary), '[]') AS primary_key,
           coalesce(jsonb_agg(DISTINCT a.attname) FILTER (WHERE NOT i.indisprimary), '[]') AS unique_columns
      FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indisunique AND i.indpred IS NULL
     GROUP BY i.indrelid
)
SELECT r.table_name,
       c.columns,
       coalesce(f.foreign_keys, '[]') AS foreign_keys,
       coalesce(i.indexes, '[]') AS indexes,
       coalesce(k.primary_key, '[]') AS primary_key,
       coalesce(k.unique_columns, '[]') AS unique_columns
  FROM relations r
  JOIN columns c USING (oid)
  LEFT JOIN foreign_keys f USING (oid)
  LEFT JOIN indexes i USING (oid)
  LEFT JOIN keyed k USING (oid)
 ORDER BY r.table_name;
