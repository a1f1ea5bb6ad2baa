-- Who opens the engine waits for whoever is opening it, until the end of the transaction; on SQLite there is one writer.
select 1 from pg_advisory_xact_lock(7241962043514)
