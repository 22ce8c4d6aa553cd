-- BlogForge of 23 May 2025: no sections, no history, one action that contradicts itself.
CREATE TYPE post_status AS ENUM ('draft', 'in_process', 'published', 'archived', 'deleted');
CREATE TABLE post (
    id serial PRIMARY KEY, title varchar(200) NOT NULL, slug varchar(200) UNIQUE NOT NULL, summary text, created_at timestamp DEFAULT now(),
    updated_at timestamp DEFAULT now(), header_image_id int, status post_status NOT NULL DEFAULT 'draft', idea_seed text, substage_id int NOT NULL DEFAULT 1);
INSERT INTO post (id, title, slug, status, idea_seed, summary) VALUES
    (1, 'the quaich...', 'the-quaich', 'draft', 'the quaich and what it means', NULL),
    (2, 'Ceilidhs', 'ceilidhs', 'archived', NULL, 'Dances.'),
    (3, 'gone...', 'gone', 'deleted', 'a deleted idea', NULL),
    (4, 'whisky...', 'whisky', 'in_process', 'whisky and its glass', NULL);
CREATE TABLE post_development (
    id serial PRIMARY KEY, post_id int UNIQUE NOT NULL, basic_idea text, provisional_title text, idea_scope text, topics_to_cover text,
    interesting_facts text, section_headings text, main_title text, subtitle text, tags text, self_review text);
INSERT INTO post_development (id, post_id, basic_idea, provisional_title, main_title, self_review) VALUES
    (1, 1, 'A cup with two handles', 'undefined', NULL, 'too short'), (2, 4, 'Glasses', '"Quoted"', 'A dram', 'None');
CREATE TABLE workflow_stage_entity (id serial PRIMARY KEY, name varchar(100) UNIQUE NOT NULL, description text, stage_order int NOT NULL);
INSERT INTO workflow_stage_entity VALUES (10, 'planning', NULL, 1), (11, 'authoring', NULL, 2), (8, 'publishing', NULL, 8);
CREATE TABLE llm_config (
    id serial PRIMARY KEY, provider_type varchar(50) NOT NULL, model_name varchar(100) NOT NULL, api_base varchar(200) NOT NULL,
    auth_token varchar(200), created_at timestamp, updated_at timestamp);
INSERT INTO llm_config VALUES (1, 'ollama', 'llama3.1:70b', 'http://localhost:11434', NULL, '2025-04-20 10:00', NULL);
CREATE TABLE llm_prompt (
    id serial PRIMARY KEY, name varchar(100) NOT NULL, description text, prompt_text text NOT NULL, system_prompt text, parameters jsonb,
    created_at timestamp DEFAULT now(), updated_at timestamp, "order" int NOT NULL);
INSERT INTO llm_prompt (id, name, prompt_text, "order") VALUES
    (11, 'Allocate Ideas to Sections', 'Allocate {{ideas}} to {{sections}}.', 1), (12, 'Scope', 'Fifty ideas about {{ basic_idea }}.', 2);
CREATE TABLE llm_prompt_part (
    id serial PRIMARY KEY, type varchar(32) NOT NULL, content text NOT NULL, description text, tags text[], "order" int NOT NULL,
    created_at timestamp DEFAULT now(), updated_at timestamp);
INSERT INTO llm_prompt_part (id, type, content, description, tags, "order") VALUES
    (1, 'system', 'You are a historian.', 'Historian', NULL, 1), (2, 'user', 'Plain text only.', NULL, '{format}', 80),
    (3, 'style', 'Write plainly.', 'Plain', '{context,custom}', 5000);
CREATE TABLE llm_action_prompt_part (action_id int, prompt_part_id int, "order" int NOT NULL DEFAULT 0, PRIMARY KEY (action_id, prompt_part_id));
CREATE TABLE llm_action (
    id serial PRIMARY KEY, prompt_template text NOT NULL, llm_model varchar(128) NOT NULL, temperature float, field_name varchar(128) NOT NULL,
    max_tokens int, prompt_template_id int NOT NULL, "order" int NOT NULL, created_at timestamp DEFAULT now(), updated_at timestamp,
    input_field varchar(128), output_field varchar(128));
INSERT INTO llm_action (id, prompt_template, llm_model, temperature, field_name, max_tokens, prompt_template_id, "order") VALUES
    (9, '{{ idea_seed }}', 'gpt-4', 0.7, 'Generate Summary from idea_seed', 1000, 11, 1);
CREATE TABLE llm_action_history (id serial PRIMARY KEY, action_id int NOT NULL, post_id int NOT NULL, input_text text NOT NULL, output_text text, status varchar(50), created_at timestamp);
