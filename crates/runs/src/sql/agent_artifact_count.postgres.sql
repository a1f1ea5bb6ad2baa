-- How many artifacts a step shows, no further than so many.
select count(*) from (select artifact._key from _artifact as artifact where artifact.step_key = $1 limit $2) as met
