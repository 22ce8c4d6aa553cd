-- Whether this installation can do its work.

-- name: get_schema_number()$
SELECT max(number) FROM schema_migrations;
