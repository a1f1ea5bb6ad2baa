-- Runs are launched for this event.
delete from _outbox where number = $1
