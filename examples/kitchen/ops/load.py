"""Writes the report as CSV into the data folder."""
import csv

from kitchen import config, data, event, inputs, output

path = data(config["file"])
with open(path, "w", encoding="utf-8", newline="") as file:
    writer = csv.DictWriter(file, ["genre", "total", "currency", "tracks"])
    writer.writeheader()
    writer.writerows(inputs["report"])
print(f"wrote {len(inputs['report'])} lines")
event("asset_materialization", key=["kitchen", "genre_sales"], metadata={"rows": len(inputs["report"]), "path": {"path": path}})
output({"rows": len(inputs["report"])})
