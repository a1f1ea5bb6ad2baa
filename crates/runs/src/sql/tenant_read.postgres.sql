-- The tenant of the project itself.
select _key from _tenant where slug = 'default'
