-- The editorial workflow (rows, not code), posts and their fields, actions, suggestions.

CREATE TABLE stages (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      text NOT NULL,
    name     text NOT NULL,
    position integer NOT NULL,
    CONSTRAINT stages_key_key UNIQUE (key)
);

CREATE TABLE substages (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage_id bigint NOT NULL REFERENCES stages (id),
    key      text NOT NULL,
    name     text NOT NULL,
    icon     text NOT NULL,                   -- a symbol of static/icons.svg
    position integer NOT NULL,                -- over all stages
    CONSTRAINT substages_key_key UNIQUE (key)
);

CREATE TABLE fields (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    substage_id bigint NOT NULL REFERENCES substages (id),
    key         text NOT NULL,                -- also the name of the template variable it fills
    name        text NOT NULL,
    kind        text NOT NULL,
    help        text NOT NULL DEFAULT '',
    scope       text NOT NULL DEFAULT 'post',
    max_length  integer NOT NULL DEFAULT 200000,  -- characters
    title_rank  integer,                      -- a post's title is its filled field of the lowest rank
    position    integer NOT NULL,
    CONSTRAINT fields_key_key UNIQUE (key),
    CONSTRAINT fields_kind_check CHECK (kind IN (
        'line',                               -- one line
        'text',                               -- paragraphs
        'list',                               -- one item per line
        'markdown'
    )),
    CONSTRAINT fields_scope_check CHECK (scope IN ('post', 'section'))
);
CREATE INDEX fields_substage_id_idx ON fields (substage_id, position);

CREATE TABLE posts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug       text NOT NULL,
    title      text NOT NULL,
    created_by bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by bigint REFERENCES users (id) ON DELETE SET NULL,
    deleted_at timestamptz,
    CONSTRAINT posts_slug_key UNIQUE (slug)
);
CREATE INDEX posts_live_idx ON posts (updated_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX posts_deleted_idx ON posts (deleted_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX posts_search_idx ON posts USING gin (to_tsvector('simple', title));

CREATE TABLE sections (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id    bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    position   integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX sections_post_id_idx ON sections (post_id, position);

-- Every value a field ever had. The newest, the one the field shows, is named in field_values.
CREATE TABLE revisions (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id          bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    section_id       bigint REFERENCES sections (id) ON DELETE CASCADE,
    field_id         bigint NOT NULL REFERENCES fields (id),
    base_revision_id bigint,                  -- what it was written over; no key: autosaves in between are folded away
    text             text NOT NULL,
    words            integer NOT NULL GENERATED ALWAYS AS (regexp_count(text, '\S+')) STORED,  -- lists count them
    origin           text NOT NULL,
    user_id          bigint REFERENCES users (id) ON DELETE SET NULL,
    suggestion_id    bigint,
    restored_from_id bigint,
    is_autosave      boolean NOT NULL DEFAULT false,
    started_at       timestamptz NOT NULL DEFAULT clock_timestamp(),  -- of the first autosave folded into it
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT revisions_origin_check CHECK (origin IN (
        'typed',                              -- by a person
        'accepted',                           -- a suggestion as it was
        'edited',                             -- a suggestion, changed before it was accepted
        'restored',                           -- an older revision again
        'imported'
    ))
);
CREATE INDEX revisions_field_idx ON revisions (post_id, field_id, section_id, id DESC);

CREATE TABLE field_values (
    post_id     bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    section_id  bigint REFERENCES sections (id) ON DELETE CASCADE,
    field_id    bigint NOT NULL REFERENCES fields (id),
    revision_id bigint NOT NULL REFERENCES revisions (id),
    CONSTRAINT field_values_key UNIQUE NULLS NOT DISTINCT (post_id, field_id, section_id)
);
CREATE INDEX field_values_revision_id_idx ON field_values (revision_id);

CREATE TABLE actions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    field_id     bigint NOT NULL REFERENCES fields (id),
    name         text NOT NULL,
    template_id  bigint NOT NULL REFERENCES templates (id),
    route_id     bigint REFERENCES routes (id),      -- NULL: the default route
    preset_id    bigint REFERENCES presets (id),
    parameters   jsonb NOT NULL DEFAULT '{}',        -- over those of the preset
    contract     jsonb NOT NULL DEFAULT '{}',        -- {shape, max_length, min_items, max_items}
    is_default   boolean NOT NULL DEFAULT false,
    position     integer NOT NULL DEFAULT 0,
    library_hash bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    archived_at  timestamptz
);
CREATE UNIQUE INDEX actions_name_key ON actions (field_id, lower(name)) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX actions_one_default ON actions (field_id) WHERE is_default AND archived_at IS NULL;
CREATE INDEX actions_template_id_idx ON actions (template_id);
CREATE INDEX actions_route_id_idx ON actions (route_id);
CREATE INDEX actions_preset_id_idx ON actions (preset_id);

-- A task's output offered to a field. Running, failed and pending follow from the task; only decisions are kept here.
CREATE TABLE suggestions (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id          bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    section_id       bigint REFERENCES sections (id) ON DELETE CASCADE,
    field_id         bigint NOT NULL REFERENCES fields (id),
    action_id        bigint REFERENCES actions (id),
    task_id          bigint NOT NULL REFERENCES tasks (id),
    base_revision_id bigint,                  -- the field's revision at the click; NULL: it was empty
    decision         text,
    decided_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    decided_at       timestamptz,
    revision_id      bigint REFERENCES revisions (id),  -- what accepting made
    created_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT suggestions_task_id_key UNIQUE (task_id),
    CONSTRAINT suggestions_decision_check CHECK (decision IN (
        'accepted',                           -- as it was
        'edited',                             -- accepted after changes
        'discarded',                          -- refused
        'withdrawn'                           -- stopped before it was there
    ))
);
CREATE INDEX suggestions_open_idx ON suggestions (post_id, field_id, section_id, id) WHERE decision IS NULL;
CREATE INDEX suggestions_post_id_idx ON suggestions (post_id, field_id, id DESC);
