"""Gives each dish its price in a currency."""
import json
import os
import sys

# What one euro is worth; a real kitchen would ask somebody.
RATES = {"EUR": 1.0, "USD": 1.1}

document = json.load(sys.stdin)
currency = document["config"]["currency"]
given = document["inputs"]["dishes"]
dishes = [{"name": dish["name"], "price": f"{dish['price'] * RATES[currency]:.2f}"} for dish in given["dishes"]]
with open(os.environ["DRAGOMAN_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"currency": currency, "dishes": dishes, "reason": given["reason"]}, file)
