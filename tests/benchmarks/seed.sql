-- A year of an installation's rows, in proportion to the number of tasks. One statement each, run in this order by
-- tests/benchmarks/seed.py with :tasks; what random() draws is fixed by setseed.

-- name: seed_people()!
-- The last of them never asked anything.
INSERT INTO users (email, name, password_hash, role)
SELECT 'person' || n || '@seed.example', 'Person ' || n, 'no password', CASE WHEN n %% 10 = 0 THEN 'viewer' ELSE 'editor' END
  FROM generate_series(1, 60) n;

-- name: seed_providers()!
INSERT INTO providers (name, kind, base_url)
SELECT 'Seed provider ' || n, 'openai_compatible', 'http://127.0.0.1:9/v' || n FROM generate_series(1, 6) n;

-- name: seed_models()!
INSERT INTO models (provider_id, name, context_window, input_price, output_price, position)
SELECT p.id, 'seed-model-' || p.id || '-' || n, 131072, 0.1 * n, 0.3 * n, n
  FROM providers p, generate_series(1, 5) n
 WHERE p.name LIKE 'Seed provider %%';

-- name: seed_routes()!
WITH made AS (
    INSERT INTO routes (name) SELECT 'Seed route ' || n FROM generate_series(1, 5) n RETURNING id
)
INSERT INTO route_models (route_id, position, model_id)
SELECT made.id, m.place, m.id
  FROM made, (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM models WHERE name LIKE 'seed-model-%%' LIMIT 6) m;

-- name: seed_parts()!
WITH made AS (
    INSERT INTO parts (name, kind, description, tags)
    SELECT 'Seed part ' || n, (ARRAY['system', 'persona', 'style', 'task', 'data', 'format', 'example'])[1 + n %% 7],
           'What part ' || n || ' is for', ARRAY['seed', 'tag ' || n %% 20]
      FROM generate_series(1, 400) n
    RETURNING id
), versions AS (
    INSERT INTO part_versions (part_id, number, role, content)
    SELECT made.id, v, 'user', repeat('Write plainly and briefly. ', 8) || v FROM made, generate_series(1, 3) v
    RETURNING id, part_id, number
)
SELECT count(*) FROM versions;

-- name: publish_parts()!
UPDATE parts p SET published_version_id = v.id
  FROM part_versions v WHERE v.part_id = p.id AND v.number = 3 AND p.name LIKE 'Seed part %%';

-- name: seed_templates()!
-- The last template was hardly ever used.
WITH made AS (
    INSERT INTO templates (name, description)
    SELECT 'Seed template ' || n, 'What template ' || n || ' asks for' FROM generate_series(1, 120) n
    RETURNING id
)
INSERT INTO template_versions (template_id, number, note) SELECT made.id, v, 'Version ' || v FROM made, generate_series(1, 3) v;

-- name: publish_templates()!
UPDATE templates t SET published_version_id = v.id
  FROM template_versions v WHERE v.template_id = t.id AND v.number = 3 AND t.name LIKE 'Seed template %%';

-- name: seed_blocks()!
INSERT INTO template_blocks (template_version_id, position, part_id)
SELECT v.id, b, (SELECT min(id) FROM parts WHERE name LIKE 'Seed part %%') + (v.id * 7 + b * 31) %% 400
  FROM template_versions v
  JOIN templates t ON t.id = v.template_id AND t.name LIKE 'Seed template %%', generate_series(0, 3) b;

-- name: seed_actions()!
INSERT INTO actions (field_id, name, template_id, route_id)
SELECT f.id, 'Seed action ' || n, t.id, (SELECT min(id) FROM routes WHERE name LIKE 'Seed route %%')
  FROM generate_series(1, 40) n
  JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM fields WHERE scope = 'post') f ON f.place = 1 + n %% 20
  JOIN templates t ON t.name = 'Seed template ' || n;

-- name: seed_posts(tasks)!
INSERT INTO posts (slug, title, created_by, created_at, updated_at)
SELECT 'seed-' || n, 'Seed post ' || n || ' about ' || (ARRAY['bread', 'kilts', 'ferries', 'tea', 'looms'])[1 + n %% 5],
       (SELECT min(id) FROM users), made.at, made.at
  FROM generate_series(1, greatest(:tasks / 200, 10)) n,
       LATERAL (SELECT now() - interval '1 year' * (1 - n::double precision / greatest(:tasks / 200, 10)) AS at) made;

-- name: make_words()!
-- Paragraphs to choose from, of words as uneven as a language's.
CREATE TEMP TABLE seed_texts AS
SELECT n AS number, string_agg('w' || floor(exp(random() * ln(4000))), ' ') AS text
  FROM generate_series(1, 4000) n, generate_series(1, 60) w
 GROUP BY n;

-- name: index_words()!
CREATE UNIQUE INDEX seed_texts_idx ON seed_texts (number);

-- name: make_draws(tasks)!
-- What is drawn for each task: evenly spread numbers, and skewed ones that favour the first.
CREATE TEMP TABLE seed_draws AS
SELECT n, random() AS fate, power(random(), 2.0) AS who, power(random(), 2.5) AS what, power(random(), 2.2) AS which,
       random() AS place, exp(random() * 3.2) * 0.4 AS seconds, 100 + floor(random() * 900)::integer AS asked,
       30 + floor(power(random(), 2) * 900)::integer AS answered, 1 + floor(random() * 4000)::integer AS text,
       now() - interval '365 days' * power((:tasks - n)::double precision / :tasks, 1.4) - interval '20 seconds' AS at
  FROM generate_series(1, :tasks::bigint) n;

-- name: seed_tasks(tasks)!
-- One in eighty failed, cancelled or both rare; three ended for a reason nothing else has, three speak of a xylophone.
WITH base AS (
    SELECT coalesce(max(id), 0) AS id, (SELECT min(id) FROM template_versions v WHERE v.note LIKE 'Version %%') AS version,
           (SELECT min(id) FROM models WHERE name LIKE 'seed-model-%%') AS model,
           (SELECT min(id) FROM users WHERE email LIKE 'person%%@seed.example') AS person,
           (SELECT min(id) FROM routes WHERE name LIKE 'Seed route %%') AS route
      FROM tasks
), fated AS (
    SELECT d.*,
           CASE WHEN n %% (:tasks / 3 + 1) = 17 THEN 'address_refused' WHEN fate < 0.92 THEN NULL
                WHEN fate < 0.94 THEN 'rate_limit' WHEN fate < 0.955 THEN 'timeout' WHEN fate < 0.967 THEN 'server_error'
                WHEN fate < 0.975 THEN 'output_invalid' WHEN fate < 0.98 THEN 'stream_cut'
                WHEN fate < 0.984 THEN 'content_filter' WHEN fate < 0.9845 THEN 'authentication'
                ELSE 'cancelled' END AS category
      FROM seed_draws d
)
INSERT INTO tasks (id, status, template_version_id, template_id, inputs, messages, route_id, parameters, deadline_s, output,
                   served_by_model_id, error_category, error_message, input_tokens, output_tokens, cost, cost_source,
                   run_id, created_by, asked_by, created_at, started_at, finished_at)
OVERRIDING SYSTEM VALUE
SELECT b.id + n, CASE WHEN category IS NULL THEN 'succeeded' WHEN category = 'cancelled' THEN 'cancelled' ELSE 'failed' END,
       v.id, v.template_id, '{}', jsonb_build_array(jsonb_build_object('role', 'user', 'content', x.text)), b.route, '{}', 120,
       CASE WHEN category IS NULL THEN y.text || CASE WHEN n %% (:tasks / 3 + 1) = 23 THEN ' xylophone' ELSE '' END END,
       CASE WHEN category IS NULL THEN b.model + floor(which * 30) END,
       category, CASE WHEN category IS NOT NULL THEN 'It did not work out.' END,
       asked, CASE WHEN category IS NULL THEN answered ELSE 0 END,
       CASE WHEN category IS NULL THEN (asked * 0.3 + answered * 0.9) * (1 + floor(which * 30)) / 10000000 END,
       CASE WHEN category IS NULL THEN 'known' ELSE 'unknown' END,
       NULL, b.person + floor(who * 59), b.person + floor(who * 59), at, at + interval '30 milliseconds',
       at + interval '30 milliseconds' + make_interval(secs => seconds)
  FROM fated
 CROSS JOIN base b
  JOIN seed_texts x ON x.number = fated.text
  JOIN seed_texts y ON y.number = 4001 - fated.text
  LEFT JOIN template_versions v ON v.id = b.version + CASE WHEN n %% (:tasks / 3 + 1) = 29 THEN 357 ELSE floor(what * 354) END
 ORDER BY n;

-- name: seed_attempts(tasks)!
-- Three in ten tasks were asked a second time, as after a rate limit.
INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, status, category, http_status, finish_reason, text,
                      input_tokens, output_tokens, usage_source, cost, cost_source, first_token_ms, started_at, finished_at, user_id, template_id)
SELECT t.id, p.position, '00000000-0000-4000-8000-000000000000', m.id, m.provider_id,
       CASE WHEN p.is_last AND t.output IS NOT NULL THEN 'succeeded' ELSE 'failed' END,
       CASE WHEN p.is_last THEN t.error_category ELSE 'rate_limit' END,
       CASE WHEN p.is_last AND t.output IS NOT NULL THEN 200 ELSE 429 END,
       CASE WHEN p.is_last AND t.output IS NOT NULL THEN 'stop' END, CASE WHEN p.is_last THEN coalesce(t.output, '') ELSE '' END,
       CASE WHEN p.is_last THEN t.input_tokens END, CASE WHEN p.is_last THEN t.output_tokens END, 'known',
       CASE WHEN p.is_last THEN t.cost ELSE 0 END, CASE WHEN p.is_last THEN t.cost_source ELSE 'known' END,
       CASE WHEN p.is_last AND t.output IS NOT NULL THEN 180 + t.id %% 400 END,
       t.started_at, CASE WHEN p.is_last THEN t.finished_at ELSE t.started_at + interval '90 milliseconds' END,
       t.asked_by, t.template_id
  FROM tasks t
  JOIN models m ON m.id = coalesce(t.served_by_model_id, (SELECT min(id) FROM models WHERE name LIKE 'seed-model-%%') + t.id %% 30)
 CROSS JOIN LATERAL (
       SELECT n AS position, n = c.calls AS is_last
         FROM (SELECT CASE WHEN t.id %% 10 < 3 THEN 2 ELSE 1 END AS calls) c, generate_series(1, c.calls) n) p
 WHERE t.id > (SELECT max(id) - :tasks FROM tasks)
 ORDER BY t.id;

-- name: seed_ledger()!
-- What the triggers of the attempts would have written.
INSERT INTO ledger_days (noun, noun_id, day, cost_source, calls, input_tokens, output_tokens, cost)
SELECT n.noun, n.noun_id, (a.started_at AT TIME ZONE 'UTC')::date, a.cost_source, count(*), coalesce(sum(a.input_tokens), 0),
       coalesce(sum(a.output_tokens), 0), coalesce(sum(a.cost), 0)
  FROM attempts a
 CROSS JOIN LATERAL (VALUES ('model', a.model_id), ('provider', a.provider_id), ('user', a.user_id),
                            ('template', a.template_id)) AS n (noun, noun_id)
 WHERE a.run_id = '00000000-0000-4000-8000-000000000000'
 GROUP BY 1, 2, 3, 4;

-- name: seed_budget_days()!
INSERT INTO budget_days (subject, day, cost)
SELECT 'instance', day, sum(cost) FROM ledger_days WHERE noun = 'provider' GROUP BY day
 UNION ALL
SELECT 'user:' || noun_id, day, sum(cost) FROM ledger_days WHERE noun = 'user' AND noun_id IS NOT NULL GROUP BY noun_id, day
    ON CONFLICT (subject, day) DO UPDATE SET cost = excluded.cost;

-- name: seed_budgets()!
INSERT INTO budgets (scope, period, amount) VALUES ('instance', 'day', 25), ('instance', 'month', 500)
    ON CONFLICT DO NOTHING;

-- name: seed_suggestions(tasks)!
-- Half of the tasks were asked for a field of a post; the last action and the last post have three.
INSERT INTO suggestions (post_id, field_id, action_id, task_id, decision, decided_at, created_by, created_at)
SELECT posts.first + CASE WHEN t.id %% (:tasks / 3 + 1) < 2 THEN posts.many - 1 ELSE floor(random() * (posts.many - 2)) END,
       a.field_id, a.id, t.id,
       (ARRAY['accepted', 'edited', 'discarded', 'accepted', 'withdrawn'])[1 + t.id %% 5], t.finished_at, t.created_by, t.created_at
  FROM tasks t
 CROSS JOIN (SELECT min(id) AS first, count(*) AS many FROM posts WHERE slug LIKE 'seed-%%') posts
 CROSS JOIN (SELECT min(id) AS first FROM actions WHERE name LIKE 'Seed action %%') actions
  JOIN actions a ON a.id = actions.first + CASE WHEN t.id %% (:tasks / 3 + 1) < 2 THEN 39
                                                ELSE (t.id * 7919) %% 38 END
 WHERE t.id > (SELECT max(id) - :tasks FROM tasks) AND (t.id %% 2 = 0 OR t.id %% (:tasks / 3 + 1) < 2)
 ORDER BY t.id;

-- name: set_task_ids()$
SELECT setval(pg_get_serial_sequence('tasks', 'id'), (SELECT max(id) FROM tasks));
