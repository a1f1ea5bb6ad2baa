-- A version is archived, or its schedule switched.
update _job_version set archived = coalesce($2, archived), is_schedule_active = coalesce($3, is_schedule_active), _updated_at = $4 where _key = $1 returning _key
