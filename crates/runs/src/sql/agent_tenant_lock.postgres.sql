-- A tenant, of which nobody else keeps more until the end of the transaction.
select tenant._key from _tenant as tenant where tenant._key = $1 for no key update
