-- Errors nobody foresaw, in groups of the same type and place.

-- name: note_error(fingerprint, source, kind, place, message)$
-- One more of its group, which it opens again unless that is muted.
INSERT INTO error_groups AS g (fingerprint, source, kind, place, message)
VALUES (:fingerprint, :source, :kind, :place, :message)
ON CONFLICT (fingerprint) DO UPDATE
   SET occurrences = g.occurrences + 1, last_at = clock_timestamp(), message = EXCLUDED.message, resolved_at = NULL
RETURNING id;

-- name: create_sample(group_id, request_id, method, path, user_id, message, trace)!
INSERT INTO error_samples (group_id, request_id, method, path, user_id, message, trace)
SELECT :group_id, :request_id, :method, :path, u.id, :message, :trace
  FROM (SELECT 1) AS one LEFT JOIN users u ON u.id = :user_id;

-- name: delete_surplus_samples(group_id, keep)!
DELETE FROM error_samples
 WHERE group_id = :group_id
   AND id <= (SELECT id FROM error_samples WHERE group_id = :group_id ORDER BY id DESC OFFSET :keep LIMIT 1);

-- name: has_room(fingerprint, source, most)$
-- What browsers report may be invented: of each source only so many groups are kept.
SELECT EXISTS (SELECT FROM error_groups WHERE fingerprint = :fingerprint)
    OR (SELECT count(*) FROM error_groups WHERE source = :source) < :most;

-- name: list_groups(state, source, limit, offset)
SELECT id, source, kind, place, message, occurrences, first_at, last_at, resolved_at, muted_at
  FROM error_groups
 WHERE (:source::text IS NULL OR source = :source)
   AND CASE :state::text WHEN 'open' THEN resolved_at IS NULL AND muted_at IS NULL
                         WHEN 'resolved' THEN resolved_at IS NOT NULL AND muted_at IS NULL
                         ELSE muted_at IS NOT NULL END
 ORDER BY last_at DESC, id DESC
 LIMIT :limit OFFSET :offset;

-- name: count_groups(state, source)$
SELECT count(*)
  FROM error_groups
 WHERE (:source::text IS NULL OR source = :source)
   AND CASE :state::text WHEN 'open' THEN resolved_at IS NULL AND muted_at IS NULL
                         WHEN 'resolved' THEN resolved_at IS NOT NULL AND muted_at IS NULL
                         ELSE muted_at IS NOT NULL END;

-- name: get_group(group_id)^
SELECT id, source, kind, place, message, occurrences, first_at, last_at, resolved_at, muted_at
  FROM error_groups WHERE id = :group_id;

-- name: find_by_request(request_id)$
-- The group of the error that a page or an answer named by its request's id.
SELECT group_id FROM error_samples WHERE request_id = :request_id ORDER BY id DESC LIMIT 1;

-- name: list_samples(group_id)
SELECT s.id, s.at, s.request_id, s.method, s.path, u.name AS user_name, s.message, s.trace
  FROM error_samples s
  LEFT JOIN users u ON u.id = s.user_id
 WHERE s.group_id = :group_id
 ORDER BY s.id DESC;

-- name: set_state(group_id, is_resolved, is_muted)!
UPDATE error_groups
   SET resolved_at = CASE WHEN :is_resolved::boolean THEN COALESCE(resolved_at, now()) END,
       muted_at = CASE WHEN :is_muted::boolean THEN COALESCE(muted_at, now()) END
 WHERE id = :group_id;

-- name: count_report(subject)$
-- How many this minute, this one included.
INSERT INTO report_counts AS c (subject, minute, reports) VALUES (:subject, date_trunc('minute', now()), 1)
ON CONFLICT (subject, minute) DO UPDATE SET reports = c.reports + 1
RETURNING reports;

-- name: delete_old_counts()!
DELETE FROM report_counts WHERE minute < now() - interval '5 minutes';

-- name: delete_old_groups(days, limit)!
DELETE FROM error_groups WHERE id IN (
    SELECT id FROM error_groups WHERE last_at < now() - make_interval(days => :days) ORDER BY last_at LIMIT :limit);
