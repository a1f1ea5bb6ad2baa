-- The versions of jobs that are new; archived, unless they are served.
insert into _job_version ("_key", "_document_id", "job_key", "project_key", "tenant_key", "number", "hash", "name", "description", "definition", "archived", "parameters", "is_schedule_active", "settings", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', job._key, project._key, ?2, (select coalesce(max(v.number), 0) + 1 from _job_version as v where v.job_key = job._key), item.value ->> 'hash', item.value ->> 'name', item.value ->> 'description', item.value -> 'definition', not ?4, item.value -> 'parameters', 0, '{}', ?3, ?3
from json_each(?1) as item join _job as job on job.location = item.value ->> 'location' and job.repository = item.value ->> 'repository' and job.name = item.value ->> 'name' and job.tenant_key = ?2 join _project as project on project.tenant_key = ?2 and project.name = item.value ->> 'repository'
where true
on conflict (job_key, hash) do nothing
