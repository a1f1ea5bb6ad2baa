"""Counts what there is."""
from kitchen import chinook, output

tables = ["album", "artist", "customer", "genre", "invoice", "track"]
stock = {table: len(chinook(table)) for table in tables}
print(", ".join(f"{count} {table}s" for table, count in stock.items()))
output(stock)
