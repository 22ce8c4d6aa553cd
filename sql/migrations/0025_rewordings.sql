-- An idea or fact that says something else is an event of its own, with the words before and after.
ALTER TABLE section_events ADD COLUMN rewordings jsonb NOT NULL DEFAULT '[]'; -- of items: {item, before, after}
ALTER TABLE section_events DROP CONSTRAINT section_events_kind_check;
ALTER TABLE section_events ADD CONSTRAINT section_events_kind_check CHECK (kind IN (
    'added', 'reordered', 'merged', 'split', 'deleted', 'restored',
    'headings',                           -- the post's list of headings was made the sections
    'moved',                              -- one item, by a person
    'reworded',                           -- one item, by a person
    'allocated',                          -- many items, by what a model labelled
    'undone'
));
