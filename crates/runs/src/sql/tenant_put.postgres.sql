-- The tenant of the project itself, unless there is one.
insert into _tenant (_key, _document_id, name, slug, settings, _created_at, _updated_at)
select $1::uuid, $1::uuid::text, 'default', 'default', '{}'::jsonb, $2::timestamptz, $2::timestamptz where not exists (select 1 from _tenant)
on conflict (slug) do nothing
