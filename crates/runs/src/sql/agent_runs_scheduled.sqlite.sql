-- Runs of a version that wait for their time, which nobody else takes until the end of the transaction: those that an agent takes meanwhile are left out.
select run._key, run.auto_scheduled from _run as run where run.version_key = ?1 and run.state_name = 'Scheduled' and run.executor = 'external' order by run._key
