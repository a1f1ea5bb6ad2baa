-- A project goes.
delete from _project where _key = $1 returning _key
