-- Prompts get notes, a memory of which versions were ever in use, and templates that need a second person to publish.

ALTER TABLE parts ADD COLUMN notes text NOT NULL DEFAULT '';

-- published_at and published_by tell when and by whom a version was first put to use; declined_at that a version which
-- waited is not wanted. The words of a version never change.
ALTER TABLE part_versions
    ADD COLUMN published_at timestamptz,
    ADD COLUMN published_by bigint REFERENCES users (id) ON DELETE SET NULL,
    ADD COLUMN declined_at  timestamptz;
ALTER TABLE template_versions
    ADD COLUMN published_at timestamptz,
    ADD COLUMN published_by bigint REFERENCES users (id) ON DELETE SET NULL,
    ADD COLUMN declined_at  timestamptz;

-- With it nobody publishes what they wrote themselves.
ALTER TABLE templates ADD COLUMN needs_approval boolean NOT NULL DEFAULT false;

-- Until now what stood before the version in use had been in use, as far as anybody can tell.
UPDATE part_versions v
   SET published_at = v.created_at, published_by = v.created_by
  FROM parts p JOIN part_versions n ON n.id = p.published_version_id
 WHERE p.id = v.part_id AND v.number <= n.number;
UPDATE template_versions v
   SET published_at = v.created_at, published_by = v.created_by
  FROM templates t JOIN template_versions n ON n.id = t.published_version_id
 WHERE t.id = v.template_id AND v.number <= n.number;

-- For the list of what waits.
CREATE INDEX part_versions_waiting_idx ON part_versions (part_id, number) WHERE published_at IS NULL AND declined_at IS NULL;
CREATE INDEX template_versions_waiting_idx ON template_versions (template_id, number) WHERE published_at IS NULL AND declined_at IS NULL;
