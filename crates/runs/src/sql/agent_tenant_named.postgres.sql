-- Who has a slug.
select tenant._key from _tenant as tenant where tenant.slug = $1
