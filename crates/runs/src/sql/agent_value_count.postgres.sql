-- How many values a tenant keeps under other keys, no further than so many.
select count(*) from (select kept._key from _key_value as kept where kept.tenant_key = $1 and kept.key <> $2 limit $3) as met
