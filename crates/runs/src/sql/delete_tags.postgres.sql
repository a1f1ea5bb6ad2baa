-- A run goes, with all that is known of it.
delete from _run_tag where run_key = $1
