-- The tenant of the project itself: `default`, or the first there is.
select _key from _tenant order by case when slug = 'default' then 0 else 1 end, _created_at, _key limit 1
