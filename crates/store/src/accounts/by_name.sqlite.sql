-- One account by its address or its name; the address comes first.
select * from (
  select u._key, u._document_id, u.username, u.email, u.provider, u.password, u.reset_password_token, u.confirmation_token, u.confirmed, u.blocked, coalesce(r.type, r.name), 0 as place
  from "user" u left join "role" r on r._key = u.role_key
  where u.email = ?1
  union all
  select u._key, u._document_id, u.username, u.email, u.provider, u.password, u.reset_password_token, u.confirmation_token, u.confirmed, u.blocked, coalesce(r.type, r.name), 1
  from "user" u left join "role" r on r._key = u.role_key
  where u.username = ?2
) found order by place, _key limit 1
