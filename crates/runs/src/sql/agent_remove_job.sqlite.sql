-- A job that others registered goes.
delete from _job where _key = ?1 and executor = 'external' returning _key
