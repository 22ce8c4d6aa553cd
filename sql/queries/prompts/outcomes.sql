-- Outcomes: what became of suggestions, by template version and model that answered. Pages read the sums; every change
-- of a suggestion takes its old part out of them and puts the new one in, in its own transaction.

-- name: create_outcome(task_id)$
-- For a task that has just succeeded. Nothing unless its text was offered to a field by its action, unedited, by an AI.
INSERT INTO outcomes (suggestion_id, template_version_id, model_id, is_fallback, cost, seconds, offered_at)
SELECT s.id, t.template_version_id, t.served_by_model_id,
       t.served_by_model_id IS DISTINCT FROM COALESCE(
           t.model_id,
           (SELECT rm.model_id FROM route_models rm
             WHERE rm.route_id = COALESCE(t.route_id, (SELECT r.id FROM routes r WHERE r.is_default))
             ORDER BY rm.position LIMIT 1)),
       t.cost, COALESCE(extract(epoch FROM t.finished_at - t.started_at)::double precision, 0), t.finished_at
  FROM suggestions s
  JOIN tasks t ON t.id = s.task_id
  JOIN models m ON m.id = t.served_by_model_id
 WHERE s.task_id = :task_id AND s.decision IS NULL AND s.action_id IS NOT NULL
   AND t.status = 'succeeded' AND t.template_version_id IS NOT NULL AND NOT t.is_override AND m.is_ai
    ON CONFLICT DO NOTHING
RETURNING suggestion_id;

-- name: add_to_totals(suggestion_ids, sign)!
-- 1 puts in what the suggestions are now, -1 takes it out. In the order of the key, so that two cannot deadlock.
INSERT INTO outcome_totals AS t (
       template_version_id, model_id, is_fallback, offered, accepted, edited, discarded, passed_over, asked_again,
       distances, distance_sum, distance_squares, costs, cost_sum, cost_squares, seconds_sum, seconds_squares)
SELECT o.template_version_id, o.model_id, o.is_fallback, :sign * count(*),
       :sign * count(*) FILTER (WHERE s.decision = 'accepted'),
       :sign * count(*) FILTER (WHERE s.decision = 'edited'),
       :sign * count(*) FILTER (WHERE s.decision = 'discarded' AND s.passed_over_for IS NULL),
       :sign * count(s.passed_over_for), :sign * count(s.asked_again_at),
       :sign * count(s.edit_distance), :sign * COALESCE(sum(s.edit_distance), 0),
       :sign * COALESCE(sum(s.edit_distance * s.edit_distance), 0),
       :sign * count(o.cost), :sign * COALESCE(sum(o.cost), 0), :sign * COALESCE(sum(o.cost * o.cost), 0),
       :sign * sum(o.seconds), :sign * sum(o.seconds * o.seconds)
  FROM outcomes o
  JOIN suggestions s ON s.id = o.suggestion_id
 WHERE o.suggestion_id = ANY (:suggestion_ids::bigint[])
 GROUP BY o.template_version_id, o.model_id, o.is_fallback
 ORDER BY o.template_version_id, o.model_id, o.is_fallback
    ON CONFLICT (template_version_id, model_id, is_fallback) DO UPDATE
   SET offered = t.offered + excluded.offered, accepted = t.accepted + excluded.accepted,
       edited = t.edited + excluded.edited, discarded = t.discarded + excluded.discarded,
       passed_over = t.passed_over + excluded.passed_over, asked_again = t.asked_again + excluded.asked_again,
       distances = t.distances + excluded.distances, distance_sum = t.distance_sum + excluded.distance_sum,
       distance_squares = t.distance_squares + excluded.distance_squares, costs = t.costs + excluded.costs,
       cost_sum = t.cost_sum + excluded.cost_sum, cost_squares = t.cost_squares + excluded.cost_squares,
       seconds_sum = t.seconds_sum + excluded.seconds_sum, seconds_squares = t.seconds_squares + excluded.seconds_squares;

-- name: list_totals(template_id)
-- Of one template, the newest version first. NULL: of all templates, as they are now named.
SELECT v.template_id, te.name AS template_name, v.number AS version, o.model_id, m.name AS model,
       p.name AS provider, o.is_fallback, o.offered, o.accepted, o.edited, o.discarded, o.passed_over, o.asked_again,
       o.distances, o.distance_sum, o.distance_squares, o.costs, o.cost_sum::double precision AS cost_sum,
       o.cost_squares::double precision AS cost_squares, o.seconds_sum, o.seconds_squares
  FROM outcome_totals o
  JOIN template_versions v ON v.id = o.template_version_id
  JOIN templates te ON te.id = v.template_id
  JOIN models m ON m.id = o.model_id
  JOIN providers p ON p.id = m.provider_id
 WHERE :template_id::bigint IS NULL OR v.template_id = :template_id
 ORDER BY lower(te.name), v.template_id, v.number DESC, lower(m.name), p.name, o.is_fallback;
