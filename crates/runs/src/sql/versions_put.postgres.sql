-- The versions of jobs that are new; archived, unless they are served.
insert into _job_version ("_key", "_document_id", "job_key", "project_key", "tenant_key", "number", "hash", "name", "description", "definition", "archived", "parameters", "is_schedule_active", "settings", "_created_at", "_updated_at")
select item.id, item.id::text, job._key, project._key, $2, (select coalesce(max(v.number), 0) + 1 from _job_version as v where v.job_key = job._key), item."hash", item."name", item."description", item."definition", not $4::boolean, item."parameters", false, '{}'::jsonb, $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "hash" text, "name" text, "description" text, "definition" jsonb, "parameters" jsonb, "location" text, "repository" text) join _job as job on job.location = item.location and job.repository = item.repository and job.name = item.name and job.tenant_key = $2 join _project as project on project.tenant_key = $2 and project.name = item.repository

on conflict (job_key, hash) do nothing
