-- Something that a step shows; nothing where there is no such step.
insert into _artifact ("_key", "_document_id", "tenant_key", "step_key", "kind", "data", "_created_at", "_updated_at")
select ?1, ?1, step.tenant_key, step._key, ?3, ?4, ?5, ?5 from _step_run as step where step._key = ?2 returning _key
