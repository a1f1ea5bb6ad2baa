-- A version moves to another project of its tenant.
update _job_version set project_key = ?2, _updated_at = ?3 where _key = ?1
  and tenant_key = (select project.tenant_key from _project as project where project._key = ?2) returning _key
