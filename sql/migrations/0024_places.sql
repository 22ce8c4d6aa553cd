-- Who came first is let in first where many wait for a limit. Rows of an instant: a crash may forget them.
CREATE UNLOGGED TABLE limit_places (
    ticket       bigint NOT NULL,                -- in the order in which they came
    name         text NOT NULL,                  -- what they wait for: key:3, model:7@key:3
    reserved     integer NOT NULL,               -- tokens they will need
    leased_until timestamptz NOT NULL,           -- kept by looking again; who died loses the place
    PRIMARY KEY (name, ticket)
);
CREATE SEQUENCE limit_tickets;
