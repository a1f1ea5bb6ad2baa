-- Runs of a version that wait for their time.
select run._key, run.auto_scheduled from _run as run where run.version_key = $1 and run.state_name = 'Scheduled' and run.executor = 'external'
