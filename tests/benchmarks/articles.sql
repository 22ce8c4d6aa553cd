-- Finished posts of twenty sections, as a year of work leaves them: every field is filled, every section's draft and
-- polished text were made by a model from other fields, each tenth of those texts is stale, some suggestions wait. One
-- statement each, run in this order by tests/benchmarks/articles.py with :posts.

-- name: make_paragraphs()!
CREATE TEMP TABLE paragraphs AS
SELECT n, string_agg('word' || floor(exp(random() * ln(4000))), ' ') AS text
  FROM generate_series(0, 499) n, generate_series(1, 60) w
 GROUP BY n;

-- name: seed_posts(posts)!
INSERT INTO posts (slug, title, created_by, updated_by, updated_at)
SELECT 'article-' || n, 'Article ' || n || ' about bread', u.id, u.id, now() - interval '5 minutes' * n
  FROM generate_series(1, :posts) n, (SELECT min(id) AS id FROM users) u;

-- name: seed_sections()!
INSERT INTO sections (post_id, position, number)
SELECT p.id, n, n FROM posts p, generate_series(1, 20) n WHERE p.slug LIKE 'article-%%' ORDER BY p.id, n;

-- name: seed_items()!
-- Three ideas and two facts each, and ten that no section has.
INSERT INTO post_items (post_id, kind, number, text, section_id)
SELECT p.id, CASE WHEN n %% 5 < 3 THEN 'idea' ELSE 'fact' END, n, 'What yeast does at ' || n || ' degrees', s.id
  FROM posts p
 CROSS JOIN generate_series(1, 110) n
  LEFT JOIN sections s ON s.post_id = p.id AND s.number = 1 + n / 5
 WHERE p.slug LIKE 'article-%%'
 ORDER BY p.id, n;

-- name: make_asked()!
-- What a model was asked for.
CREATE TEMP TABLE asked AS
SELECT row_number() OVER (ORDER BY p.id, s.id, f.id) AS n, p.id AS post_id, s.id AS section_id, f.id AS field_id, a.id AS action_id,
       a.template_id, t.published_version_id AS version_id
  FROM posts p
  JOIN sections s ON s.post_id = p.id
  JOIN fields f ON f.key IN ('section_draft', 'section_text')
  JOIN actions a ON a.field_id = f.id AND a.is_default
  JOIN templates t ON t.id = a.template_id
 WHERE p.slug LIKE 'article-%%';

-- name: seed_tasks()!
INSERT INTO tasks (id, status, template_version_id, template_id, messages, deadline_s, output, served_by_model_id,
                   input_tokens, output_tokens, cost, cost_source, created_by, asked_by, started_at, finished_at)
OVERRIDING SYSTEM VALUE
SELECT k.n, 'succeeded', k.version_id, k.template_id, '[]', 120, p.text, m.id, 400, 200, 0.0004, 'known', u.id, u.id, now(), now()
  FROM asked k
  JOIN paragraphs p ON p.n = k.n %% 500
 CROSS JOIN (SELECT min(id) AS id FROM users) u
 CROSS JOIN (SELECT min(id) AS id FROM models) m
 ORDER BY k.n;

-- name: seed_attempts()!
INSERT INTO attempts (task_id, position, run_id, model_id, provider_id, status, http_status, finish_reason, input_tokens,
                      output_tokens, usage_source, cost, cost_source, started_at, finished_at, user_id, template_id)
SELECT t.id, 1, '00000000-0000-4000-8000-000000000000', m.id, m.provider_id, 'succeeded', 200, 'stop', 400, 200, 'known', 0.0004,
       'known', now(), now(), t.created_by, t.template_id
  FROM tasks t
  JOIN models m ON m.id = t.served_by_model_id
 ORDER BY t.id;

-- name: seed_suggestions()!
-- Every fiftieth waits for a decision.
INSERT INTO suggestions (id, post_id, section_id, field_id, action_id, task_id, decision, decided_by, decided_at, created_by)
OVERRIDING SYSTEM VALUE
SELECT k.n, k.post_id, k.section_id, k.field_id, k.action_id, k.n, CASE WHEN k.n %% 50 > 0 THEN 'accepted' END,
       u.id, now(), u.id
  FROM asked k, (SELECT min(id) AS id FROM users) u
 ORDER BY k.n;

-- name: seed_revisions()!
-- Drafts and polished texts have three paragraphs. They and the headings said something else before.
INSERT INTO revisions (post_id, section_id, field_id, text, origin, user_id, suggestion_id, root_suggestion_id)
SELECT v.post_id, v.section_id, f.id,
       CASE f.kind WHEN 'line' THEN 'Line ' || v.place || ' of bread'
                   WHEN 'list' THEN replace(left(t.text, 200), ' word', E'\nword')
                   WHEN 'markdown' THEN t.text || E'\n\n' || u.text || E'\n\n' || t.text
                   ELSE t.text END || CASE is_newest WHEN true THEN '' ELSE ' Or so.' END,
       CASE WHEN k.n %% 50 > 0 AND is_newest THEN 'accepted' ELSE 'typed' END, p.id,
       CASE WHEN k.n %% 50 > 0 AND is_newest THEN k.n END, CASE WHEN k.n %% 50 > 0 AND is_newest THEN k.n END
  FROM (SELECT p.id AS post_id, NULL AS section_id, 'post' AS scope, p.id AS place FROM posts p WHERE p.slug LIKE 'article-%%'
         UNION ALL
        SELECT s.post_id, s.id, 'section', s.id FROM sections s JOIN posts p ON p.id = s.post_id AND p.slug LIKE 'article-%%') v
  JOIN fields f ON f.scope = v.scope
  JOIN paragraphs t ON t.n = (v.place * 7 + f.id) %% 500
  JOIN paragraphs u ON u.n = (v.place * 3 + f.id) %% 500
 CROSS JOIN (SELECT min(id) AS id FROM users) p
  LEFT JOIN asked k ON k.section_id = v.section_id AND k.field_id = f.id
 CROSS JOIN LATERAL (SELECT true AS is_newest UNION ALL SELECT false WHERE k.n IS NOT NULL OR f.key = 'section_heading') age
 ORDER BY v.post_id, is_newest;

-- name: seed_values()!
-- One in five texts is done.
INSERT INTO field_values (post_id, section_id, field_id, revision_id, done_revision_id, done_by, done_at)
SELECT r.post_id, r.section_id, r.field_id, max(r.id), CASE WHEN max(r.id) %% 5 = 0 THEN max(r.id) END, min(r.user_id), now()
  FROM revisions r
  JOIN posts p ON p.id = r.post_id AND p.slug LIKE 'article-%%'
 GROUP BY r.post_id, r.section_id, r.field_id
 ORDER BY r.post_id;

-- name: seed_sources()!
-- Of each the idea of the post, the section's heading and its ideas; a tenth of the headings were others then.
INSERT INTO suggestion_sources (suggestion_id, variable, field_id, section_id, revision_id, fingerprint)
SELECT k.n, f.key, f.id, v.section_id, r.id, r.fingerprint
  FROM asked k
  JOIN fields f ON f.key IN ('basic_idea', 'section_heading', 'section_description')
  JOIN field_values v ON v.post_id = k.post_id AND v.field_id = f.id AND (v.section_id = k.section_id OR v.section_id IS NULL)
  JOIN revisions r
    ON r.id = CASE WHEN k.n %% 10 = 3 AND f.key = 'section_heading'
                   THEN (SELECT min(o.id)
                           FROM revisions o
                          WHERE o.post_id = v.post_id AND o.field_id = v.field_id AND o.section_id = v.section_id)
                   ELSE v.revision_id END
 UNION ALL
SELECT k.n, 'section_ideas', NULL, k.section_id, NULL, md5(string_agg(i.text, E'\n' ORDER BY i.number))::uuid
  FROM asked k
  JOIN post_items i ON i.section_id = k.section_id AND i.kind = 'idea'
 GROUP BY k.n, k.section_id
 ORDER BY 1;
