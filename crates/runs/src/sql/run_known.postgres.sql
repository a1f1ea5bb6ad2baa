-- Runs with this key, or launched by the same word before, and whether by that word.
select _key, coalesce(version_key = $2 and idempotency_key = $3, false) from _run where _key = $1 or (version_key = $2 and idempotency_key = $3)
