-- Nobody has the run any more.
delete from _lease where run = $1
