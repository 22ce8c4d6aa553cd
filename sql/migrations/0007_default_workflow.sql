-- The default workflow: three stages, nine sub-stages, their fields. Reference rows; a later issue makes them editable.

INSERT INTO stages (key, name, position) VALUES
    ('planning', 'Planning', 1),
    ('authoring', 'Authoring', 2),
    ('publishing', 'Publishing', 3);

INSERT INTO substages (stage_id, key, name, icon, position)
SELECT s.id, v.key, v.name, v.icon, v.position
  FROM (VALUES
    ('planning',   'idea',        'Idea',        'lightbulb', 1),
    ('planning',   'research',    'Research',    'search',    2),
    ('planning',   'structure',   'Structure',   'bars',      3),
    ('authoring',  'content',     'Content',     'pen-nib',   4),
    ('authoring',  'meta_info',   'Meta info',   'info',      5),
    ('authoring',  'images',      'Images',      'image',     6),
    ('publishing', 'preflight',   'Preflight',   'plane',     7),
    ('publishing', 'launch',      'Launch',      'rocket',    8),
    ('publishing', 'syndication', 'Syndication', 'share',     9)
  ) AS v (stage, key, name, icon, position)
  JOIN stages s ON s.key = v.stage;

INSERT INTO fields (substage_id, key, name, kind, help, max_length, title_rank, position)
SELECT s.id, v.key, v.name, v.kind, v.help, CASE v.kind WHEN 'line' THEN 300 ELSE 200000 END, v.title_rank, v.position
  FROM (VALUES
    ('idea', 'idea_seed', 'Idea seed', 'text', 'The thought the post began with.', 3, 1),
    ('idea', 'basic_idea', 'Basic idea', 'text', 'The idea in a paragraph: subject, angle, reader.', NULL, 2),
    ('idea', 'provisional_title', 'Provisional title', 'line', 'A working title until the text is there.', 2, 3),
    ('idea', 'idea_scope', 'Idea scope', 'list', 'What belongs in the post, one item per line.', NULL, 4),
    ('research', 'topics_to_cover', 'Topics to cover', 'list', 'One topic per line.', NULL, 1),
    ('research', 'interesting_facts', 'Interesting facts', 'list', 'One checkable fact per line.', NULL, 2),
    ('structure', 'section_planning', 'Section planning', 'text', 'How the article moves from opening to end.', NULL, 1),
    ('structure', 'section_headings', 'Section headings', 'list', 'One heading per line.', NULL, 2),
    ('structure', 'section_order', 'Section order', 'list', 'The headings in reading order.', NULL, 3),
    ('content', 'main_title', 'Main title', 'line', 'The title readers see.', 1, 1),
    ('content', 'subtitle', 'Subtitle', 'line', 'One line under the title.', NULL, 2),
    ('content', 'intro_blurb', 'Introduction', 'markdown', 'The opening of the article.', NULL, 3),
    ('content', 'conclusion', 'Conclusion', 'markdown', 'How the article ends.', NULL, 4),
    ('meta_info', 'basic_metadata', 'Basic metadata', 'text', 'Description, keywords and the like.', NULL, 1),
    ('meta_info', 'tags', 'Tags', 'list', 'One tag per line.', NULL, 2),
    ('meta_info', 'categories', 'Categories', 'list', 'One category per line.', NULL, 3),
    ('images', 'image_captions', 'Image captions', 'list', 'One caption per line, in order.', NULL, 1),
    ('preflight', 'self_review', 'Self review', 'text', 'What you would still change.', NULL, 1),
    ('preflight', 'peer_review', 'Peer review', 'text', 'What a colleague should look at, and what they said.', NULL, 2),
    ('preflight', 'final_check', 'Final check', 'text', 'What must be right before it goes out.', NULL, 3),
    ('preflight', 'seo_optimization', 'SEO', 'text', 'How searchers will find it.', NULL, 4),
    ('preflight', 'tartans_products', 'Products', 'list', 'Products to mention, one per line.', NULL, 5),
    ('launch', 'scheduling', 'Scheduling', 'text', 'When it goes out, and why then.', NULL, 1),
    ('launch', 'deployment', 'Deployment', 'text', 'The steps to put it on the site.', NULL, 2),
    ('launch', 'verification', 'Verification', 'text', 'What to look at once it is live.', NULL, 3),
    ('syndication', 'feedback_collection', 'Feedback collection', 'text', 'How readers can answer.', NULL, 1),
    ('syndication', 'content_updates', 'Content updates', 'text', 'What will need another look, and when.', NULL, 2),
    ('syndication', 'version_control', 'Version control', 'text', 'What changed between editions.', NULL, 3),
    ('syndication', 'platform_selection', 'Platform selection', 'list', 'Where else it appears, one per line.', NULL, 4),
    ('syndication', 'content_adaptation', 'Content adaptation', 'text', 'How it changes for each platform.', NULL, 5),
    ('syndication', 'distribution', 'Distribution', 'text', 'Who is told, and how.', NULL, 6),
    ('syndication', 'engagement_tracking', 'Engagement tracking', 'text', 'What shows that it worked.', NULL, 7)
  ) AS v (substage, key, name, kind, help, title_rank, position)
  JOIN substages s ON s.key = v.substage;
