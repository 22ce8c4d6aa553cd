-- Programs' requests, counted by the second. The function is in migration 0010.

-- name: admit_request(subjects, token_default, user_default)
-- Count it against the token and its user, or say which is full. One statement: it comes before every other work.
SELECT a.remaining, a.resets_in_s, a.is_full, l.most
  FROM (SELECT ARRAY[
            coalesce((SELECT value::integer FROM settings WHERE key = 'api_requests_per_token'), :token_default),
            coalesce((SELECT value::integer FROM settings WHERE key = 'api_requests_per_user'), :user_default)] AS most) s
 CROSS JOIN LATERAL admit_request(:subjects::text[], s.most) WITH ORDINALITY a (remaining, resets_in_s, is_full, position)
 CROSS JOIN LATERAL (SELECT s.most[a.position]) l (most)
 ORDER BY a.position;
