-- What was imported from an original BlogForge: each of its rows, and each thing made of one, once.

CREATE TABLE legacy_imports (
    source      text NOT NULL,                -- the source database, by the name the importer was given for it
    table_name  text NOT NULL,                -- of the source
    row_id      text NOT NULL,                -- its id there
    place       text NOT NULL DEFAULT '',     -- empty for the row itself, else what of it: a field's key, a part's number
    noun        text,                         -- what it became here: post, section, revision, part, task, …
    noun_id     bigint,                       -- no key: it may be any of them
    hash        bytea NOT NULL,               -- SHA-256 of what the source said
    written     bytea,                        -- SHA-256 of what was here after it was written, for what has no revisions
    fate        text NOT NULL,
    original    jsonb,                        -- the row as it was read, without its secrets
    imported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, table_name, row_id, place),
    CONSTRAINT legacy_imports_fate_check CHECK (fate IN (
        'taken',                              -- as it was
        'changed',                            -- decoded, trimmed, renamed
        'conflict',                           -- somebody must decide; the next import looks at it again
        'left_out'                            -- has no counterpart here
    ))
);
CREATE INDEX legacy_imports_noun_idx ON legacy_imports (noun, noun_id) WHERE noun_id IS NOT NULL;
