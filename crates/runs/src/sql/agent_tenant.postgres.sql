-- A tenant, or the first one.
select tenant._key from _tenant as tenant where $1::uuid is null or tenant._key = $1::uuid order by tenant._created_at, tenant._key limit 1
