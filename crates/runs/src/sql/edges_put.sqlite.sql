-- Which op of new versions needs which.
insert into _edge ("_key", "_document_id", "version_key", "upstream_key", "downstream_key", "is_mapped", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', version._key, up._key, down._key, 0, ?3, ?3
from json_each(?1) as item join _job_version as version on version.hash = item.value ->> 'hash' and version.tenant_key = ?2 join _op as up on up.version_key = version._key and up.slug = item.value ->> 'up' join _op as down on down.version_key = version._key and down.slug = item.value ->> 'down'
where true
on conflict (version_key, downstream_key, upstream_key) do nothing
