-- An op, if it is one of the run's.
select op.slug, (select count(*) from _step_run as step where step.run_key = run._key)
from _op as op join _run as run on run._key = ?1 and run.version_key = op.version_key where op._key = ?2
