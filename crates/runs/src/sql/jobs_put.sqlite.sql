-- The jobs that the project declares; where they are served, as they are now.
insert into _job ("_key", "_document_id", "tenant_key", "executor", "location", "repository", "name", "description", "is_current", "tags", "settings", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', ?2, 'own', item.value ->> 'location', item.value ->> 'repository', item.value ->> 'name', item.value ->> 'description', ?4, item.value -> 'tags', '{}', ?3, ?3
from json_each(?1) as item
where true
on conflict (tenant_key, location, repository, name) do update set description = excluded.description, is_current = 1,
  tags = excluded.tags, _updated_at = excluded._updated_at
  where ?4
