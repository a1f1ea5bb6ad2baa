-- A time of a schedule, dealt with once.
insert into _tick (_key, _document_id, schedule_key, due_at, due_local, status, ended_at, error, run_keys, _created_at, _updated_at)
values ($1, $1::uuid::text, $2, $3, $4, $5, $6, $7, $8, $6, $6) on conflict (schedule_key, due_at) do nothing returning _key
