-- Whether the table that tokens once stood in is there.
select name from sqlite_master where type = 'table' and name = '_token'
