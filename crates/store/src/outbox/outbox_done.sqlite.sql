-- Runs are launched for these events.
delete from _outbox where number in (select value from json_each(?1))
