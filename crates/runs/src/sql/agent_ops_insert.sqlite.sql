-- Ops that others register; those that are there already stay.
insert into _op ("_key", "_document_id", "tenant_key", "version_key", "name", "slug", "kind", "retries_max", "retry_delay", "trigger", "cache_key", "is_mapped", "is_auto_generated", "is_root", "is_terminal", "is_reference", "tags", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', version.tenant_key, version._key, item.value ->> 'name', item.value ->> 'slug', item.value ->> 'kind', item.value ->> 'retries_max', item.value ->> 'delay', item.value ->> 'trigger', item.value ->> 'cache_key', item.value ->> 'is_mapped', item.value ->> 'is_auto_generated', item.value ->> 'is_root', item.value ->> 'is_terminal', item.value ->> 'is_reference', item.value -> 'tags', ?3, ?3
from json_each(?1) as item join _job_version as version on version._key = ?2
where 1 on conflict (version_key, slug) do nothing
