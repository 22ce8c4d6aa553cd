-- Sections of a post: stable numbers, an order that is compared and set, fields of their own, what happened to them;
-- and the ideas and facts that are allocated to them.

ALTER TABLE posts ADD COLUMN sections_version integer NOT NULL DEFAULT 0;  -- of the order of its sections

ALTER TABLE sections ADD COLUMN number integer NOT NULL,  -- within the post, never used again
    ADD COLUMN code text NOT NULL GENERATED ALWAYS AS ('S' || number::text) STORED,
    ADD CONSTRAINT sections_number_key UNIQUE (post_id, number);

ALTER TABLE revisions DROP CONSTRAINT revisions_origin_check;
ALTER TABLE revisions ADD CONSTRAINT revisions_origin_check CHECK (origin IN (
        'typed',                              -- by a person
        'accepted',                           -- a suggestion as it was
        'edited',                             -- a suggestion, changed before it was accepted
        'restored',                           -- an older revision again
        'imported',
        'merged',                             -- with the text of a section that was merged into this one
        'split',                              -- a part of a section's text
        'headings'                            -- taken from the post's list of headings
    ));

ALTER TABLE fields DROP CONSTRAINT fields_scope_check;
ALTER TABLE fields ADD CONSTRAINT fields_scope_check CHECK (scope IN (
        'post',
        'section',                            -- every section of a post has it
        'board'                               -- of a post, but asked and shown on the allocation board only
    ));

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
    CONSTRAINT section_events_kind_check CHECK (kind IN (
        'added', 'reordered', 'merged', 'split', 'deleted', 'restored',
        'headings',                           -- the post's list of headings was made the sections
        'moved',                              -- one item, by a person
        'allocated',                          -- many items, by what a model labelled
        'undone'
    ))
);
CREATE INDEX section_events_post_id_idx ON section_events (post_id, id DESC);

UPDATE substages SET position = position + 1 WHERE position >= 4;

INSERT INTO substages (stage_id, key, name, icon, position)
SELECT id, 'sections', 'Sections', 'layers', 4 FROM stages WHERE key = 'authoring';

INSERT INTO fields (substage_id, key, name, kind, help, scope, max_length, position)
SELECT s.id, v.key, v.name, v.kind, v.help, v.scope, CASE v.kind WHEN 'line' THEN 300 ELSE 200000 END, v.position
  FROM (VALUES
    ('section_heading', 'Heading', 'line', 'What readers see above the section.', 'section', 1),
    ('section_description', 'Description', 'text', 'What belongs in the section, and where it stops.', 'section', 2),
    ('section_notes', 'Notes', 'text', 'Anything to keep in mind while writing it.', 'section', 3),
    ('section_draft', 'Draft', 'markdown', 'The first full text.', 'section', 4),
    ('section_text', 'Polished text', 'markdown', 'The text readers see, once it is right.', 'section', 5),
    ('section_summary', 'Summary', 'text', 'What the section says, in a sentence or two.', 'section', 6),
    ('section_image_concept', 'Image concept', 'text', 'What a picture for this section would show.', 'section', 7),
    ('section_caption', 'Caption', 'line', 'The line under the picture.', 'section', 8),
    ('section_alt_text', 'Alternative text', 'line', 'What the picture shows, for those who cannot see it.', 'section', 9),
    ('allocation_labels', 'Allocation', 'text', 'How well each idea and fact fits each section, as JSON.', 'board', 10)
  ) AS v (key, name, kind, help, scope, position)
  CROSS JOIN (SELECT id FROM substages WHERE key = 'sections') s;
