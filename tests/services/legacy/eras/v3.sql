-- BlogForge of July 2025: steps, draft and polished sections, their facts in rows of their own.
CREATE TABLE post (
    id serial PRIMARY KEY, title varchar(200), slug varchar(200), status text, subtitle text, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
INSERT INTO post (id, title, slug, status, subtitle) VALUES
    (22, 'Standing stones', 'standing-stones', 'draft', 'And who stood them'), (23, NULL, NULL, NULL, NULL);
CREATE TABLE post_development (
    id serial PRIMARY KEY, post_id int, idea_seed text, expanded_idea text, basic_idea text, provisional_title text, provisional_title_primary text,
    idea_scope text, section_headings text, facts text, concepts text, allocated_facts text, updated_at timestamptz);
INSERT INTO post_development (id, post_id, idea_seed, expanded_idea, basic_idea, provisional_title, provisional_title_primary, idea_scope, section_headings, facts, allocated_facts) VALUES
    (1, 22, 'stones', 'An expanded idea', 'A basic idea', '["A", "B"]', 'A', '{"generated_topics": [{"title": "Quarries", "description": "where from", "category": "x", "word_count": 200}, {"title": "Dates"}]}',
     '[{"order": 1, "heading": "Origins", "description": "first", "status": "draft"}, {"order": 2, "title": "Uses"}]', E'\u2022 one\n\u2022 two', '{"S01": ["one"]}');
CREATE TABLE post_section (
    id serial PRIMARY KEY, post_id int, section_order int, section_heading text, section_description text, ideas_to_include text, facts_to_include text,
    draft text, polished text, highlighting text, image_concepts text, image_prompts text, image_captions text, image_meta_descriptions text, status text DEFAULT 'draft');
INSERT INTO post_section (id, post_id, section_order, section_heading, section_description, ideas_to_include, draft, polished) VALUES
    (1, 22, 1, 'Origins', 'Where they come from', E'**Core ideas:**\n1. Quarries', 'A draft.', E'<!DOCTYPE html><html><head><title>x</title><style>p{}</style></head><body><h2>Origins</h2>\n<p>Polished &amp; <b>bold</b>.</p></body></html>'),
    (2, 22, 2, 'Uses', NULL, NULL, 'It seems like you have typed "test"', NULL);
CREATE TABLE post_section_elements (
    id serial PRIMARY KEY, post_id int NOT NULL, section_id int NOT NULL, element_type varchar(50), element_text text NOT NULL, element_order int);
INSERT INTO post_section_elements VALUES
    (1, 22, 1, 'fact', 'They are old', 1), (2, 22, 2, 'fact', 'They are old', 1), (3, 22, 2, 'theme', 'Awe', 1), (4, 22, 99, 'fact', 'Of no section', 1),
    (5, 88, 1, 'fact', 'Of no post', 1), (6, 22, 2, 'idea', 'Calendars', 2);
CREATE TABLE llm_config (id serial PRIMARY KEY, model_name varchar(50), api_base varchar(255), is_active boolean);
INSERT INTO llm_config VALUES (1, 'llama3.1:70b', 'http://localhost:11434', true), (2, 'mistral', 'http://localhost:11434', false);
CREATE TABLE llm_prompt (id serial PRIMARY KEY, name varchar(100), prompt_text text, system_prompt text, prompt_json jsonb);
INSERT INTO llm_prompt VALUES (1, 'Section ideas', 'Ideas for [SECTION_HEADING_PLACEHOLDER]; not [EXPANDED_IDEA].', 'You are an editor.', '{"role": "system"}');
CREATE TABLE workflow_step_entity (id serial PRIMARY KEY, sub_stage_id int, name text, step_order int, config jsonb);
INSERT INTO workflow_step_entity VALUES (1, 1, 'Ideas', 1, '{"settings": {"llm": {"max_tokens": 100}}}');
CREATE TABLE post_workflow_step_action (id serial PRIMARY KEY, post_id int, step_id int, action_id int, output_field text);
CREATE TABLE credentials (id serial PRIMARY KEY, name text, value text);
INSERT INTO credentials VALUES (1, 'clan', 'sekret-row');
CREATE SCHEMA backup;
CREATE TABLE backup.post (id int, title text);
INSERT INTO backup.post VALUES (22, 'Standing stones, before');
