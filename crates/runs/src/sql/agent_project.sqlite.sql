-- A project, and the version group of its newest flow of a name.
select project.tenant_key, (select version.version_group from _job_version as version
  where version.project_key = project._key and version.name = ?2 and version.version_group is not null order by version._created_at desc, version.number desc limit 1)
from _project as project where project._key = ?1
