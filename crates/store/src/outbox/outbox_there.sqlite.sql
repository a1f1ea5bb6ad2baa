-- The outbox, where it was ever made.
select 1 from sqlite_master where type = 'table' and name = '_outbox'
