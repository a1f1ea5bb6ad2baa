-- The tenant of the project itself.
insert into _tenant (_key, _document_id, name, slug, settings, _created_at, _updated_at)
values (?1, ?1, 'default', 'default', '{}', ?2, ?2)
on conflict (slug) do nothing
