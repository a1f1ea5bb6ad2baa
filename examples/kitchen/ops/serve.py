"""Serves the bread."""
from kitchen import inputs, output

print(f"bread of the dough of {inputs['bread']['bread']}")
output({"served": True})
