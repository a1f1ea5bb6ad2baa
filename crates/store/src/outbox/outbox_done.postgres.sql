-- Runs are launched for these events.
delete from _outbox where number in (select item::bigint from jsonb_array_elements_text($1::jsonb) as item)
