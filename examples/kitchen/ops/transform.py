"""Sums sales up by genre, the greatest first."""
from decimal import Decimal

from kitchen import config, event, inputs, output

totals = {}
for sale in inputs["sales"]:
    total, quantity = totals.get(sale["genre"], (Decimal(0), 0))
    totals[sale["genre"]] = (total + Decimal(sale["price"]) * sale["quantity"], quantity + sale["quantity"])
report = [
    {"genre": genre, "total": str(total), "currency": config["currency"], "tracks": quantity}
    for genre, (total, quantity) in sorted(totals.items(), key=lambda item: (-item[1][0], item[0]))
]
event("expectation", success=bool(report), label="has_sales", description=f"{len(report)} genres have sales")
output(report)
