-- The lease of a run, before the run itself: whoever locks both does so in this order.
select fence from _lease where run = $1 for update
