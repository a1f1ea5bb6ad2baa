-- The settings of a tenant.
select tenant.settings, tenant.slug from _tenant as tenant where tenant._key = ?1
