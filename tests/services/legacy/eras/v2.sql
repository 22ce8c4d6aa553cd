-- BlogForge of 1 June 2025: providers, models, modular prompts.
CREATE TABLE llm_provider (
    id serial PRIMARY KEY, name varchar(128) NOT NULL, type varchar(64) NOT NULL DEFAULT 'local', api_url text, auth_token text, description text,
    created_at timestamp DEFAULT now(), updated_at timestamp);
INSERT INTO llm_provider (id, name, type, api_url, auth_token, description) VALUES
    (1, 'Ollama (local)', 'local', 'http://localhost:11434', NULL, 'here'), (2, 'OpenAI', 'openai', 'https://api.openai.com/v1', 'sk-sekret', NULL),
    (3, 'Anthropic', 'other', 'https://api.anthropic.com', NULL, NULL), (4, 'Google Gemini', 'other', NULL, NULL, NULL),
    (5, 'Mystery', 'other', NULL, NULL, NULL), (6, 'OpenAI', 'openai', 'https://owner:sekret-url@proxy.example.org/v1', NULL, NULL);
CREATE TABLE llm_model (
    id serial PRIMARY KEY, name varchar(128) NOT NULL, provider_id int NOT NULL, description text, strengths text, weaknesses text, api_params jsonb,
    created_at timestamp DEFAULT now());
INSERT INTO llm_model (id, name, provider_id, strengths, api_params) VALUES
    (1, 'mistral', 1, 'quick', NULL), (2, 'mistral:latest', 1, NULL, '{"parameter_size": "7B"}'), (3, 'nomic-embed-text', 1, NULL, NULL),
    (4, 'gpt-4', 2, NULL, '{"max_tokens": 8192}'), (5, 'lost', 77, NULL, NULL);
CREATE TABLE llm_prompt_part (
    id serial PRIMARY KEY, name varchar(128), type varchar(32) NOT NULL, content text NOT NULL, description text, tags text[], "order" int NOT NULL,
    action_id int, created_at timestamp DEFAULT now());
INSERT INTO llm_prompt_part (id, name, type, content, tags, "order") VALUES
    (1, 'Managing editor', 'system', 'You are a Managing Editor.', '{role}', 1), (2, 'Fifty facts', 'user', 'Research exactly 50 facts.', '{operation}', 10),
    (3, 'Input', 'user', 'Use the following input [data:FIELDNAME]', '{format}', 30), (4, 'Block', 'user', '{{#each facts}}x{{/each}}', '{format}', 40),
    (5, 'Specimen', 'assistant', E'A poem\r\nof two lines', '{specimen}', 1000);
CREATE TABLE llm_prompt (
    id serial PRIMARY KEY, name varchar(100) NOT NULL, description text, prompt_text text, system_prompt text, parameters jsonb, "order" int,
    part_ids jsonb DEFAULT '[]', prompt_json jsonb, created_at timestamp DEFAULT now());
INSERT INTO llm_prompt (id, name, prompt_text, system_prompt, prompt_json) VALUES
    (1, 'Fifty facts', 'stale copy', NULL, '[{"name": "Managing editor", "type": "system", "tags": ["Role"], "content": "You are a Managing Editor."}, {"name": "Fifty facts", "type": "user", "tags": ["Operation"], "content": "Research exactly 49 facts."}, {"type": "data", "field": "basic_idea"}]'),
    (2, 'Only system', NULL, 'You are terse.', NULL), (3, 'Nothing', NULL, NULL, '{"output_format": "json_array"}'),
    (4, 'Seed to basic', 'Expand {{idea_seed}} to a paragraph.', NULL, '[]');
CREATE TABLE llm_action (
    id serial PRIMARY KEY, field_name varchar(128), prompt_template text, llm_model varchar(128), temperature float, max_tokens int,
    prompt_template_id int, "order" int, input_field varchar(128), output_field varchar(128), provider_id int, timeout int DEFAULT 60,
    created_at timestamp DEFAULT now());
INSERT INTO llm_action (id, field_name, prompt_template, llm_model, temperature, max_tokens, prompt_template_id, input_field, output_field, provider_id, timeout) VALUES
    (1, 'Seed to basic', 'Expand {{idea_seed}} to a paragraph.', 'mistral:latest', 0.7, 1000, 4, 'idea_seed', 'basic_idea', 1, 421),
    (2, 'Facts', '', 'mistral', 9.9, 1000, 1, 'basic_idea', 'interesting_facts', 1, 60), (3, 'By use', NULL, 'gpt-4', 0.2, NULL, 4, NULL, NULL, 2, 60),
    (4, 'Two uses', NULL, 'gpt-4', 0.2, NULL, 4, NULL, NULL, 2, 60);
CREATE TABLE post_substage_action (
    id serial PRIMARY KEY, post_id int, substage varchar(64) NOT NULL, action_id int, input_field varchar(128), output_field varchar(128),
    button_label text, button_order int DEFAULT 0);
INSERT INTO post_substage_action (id, post_id, substage, action_id, output_field) VALUES
    (1, 1, 'idea', 3, 'basic_idea'), (2, 1, 'idea', 4, 'basic_idea'), (3, 1, 'research', 4, 'interesting_facts'), (4, 1, 'idea', 54, 'basic_idea');
CREATE TABLE post (id serial PRIMARY KEY, title varchar(200) NOT NULL, slug varchar(200) UNIQUE NOT NULL, status text, created_at timestamp DEFAULT now(), updated_at timestamp, substage_id int);
INSERT INTO post (id, title, slug, status) VALUES (1, 'dram...', 'dram', 'draft'), (2, 'empty...', 'empty', 'draft');
CREATE TABLE post_development (id serial PRIMARY KEY, post_id int NOT NULL, idea_seed text, basic_idea text, summary text, basic_metadata text, interesting_facts text);
INSERT INTO post_development (id, post_id, idea_seed, basic_idea, summary, basic_metadata, interesting_facts) VALUES
    (1, 1, 'dram', 'A dram and its glass', 'In short', 'Keywords: dram', E'1. **Peat** burns\n2. Water \u2013 soft'), (2, 1, 'second', 'of the same post', NULL, NULL, NULL);
