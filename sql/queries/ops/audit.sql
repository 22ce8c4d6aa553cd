-- What people did by hand to the installation itself.

-- name: create_entry(user_id, action, noun, noun_id, detail)!
INSERT INTO audit_log (user_id, action, noun, noun_id, detail) VALUES (:user_id, :action, :noun, :noun_id, :detail);

-- name: list_entries(noun, limit)
SELECT a.id, a.at, a.user_id, u.name AS user_name, a.action, a.noun, a.noun_id, a.detail
  FROM audit_log a
  LEFT JOIN users u ON u.id = a.user_id
 WHERE a.noun = :noun
 ORDER BY a.id DESC
 LIMIT :limit;
