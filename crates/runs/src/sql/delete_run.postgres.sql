-- A run goes, with all that is known of it.
delete from _run where _key = $1
