-- Wakes workers on other machines when the transaction commits; on SQLite there are none.
select 1 from pg_notify('dragoman_runs', $1::text)
