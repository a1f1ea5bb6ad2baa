-- The tenant of the project itself, unless there is one.
insert into _tenant (_key, _document_id, name, slug, settings, _created_at, _updated_at)
select ?1, ?1, 'default', 'default', '{}', ?2, ?2 where not exists (select 1 from _tenant)
on conflict (slug) do nothing
