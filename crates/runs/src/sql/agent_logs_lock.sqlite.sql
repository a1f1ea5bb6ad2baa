-- The runs of lines, which nobody else writes lines of until the end of the transaction.
select run._key from _run as run where run._key in (select item.value ->> 'run' from json_each(?1) as item) order by run._key
