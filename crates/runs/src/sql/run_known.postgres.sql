-- Runs with this key, or launched by the same word before.
select _key from _run where _key = $1 or (version_key = $2 and idempotency_key = $3)
