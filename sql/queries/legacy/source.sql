-- Asked of the original's database, never of ours: what tables and columns it has.

-- name: get_database()^
SELECT current_database() AS name, current_setting('server_encoding') AS encoding;

-- name: list_columns()
-- Of every base table that is not PostgreSQL's own, its schema of first choice in front.
SELECT c.table_schema AS schema, c.table_name AS table, c.column_name AS column,
       has_table_privilege(format('%%I.%%I', c.table_schema, c.table_name), 'SELECT') AS is_readable
  FROM information_schema.tables t
  JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
 WHERE t.table_type = 'BASE TABLE' AND t.table_schema NOT IN ('pg_catalog', 'information_schema')
 ORDER BY c.table_schema <> 'public', c.table_schema, c.table_name, c.ordinal_position;
