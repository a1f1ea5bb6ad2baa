-- Which op of a registered version needs which; those that are there already stay.
insert into _edge ("_key", "_document_id", "tenant_key", "version_key", "upstream_key", "downstream_key", "key", "is_mapped", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', up.tenant_key, ?2, up._key, down._key, item.value ->> 'key', item.value ->> 'is_mapped', ?3, ?3
from json_each(?1) as item join _op as up on up.version_key = ?2 and up.slug = item.value ->> 'up' join _op as down on down.version_key = ?2 and down.slug = item.value ->> 'down'
where 1 on conflict (version_key, downstream_key, upstream_key) do nothing
