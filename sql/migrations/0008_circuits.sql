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
    detail  text NOT NULL DEFAULT ''          -- in words, as it was called then
);
CREATE INDEX audit_log_noun_idx ON audit_log (noun, id DESC);

-- The last attempts with a key; deleting a key looks for them too.
CREATE INDEX attempts_key_id_idx ON attempts (key_id, id) WHERE key_id IS NOT NULL;
