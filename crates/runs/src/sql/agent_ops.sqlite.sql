-- The ops of a version.
select op._key, op.slug from _op as op where op.version_key = ?1 order by op._created_at, op.slug
