-- The workflow is edited by admins: what it no longer needs is archived, never deleted, and its order is compared and set.

ALTER TABLE stages ADD COLUMN archived_at timestamptz;

ALTER TABLE substages ADD COLUMN archived_at timestamptz;

ALTER TABLE fields ADD COLUMN max_words integer,   -- NULL: as many as the characters allow
    ADD COLUMN archived_at timestamptz,
    ADD CONSTRAINT fields_limits_check CHECK (max_length BETWEEN 1 AND 200000 AND max_words BETWEEN 1 AND 50000);

-- One row: the version that every change of the workflow's rows or their order raises.
CREATE TABLE workflow_versions (
    id      boolean PRIMARY KEY DEFAULT true,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT workflow_versions_one_check CHECK (id)
);

INSERT INTO workflow_versions DEFAULT VALUES;
