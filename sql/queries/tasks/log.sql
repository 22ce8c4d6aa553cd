-- The log: tasks by any combination of filters, newest first. services/tasks/log.py puts a page together from what stands
-- here: one of the pages, and for each filter given the condition of its name (what follows FROM tasks t). So every word
-- of SQL is fixed, each condition can be planned by itself, and the planner sees only those that are asked. One query with
-- "filter IS NULL OR" for each would be a scan at ten million rows; a query for each combination would be 4,096.

-- name: page_older(before_at, before_id, limit)
SELECT t.id FROM tasks t
 WHERE (t.created_at, t.id) < (:before_at, :before_id)
 ORDER BY t.created_at DESC, t.id DESC
 LIMIT :limit;

-- name: count_older(before_at, before_id, limit)
-- How many a page of this size would have: a thousand ids take longer to fetch than to count.
SELECT count(*) AS tasks FROM (
SELECT FROM tasks t
 WHERE (t.created_at, t.id) < (:before_at, :before_id)
 ORDER BY t.created_at DESC, t.id DESC
 LIMIT :limit) AS page;

-- name: page_newer(above_at, above_id, limit)
-- The nearest first: the reader turns them round.
SELECT t.id FROM tasks t
 WHERE (t.created_at, t.id) > (:above_at, :above_id)
 ORDER BY t.created_at, t.id
 LIMIT :limit;

-- name: of_status(status)
SELECT FROM tasks t WHERE t.status = :status;

-- name: of_category(category)
SELECT FROM tasks t WHERE t.error_category = :category;

-- name: of_model(model_id)
-- That really answered.
SELECT FROM tasks t WHERE t.served_by_model_id = :model_id;

-- name: of_template(template_id)
SELECT FROM tasks t WHERE t.template_id = :template_id;

-- name: of_no_template()
SELECT FROM tasks t WHERE t.template_id IS NULL;

-- name: of_action(action_id)
SELECT FROM tasks t JOIN suggestions sa ON sa.task_id = t.id WHERE sa.action_id = :action_id;

-- name: of_user(user_id)
SELECT FROM tasks t WHERE t.created_by = :user_id;

-- name: of_post(post_id)
SELECT FROM tasks t JOIN suggestions sp ON sp.task_id = t.id WHERE sp.post_id = :post_id;

-- name: since(since)
SELECT FROM tasks t WHERE t.created_at >= :since;

-- name: until(until)
SELECT FROM tasks t WHERE t.created_at < :until;

-- name: costing_from(min_cost)
SELECT FROM tasks t WHERE t.cost >= :min_cost;

-- name: costing_to(max_cost)
SELECT FROM tasks t WHERE t.cost <= :max_cost;

-- name: with_words(words)
SELECT FROM tasks t JOIN task_words tw ON tw.task_id = t.id WHERE tw.words @@ CAST(:words AS tsquery);

-- name: of_ids(task_ids)
SELECT FROM tasks t WHERE t.id = ANY (CAST(:task_ids AS bigint[]));

-- name: get_words(words, beginnings)$
-- What is searched, split as the words of tasks are: all of them must be there. NULL when there is none.
SELECT string_agg('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''' || w.ending, ' & ')
  FROM (SELECT unnest(tsvector_to_array(to_tsvector('simple', :words))) AS word, '' AS ending
         UNION ALL
        SELECT unnest(tsvector_to_array(to_tsvector('simple', :beginnings))), ':*') w;

-- name: get_share(words, rows)$
-- Which share of all tasks has them, by a sample of about so many: a beginning that many tasks have takes the index of words
-- seconds, in which it cannot be stopped.
SELECT COALESCE(avg((words @@ CAST(:words AS tsquery))::integer), 0)::float
  FROM task_words TABLESAMPLE SYSTEM (LEAST(100, 100.0 * :rows / GREATEST(1,
       (SELECT reltuples FROM pg_class WHERE oid = 'task_words'::regclass))));

-- name: prefer_order()$
-- The newest are looked through until the page is full.
SELECT set_config('enable_bitmapscan', 'off', true);

-- name: prefer_index()$
-- The planner takes every beginning for the beginning of one word in two hundred, and would rather read them all.
SELECT set_config('enable_seqscan', 'off', true);

-- name: list_few(words, limit)
SELECT task_id FROM task_words WHERE words @@ CAST(:words AS tsquery) LIMIT :limit;

-- name: get_place(task_id)^
-- Where a task stands in the log, or would if it is gone.
SELECT created_at, id FROM tasks WHERE id <= :task_id ORDER BY id DESC LIMIT 1;

-- name: limit_reading(milliseconds)$
-- Of each statement, until the transaction ends. Many read at once, so one reader does not take several processors.
SELECT set_config('statement_timeout', :milliseconds, true) || set_config('max_parallel_workers_per_gather', '0', true);

-- name: list_rows(task_ids)
-- In the order of the ids.
SELECT t.id, t.status, tp.name AS template_name, t.is_override, m.name AS served_by, p.name AS served_by_provider, t.error_category,
       t.input_tokens, t.output_tokens, t.cost, t.cost_source, u.name AS created_by_name, t.created_at, t.started_at,
       t.finished_at
  FROM unnest(CAST(:task_ids AS bigint[])) WITH ORDINALITY AS wanted (id, place)
  JOIN tasks t ON t.id = wanted.id
  LEFT JOIN templates tp ON tp.id = t.template_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users u ON u.id = t.created_by
 ORDER BY wanted.place;

-- name: list_whole(task_ids)
-- For an export, in the order of the ids.
SELECT t.id, t.status, t.error_category AS category, t.error_message AS error, tp.name AS template,
       v.number AS template_version, a.name AS action, s.post_id AS post, m.name AS model, p.name AS provider,
       u.name AS asked_by, t.created_at, t.started_at, t.finished_at, t.input_tokens, t.output_tokens, t.cost, t.cost_source,
       t.rerun_of, t.request_id, t.parameters, t.inputs, t.messages, t.output
  FROM unnest(CAST(:task_ids AS bigint[])) WITH ORDINALITY AS wanted (id, place)
  JOIN tasks t ON t.id = wanted.id
  LEFT JOIN template_versions v ON v.id = t.template_version_id
  LEFT JOIN templates tp ON tp.id = t.template_id
  LEFT JOIN suggestions s ON s.task_id = t.id
  LEFT JOIN actions a ON a.id = s.action_id
  LEFT JOIN models m ON m.id = t.served_by_model_id
  LEFT JOIN providers p ON p.id = m.provider_id
  LEFT JOIN users u ON u.id = t.created_by
 ORDER BY wanted.place;

-- name: list_models()
-- What can be chosen to filter by; archived things too, for their tasks are still there.
SELECT m.id, m.name || ' on ' || p.name AS label FROM models m JOIN providers p ON p.id = m.provider_id ORDER BY lower(m.name), m.id;

-- name: list_templates()
SELECT id, name AS label FROM templates ORDER BY lower(name), id;

-- name: list_actions()
SELECT a.id, a.name || ' (' || f.name || ')' AS label FROM actions a JOIN fields f ON f.id = a.field_id ORDER BY lower(a.name), a.id;

-- name: list_users()
SELECT id, name AS label FROM users ORDER BY lower(name), id;

-- name: get_post_title(post_id)$
SELECT title FROM posts WHERE id = :post_id;
