-- The outbox, where it was ever made.
select 1::bigint where to_regclass('_outbox') is not null
