"""Makes the dough, which a repetition from the failure does not make again."""
from kitchen import document, output

print("flour, water, salt, patience")
output({"dough": document["run"]["id"]})
