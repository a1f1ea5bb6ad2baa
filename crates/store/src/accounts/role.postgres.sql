-- The role that rules know by a word.
select r._key from "role" r where coalesce(r.type, r.name) = $1 order by r._key limit 1
