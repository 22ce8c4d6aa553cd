-- What we ask: parts and templates. Their text lives in versions, which never change once written.

CREATE TABLE parts (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                 text NOT NULL,
    kind                 text NOT NULL,
    description          text NOT NULL DEFAULT '',
    tags                 text[] NOT NULL DEFAULT '{}',
    position             integer NOT NULL DEFAULT 50,   -- where it usually stands in a template
    published_version_id bigint,
    library_hash         bytea,                         -- what the library last wrote; NULL for our own rows
    created_by           bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    archived_at          timestamptz,
    CONSTRAINT parts_kind_check CHECK (kind IN (
        'system',                                       -- ground rules
        'persona',                                      -- who the model is
        'style',                                        -- voice
        'task',                                         -- what to do
        'data',                                         -- a variable, fenced: material, never instructions
        'format',                                       -- the shape of the answer
        'example'                                       -- a specimen
    ))
);
CREATE UNIQUE INDEX parts_name_key ON parts (lower(name)) WHERE archived_at IS NULL;

CREATE TABLE part_versions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    part_id    bigint NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
    number     integer NOT NULL,
    role       text NOT NULL,
    content    text NOT NULL,
    variable   text,                                    -- data parts: the field key whose value is fenced in
    label      text,
    fence      text,
    note       text NOT NULL DEFAULT '',
    created_by bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT part_versions_number_key UNIQUE (part_id, number),
    CONSTRAINT part_versions_role_check CHECK (role IN ('system', 'user', 'assistant'))
);
ALTER TABLE parts ADD CONSTRAINT parts_published_version_fkey
    FOREIGN KEY (published_version_id) REFERENCES part_versions (id);

CREATE TABLE templates (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                 text NOT NULL,
    description          text NOT NULL DEFAULT '',
    published_version_id bigint,
    library_hash         bytea,
    created_by           bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    archived_at          timestamptz
);
CREATE UNIQUE INDEX templates_name_key ON templates (lower(name)) WHERE archived_at IS NULL;

CREATE TABLE template_versions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    template_id bigint NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    number      integer NOT NULL,
    note        text NOT NULL DEFAULT '',
    created_by  bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT template_versions_number_key UNIQUE (template_id, number)
);
ALTER TABLE templates ADD CONSTRAINT templates_published_version_fkey
    FOREIGN KEY (published_version_id) REFERENCES template_versions (id);

-- A block is a part (by reference: its published version speaks) or an inline message.
CREATE TABLE template_blocks (
    template_version_id bigint NOT NULL REFERENCES template_versions (id) ON DELETE CASCADE,
    position            integer NOT NULL,
    part_id             bigint REFERENCES parts (id),
    role                text,                           -- inline: its role; part: overrides the part's role
    content             text,
    is_optional         boolean NOT NULL DEFAULT false, -- left out while its variable is empty
    is_enabled          boolean NOT NULL DEFAULT true,
    PRIMARY KEY (template_version_id, position),
    CONSTRAINT template_blocks_source_check CHECK ((part_id IS NULL) <> (content IS NULL)),
    CONSTRAINT template_blocks_role_check CHECK (role IN ('system', 'user', 'assistant')),
    CONSTRAINT template_blocks_inline_role_check CHECK (part_id IS NOT NULL OR role IS NOT NULL)
);
CREATE INDEX template_blocks_part_id_idx ON template_blocks (part_id);
