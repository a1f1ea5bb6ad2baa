-- One account by its key.
select u._key, u._document_id, u.username, u.email, u.provider, u.password, u.reset_password_token, u.confirmation_token, u.confirmed, u.blocked, coalesce(r.type, r.name)
from "user" u left join "role" r on r._key = u.role_key
where u._key = $1
