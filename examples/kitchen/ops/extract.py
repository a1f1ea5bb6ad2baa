"""Reads Chinook's sales: for each line of an invoice the genre, the price and how many."""
from kitchen import chinook, config, output

genres = {row["genre_id"]: row["name"] for row in chinook("genre")}
genre_of = {row["track_id"]: genres.get(row["genre_id"], "") for row in chinook("track")}
lines = chinook("invoice_line")[: config["limit"]]
prefix = config.get("prefix") or ""
sales = [
    {"genre": genre_of[line["track_id"]], "price": line["unit_price"], "quantity": int(line["quantity"])}
    for line in lines
    if genre_of[line["track_id"]].startswith(prefix)
]
print(f"{len(sales)} of {len(lines)} lines of invoices")
output(sales)
