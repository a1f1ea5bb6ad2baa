-- The ops of new versions.
insert into _op ("_key", "_document_id", "version_key", "name", "slug", "description", "kind", "retries_max", "is_mapped", "is_auto_generated", "is_root", "is_terminal", "is_reference", "tags", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', version._key, item.value ->> 'name', item.value ->> 'slug', item.value ->> 'description', item.value ->> 'kind', item.value ->> 'retries_max', 0, 0, item.value ->> 'is_root', item.value ->> 'is_terminal', item.value ->> 'is_terminal', '[]', ?3, ?3
from json_each(?1) as item join _job_version as version on version.hash = item.value ->> 'hash' and version.tenant_key = ?2
where true
on conflict (version_key, slug) do nothing
