-- BlogForge of May 2025, as its migrations made it: posts with booleans, actions without fields, no providers.
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('3f0c1');
CREATE TABLE "user" (id int PRIMARY KEY, username varchar(64), email varchar(120), password_hash varchar(128), is_active boolean);
INSERT INTO "user" VALUES (1, 'owner', 'owner@example.org', 'pbkdf2:sekret-hash', true);
CREATE TABLE image (id int PRIMARY KEY, filename varchar(255) NOT NULL, path varchar(255) UNIQUE NOT NULL);
INSERT INTO image VALUES (1, 'kilt.jpg', '/static/kilt.jpg'), (2, 'clan.jpg', '/static/clan.jpg');
CREATE TABLE tag (id int PRIMARY KEY, name varchar(50));
CREATE TABLE workflow_status (id int PRIMARY KEY, post_id int, conceptualisation varchar(32) DEFAULT 'not_started');
INSERT INTO workflow_status VALUES (1, 1, 'not_started');
CREATE TABLE llm_config (
    id int PRIMARY KEY, provider_type varchar(50) NOT NULL, model_name varchar(100) NOT NULL, api_base varchar(200) NOT NULL,
    auth_token varchar(200), created_at timestamp, updated_at timestamp);
INSERT INTO llm_config VALUES (1, 'ollama', 'llama3.1:70b', 'http://localhost:11434', 'sekret-token', '2025-04-20 10:00', NULL);

CREATE TABLE post (
    id int PRIMARY KEY, title varchar(200) NOT NULL, slug varchar(200) UNIQUE NOT NULL, content text, summary text,
    published boolean, deleted boolean, created_at timestamp, updated_at timestamp, published_at timestamp,
    header_image_id int, llm_metadata json, seo_metadata json, syndication_status json);
INSERT INTO post VALUES
    (1, 'kilts for weddings and other solemn occasions in th...', 'kilts-for-weddings', NULL, 'null', false, false, '2025-04-22 09:00', '2025-05-01 09:00', NULL, NULL, '{}', NULL, NULL),
    (2, 'Story-telling by the hearth', 'story-telling', '<p>The whole page.</p>', 'About stories.', true, false, '2025-04-23 09:00', '2025-05-02 09:00:30.5', '2025-05-03 08:00', 1, NULL, '{"keywords": ["hearth"], "api_key": "sekret-json"}', NULL),
    (3, 'kilts for weddings and other solemn occasions in th...', 'kilts-for-weddings-1', NULL, NULL, NULL, true, '2025-04-24 09:00', '2025-05-03 09:00', NULL, NULL, NULL, NULL, NULL),
    (4, E'  Quaich\u200a\u2013\u200aa cup  ', 'quaich', NULL, NULL, false, false, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE post_development (
    id int PRIMARY KEY, post_id int UNIQUE NOT NULL, basic_idea text, provisional_title text, idea_scope text, topics_to_cover text,
    interesting_facts text, tartans_products text, section_planning text, section_headings text, section_order text,
    main_title text, subtitle text, intro_blurb text, conclusion text, basic_metadata text, tags text, categories text);
INSERT INTO post_development (id, post_id, basic_idea, provisional_title, idea_scope, interesting_facts, section_headings, section_order, intro_blurb, tags, categories) VALUES
    (1, 1, E'kilts for weddings\r\nand other solemn occasions', '["One title", "Another title"]', '["Who wears one", "Sporran \u2013 which?", "Who wears one"]',
     E'Here is the output:\n```json\n["A kilt takes 7.3 m of cloth", "It has a front apron"]\n```\nI hope this helps!', '["Begin', NULL, 'null', 'kilt, wedding , clan', '{history,"dress, formal"}'),
    (2, 2, 'Stories at the fireside', E'By the hearth\n', E'1. Tellers\n2) Listeners\n- The fire', E'**Core facts:**\n- Long nights\n- Peat', '["The hearth", "The teller"]', '["The teller", "The hearth"]',
     '<p>In the <strong>long</strong> nights…</p>', 'NULL', '[object Object]'),
    (3, 3, 'deleted, but with an idea', 'A title', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (9, 99, 'of a post that is gone', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE post_section (
    id int PRIMARY KEY, post_id int NOT NULL, section_order int, section_heading text, ideas_to_include text, facts_to_include text,
    first_draft text, uk_british text, highlighting text, image_concepts text, image_prompts text, generation text, optimization text,
    watermarking text, image_meta_descriptions text, image_captions text, image_prompt_example_id int, generated_image_url varchar(512),
    image_generation_metadata json);
INSERT INTO post_section (id, post_id, section_order, section_heading, ideas_to_include, facts_to_include, first_draft, uk_british, optimization, highlighting, image_concepts, image_captions, generated_image_url) VALUES
    (1, 2, 1, 'The hearth', E'[\n  "The fire",\n  "Tellers"\n]', '["Peat"]', '<h2>The hearth</h2><p>It is <em>warm</em>.</p><ul><li>peat</li><li>logs</li></ul>', NULL, NULL, 'bold: peat', NULL, NULL, '/static/1.png'),
    (2, 2, 0, 'The teller', '["Listeners"]', '["Peat", "Long nights"]', 'He tells.', 'He tells well.', 'He tells it best.', NULL, '["A man by a fire"]', '["One", "Two"]', NULL),
    (3, 1, 0, NULL, E'Here is a brief:\nsome prose', '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 1, NULL, 'Twice the same', NULL, NULL, '<table><tr><td>a</td></tr></table>', NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 77, 0, 'Orphan', NULL, NULL, 'of nobody', NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE llm_prompt (
    id int PRIMARY KEY, name varchar(100) NOT NULL, description text, prompt_text text NOT NULL, system_prompt text, parameters json,
    created_at timestamp, updated_at timestamp, "order" int NOT NULL);
INSERT INTO llm_prompt VALUES
    (1, 'Idea Scope', NULL, E'You are a managing editor.\n\nExpand {{basic_idea}} to 50 ideas.\n\nUse only UK British spelling.\n\nReturn only a JSON array.', NULL, NULL, '2025-04-20 10:00', NULL, 1),
    (2, 'Blog title', 'Titles', 'Give one title for {{ basic_idea }} and {{idea_scope|join(", ")}}.', NULL, NULL, '2025-04-20 10:00', NULL, 2),
    (3, 'Section draft', NULL, E'Write about {{section_heading}} with [data:ideas_to_include] and {facts_to_include}.', NULL, NULL, '2025-04-20 10:00', NULL, 3),
    (4, 'Facts with a loop', NULL, 'Facts: {{#each facts}}{{this}}{{/each}}', NULL, NULL, '2025-04-20 10:00', NULL, 4),
    (5, 'Allocate facts', NULL, 'Put the facts {{interesting_facts}} into {{section_headings}}.', NULL, NULL, '2025-04-20 10:00', NULL, 5);

CREATE TABLE llm_action (
    id int PRIMARY KEY, prompt_template text NOT NULL, llm_model varchar(128) NOT NULL, temperature float, field_name varchar(128) NOT NULL,
    max_tokens int, prompt_template_id int NOT NULL, "order" int NOT NULL, created_at timestamp, updated_at timestamp);
INSERT INTO llm_action VALUES
    (1, 'Put the facts {{interesting_facts}} into {{section_headings}}.', 'llama3.1:70b', 0.7, 'Allocate Facts to Sections', 1000, 5, 1, '2025-04-21 10:00', NULL),
    (3, 'An older text with {{basic_idea}}.', 'llama3.1:70b', 0.7, 'Idea Scope from Basic Idea', 3000, 1, 2, '2025-04-21 10:00', NULL),
    (4, 'Give one title for {{ basic_idea }} and {{idea_scope|join(", ")}}.', 'llama3.1:70b', 0.7, 'Generate blog title', 1000, 2, 3, '2025-04-21 10:00', NULL),
    (7, E'Write about {{section_heading}} with [data:ideas_to_include] and {facts_to_include}.', 'gpt-4', 0.7, 'Write Section first draft', NULL, 3, 4, '2025-04-21 10:00', NULL);

CREATE TABLE llm_action_history (
    id int PRIMARY KEY, action_id int NOT NULL, post_id int NOT NULL, input_text text NOT NULL, output_text text, status varchar(50),
    error_message text, created_at timestamp);
INSERT INTO llm_action_history VALUES
    (1, 4, 1, 'kilts for weddings', 'Kilts at the altar', 'success', NULL, '2025-05-01 10:00'),
    (2, 4, 2, '', E'You haven''t provided the title\u2026', 'success', NULL, '2025-05-01 10:01'),
    (3, 3, 3, 'deleted, but with an idea', NULL, 'error', 'Connection refused to sekret-host', '2025-05-01 10:02'),
    (4, 99, 1, 'of an action that is gone', NULL, 'pending', NULL, '2025-05-01 10:03');
CREATE TABLE llm_interaction (id int PRIMARY KEY, prompt_id int, input_text text NOT NULL, output_text text, parameters_used json, interaction_metadata json, created_at timestamp);
