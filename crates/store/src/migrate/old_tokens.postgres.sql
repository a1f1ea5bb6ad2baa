-- Whether the table that tokens once stood in is there.
select table_name from information_schema.tables where table_schema = current_schema() and table_name = '_token'
