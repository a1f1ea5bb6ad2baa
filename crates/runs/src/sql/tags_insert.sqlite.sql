-- The tags of a run, to be filtered by.
insert into _run_tag ("_key", "_document_id", "run_key", "name", "value", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', ?2, item.value ->> 'name', item.value ->> 'value', ?3, ?3
from json_each(?1) as item
where true
