"""Writes one board. Four of these run side by side: each knows by its step which board is its own."""
from kitchen import config, document, inputs, output

board = document["step"]
dishes = inputs["menu"][board][: config["dishes"]]
for dish in dishes:
    print(dish)
output({"board": board, "dishes": dishes})
