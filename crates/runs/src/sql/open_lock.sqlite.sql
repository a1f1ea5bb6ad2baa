-- Who opens the engine waits for whoever is opening it, until the end of the transaction; on SQLite there is one writer.
select 1
