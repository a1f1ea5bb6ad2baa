-- The tags of a run, to be filtered by.
insert into _run_tag ("_key", "_document_id", "run_key", "name", "value", "_created_at", "_updated_at")
select item.id, item.id::text, $2, item."name", item."value", $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "name" text, "value" text)
