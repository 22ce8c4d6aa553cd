-- Asked of the original's database, never of ours: what tables and columns it has.

-- name: get_database()^
SELECT current_database() AS name, current_setting('server_encoding') AS encoding;

-- name: list_columns()
-- Of every table that is not PostgreSQL's own, in the order in which its search path finds them; also of those the
-- catalog's views hide from a user without rights. A table without columns is one row.
SELECT n.nspname AS schema, c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type,
       array_position(current_schemas(false), n.nspname) AS place, c.relkind = 'p' AS is_partitioned,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND left(n.nspname, 3) <> 'pg_'
 ORDER BY place NULLS LAST, n.nspname, c.relname, a.attnum;
