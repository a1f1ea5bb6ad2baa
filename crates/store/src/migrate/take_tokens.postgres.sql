-- Tokens that stood in a table of their own become rows of their content type. Roles were a text with commas, instants microseconds.
insert into api_token (_document_id, name, hash, roles, expires_at, _created_at, _updated_at, _published_at)
select 't' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 23), name, hash,
  to_jsonb(string_to_array(roles, ',')), timestamptz 'epoch' + expires_at * interval '1 microsecond', made, made, made
from (select *, timestamptz 'epoch' + created_at * interval '1 microsecond' as made from _token order by id) as old
