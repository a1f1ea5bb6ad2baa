-- What a launch gives beside the columns that every run begins with.
update _run set labels = ?2, context = ?3, run_config = ?4 where _key = ?1
