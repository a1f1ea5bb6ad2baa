-- An agent of this name, kind, release and labels, old or new.
insert into _agent ("_key", "_document_id", "tenant_key", "config_key", "name", "kind", "core_version", "labels", "last_queried", "_created_at", "_updated_at")
values ($1, $1::uuid::text, $2, (select config._key from _agent_config as config where config._key = $3), $4, $5, $6, $7, $8, $8, $8) returning _key
