"""Fails while the oven is cold, and lights it: the next try bakes. Remove data/kitchen/oven.lit to see it fail again."""
import os
import sys

from kitchen import data, inputs, output

oven = data("oven.lit")
if not os.path.exists(oven):
    open(oven, "w", encoding="utf-8").close()
    print("the oven was cold; it is lit now", file=sys.stderr)
    sys.exit(1)
print("baked")
output({"bread": inputs["dough"]["dough"]})
