-- How often a run went on whose worker was not heard of.
select times_resurrected::bigint from _run where _key = $1
