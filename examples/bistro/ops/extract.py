"""Reads the dishes of today, and why the menu is made."""
import json
import os
import sys

document = json.load(sys.stdin)
config, event = document["config"], document["run"]["event"]
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "dishes.json"), encoding="utf-8") as file:
    dishes = json.load(file)
since = config.get("since") or ""
chosen = [dish for dish in dishes if dish["since"] >= since][: config["limit"]]
print(f"{len(chosen)} of {len(dishes)} dishes")
reason = "night" if event is None else f"{event['model']} {event['documentId']}"
with open(os.environ["DRAGOMAN_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"dishes": chosen, "reason": reason}, file)
