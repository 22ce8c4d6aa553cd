-- Whom we can ask: providers, their keys and models, routes, parameter presets.

CREATE TABLE providers (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                text NOT NULL,
    kind                text NOT NULL,
    base_url            text,
    is_enabled          boolean NOT NULL DEFAULT true,
    is_local            boolean NOT NULL DEFAULT false,  -- loads models on demand: longer first-token limit
    requests_per_minute integer,
    tokens_per_minute   integer,
    requests_per_day    integer,
    tokens_per_day      integer,
    max_in_flight       integer,
    tested_at           timestamptz,
    test_category       text,                            -- NULL after a good test
    test_message        text,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    archived_at         timestamptz,
    CONSTRAINT providers_kind_check CHECK (kind IN (
        'groq',                                          -- the groq SDK
        'cerebras',                                      -- the cerebras SDK
        'openai_compatible',                             -- the openai SDK against any base URL
        'llm'                                            -- the llm library and its plugins
    ))
);
CREATE UNIQUE INDEX providers_name_key ON providers (lower(name)) WHERE archived_at IS NULL;

CREATE TABLE provider_keys (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id  bigint NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    user_id      bigint REFERENCES users (id) ON DELETE CASCADE,  -- NULL: shared by all
    name         text NOT NULL,
    ciphertext   bytea NOT NULL,                         -- Fernet under a key derived from the secret key
    hint         text NOT NULL,                          -- the last four characters
    position     integer NOT NULL,
    is_enabled   boolean NOT NULL DEFAULT true,
    created_by   bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz
);
CREATE INDEX provider_keys_provider_id_idx ON provider_keys (provider_id, position);
CREATE INDEX provider_keys_user_id_idx ON provider_keys (user_id);

CREATE TABLE models (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id           bigint NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    name                  text NOT NULL,                 -- as the provider spells it
    context_window        integer,                       -- tokens; NULL when not known
    max_output_tokens     integer,
    input_price           numeric(14, 6),                -- USD per million tokens; NULL when not known
    output_price          numeric(14, 6),
    streams               boolean NOT NULL DEFAULT true,
    sees_images           boolean NOT NULL DEFAULT false,
    writes_json           boolean NOT NULL DEFAULT true,
    refused_parameters    text[] NOT NULL DEFAULT '{}',  -- parameters it rejects; not sent
    is_ai                 boolean NOT NULL DEFAULT true, -- false: echo and the like, out of statistics
    first_token_timeout_s numeric(6, 1),                 -- NULL: the provider's default
    idle_timeout_s        numeric(6, 1),
    is_enabled            boolean NOT NULL DEFAULT true,
    position              integer NOT NULL,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    archived_at           timestamptz,
    CONSTRAINT models_context_window_check CHECK (context_window > 0),
    CONSTRAINT models_price_check CHECK (input_price >= 0 AND output_price >= 0)
);
CREATE UNIQUE INDEX models_name_key ON models (provider_id, name) WHERE archived_at IS NULL;

CREATE TABLE routes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz
);
CREATE UNIQUE INDEX routes_name_key ON routes (lower(name)) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX routes_one_default ON routes (is_default) WHERE is_default;

CREATE TABLE route_models (
    route_id bigint NOT NULL REFERENCES routes (id) ON DELETE CASCADE,
    position integer NOT NULL,                           -- 0 is asked first
    model_id bigint NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    PRIMARY KEY (route_id, position),
    CONSTRAINT route_models_model_key UNIQUE (route_id, model_id)
);
CREATE INDEX route_models_model_id_idx ON route_models (model_id);

CREATE TABLE presets (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    parameters jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX presets_name_key ON presets (lower(name));
