-- Counts of a run grow.
update _run set steps_succeeded = steps_succeeded + $2, steps_failed = steps_failed + $3, materializations = materializations + $4, expectations = expectations + $5 where _key = $1
