-- The rows stand in the content type now.
drop table _token
