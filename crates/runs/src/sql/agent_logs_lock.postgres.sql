-- The runs of lines, which nobody else writes lines of until the end of the transaction.
select run._key from _run as run where run._key in (select item."run" from jsonb_to_recordset($1::jsonb) as item ("run" uuid)) order by run._key for no key update of run
