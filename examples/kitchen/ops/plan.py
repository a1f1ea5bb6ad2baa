"""Says what may stand on the boards: names of Chinook's albums sound well enough as dishes."""
from kitchen import chinook, output

titles = [row["title"] for row in chinook("album")[:40]]
boards = ["starters", "mains", "desserts", "drinks"]
output({board: titles[at::len(boards)] for at, board in enumerate(boards)})
