-- The whole schema as it stands: what all migrations together make, for readers. A test proves that they agree.

-- The schema of procrastinate 3.10, copied as released (the one file here that is not ours). It is the job queue.

-- Procrastinate Schema

DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;
EXCEPTION
    WHEN OTHERS THEN
        -- On managed PostgreSQL services (e.g. Azure Database for PostgreSQL, Amazon RDS,
        -- Google Cloud SQL), CREATE EXTENSION may fail with various error codes:
        -- insufficient_privilege, feature_not_supported, or provider-specific errors.
        -- Before ignoring, verify the extension actually exists — if it does not exist
        -- and cannot be created, re-raise so the failure is explicit.
        IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'plpgsql') THEN
            RAISE NOTICE 'plpgsql extension already exists, skipping creation.';
        ELSE
            RAISE;
        END IF;
END;
$$;

-- Enums

CREATE TYPE procrastinate_job_status AS ENUM (
    'todo',  -- The job is queued
    'doing',  -- The job has been fetched by a worker
    'succeeded',  -- The job ended successfully
    'failed',  -- The job ended with an error
    'cancelled', -- The job was cancelled
    'aborting',  -- legacy, not used anymore since v3.0.0
    'aborted'  -- The job was aborted
);

CREATE TYPE procrastinate_job_event_type AS ENUM (
    'deferred',  -- Job created, in todo
    'started',  -- todo -> doing
    'deferred_for_retry',  -- doing -> todo
    'failed',  -- doing -> failed
    'succeeded',  -- doing -> succeeded
    'cancelled', -- todo -> cancelled
    'abort_requested', -- not a state transition, but set in a separate field
    'aborted', -- doing -> aborted (only allowed when abort_requested field is set)
    'scheduled', -- not a state transition, but recording when a task is scheduled for
    'retried' -- Manually retried failed job
);

-- Composite Types

CREATE TYPE procrastinate_job_to_defer_v1 AS (
    queue_name character varying,
    task_name character varying,
    priority integer,
    lock text,
    queueing_lock text,
    args jsonb,
    scheduled_at timestamp with time zone
);

-- Tables

CREATE TABLE procrastinate_workers(
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    last_heartbeat timestamp with time zone NOT NULL DEFAULT NOW()
);

CREATE TABLE procrastinate_jobs (
    id bigserial PRIMARY KEY,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}' NOT NULL,
    status procrastinate_job_status DEFAULT 'todo'::procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone NULL,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint REFERENCES procrastinate_workers(id) ON DELETE SET NULL,
    CONSTRAINT check_not_todo_abort_requested CHECK (NOT (status = 'todo' AND abort_requested = true))
);

CREATE TABLE procrastinate_periodic_defers (
    id bigserial PRIMARY KEY,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint REFERENCES procrastinate_jobs(id) NULL,
    periodic_id character varying(128) NOT NULL DEFAULT '',
    CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp)
);

CREATE TABLE procrastinate_events (
    id bigserial PRIMARY KEY,
    job_id bigint NOT NULL REFERENCES procrastinate_jobs ON DELETE CASCADE,
    type procrastinate_job_event_type,
    at timestamp with time zone DEFAULT NOW() NULL
);

-- Constraints & Indices

-- this prevents from having several jobs with the same queueing lock in the "todo" state
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON procrastinate_jobs (queueing_lock) WHERE status = 'todo';
-- this prevents from having several jobs with the same lock in the "doing" state
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON procrastinate_jobs (lock) WHERE status = 'doing';

-- Index for select_stalled_jobs_by_heartbeat query
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON procrastinate_jobs(worker_id) WHERE worker_id IS NOT NULL AND status = 'doing'::procrastinate_job_status;

CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON procrastinate_jobs(queue_name);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON procrastinate_jobs (id, lock) WHERE status = ANY (ARRAY['todo'::procrastinate_job_status, 'doing'::procrastinate_job_status]);
CREATE INDEX procrastinate_jobs_priority_idx_v1 ON procrastinate_jobs(priority desc, id asc) WHERE (status = 'todo'::procrastinate_job_status);

CREATE INDEX procrastinate_events_job_id_fkey_v1 ON procrastinate_events(job_id);

CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON procrastinate_periodic_defers(job_id);

CREATE INDEX idx_procrastinate_workers_last_heartbeat ON procrastinate_workers(last_heartbeat);

-- Functions
CREATE FUNCTION procrastinate_defer_jobs_v1(
    jobs procrastinate_job_to_defer_v1[]
)
    RETURNS bigint[]
    LANGUAGE plpgsql
AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;

    RETURN job_ids;
END;
$$;

CREATE FUNCTION procrastinate_defer_periodic_job_v2(
    _queue_name character varying,
    _lock character varying,
    _queueing_lock character varying,
    _task_name character varying,
    _priority integer,
    _periodic_id character varying,
    _defer_timestamp bigint,
    _args jsonb
)
    RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;

    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;

    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;

    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;

    RETURN _job_id;
END;
$$;

CREATE FUNCTION procrastinate_fetch_job_v2(
    target_queue_names character varying[],
    p_worker_id bigint
)
    RETURNS procrastinate_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;

 RETURN found_jobs;
END;
$$;

CREATE FUNCTION procrastinate_finish_job_v1(job_id bigint, end_status procrastinate_job_status, delete_job boolean)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;

CREATE FUNCTION procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean)
    RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;

CREATE FUNCTION procrastinate_retry_job_v1(
    job_id bigint,
    retry_at timestamp with time zone,
    new_priority integer,
    new_queue_name character varying,
    new_lock character varying
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;

CREATE FUNCTION procrastinate_retry_job_v2(
    job_id bigint,
    retry_at timestamp with time zone,
    new_priority integer,
    new_queue_name character varying,
    new_lock character varying
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;

END;
$$;

CREATE FUNCTION procrastinate_notify_queue_job_inserted_v1()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

CREATE FUNCTION procrastinate_notify_queue_abort_job_v1()
RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;

CREATE FUNCTION procrastinate_trigger_function_status_events_insert_v1()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;

CREATE FUNCTION procrastinate_trigger_function_status_events_update_v1()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;

CREATE FUNCTION procrastinate_trigger_function_scheduled_events_v1()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);

	RETURN NEW;
END;
$$;

CREATE FUNCTION procrastinate_trigger_abort_requested_events_procedure_v1()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;

CREATE FUNCTION procrastinate_unlink_periodic_defers_v1()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;

CREATE FUNCTION procrastinate_register_worker_v1()
    RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;

CREATE FUNCTION procrastinate_unregister_worker_v1(worker_id bigint)
    RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;

CREATE FUNCTION procrastinate_update_heartbeat_v1(worker_id bigint)
    RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;

CREATE FUNCTION procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat float)
    RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;

-- Triggers

CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1
    AFTER INSERT ON procrastinate_jobs
    FOR EACH ROW WHEN ((new.status = 'todo'::procrastinate_job_status))
    EXECUTE PROCEDURE procrastinate_notify_queue_job_inserted_v1();

CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1
    AFTER UPDATE OF abort_requested ON procrastinate_jobs
    FOR EACH ROW WHEN ((old.abort_requested = false AND new.abort_requested = true AND new.status = 'doing'::procrastinate_job_status))
    EXECUTE PROCEDURE procrastinate_notify_queue_abort_job_v1();

CREATE TRIGGER procrastinate_trigger_status_events_update_v1
    AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW
    EXECUTE PROCEDURE procrastinate_trigger_function_status_events_update_v1();

CREATE TRIGGER procrastinate_trigger_status_events_insert_v1
    AFTER INSERT ON procrastinate_jobs
    FOR EACH ROW WHEN ((new.status = 'todo'::procrastinate_job_status))
    EXECUTE PROCEDURE procrastinate_trigger_function_status_events_insert_v1();

CREATE TRIGGER procrastinate_trigger_scheduled_events_v1
    AFTER UPDATE OR INSERT ON procrastinate_jobs
    FOR EACH ROW WHEN ((new.scheduled_at IS NOT NULL AND new.status = 'todo'::procrastinate_job_status))
    EXECUTE PROCEDURE procrastinate_trigger_function_scheduled_events_v1();

CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1
    AFTER UPDATE OF abort_requested ON procrastinate_jobs
    FOR EACH ROW WHEN ((new.abort_requested = true))
    EXECUTE PROCEDURE procrastinate_trigger_abort_requested_events_procedure_v1();

CREATE TRIGGER procrastinate_trigger_delete_jobs_v1
    BEFORE DELETE ON procrastinate_jobs
    FOR EACH ROW EXECUTE PROCEDURE procrastinate_unlink_periodic_defers_v1();

-- Who may come in: users, their sessions and API tokens, the first-run link, throttles, settings.

CREATE TABLE users (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL,
    password_hash text NOT NULL,             -- argon2id
    role          text NOT NULL,
    is_active     boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    CONSTRAINT users_role_check CHECK (role IN (
        'admin',                              -- keeps the registry, prompts and people
        'editor',                             -- writes posts and spends on models
        'viewer'                              -- reads
    ))
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE sessions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash   bytea NOT NULL,              -- SHA-256 of the cookie's value
    user_id      bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE api_tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         text NOT NULL,
    token_hash   bytea NOT NULL,              -- SHA-256; the token itself is shown once and never kept
    hint         text NOT NULL,               -- its first characters, to tell one from another
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX api_tokens_user_id_idx ON api_tokens (user_id);

-- One-time links printed by `serve`: whoever opens one may create the first admin.
CREATE TABLE setup_links (
    token_hash bytea PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Failed tries by subject (an address or an e-mail), for throttling before a password is verified.
CREATE TABLE login_failures (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject   text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_failures_subject_idx ON login_failures (subject, failed_at);

CREATE TABLE settings (
    key        text PRIMARY KEY,
    value      jsonb NOT NULL,
    updated_by bigint REFERENCES users (id) ON DELETE SET NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What was answered to a POST that carried an Idempotency-Key; NULL status while it is being worked on.
CREATE TABLE idempotency_keys (
    user_id    bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key        text NOT NULL,
    request    bytea NOT NULL,                -- SHA-256 of method, path and body
    status     integer,
    headers    jsonb,
    body       text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

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
    requests_per_minute   integer,
    tokens_per_minute     integer,
    requests_per_day      integer,
    tokens_per_day        integer,
    max_in_flight         integer,
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
    notes                text NOT NULL DEFAULT '',
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
    published_at timestamptz,                            -- first put to use
    published_by bigint REFERENCES users (id) ON DELETE SET NULL,
    declined_at  timestamptz,                            -- it waited, and is not wanted
    CONSTRAINT part_versions_number_key UNIQUE (part_id, number),
    CONSTRAINT part_versions_role_check CHECK (role IN ('system', 'user', 'assistant'))
);
ALTER TABLE parts ADD CONSTRAINT parts_published_version_fkey
    FOREIGN KEY (published_version_id) REFERENCES part_versions (id);
CREATE INDEX part_versions_waiting_idx ON part_versions (part_id, number) WHERE published_at IS NULL AND declined_at IS NULL;

CREATE TABLE templates (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                 text NOT NULL,
    description          text NOT NULL DEFAULT '',
    published_version_id bigint,
    library_hash         bytea,
    created_by           bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    archived_at          timestamptz,
    needs_approval       boolean NOT NULL DEFAULT false -- nobody publishes what they wrote themselves
);
CREATE UNIQUE INDEX templates_name_key ON templates (lower(name)) WHERE archived_at IS NULL;

CREATE TABLE template_versions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    template_id bigint NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    number      integer NOT NULL,
    note        text NOT NULL DEFAULT '',
    created_by  bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,                            -- first put to use
    published_by bigint REFERENCES users (id) ON DELETE SET NULL,
    declined_at  timestamptz,                            -- it waited, and is not wanted
    CONSTRAINT template_versions_number_key UNIQUE (template_id, number)
);
ALTER TABLE templates ADD CONSTRAINT templates_published_version_fkey
    FOREIGN KEY (published_version_id) REFERENCES template_versions (id);
CREATE INDEX template_versions_waiting_idx ON template_versions (template_id, number) WHERE published_at IS NULL AND declined_at IS NULL;

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

-- What was asked and answered: tasks, attempts, the live text of running ones, the workers that run them.

CREATE TABLE workers (
    id         uuid PRIMARY KEY,
    host       text NOT NULL,
    pid        integer NOT NULL,
    kind       text NOT NULL,                 -- interactive, batch, or web (which runs what a request awaits)
    started_at timestamptz NOT NULL DEFAULT now(),
    beat_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tasks (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status              text NOT NULL,
    template_version_id bigint REFERENCES template_versions (id),
    part_version_ids    bigint[] NOT NULL DEFAULT '{}',
    inputs              jsonb NOT NULL DEFAULT '{}',
    messages            jsonb NOT NULL,       -- exactly what is sent: [{role, content}]
    route_id            bigint REFERENCES routes (id),
    model_id            bigint REFERENCES models (id),  -- asked for by itself, without a route
    parameters          jsonb NOT NULL DEFAULT '{}',
    contract            jsonb,
    deadline_s          numeric(8, 1) NOT NULL,
    is_awaited          boolean NOT NULL DEFAULT false, -- run by the process that made it, never queued
    output              text,
    served_by_model_id  bigint REFERENCES models (id),
    error_category      text,
    error_message       text,                 -- safe for anybody; the provider's words are on the attempt
    input_tokens        bigint NOT NULL DEFAULT 0,
    output_tokens       bigint NOT NULL DEFAULT 0,
    cost                numeric,              -- USD, all attempts
    cost_source         text NOT NULL DEFAULT 'unknown',
    run_id              uuid,                 -- the run that may finish it; a new one for every start
    worker_id           uuid,
    cancel_requested_at timestamptz,
    rerun_of            bigint REFERENCES tasks (id),
    created_by          bigint REFERENCES users (id) ON DELETE SET NULL,
    asked_by            bigint REFERENCES users (id) ON DELETE SET NULL,  -- whose keys and rights it runs with
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    finished_at         timestamptz,
    request_id          text,                 -- as the answer's X-Request-Id said and the log's lines say
    billed_to           text,                 -- batch:12: what its calls are spent for beside their user
    template_id         bigint REFERENCES templates (id),  -- of its version, so that the log finds it by one index
    texts_cleared_at    timestamptz,          -- retention cleared prompt and answer then; the row stays
    is_override         boolean NOT NULL DEFAULT false, -- its messages were edited for it alone
    CONSTRAINT tasks_status_check CHECK (status IN (
        'queued',                             -- waiting for a worker
        'running',                            -- held by run_id
        'succeeded',                          -- has output
        'failed',                             -- has error_category
        'cancelled'                           -- stopped by a person
    )),
    CONSTRAINT tasks_cost_source_check CHECK (cost_source IN ('known', 'estimated', 'unknown'))
);
CREATE INDEX tasks_unfinished_idx ON tasks (id) WHERE status IN ('queued', 'running');
-- The reaper asks whether a queued task still has a job.
CREATE INDEX procrastinate_jobs_task_id_idx ON procrastinate_jobs (((args ->> 'task_id')::bigint))
 WHERE status IN ('todo', 'doing');
-- The log's order is (created_at, id). Each index serves one filter in that order, alone and with a time range.
CREATE INDEX tasks_created_by_idx ON tasks (created_by, created_at, id);
CREATE INDEX tasks_created_at_idx ON tasks (created_at, id);
CREATE INDEX tasks_status_idx ON tasks (status, created_at, id);
CREATE INDEX tasks_template_id_idx ON tasks (template_id, created_at, id);
CREATE INDEX tasks_served_by_idx ON tasks (served_by_model_id, created_at, id) WHERE served_by_model_id IS NOT NULL;
CREATE INDEX tasks_error_category_idx ON tasks (error_category, created_at, id) WHERE error_category IS NOT NULL;
CREATE INDEX tasks_cost_idx ON tasks (cost, created_at, id) WHERE cost IS NOT NULL;
CREATE INDEX tasks_finished_at_idx ON tasks (finished_at, created_at) WHERE finished_at IS NOT NULL;
CREATE INDEX tasks_template_version_id_idx ON tasks (template_version_id, id);
CREATE INDEX tasks_rerun_of_idx ON tasks (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX tasks_texts_idx ON tasks (finished_at) WHERE texts_cleared_at IS NULL AND finished_at IS NOT NULL;

CREATE TABLE attempts (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id             bigint NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    position            integer NOT NULL,     -- 1, 2, … over all runs of the task
    run_id              uuid NOT NULL,
    model_id            bigint NOT NULL REFERENCES models (id),
    provider_id         bigint NOT NULL REFERENCES providers (id),
    key_id              bigint REFERENCES provider_keys (id) ON DELETE SET NULL,
    messages            jsonb,                -- only when it differs from the task's (a re-ask that names a breach)
    status              text NOT NULL,
    category            text,
    http_status         integer,
    error_code          text,
    error_text          text,                 -- the provider's words, masked; for admins
    finish_reason       text,
    text                text NOT NULL DEFAULT '',
    input_tokens        integer,
    output_tokens       integer,
    usage_source        text NOT NULL DEFAULT 'unknown',
    cost                numeric,
    cost_source         text NOT NULL DEFAULT 'unknown',
    provider_request_id text,
    first_token_ms      integer,
    started_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at         timestamptz,
    user_id             bigint,               -- no foreign keys: what a user spent was spent, also when the user is gone
    template_id         bigint,
    billed_to           text,
    CONSTRAINT attempts_position_key UNIQUE (task_id, position),
    CONSTRAINT attempts_status_check CHECK (status IN (
        'running',                            -- sent, no end yet
        'succeeded',
        'failed',                             -- has category
        'cancelled',                          -- stopped by us
        'abandoned'                           -- its worker died
    )),
    CONSTRAINT attempts_usage_source_check CHECK (usage_source IN ('known', 'estimated', 'unknown')),
    CONSTRAINT attempts_cost_source_check CHECK (cost_source IN ('known', 'estimated', 'unknown'))
);
CREATE INDEX attempts_model_id_idx ON attempts (model_id, id);
CREATE INDEX attempts_running_idx ON attempts (task_id) WHERE status = 'running';
CREATE INDEX attempts_finished_at_idx ON attempts (finished_at);

-- Calls that ended, added up: they only grow, whichever process is asked. Read and brought up to date by ops/metrics.
CREATE TABLE call_totals (
    model_id      bigint NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    outcome       text NOT NULL,                -- succeeded, cancelled, abandoned, or the category of the failure
    bucket        integer NOT NULL,             -- of the duration: 0 is below the first bound of ops/metrics
    calls         bigint NOT NULL,
    seconds       double precision NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,             -- USD, as far as it is known or estimated
    PRIMARY KEY (model_id, outcome, bucket)
);

CREATE TABLE call_totals_mark (
    counted_to timestamptz NOT NULL             -- attempts that finished up to here are in call_totals
);

-- The words of tasks that ended, for the log's search. Apart from tasks, whose row is written three times and whose
-- writer would wait for it: ops/totals adds them afterwards.
CREATE TABLE task_words (
    task_id bigint PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    words   tsvector NOT NULL                   -- of the messages and the output, as they are spelled, without positions
);
ALTER TABLE task_words ALTER COLUMN words SET STATISTICS 1000;  -- so that the planner knows which words are common
CREATE INDEX task_words_idx ON task_words USING gin (words);

-- Tasks that ended, by the hour they were made in. Written by ops/totals, always whole hours and days anew from the rows.
CREATE TABLE task_hours (
    hour          timestamptz NOT NULL,
    outcome       text NOT NULL,                -- succeeded, cancelled, or the category of the failure
    tasks         bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,             -- USD, as far as it is known or estimated
    PRIMARY KEY (hour, outcome)
);

CREATE TABLE task_days (
    day           timestamptz NOT NULL,         -- its first moment, UTC
    template_id   bigint NOT NULL,              -- 0: asked without a template
    tasks         bigint NOT NULL,
    failed        bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,
    answered      bigint NOT NULL,              -- of these the time is known: succeeded, by an AI
    seconds       double precision NOT NULL,    -- theirs together, from start to end
    PRIMARY KEY (day, template_id)
);

-- How long answers took: for p50 and p95 without looking at each.
CREATE TABLE task_latencies (
    day         timestamptz NOT NULL,
    template_id bigint NOT NULL,                -- 0: of all tasks, with a template or without
    bucket      integer NOT NULL,               -- the bounds of ops/totals that were reached
    tasks       bigint NOT NULL,
    PRIMARY KEY (template_id, day, bucket)
);

-- Hours and days whose rows changed since they were added up.
CREATE TABLE stale_hours (
    hour timestamptz PRIMARY KEY
);

CREATE TABLE totals_mark (
    read_to timestamptz NOT NULL                -- tasks that ended up to here are in task_words, their hours in stale_hours
);
INSERT INTO totals_mark (read_to) VALUES ('-infinity');

-- What each process that runs tasks last measured of itself, in Prometheus' format. Nothing is lost with it.
CREATE UNLOGGED TABLE process_metrics (
    worker_id  uuid PRIMARY KEY,
    taken_at   timestamptz NOT NULL,
    exposition text NOT NULL
);

-- Live text, coalesced; gone after a crash of the database, which readers notice and answer with a reset.
CREATE UNLOGGED TABLE task_frames (
    task_id  bigint NOT NULL,
    attempt  integer NOT NULL,
    seq      integer NOT NULL,                -- from 1 within the attempt, without gaps
    is_reset boolean NOT NULL,                -- the text replaces what was there before
    text     text NOT NULL,
    PRIMARY KEY (task_id, attempt, seq)
);

-- The editorial workflow (rows, not code), posts and their fields, actions, suggestions.

CREATE TABLE stages (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      text NOT NULL,
    name     text NOT NULL,
    position integer NOT NULL,
    archived_at timestamptz,
    CONSTRAINT stages_key_key UNIQUE (key)
);

CREATE TABLE substages (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage_id bigint NOT NULL REFERENCES stages (id),
    key      text NOT NULL,
    name     text NOT NULL,
    icon     text NOT NULL,                   -- a symbol of static/icons.svg
    position integer NOT NULL,                -- over all stages
    archived_at timestamptz,
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
    max_words   integer,                      -- NULL: as many as the characters allow
    archived_at timestamptz,
    CONSTRAINT fields_key_key UNIQUE (key),
    CONSTRAINT fields_limits_check CHECK (max_length BETWEEN 1 AND 200000 AND max_words BETWEEN 1 AND 50000),
    CONSTRAINT fields_kind_check CHECK (kind IN (
        'line',                               -- one line
        'text',                               -- paragraphs
        'list',                               -- one item per line
        'markdown'
    )),
    CONSTRAINT fields_scope_check CHECK (scope IN (
        'post',
        'section',                            -- every section of a post has it
        'board'                               -- of a post, but asked and shown on the allocation board only
    ))
);
CREATE INDEX fields_substage_id_idx ON fields (substage_id, position);

-- One row: the version that every change of the workflow's rows or their order raises.
CREATE TABLE workflow_versions (
    id      boolean PRIMARY KEY DEFAULT true,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT workflow_versions_one_check CHECK (id)
);
INSERT INTO workflow_versions DEFAULT VALUES;

CREATE TABLE posts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug       text NOT NULL,
    title      text NOT NULL,
    created_by bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by bigint REFERENCES users (id) ON DELETE SET NULL,
    deleted_at timestamptz,
    sections_version integer NOT NULL DEFAULT 0,  -- of the order of its sections
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
    deleted_at timestamptz,
    number     integer NOT NULL,              -- within the post, never used again
    code       text NOT NULL GENERATED ALWAYS AS ('S' || number::text) STORED,
    CONSTRAINT sections_number_key UNIQUE (post_id, number)
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
    fingerprint      uuid NOT NULL GENERATED ALWAYS AS (md5(text)::uuid) STORED,  -- tells whether two texts are the same
    root_suggestion_id bigint,                -- the suggestion the text goes back to, edited since or not; NULL: a person's own
    CONSTRAINT revisions_origin_check CHECK (origin IN (
        'typed',                              -- by a person
        'accepted',                           -- a suggestion as it was
        'edited',                             -- a suggestion, changed before it was accepted
        'restored',                           -- an older revision again
        'imported',
        'merged',                             -- with the text of a section that was merged into this one
        'split',                              -- a part of a section's text
        'headings'                            -- taken from the post's list of headings
    ))
);
CREATE INDEX revisions_field_idx ON revisions (post_id, field_id, section_id, id DESC);
CREATE INDEX revisions_root_idx ON revisions (id) INCLUDE (root_suggestion_id) WHERE root_suggestion_id IS NOT NULL;

CREATE TABLE field_values (
    post_id     bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    section_id  bigint REFERENCES sections (id) ON DELETE CASCADE,
    field_id    bigint NOT NULL REFERENCES fields (id),
    revision_id bigint NOT NULL REFERENCES revisions (id),
    done_revision_id bigint,                  -- the text somebody called done; another text is not
    done_by bigint REFERENCES users (id) ON DELETE SET NULL,
    done_at timestamptz,
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
    archived_at  timestamptz,
    needs_choice boolean NOT NULL DEFAULT false  -- nobody but a person may accept what it writes: a run stops there
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
    edit_distance    double precision,        -- 0..1, from the output to what was accepted
    passed_over_for  bigint REFERENCES suggestions (id),  -- discarded because this other one was accepted
    asked_again_at   timestamptz,             -- somebody was not content and asked once more instead of it
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
CREATE INDEX suggestions_action_id_idx ON suggestions (action_id, task_id);
CREATE INDEX suggestions_post_task_idx ON suggestions (post_id, task_id);
CREATE INDEX suggestions_passed_over_for_idx ON suggestions (passed_over_for) WHERE passed_over_for IS NOT NULL;

-- The task runner, and what became of suggestions by template version and model.

-- What was tried out by hand: one question to one or several models side by side.
CREATE TABLE trials (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id    bigint REFERENCES posts (id) ON DELETE SET NULL,      -- whose fields filled the variables
    as_of      bigint,                        -- the newest of its revisions when they did
    created_by bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX trials_created_by_idx ON trials (created_by, id DESC);

CREATE TABLE trial_tasks (
    trial_id bigint NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
    position integer NOT NULL,                -- of its column, from 0
    task_id  bigint NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    PRIMARY KEY (trial_id, position),
    CONSTRAINT trial_tasks_task_id_key UNIQUE (task_id)
);

-- Suggestions that count: texts of an AI, unedited prompt, offered to a field by its action. What became of each stands
-- on the suggestion.
CREATE TABLE outcomes (
    suggestion_id       bigint PRIMARY KEY REFERENCES suggestions (id) ON DELETE CASCADE,
    template_version_id bigint NOT NULL REFERENCES template_versions (id),
    model_id            bigint NOT NULL REFERENCES models (id),   -- which really answered
    is_fallback         boolean NOT NULL,     -- another one was to be asked first
    cost                numeric(18, 9),       -- USD, all attempts; NULL: unknown
    seconds             double precision NOT NULL,
    offered_at          timestamptz NOT NULL
);

-- Their sums, kept in the transaction of every change: pages read these and never scan.
CREATE TABLE outcome_totals (
    template_version_id bigint NOT NULL REFERENCES template_versions (id),
    model_id            bigint NOT NULL REFERENCES models (id),
    is_fallback         boolean NOT NULL,
    offered             bigint NOT NULL,
    accepted            bigint NOT NULL,
    edited              bigint NOT NULL,
    discarded           bigint NOT NULL,
    passed_over         bigint NOT NULL,
    asked_again         bigint NOT NULL,
    distances           bigint NOT NULL,      -- edited ones whose distance is known, its sum and that of its squares
    distance_sum        double precision NOT NULL,
    distance_squares    double precision NOT NULL,
    costs               bigint NOT NULL,
    cost_sum            numeric NOT NULL,
    cost_squares        numeric NOT NULL,
    seconds_sum         double precision NOT NULL,
    seconds_squares     double precision NOT NULL,
    PRIMARY KEY (template_version_id, model_id, is_fallback)
);


-- Circuits: whom not to ask for now, and why; and what was done by hand, by whom.

-- Logged: what was opened by hand, or for hours, must survive a crash. The changes that happen by themselves are rare
-- (a healthy call writes nothing) and do not wait for the disk: a lost one costs one more failing call.
CREATE TABLE circuits (
    name       text PRIMARY KEY,              -- provider:2, model:7, key:3, model:7@key:3 (a model with one key), or any other
    state      text NOT NULL,
    category   text,                          -- why it is not closed; NULL when somebody opened it
    is_by_hand boolean NOT NULL DEFAULT false,  -- opened by a person: only a person closes it
    opened_by  bigint REFERENCES users (id) ON DELETE SET NULL,
    note       text NOT NULL DEFAULT '',      -- what that person wrote
    failures   integer NOT NULL DEFAULT 0,    -- in a row
    cooldown_s double precision NOT NULL DEFAULT 0,  -- the last one; the next is twice as long, up to a cap
    since      timestamptz NOT NULL DEFAULT clock_timestamp(),  -- closed, or not closed, since then
    until      timestamptz,                   -- when it is tried again; NULL: when somebody closes it
    held_by    uuid,                          -- half_open: the run whose call is the probe; open: the run that opened it
    held_until timestamptz,                   -- the probe's lease; its process renews it while it lives
    CONSTRAINT circuits_state_check CHECK (state IN (
        'closed',                             -- asked as usual
        'open',                               -- not asked before "until"
        'half_open'                           -- one call is trying whether it works again
    ))
);

CREATE TABLE audit_log (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    user_id bigint REFERENCES users (id) ON DELETE SET NULL,
    action  text NOT NULL,                    -- a verb: open, close
    noun    text NOT NULL,                    -- what kind of thing: circuit
    noun_id text NOT NULL,                    -- its id or name: model:7
    detail  text NOT NULL DEFAULT '',         -- in words, as it was called then
    user_name  text NOT NULL DEFAULT '',      -- as the person was called then; empty for the terminal
    changes    jsonb NOT NULL DEFAULT '{}',   -- member -> [before, after]; never a secret
    request_id text
);
CREATE INDEX audit_log_noun_idx ON audit_log (noun, id DESC);
CREATE INDEX audit_log_user_id_idx ON audit_log (user_id, id DESC);
CREATE INDEX audit_log_action_idx ON audit_log (action, id DESC);
CREATE INDEX audit_log_at_idx ON audit_log (at);

-- The last attempts with a key; deleting a key looks for them too.
CREATE INDEX attempts_key_id_idx ON attempts (key_id, id) WHERE key_id IS NOT NULL;
-- Limits: how often and how much providers and models are asked, and how often programs ask us.

-- What is counted against one limit, summed up so that no call must count a day's rows: the uses since "…_from". The row
-- is the lock under which its uses change. Nothing here waits for the disk (synchronous_commit is off): a crash of the
-- database forgets half a second.
CREATE TABLE limits (
    name            text PRIMARY KEY,         -- key:3, provider:2 (without a key), model:7@key:3, model:7@provider:2
    minute_from     timestamptz NOT NULL,
    minute_requests bigint NOT NULL DEFAULT 0,
    minute_tokens   bigint NOT NULL DEFAULT 0,
    day_from        timestamptz NOT NULL,
    day_requests    bigint NOT NULL DEFAULT 0,
    day_tokens      bigint NOT NULL DEFAULT 0
);

-- One call, once for each name it counts against.
CREATE TABLE limit_uses (
    call_id      bigint NOT NULL,
    name         text NOT NULL,
    admitted_at  timestamptz NOT NULL,
    at           timestamptz NOT NULL,        -- the latest moment at which the provider may have counted it; infinity while it runs
    tokens       integer NOT NULL,            -- reserved while it runs, then what it really used
    leased_until timestamptz NOT NULL,        -- its process renews it while the call runs
    PRIMARY KEY (call_id, name)
) WITH (fillfactor = 70);
CREATE INDEX limit_uses_name_idx ON limit_uses (name, at, call_id);
CREATE SEQUENCE limit_calls;

-- What a provider's headers said was left when little was. Kept apart: it may know of calls that we do not.
CREATE TABLE limit_notices (
    name      text NOT NULL,                  -- model:7@key:3
    unit      text NOT NULL,
    most      bigint NOT NULL,                -- the provider's limit
    remaining bigint NOT NULL,
    said_at   timestamptz NOT NULL,
    resets_at timestamptz NOT NULL,           -- all of it is free again
    refills   boolean NOT NULL,               -- bit by bit until then, or all at once
    PRIMARY KEY (name, unit),
    CONSTRAINT limit_notices_unit_check CHECK (unit IN ('requests', 'tokens'))
);

-- Who came first is let in first where many wait for a limit. Rows of an instant: a crash may forget them.
CREATE UNLOGGED TABLE limit_places (
    ticket       bigint NOT NULL,                -- in the order in which they came
    name         text NOT NULL,                  -- what they wait for: key:3, model:7@key:3
    reserved     integer NOT NULL,               -- tokens they will need
    leased_until timestamptz NOT NULL,           -- kept by looking again; who died loses the place
    PRIMARY KEY (name, ticket)
);
CREATE SEQUENCE limit_tickets;

-- Programs' requests by the second, for the last minute.
CREATE TABLE api_uses (
    subject text PRIMARY KEY,                 -- user:3, token:9f86d081884c7d65
    second  bigint NOT NULL,                  -- the last one counted, since 1970
    counts  integer[] NOT NULL                -- 61 of them; a second stands at its remainder
);

-- Lock the rows of these names in one order, making those that are missing.
CREATE FUNCTION lock_limits(asked text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_rows integer;
BEGIN
    PERFORM FROM limits WHERE name = ANY (asked) ORDER BY name FOR UPDATE;
    GET DIAGNOSTICS found_rows = ROW_COUNT;
    IF found_rows < cardinality(asked) THEN
        INSERT INTO limits (name, minute_from, day_from)
        SELECT a.name, '-infinity', '-infinity' FROM unnest(asked) AS a (name) ORDER BY a.name
        ON CONFLICT (name) DO NOTHING;
        PERFORM FROM limits WHERE name = ANY (asked) ORDER BY name FOR UPDATE;
    END IF;
END $$;

-- Take from the sums what has left the windows, and end the calls of dead processes. The row must be locked; statements
-- that follow a lock see what was committed before it, which a single statement would not.
CREATE FUNCTION sweep_limit(asked text, moment timestamptz, minute_s double precision, day_s double precision)
RETURNS limits LANGUAGE plpgsql AS $$
DECLARE
    swept limits;
BEGIN
    UPDATE limit_uses SET at = leased_until WHERE name = asked AND at = 'infinity' AND leased_until < moment;
    SELECT * INTO swept FROM limits WHERE name = asked;
    SELECT swept.minute_requests - count(*), swept.minute_tokens - coalesce(sum(tokens), 0)
      INTO swept.minute_requests, swept.minute_tokens
      FROM limit_uses
     WHERE name = asked AND at > swept.minute_from AND at <= moment - make_interval(secs => minute_s);
    SELECT swept.day_requests - count(*), swept.day_tokens - coalesce(sum(tokens), 0)
      INTO swept.day_requests, swept.day_tokens
      FROM limit_uses
     WHERE name = asked AND at > swept.day_from AND at <= moment - make_interval(secs => day_s);
    swept.minute_from := greatest(swept.minute_from, moment - make_interval(secs => minute_s));
    swept.day_from := greatest(swept.day_from, moment - make_interval(secs => day_s));
    RETURN swept;
END $$;

-- When the window since "counted_from" has room for the asked amount: after enough of the oldest uses have left it. Of a
-- call that still runs it is only known that it will not be earlier.
CREATE FUNCTION limit_opens_at(
    asked text, counted_from timestamptz, moment timestamptz, window_s double precision, in_tokens boolean, excess bigint
) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN at = 'infinity' THEN greatest(admitted_at, moment - make_interval(secs => window_s - 0.05))
                ELSE at END + make_interval(secs => window_s)
      FROM (SELECT at, admitted_at,
                   sum(CASE WHEN in_tokens THEN tokens ELSE 1 END) OVER (ORDER BY at, call_id ROWS UNBOUNDED PRECEDING) AS freed
              FROM limit_uses
             WHERE name = asked AND at > counted_from) oldest
     WHERE freed >= excess
     LIMIT 1
$$;

-- Count a call against all its names at once, or against none and say what is full: then call_id is NULL, and opens_in_s
-- too where nobody can know it. "most" has five numbers for each name: requests and tokens a minute, requests and tokens
-- a day, calls at the same time; NULL for no limit.
CREATE FUNCTION admit_call(
    names text[], most integer[], reserved integer, lease_s double precision, minute_s double precision, day_s double precision,
    OUT call_id bigint, OUT name text, OUT reason text, OUT allowed bigint, OUT opens_in_s double precision
) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
    opens_at timestamptz;
    latest timestamptz := '-infinity';
    swept limits[] := '{}';
    entry limits;
    checked record;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM lock_limits(names);
    moment := clock_timestamp();
    FOR i IN 1 .. cardinality(names) LOOP
        entry := sweep_limit(names[i], moment, minute_s, day_s);
        swept := swept || entry;
        FOR checked IN
            SELECT * FROM (VALUES
                ('requests a minute', most[5 * i - 4], entry.minute_requests, 1, entry.minute_from, minute_s, false),
                ('tokens a minute', most[5 * i - 3], entry.minute_tokens, reserved, entry.minute_from, minute_s, true),
                ('requests a day', most[5 * i - 2], entry.day_requests, 1, entry.day_from, day_s, false),
                ('tokens a day', most[5 * i - 1], entry.day_tokens, reserved, entry.day_from, day_s, true)
            ) AS c (reason, most, used, needed, counted_from, window_s, in_tokens)
            WHERE c.used + c.needed > c.most
        LOOP
            opens_at := coalesce(
                limit_opens_at(names[i], checked.counted_from, moment, checked.window_s, checked.in_tokens,
                               checked.used + checked.needed - checked.most),
                moment + make_interval(secs => checked.window_s));
            IF opens_at > latest THEN
                latest := opens_at;
                SELECT names[i], checked.reason, checked.most INTO name, reason, allowed;
            END IF;
        END LOOP;
        FOR checked IN
            SELECT n.unit, n.most,
                   CASE WHEN n.refills
                        THEN least(n.resets_at, n.said_at + (n.resets_at - n.said_at)
                             * ((needed.amount + since.amount - n.remaining)::double precision
                                / greatest(n.most - n.remaining, 1)))
                        ELSE n.resets_at END AS opens_at
              FROM limit_notices n
             CROSS JOIN LATERAL (SELECT CASE WHEN n.unit = 'tokens' THEN reserved ELSE 1 END AS amount) needed
             CROSS JOIN LATERAL (
                   SELECT coalesce(sum(CASE WHEN n.unit = 'tokens' THEN u.tokens ELSE 1 END), 0) AS amount
                     FROM limit_uses u
                    WHERE u.name = n.name AND u.at > n.said_at AND u.admitted_at > n.said_at) since
             WHERE n.name = names[i] AND n.resets_at > moment AND needed.amount + since.amount > n.remaining
        LOOP
            IF checked.opens_at > greatest(latest, moment) THEN
                latest := checked.opens_at;
                SELECT names[i], 'told ' || checked.unit, checked.most INTO name, reason, allowed;
            END IF;
        END LOOP;
        IF name IS NULL AND most[5 * i] <= (SELECT count(*) FROM limit_uses u WHERE u.name = names[i] AND u.at = 'infinity') THEN
            SELECT names[i], 'in flight', most[5 * i] INTO name, reason, allowed;
        END IF;
    END LOOP;
    IF name IS NULL THEN
        call_id := nextval('limit_calls');
        INSERT INTO limit_uses (call_id, name, admitted_at, at, tokens, leased_until)
        SELECT admit_call.call_id, n.name, moment, 'infinity', reserved, moment + make_interval(secs => lease_s)
          FROM unnest(names) AS n (name);
    ELSIF latest > '-infinity' THEN
        opens_in_s := greatest(extract(epoch FROM latest - moment), 0.001);
    END IF;
    UPDATE limits l
       SET minute_from = s.minute_from, day_from = s.day_from,
           minute_requests = s.minute_requests + taken.calls, minute_tokens = s.minute_tokens + taken.tokens,
           day_requests = s.day_requests + taken.calls, day_tokens = s.day_tokens + taken.tokens
      FROM unnest(swept) s
     CROSS JOIN (SELECT (admit_call.call_id IS NOT NULL)::integer AS calls,
                        CASE WHEN admit_call.call_id IS NULL THEN 0 ELSE reserved END AS tokens) taken
     WHERE l.name = s.name;
END $$;

-- The call has ended: "heard_s" ago the provider had surely counted it. NULL tokens leave what was reserved; a call that
-- never reached the provider is taken back.
CREATE FUNCTION end_call(ended bigint, used integer, heard_s double precision, never_sent boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM lock_limits(array_agg(name)) FROM limit_uses WHERE call_id = ended HAVING count(*) > 0;
    moment := clock_timestamp() - make_interval(secs => heard_s);
    UPDATE limits l
       SET minute_requests = l.minute_requests - (u.at > l.minute_from)::integer + n.calls * (n.at > l.minute_from)::integer,
           minute_tokens = l.minute_tokens - u.tokens * (u.at > l.minute_from)::integer
                           + n.tokens * (n.at > l.minute_from)::integer,
           day_requests = l.day_requests - (u.at > l.day_from)::integer + n.calls * (n.at > l.day_from)::integer,
           day_tokens = l.day_tokens - u.tokens * (u.at > l.day_from)::integer + n.tokens * (n.at > l.day_from)::integer
      FROM limit_uses u
     CROSS JOIN LATERAL (SELECT CASE WHEN never_sent THEN 0 ELSE 1 END AS calls,
                                CASE WHEN never_sent THEN 0 ELSE coalesce(used, u.tokens) END AS tokens,
                                greatest(moment, u.admitted_at) AS at) n
     WHERE u.call_id = ended AND l.name = u.name;
    IF never_sent THEN
        DELETE FROM limit_uses WHERE call_id = ended;
    ELSE
        UPDATE limit_uses SET at = greatest(moment, admitted_at), tokens = coalesce(used, tokens) WHERE call_id = ended;
    END IF;
END $$;

-- Let the sums of names that nobody asks any more move on, and delete what no window reaches.
CREATE FUNCTION forget_limits(minute_s double precision, day_s double precision) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry limits;
BEGIN
    FOR entry IN SELECT * FROM limits ORDER BY name FOR UPDATE SKIP LOCKED LOOP
        entry := sweep_limit(entry.name, clock_timestamp(), minute_s, day_s);
        UPDATE limits l
           SET minute_from = entry.minute_from, minute_requests = entry.minute_requests, minute_tokens = entry.minute_tokens,
               day_from = entry.day_from, day_requests = entry.day_requests, day_tokens = entry.day_tokens
         WHERE l.name = entry.name;
        DELETE FROM limit_uses u WHERE u.name = entry.name AND u.at <= least(entry.minute_from, entry.day_from);
        DELETE FROM limits l WHERE l.name = entry.name AND NOT EXISTS (SELECT FROM limit_uses u WHERE u.name = l.name);
    END LOOP;
    DELETE FROM limit_notices WHERE resets_at < clock_timestamp();
    DELETE FROM api_uses WHERE second < extract(epoch FROM clock_timestamp()) - 3600;
END $$;

-- Count a program's request against its subjects, or against none when one is full. For each: what is left, and the
-- seconds until the oldest of its counted requests leave the minute. Whole seconds are counted, so a minute is never over.
CREATE FUNCTION admit_request(subjects text[], most integer[])
RETURNS TABLE (remaining integer, resets_in_s integer, is_full boolean) LANGUAGE plpgsql AS $$
DECLARE
    this bigint := 0;
    entry api_uses;
    kept integer[][] := '{}';
    used integer;
    any_full boolean := false;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM FROM api_uses a WHERE a.subject = ANY (subjects) ORDER BY a.subject FOR UPDATE;
    GET DIAGNOSTICS used = ROW_COUNT;
    IF used < cardinality(subjects) THEN
        INSERT INTO api_uses (subject, second, counts)
        SELECT s.name, 0, array_fill(0, ARRAY[61]) FROM unnest(subjects) AS s (name) ORDER BY s.name
        ON CONFLICT (subject) DO NOTHING;
        PERFORM FROM api_uses a WHERE a.subject = ANY (subjects) ORDER BY a.subject FOR UPDATE;
    END IF;
    FOR i IN 1 .. cardinality(subjects) LOOP
        SELECT * INTO entry FROM api_uses a WHERE a.subject = subjects[i];
        this := greatest(floor(extract(epoch FROM clock_timestamp()))::bigint, entry.second);
        IF this - entry.second > 60 THEN
            entry.counts := array_fill(0, ARRAY[61]);
        ELSE
            FOR step IN 1 .. (this - entry.second)::integer LOOP
                entry.counts[((entry.second + step) % 61 + 1)::integer] := 0;
            END LOOP;
        END IF;
        SELECT coalesce(sum(c.count), 0), coalesce(min((c.at - 1 - this % 61 + 60) % 61 + 1) FILTER (WHERE c.count > 0), 61)
          INTO used, resets_in_s
          FROM unnest(entry.counts) WITH ORDINALITY AS c (count, at);
        kept := kept || ARRAY[entry.counts];
        is_full := used >= most[i];
        remaining := greatest(most[i] - used - 1, 0);
        any_full := any_full OR is_full;
        RETURN NEXT;
    END LOOP;
    IF NOT any_full THEN
        UPDATE api_uses a
           SET second = this,
               counts = (SELECT array_agg(c.count + (c.at = this % 61 + 1)::integer ORDER BY c.at)
                           FROM unnest(kept[k.i:k.i]) WITH ORDINALITY AS c (count, at))
          FROM generate_subscripts(subjects, 1) AS k (i)
         WHERE a.subject = subjects[k.i];
    END IF;
END $$;
-- Operations: errors in groups.

-- The same error many times over is one group; the newest samples of each tell what happened.
CREATE TABLE error_groups (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint bytea NOT NULL,               -- SHA-256 of source, kind and place
    source      text NOT NULL,
    kind        text NOT NULL,                -- the exception's type, or the policy's directive
    place       text NOT NULL,                -- where: file and function, or address and line
    message     text NOT NULL,                -- of the newest one, masked
    occurrences bigint NOT NULL DEFAULT 1,
    first_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at timestamptz,                  -- said to be mended; the next one opens it again
    muted_at    timestamptz,                  -- known, and not worth looking at: it stays so
    CONSTRAINT error_groups_fingerprint_key UNIQUE (fingerprint),
    CONSTRAINT error_groups_source_check CHECK (source IN (
        'web',                                -- a page
        'api',
        'job',                                -- a worker's job
        'browser',                            -- a script on a page, as the browser told us
        'policy'                              -- what the Content-Security-Policy stopped, as the browser told us
    ))
);
CREATE INDEX error_groups_last_at_idx ON error_groups (last_at, id);

CREATE TABLE error_samples (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id   bigint NOT NULL REFERENCES error_groups (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id text,
    method     text,
    path       text,
    user_id    bigint REFERENCES users (id) ON DELETE SET NULL,
    message    text NOT NULL,
    trace      text NOT NULL                  -- masked; without values of variables
);
CREATE INDEX error_samples_group_id_idx ON error_samples (group_id, id DESC);
CREATE INDEX error_samples_request_id_idx ON error_samples (request_id) WHERE request_id IS NOT NULL;

-- How many reports came from browsers in a minute, by who sent them and together. Lost in a crash, which is no matter.
CREATE UNLOGGED TABLE report_counts (
    subject text NOT NULL,                    -- address:…, or all
    minute  timestamptz NOT NULL,
    reports integer NOT NULL,
    PRIMARY KEY (subject, minute)
);

-- Ideas and facts of a post, each with the section it goes to. One of a deleted section counts as allocated to none.
CREATE TABLE post_items (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id     bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    kind        text NOT NULL,
    number      integer NOT NULL,             -- within the post and kind, never used again
    code        text NOT NULL GENERATED ALWAYS AS (CASE kind WHEN 'idea' THEN 'I' ELSE 'F' END || number::text) STORED,
    text        text NOT NULL,
    section_id  bigint REFERENCES sections (id) ON DELETE SET NULL,
    revision_id bigint,                       -- the list it was taken from; no key: autosaves are folded away
    field_id    bigint REFERENCES fields (id),  -- the field of that list; NULL: added by hand
    created_by  bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    CONSTRAINT post_items_number_key UNIQUE (post_id, kind, number),
    CONSTRAINT post_items_kind_check CHECK (kind IN ('idea', 'fact'))
);
CREATE INDEX post_items_section_id_idx ON post_items (section_id);

-- What was done to the sections of a post and their items, with what it takes to undo it.
CREATE TABLE section_events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id      bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    kind         text NOT NULL,
    summary      text NOT NULL,               -- in words, for people
    order_before bigint[] NOT NULL,           -- ids of the living sections in their order
    order_after  bigint[] NOT NULL,
    moves        jsonb NOT NULL DEFAULT '[]', -- of items: {item, from, to}
    texts        jsonb NOT NULL DEFAULT '[]', -- written by it: {section, field, before, after}, revisions
    user_id      bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    undone_by_id bigint REFERENCES section_events (id) ON DELETE SET NULL,
    rewordings   jsonb NOT NULL DEFAULT '[]', -- of items: {item, before, after}
    CONSTRAINT section_events_kind_check CHECK (kind IN (
        'added', 'reordered', 'merged', 'split', 'deleted', 'restored',
        'headings',                           -- the post's list of headings was made the sections
        'moved',                              -- one item, by a person
        'reworded',                           -- one item, by a person
        'allocated',                          -- many items, by what a model labelled
        'undone'
    ))
);
CREATE INDEX section_events_post_id_idx ON section_events (post_id, id DESC);
-- Money: prices with the time they hold from, a ledger that always sums to the attempts, budgets.

-- What a model costs from a moment on. A price that has begun is never changed: calls were paid at it.
CREATE TABLE model_prices (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id     bigint NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    valid_from   timestamptz NOT NULL,        -- until the next one of this model
    input_price  numeric(14, 6),              -- USD per million tokens; NULL when not known
    output_price numeric(14, 6),
    created_by   bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT model_prices_valid_from_key UNIQUE (model_id, valid_from),
    CONSTRAINT model_prices_price_check CHECK (input_price >= 0 AND output_price >= 0)
);

-- One row or none.
CREATE FUNCTION price_at(asked bigint, moment timestamptz) RETURNS TABLE (input_price numeric, output_price numeric)
LANGUAGE sql STABLE AS $$
    SELECT p.input_price, p.output_price
      FROM model_prices p
     WHERE p.model_id = asked AND p.valid_from <= moment
     ORDER BY p.valid_from DESC
     LIMIT 1
$$;

-- The prices on models are read no more. Processes of the release before still write them while they are replaced.
CREATE FUNCTION keep_written_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO model_prices (model_id, valid_from, input_price, output_price)
    VALUES (NEW.id, clock_timestamp(), NEW.input_price, NEW.output_price);
    RETURN NULL;
END $$;
CREATE TRIGGER models_price_created AFTER INSERT ON models
    FOR EACH ROW WHEN (NEW.input_price IS NOT NULL OR NEW.output_price IS NOT NULL) EXECUTE FUNCTION keep_written_price();
CREATE TRIGGER models_price_updated AFTER UPDATE ON models
    FOR EACH ROW WHEN ((OLD.input_price, OLD.output_price) IS DISTINCT FROM (NEW.input_price, NEW.output_price))
    EXECUTE FUNCTION keep_written_price();

-- The ledger's rows behind its sums, page by page.
CREATE INDEX attempts_started_at_idx ON attempts (started_at, id);
CREATE INDEX attempts_user_id_idx ON attempts (user_id, started_at, id);
CREATE INDEX attempts_template_id_idx ON attempts (template_id, started_at, id) WHERE template_id IS NOT NULL;

-- Attempts that ended, summed up by the day (UTC) on which they began, once for each noun. What is not in it yet is in
-- ledger_deltas, so the two together are always the sum of the rows.
CREATE TABLE ledger_days (
    noun          text NOT NULL,
    day           date NOT NULL,
    noun_id       bigint,                     -- NULL: of tasks without a user or a template
    cost_source   text NOT NULL,
    calls         bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL,           -- USD, as far as it is known or estimated
    CONSTRAINT ledger_days_key UNIQUE NULLS NOT DISTINCT (noun, day, noun_id, cost_source),
    CONSTRAINT ledger_days_noun_check CHECK (noun IN ('model', 'provider', 'user', 'template'))
);

-- Written with the end of each attempt, in its transaction, and only ever appended to: no call waits for another one's
-- sum. A row that is corrected is taken back with minus signs. No index, for it is read as a whole and soon emptied.
CREATE TABLE ledger_deltas (
    day           date NOT NULL,
    model_id      bigint NOT NULL,
    provider_id   bigint NOT NULL,
    user_id       bigint,
    template_id   bigint,
    billed_to     text,
    cost_source   text NOT NULL,
    calls         integer NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          numeric NOT NULL
);

CREATE VIEW ledger AS
SELECT noun, noun_id, day, cost_source, calls, input_tokens, output_tokens, cost
  FROM ledger_days
 UNION ALL
SELECT n.noun, n.noun_id, d.day, d.cost_source, d.calls, d.input_tokens, d.output_tokens, d.cost
  FROM ledger_deltas d
 CROSS JOIN LATERAL (VALUES ('model', d.model_id), ('provider', d.provider_id), ('user', d.user_id),
                            ('template', d.template_id)) AS n (noun, noun_id);

-- What the ledger's sums are made of, in words.
CREATE VIEW ledger_entries AS
SELECT a.id, a.task_id, a.position, a.started_at, a.model_id, m.name AS model_name, a.provider_id, p.name AS provider_name,
       a.user_id, u.name AS user_name, a.template_id, t.name AS template_name, coalesce(a.category, a.status) AS outcome,
       a.input_tokens, a.output_tokens, a.cost, a.cost_source
  FROM attempts a
  JOIN models m ON m.id = a.model_id
  JOIN providers p ON p.id = a.provider_id
  LEFT JOIN users u ON u.id = a.user_id
  LEFT JOIN templates t ON t.id = a.template_id
 WHERE a.status <> 'running';

-- The same by what budgets are about. Moved along with ledger_days.
CREATE TABLE budget_days (
    subject text NOT NULL,                    -- instance, user:3, batch:12
    day     date NOT NULL,
    cost    numeric NOT NULL,
    PRIMARY KEY (subject, day)
);

CREATE TABLE budgets (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope            text NOT NULL,
    user_id          bigint REFERENCES users (id) ON DELETE CASCADE,
    batch_id         bigint,
    period           text NOT NULL,
    amount           numeric(14, 6) NOT NULL, -- USD
    warn_share       numeric(4, 3) NOT NULL DEFAULT 0.8, -- of the amount: people are warned from here on
    refuses_unpriced boolean NOT NULL DEFAULT false,  -- models whose price is not known are not asked at all
    created_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT budgets_scope_check CHECK (scope IN (
        'instance',                           -- everybody together
        'each_user',                          -- everybody by themselves, but those with a budget of their own
        'user',                               -- user_id
        'batch'                               -- batch_id
    )),
    CONSTRAINT budgets_period_check CHECK (period IN ('day', 'month', 'ever')),  -- of the calendar, in UTC
    CONSTRAINT budgets_user_check CHECK ((scope = 'user') = (user_id IS NOT NULL)),
    CONSTRAINT budgets_batch_check CHECK ((scope = 'batch') = (batch_id IS NOT NULL)),
    CONSTRAINT budgets_amount_check CHECK (amount >= 0),
    CONSTRAINT budgets_warn_share_check CHECK (warn_share > 0 AND warn_share <= 1),
    CONSTRAINT budgets_key UNIQUE NULLS NOT DISTINCT (scope, user_id, batch_id, period)
);
CREATE INDEX budgets_user_id_idx ON budgets (user_id);

-- What running calls may cost at most, so that those let in beside them leave room for it. A run asks one at a time. It
-- goes when the attempt's end is written, whoever writes it, and lasts no longer than the call may take.
CREATE TABLE budget_holds (
    run_id    uuid PRIMARY KEY,
    user_id   bigint,
    billed_to text,
    amount    numeric NOT NULL,
    until     timestamptz NOT NULL
);

-- An attempt that ended is booked; one that was given up for dead and then came back is booked anew.
CREATE FUNCTION book_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status <> 'running' THEN
        INSERT INTO ledger_deltas (day, model_id, provider_id, user_id, template_id, billed_to, cost_source,
                                   calls, input_tokens, output_tokens, cost)
        VALUES ((OLD.started_at AT TIME ZONE 'UTC')::date, OLD.model_id, OLD.provider_id, OLD.user_id, OLD.template_id,
                OLD.billed_to, OLD.cost_source, -1, -coalesce(OLD.input_tokens, 0),
                -coalesce(OLD.output_tokens, 0), -coalesce(OLD.cost, 0));
    END IF;
    IF NEW.status <> 'running' THEN
        INSERT INTO ledger_deltas (day, model_id, provider_id, user_id, template_id, billed_to, cost_source,
                                   calls, input_tokens, output_tokens, cost)
        VALUES ((NEW.started_at AT TIME ZONE 'UTC')::date, NEW.model_id, NEW.provider_id, NEW.user_id, NEW.template_id,
                NEW.billed_to, NEW.cost_source, 1, coalesce(NEW.input_tokens, 0),
                coalesce(NEW.output_tokens, 0), coalesce(NEW.cost, 0));
        DELETE FROM budget_holds WHERE run_id = NEW.run_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER attempts_booked AFTER INSERT ON attempts
    FOR EACH ROW WHEN (NEW.status <> 'running') EXECUTE FUNCTION book_attempt();
CREATE TRIGGER attempts_rebooked AFTER UPDATE ON attempts
    FOR EACH ROW WHEN (
        (OLD.status, OLD.category, OLD.cost_source, OLD.input_tokens, OLD.output_tokens, OLD.cost, OLD.started_at,
         OLD.model_id, OLD.provider_id, OLD.user_id, OLD.template_id, OLD.billed_to)
        IS DISTINCT FROM
        (NEW.status, NEW.category, NEW.cost_source, NEW.input_tokens, NEW.output_tokens, NEW.cost, NEW.started_at,
         NEW.model_id, NEW.provider_id, NEW.user_id, NEW.template_id, NEW.billed_to))
    EXECUTE FUNCTION book_attempt();

CREATE FUNCTION period_start(period text) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT CASE period WHEN 'ever' THEN date '0001-01-01'
                       ELSE date_trunc(period, statement_timestamp() AT TIME ZONE 'UTC')::date END
$$;

-- The budgets a call of this user, made for this, must fit into. One's own stands instead of everybody's for its period.
CREATE FUNCTION budgets_of(asked_user bigint, asked_for text)
RETURNS TABLE (id bigint, scope text, period text, amount numeric, refuses_unpriced boolean, subject text, since date)
LANGUAGE sql STABLE AS $$
    SELECT b.id, b.scope, b.period, b.amount, b.refuses_unpriced,
           CASE b.scope WHEN 'instance' THEN 'instance' WHEN 'batch' THEN asked_for ELSE 'user:' || asked_user END,
           period_start(b.period)
      FROM budgets b
     WHERE b.scope = 'instance'
        OR (b.scope = 'user' AND b.user_id = asked_user)
        OR (b.scope = 'batch' AND 'batch:' || b.batch_id = asked_for)
        OR (b.scope = 'each_user' AND asked_user IS NOT NULL
            AND NOT EXISTS (SELECT FROM budgets own WHERE own.user_id = asked_user AND own.period = b.period))
$$;

-- Exact at the moment it is read: what was summed up and what was not yet.
CREATE FUNCTION budget_spent(asked text, since date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT sum(d.cost) FROM budget_days d WHERE d.subject = asked AND d.day >= since), 0)
         + coalesce((SELECT sum(l.cost) FROM ledger_deltas l
                      WHERE l.day >= since
                        AND (asked = 'instance' OR asked = 'user:' || l.user_id OR asked = l.billed_to)), 0)
$$;

CREATE FUNCTION budget_held(asked text) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(h.amount), 0) FROM budget_holds h
     WHERE h.until > clock_timestamp()
       AND (asked = 'instance' OR asked = 'user:' || h.user_id OR asked = h.billed_to)
$$;

-- Hold "most" for the next call of the run, or say which budget has no room for it: then there is a row. Callers of one
-- subject come one after the other; each looks after the one before has written. NULL: the price is not known. It sums up
-- by itself and plans once: planning anew with every call took 1.3 ms, ten times as long as all the rest.
CREATE FUNCTION admit_spend(asked_task bigint, asked_run uuid, most numeric, lasts_s double precision)
RETURNS TABLE (budget_id bigint, scope text, period text, amount numeric, spent numeric, held numeric, refuses_unpriced boolean)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    payer bigint;
    payer_for text;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT t.asked_by, t.billed_to INTO payer, payer_for FROM tasks t WHERE t.id = asked_task;
    PERFORM pg_advisory_xact_lock(hashtext('budgets'), s.key)
       FROM (SELECT DISTINCT hashtext(b.subject) AS key FROM budgets_of(payer, payer_for) b ORDER BY 1) s;
    RETURN QUERY
        SELECT f.id, f.scope, f.period, f.amount, f.spent, f.held, f.refuses_unpriced
          FROM (SELECT b.id, b.scope, b.period, b.amount, b.refuses_unpriced,
                       coalesce((SELECT sum(d.cost) FROM budget_days d WHERE d.subject = b.subject AND d.day >= b.since), 0)
                       + coalesce((SELECT sum(l.cost) FROM ledger_deltas l
                                    WHERE l.day >= b.since
                                      AND CASE b.scope WHEN 'instance' THEN true WHEN 'batch' THEN l.billed_to = payer_for
                                                       ELSE l.user_id = payer END), 0) AS spent,
                       coalesce((SELECT sum(h.amount) FROM budget_holds h
                                  WHERE h.until > clock_timestamp()
                                    AND CASE b.scope WHEN 'instance' THEN true WHEN 'batch' THEN h.billed_to = payer_for
                                                     ELSE h.user_id = payer END), 0) AS held
                  FROM budgets_of(payer, payer_for) b) f
         WHERE CASE WHEN most IS NULL THEN f.refuses_unpriced OR f.spent >= f.amount
                    ELSE f.spent + f.held + most > f.amount END
         ORDER BY f.spent + coalesce(most, 0) <= f.amount, f.amount - f.spent, f.id
         LIMIT 1;
    IF NOT FOUND AND most > 0 THEN
        INSERT INTO budget_holds (run_id, user_id, billed_to, amount, until)
        VALUES (asked_run, payer, payer_for, most, clock_timestamp() + make_interval(secs => lasts_s))
        ON CONFLICT (run_id) DO UPDATE SET amount = EXCLUDED.amount, until = EXCLUDED.until;
    END IF;
END $$;
-- Batches: many tasks run as one. An item becomes a task when a lane claims it; the worker for batches claims and ends
-- several at once, each in one statement. Whoever changes items locks their batch first, batches in the order of ids.

CREATE TABLE batches (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL,              -- what is done with an answer: services/tasks/kinds.py
    title         text NOT NULL,
    status        text NOT NULL DEFAULT 'draft',
    note          text,                       -- why it is paused or rests, for people
    rests_until   timestamptz,                -- nobody can be asked before
    concurrency   integer NOT NULL,           -- items asked at once, at most
    priority      integer NOT NULL,           -- its share of the slots beside other batches
    budget        numeric(18, 9),             -- USD; no item is begun that might go over it
    item_cost     numeric(18, 9),             -- USD, what one item is expected to take at most; none when prices are not known
    estimate      jsonb NOT NULL DEFAULT '{}',
    -- Of its items; a trigger keeps them.
    queued        integer NOT NULL DEFAULT 0,
    running       integer NOT NULL DEFAULT 0,
    succeeded     integer NOT NULL DEFAULT 0,
    failed        integer NOT NULL DEFAULT 0,
    cancelled     integer NOT NULL DEFAULT 0,
    input_tokens  bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    cost          numeric(18, 9) NOT NULL DEFAULT 0,
    estimated     integer NOT NULL DEFAULT 0, -- items whose cost is an estimate
    unknown       integer NOT NULL DEFAULT 0, -- items whose cost nobody knows
    created_by    bigint REFERENCES users (id) ON DELETE SET NULL,
    asked_by      bigint REFERENCES users (id) ON DELETE SET NULL,  -- whose keys and rights it runs with: who started it last
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    waiting       integer NOT NULL DEFAULT 0,
    CONSTRAINT batches_status_check CHECK (status IN (
        'draft',                              -- planned, not begun
        'queued',                             -- to be begun by a worker
        'running',
        'paused',                             -- by a person, or for the reason in note
        'completed',                          -- nothing is left, and something succeeded
        'failed',                             -- nothing is left, and nothing succeeded
        'cancelled'
    )),
    CONSTRAINT batches_concurrency_check CHECK (concurrency BETWEEN 1 AND 200),
    CONSTRAINT batches_priority_check CHECK (priority BETWEEN 1 AND 10)
) WITH (fillfactor = 50);
CREATE INDEX batches_active_idx ON batches (id) WHERE status IN ('queued', 'running');
CREATE INDEX batches_created_by_idx ON batches (created_by, id);

ALTER TABLE tasks ADD COLUMN batch_id bigint REFERENCES batches (id) ON DELETE SET NULL;
CREATE INDEX tasks_batch_id_idx ON tasks (batch_id, id) WHERE batch_id IS NOT NULL;

CREATE TABLE items (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id            bigint NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    position            integer NOT NULL,     -- 1, 2, … in the order they are begun
    key                 text NOT NULL,        -- names it within the batch: adding it twice is adding it once
    status              text NOT NULL DEFAULT 'queued',
    subject             jsonb NOT NULL DEFAULT '{}',  -- what the kind needs to know of it
    template_version_id bigint REFERENCES template_versions (id),
    part_version_ids    bigint[] NOT NULL DEFAULT '{}',
    inputs              jsonb NOT NULL DEFAULT '{}',
    messages            jsonb,                -- exactly what will be sent; its task has them once there is one
    route_id            bigint REFERENCES routes (id),
    model_id            bigint REFERENCES models (id),
    parameters          jsonb NOT NULL DEFAULT '{}',
    contract            jsonb,
    deadline_s          numeric(8, 1) NOT NULL,
    prompt_tokens       integer NOT NULL,     -- estimated
    task_id             bigint REFERENCES tasks (id),
    error_category      text,
    error_message       text,
    input_tokens        bigint NOT NULL DEFAULT 0,
    output_tokens       bigint NOT NULL DEFAULT 0,
    cost                numeric(18, 9),
    cost_source         text NOT NULL DEFAULT 'known',
    finished_at         timestamptz,
    CONSTRAINT items_key_key UNIQUE (batch_id, key),
    CONSTRAINT items_task_id_key UNIQUE (task_id),
    CONSTRAINT items_status_check CHECK (status IN (
        'waiting',                            -- for what it needs; its kind releases it, or cancels it and says why
        'queued',
        'running',                            -- its task runs
        'succeeded',                          -- its answer is stored, and its kind has used it
        'failed',                             -- has error_category
        'cancelled'
    )),
    CONSTRAINT items_cost_source_check CHECK (cost_source IN ('known', 'estimated', 'unknown'))
);
CREATE INDEX items_status_idx ON items (batch_id, status, position);
CREATE INDEX items_position_idx ON items (batch_id, position);
CREATE INDEX items_finished_at_idx ON items (batch_id, finished_at) WHERE finished_at IS NOT NULL;

-- Keep the counts of batches, and end a batch with its last item, whoever changed the items.
CREATE FUNCTION count_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE batches b
       SET waiting = b.waiting + d.waiting, queued = b.queued + d.queued, running = b.running + d.running,
           succeeded = b.succeeded + d.succeeded, failed = b.failed + d.failed, cancelled = b.cancelled + d.cancelled,
           input_tokens = b.input_tokens + d.input_tokens, output_tokens = b.output_tokens + d.output_tokens,
           cost = b.cost + d.cost, estimated = b.estimated + d.estimated, unknown = b.unknown + d.unknown,
           status = CASE WHEN b.status NOT IN ('running', 'paused')
                           OR b.waiting + d.waiting + b.queued + d.queued + b.running + d.running > 0
                         THEN b.status
                         WHEN b.succeeded + d.succeeded = 0 AND b.failed + d.failed > 0 THEN 'failed'
                         ELSE 'completed' END,
           finished_at = CASE WHEN b.waiting + d.waiting + b.queued + d.queued + b.running + d.running = 0
                              THEN clock_timestamp() END,
           note = CASE WHEN d.succeeded > 0 AND b.status = 'running' THEN NULL ELSE b.note END
      FROM (SELECT batch_id,
                   coalesce(sum(n) FILTER (WHERE status = 'waiting'), 0) AS waiting,
                   coalesce(sum(n) FILTER (WHERE status = 'queued'), 0) AS queued,
                   coalesce(sum(n) FILTER (WHERE status = 'running'), 0) AS running,
                   coalesce(sum(n) FILTER (WHERE status = 'succeeded'), 0) AS succeeded,
                   coalesce(sum(n) FILTER (WHERE status = 'failed'), 0) AS failed,
                   coalesce(sum(n) FILTER (WHERE status = 'cancelled'), 0) AS cancelled,
                   sum(n * input_tokens) AS input_tokens, sum(n * output_tokens) AS output_tokens,
                   sum(n * coalesce(cost, 0)) AS cost,
                   coalesce(sum(n) FILTER (WHERE cost_source = 'estimated'), 0) AS estimated,
                   coalesce(sum(n) FILTER (WHERE cost_source = 'unknown'), 0) AS unknown
              FROM (SELECT 1 AS n, batch_id, status, input_tokens, output_tokens, cost, cost_source FROM new_items
                     UNION ALL
                    SELECT -1, batch_id, status, input_tokens, output_tokens, cost, cost_source FROM old_items) c
             GROUP BY batch_id) d
     WHERE b.id = d.batch_id;
    RETURN NULL;
END $$;
CREATE TRIGGER items_count AFTER UPDATE ON items REFERENCING OLD TABLE AS old_items NEW TABLE AS new_items
   FOR EACH STATEMENT EXECUTE FUNCTION count_items();

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
-- What the prompt of a suggestion was filled with: a field of the post or of the section, or the items of the section.
CREATE TABLE suggestion_sources (
    suggestion_id bigint NOT NULL REFERENCES suggestions (id) ON DELETE CASCADE,
    variable      text NOT NULL,
    field_id      bigint REFERENCES fields (id),  -- NULL: the items allocated to the section
    section_id    bigint REFERENCES sections (id) ON DELETE CASCADE,  -- NULL: a field of the post
    revision_id   bigint REFERENCES revisions (id) ON DELETE CASCADE,  -- the text that was used
    fingerprint   uuid NOT NULL,              -- of what was used
    CONSTRAINT suggestion_sources_pkey PRIMARY KEY (suggestion_id, variable)
);
CREATE INDEX suggestion_sources_revision_id_idx ON suggestion_sources (revision_id);
CREATE INDEX suggestion_sources_section_id_idx ON suggestion_sources (section_id);

-- A text was kept although its source changed. Holds for that text of the source, and for the autosaves folded into it.
CREATE TABLE kept_sources (
    suggestion_id bigint NOT NULL,
    variable      text NOT NULL,
    fingerprint   uuid NOT NULL,
    started_at    timestamptz,                -- of the source's revision; NULL for items
    kept_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT kept_sources_pkey PRIMARY KEY (suggestion_id, variable, fingerprint),
    CONSTRAINT kept_sources_source_fkey FOREIGN KEY (suggestion_id, variable)
        REFERENCES suggestion_sources (suggestion_id, variable) ON DELETE CASCADE
);

-- A row for each source of a field's text that is no longer what it was when the text was made, and was not kept.
CREATE VIEW stale_sources AS
SELECT v.post_id, v.section_id, v.field_id, s.suggestion_id, s.variable, s.field_id AS source_field_id,
       s.section_id AS source_section_id, s.revision_id AS used_revision_id, n.revision_id, n.fingerprint, n.started_at,
       n.changed_at, n.changed_by
  FROM field_values v
  JOIN revisions r ON r.id = v.revision_id
  JOIN suggestion_sources s ON s.suggestion_id = r.root_suggestion_id
 CROSS JOIN LATERAL (
       SELECT x.id AS revision_id, x.fingerprint, x.started_at, x.created_at AS changed_at, x.user_id AS changed_by
         FROM field_values w
         JOIN revisions x ON x.id = w.revision_id
        WHERE w.post_id = v.post_id AND w.field_id = s.field_id AND w.section_id = s.section_id
        UNION ALL
       SELECT x.id, x.fingerprint, x.started_at, x.created_at, x.user_id
         FROM field_values w
         JOIN revisions x ON x.id = w.revision_id
        WHERE w.post_id = v.post_id AND w.field_id = s.field_id AND w.section_id IS NULL AND s.section_id IS NULL
        UNION ALL
       SELECT NULL, md5(coalesce(string_agg(i.text, E'\n' ORDER BY i.number), ''))::uuid, NULL, NULL, NULL
         FROM post_items i
        WHERE i.post_id = v.post_id AND i.section_id = s.section_id AND i.deleted_at IS NULL
          AND i.kind = CASE s.variable WHEN 'section_ideas' THEN 'idea' ELSE 'fact' END
       HAVING s.field_id IS NULL
       ) n
 WHERE r.root_suggestion_id IS NOT NULL AND n.fingerprint <> s.fingerprint
   -- Most sources still have the very text that was used: an index says so before anything is compared.
   AND NOT EXISTS (SELECT FROM field_values u WHERE u.revision_id = s.revision_id)
   AND NOT EXISTS (SELECT FROM kept_sources k
                    WHERE k.suggestion_id = s.suggestion_id AND k.variable = s.variable
                      AND (k.fingerprint = n.fingerprint OR k.started_at = n.started_at));
-- What a batch is for a post: its items are fields of the post and its sections.
CREATE TABLE runs (
    batch_id   bigint PRIMARY KEY REFERENCES batches (id) ON DELETE CASCADE,
    post_id    bigint NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    scope      text NOT NULL,                 -- drafts, post, stage:… or substage:…
    accepts    text NOT NULL,
    refreshes  boolean NOT NULL,              -- filled fields are asked too, and get suggestions
    left_out   jsonb NOT NULL DEFAULT '[]',   -- what is not asked: {key, section, code, field, name, why, stops}
    CONSTRAINT runs_accepts_check CHECK (accepts IN (
        'nothing',                            -- everything waits as a suggestion
        'empty'                               -- into fields that were empty and still are, of themselves
    ))
);
CREATE INDEX runs_post_id_idx ON runs (post_id, batch_id DESC);
-- Alerts: rules, what they found, who read it, and webhooks that tell other systems.

CREATE TABLE alert_rules (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text NOT NULL,
    threshold        numeric(12, 4),          -- a share from 0 to 1; of latency seconds; NULL where the kind has none
    window_minutes   integer NOT NULL,        -- how far it looks back, or how long it must have lasted
    minimum          integer NOT NULL,        -- calls or items: fewer say nothing
    cooldown_minutes integer NOT NULL,        -- after its end the same is not told again for so long
    is_enabled       boolean NOT NULL DEFAULT true,
    created_by       bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT alert_rules_kind_check CHECK (kind IN (
        'error_share',                        -- of a model's calls that failed
        'latency',                            -- p95 of a model's calls that were answered
        'budget',                             -- share spent
        'circuit',                            -- a provider, model or key that is not asked
        'batch',                              -- share of a batch's items that failed
        'worker'                              -- nobody runs tasks, or batches that wait
    )),
    CONSTRAINT alert_rules_window_minutes_check CHECK (window_minutes BETWEEN 0 AND 10080),
    CONSTRAINT alert_rules_minimum_check CHECK (minimum >= 1),
    CONSTRAINT alert_rules_cooldown_minutes_check CHECK (cooldown_minutes BETWEEN 0 AND 10080)
);

CREATE TABLE alerts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id      bigint REFERENCES alert_rules (id) ON DELETE SET NULL,
    kind         text NOT NULL,               -- the rule's
    subject      text NOT NULL,               -- model:7, budget:3, key:2, batch:12, worker:interactive
    label        text NOT NULL,               -- the subject as it was called then
    value        numeric NOT NULL,            -- as last seen: a share, seconds, or minutes of circuits and workers
    threshold    numeric,                     -- the rule's, then
    detail       text NOT NULL,               -- the value in words
    opened_at    timestamptz NOT NULL,
    clear_since  timestamptz,                 -- seen to be over; the next look that sees the same resolves it
    resolved_at  timestamptz,
    openings     integer NOT NULL DEFAULT 1,  -- how often it came back within the rule's cool-down
    quiet_until  timestamptz,                 -- it came back: webhooks are told if it still lasts then
    dismissed_at timestamptz,                 -- out of the inbox, for everybody
    dismissed_by bigint REFERENCES users (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX alerts_open_key ON alerts (rule_id, subject) WHERE resolved_at IS NULL;
CREATE INDEX alerts_subject_idx ON alerts (rule_id, subject, id DESC);
CREATE INDEX alerts_inbox_idx ON alerts (id) WHERE dismissed_at IS NULL;

CREATE TABLE alert_reads (
    alert_id bigint NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    user_id  bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (alert_id, user_id)
);

-- One row: which minute was looked at last. Who locks it looks, and nobody else does in that minute.
CREATE TABLE alert_watch (
    is_only      boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    evaluated_at timestamptz NOT NULL DEFAULT 'epoch'
);
INSERT INTO alert_watch DEFAULT VALUES;

-- When a worker of each kind was last seen: the rows of workers themselves go when they stop.
CREATE TABLE worker_sightings (
    kind    text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

CREATE TABLE webhooks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    url        text NOT NULL,
    ciphertext bytea NOT NULL,                -- the secret that signs
    is_enabled boolean NOT NULL DEFAULT true,
    created_by bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhooks_name_key UNIQUE (name)
);

CREATE TABLE deliveries (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id  bigint NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    alert_id    bigint REFERENCES alerts (id) ON DELETE SET NULL,
    event       text NOT NULL,
    body        text NOT NULL,                -- exactly what is sent and signed
    status      text NOT NULL DEFAULT 'queued',
    attempts    integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,         -- queued: when it is tried; while one tries, when another may
    http_status integer,                      -- of the last attempt
    answer      text NOT NULL DEFAULT '',     -- the beginning of the last answer, masked
    error       text NOT NULL DEFAULT '',     -- why the last attempt did not do, in words
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT deliveries_event_check CHECK (event IN ('alert.opened', 'alert.resolved', 'test')),
    CONSTRAINT deliveries_status_check CHECK (status IN (
        'queued',                             -- not taken yet, to be tried at next_at
        'delivered',                          -- answered 2xx
        'failed'                              -- given up
    ))
);
CREATE INDEX deliveries_due_idx ON deliveries (next_at) WHERE status = 'queued';
CREATE INDEX deliveries_webhook_id_idx ON deliveries (webhook_id, id DESC);
CREATE INDEX deliveries_alert_id_idx ON deliveries (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX deliveries_finished_at_idx ON deliveries (finished_at) WHERE finished_at IS NOT NULL;

CREATE INDEX batches_finished_at_idx ON batches (finished_at) WHERE finished_at IS NOT NULL;
-- Models with their providers and what holds for asking them now; without keys, for these are somebody's.
CREATE VIEW askable_models AS
SELECT m.id AS model_id, m.name AS model_name, m.context_window, m.max_output_tokens, price.input_price, price.output_price,
       (SELECT jsonb_agg(jsonb_build_array(l.valid_from, l.input_price::text, l.output_price::text) ORDER BY l.valid_from)
          FROM model_prices l
         WHERE l.model_id = m.id AND l.valid_from > statement_timestamp()) AS later_prices,
       m.streams, m.refused_parameters,
       COALESCE(m.first_token_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'first_token_timeout_s') END) AS first_token_timeout_s,
       COALESCE(m.idle_timeout_s, CASE WHEN NOT p.is_local THEN
           (SELECT (value #>> '{}')::numeric FROM settings WHERE key = 'idle_timeout_s') END) AS idle_timeout_s,
       m.is_enabled, m.archived_at,
       p.id AS provider_id, p.name AS provider_name, p.kind, p.base_url, p.is_local,
       p.is_enabled AS provider_is_enabled, p.archived_at AS provider_archived_at,
       ARRAY[p.requests_per_minute, p.tokens_per_minute, p.requests_per_day, p.tokens_per_day, p.max_in_flight]
           AS account_limits,
       ARRAY[m.requests_per_minute, m.tokens_per_minute, m.requests_per_day, m.tokens_per_day, m.max_in_flight]
           AS model_limits,
       EXISTS (SELECT FROM budgets) AS has_budgets,
       (SELECT s.value FROM settings s WHERE s.key = 'forbid_private_addresses') AS forbids_private
  FROM models m
  JOIN providers p ON p.id = m.provider_id
  LEFT JOIN LATERAL price_at(m.id, statement_timestamp()) price ON true;

-- What is known of the model with this key now: little is left, as the provider said lately; one of its circuits is not
-- closed. One row, as a table, for so it becomes part of the query that asks.
CREATE FUNCTION model_with_key(asked_model bigint, asked_provider bigint, asked_key bigint)
RETURNS TABLE (has_notice boolean, is_held_back boolean) LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM limit_notices n
                    WHERE n.name = 'model:' || asked_model || '@' || coalesce('key:' || asked_key, 'provider:' || asked_provider)
                      AND n.resets_at > clock_timestamp()),
           EXISTS (SELECT FROM circuits c
                    WHERE c.name IN ('provider:' || asked_provider, 'key:' || asked_key, 'model:' || asked_model,
                                     'model:' || asked_model || '@key:' || asked_key)
                      AND c.state <> 'closed')
$$;

-- What a process has read of whom it may ask holds for as long as the marks here are the same. Every change of what
-- decides who is asked adds one, in its own transaction; nobody waits for anybody. A few are kept, all of them count.
CREATE TABLE registry_changes (
    mark bigint PRIMARY KEY DEFAULT hashtextextended(gen_random_uuid()::text, 0),
    at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION note_registry_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO registry_changes DEFAULT VALUES;
    DELETE FROM registry_changes
     WHERE mark IN (SELECT mark FROM registry_changes ORDER BY at DESC OFFSET 8 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;

CREATE TRIGGER providers_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON providers
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER models_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON models
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER model_prices_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON model_prices
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER routes_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON routes
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER route_models_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON route_models
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER settings_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON settings
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER budgets_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON budgets
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
-- All but its last use, which is noted while calls are made.
CREATE TRIGGER provider_keys_noted
    AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF provider_id, user_id, name, ciphertext, position, is_enabled ON provider_keys
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();

-- A circuit that opens or closes.
CREATE TRIGGER circuits_made AFTER INSERT ON circuits
    FOR EACH ROW WHEN (NEW.state <> 'closed') EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER circuits_moved AFTER UPDATE ON circuits
    FOR EACH ROW WHEN ((OLD.state <> 'closed') <> (NEW.state <> 'closed')) EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER circuits_gone AFTER DELETE ON circuits
    FOR EACH ROW WHEN (OLD.state <> 'closed') EXECUTE FUNCTION note_registry_change();
-- What a provider says is left, where nothing held before.
CREATE TRIGGER limit_notices_made AFTER INSERT ON limit_notices
    FOR EACH ROW EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER limit_notices_said_again AFTER UPDATE ON limit_notices
    FOR EACH ROW WHEN (OLD.resets_at <= clock_timestamp()) EXECUTE FUNCTION note_registry_change();
