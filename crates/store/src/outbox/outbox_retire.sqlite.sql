-- Events of jobs that the project declares no longer.
delete from _outbox as o where not exists (select 1 from _job as job
  where job.executor = 'own' and job.is_current = 1 and job.location = o.location and job.repository = o.repository and job.name = o.job)
