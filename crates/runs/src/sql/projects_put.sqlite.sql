-- A project for each repository.
insert into _project ("_key", "_document_id", "tenant_key", "name", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', ?2, item.value ->> 'name', ?3, ?3
from json_each(?1) as item
where true
on conflict (tenant_key, name) do nothing
