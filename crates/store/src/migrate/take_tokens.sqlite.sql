-- Tokens that stood in a table of their own become rows of their content type. Roles were a text with commas.
insert into api_token (_document_id, name, hash, roles, expires_at, _created_at, _updated_at, _published_at)
select 't' || substr(lower(hex(randomblob(12))), 2), name, hash,
  '[' || replace(json_quote(roles), ',', '","') || ']', expires_at, created_at, created_at, created_at
from _token order by id
