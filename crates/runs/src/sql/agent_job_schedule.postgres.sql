-- The schedule that all versions of a job share.
update _job set schedule = $2, _updated_at = $3 where _key = $1 and executor = 'external' returning _key
