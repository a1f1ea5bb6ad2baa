"""What every op of this kitchen needs: the document on standard input, and the file that its output goes to."""
import csv
import json
import os
import sys

document = json.load(sys.stdin)
config = document["config"]
inputs = document["inputs"]
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def output(value):
    """Gives the op's output."""
    with open(os.environ["DRAGOMAN_OUTPUT"], "w", encoding="utf-8") as file:
        json.dump(value, file)


def event(kind, **members):
    """Tells something: a message, an expectation, a file that was made."""
    with open(os.environ["DRAGOMAN_EVENTS"], "a", encoding="utf-8") as file:
        file.write(json.dumps({"event": kind, **members}) + "\n")


def chinook(name):
    """The rows of one of Chinook's tables."""
    path = os.path.join(root, "..", "chinook", "csv", name + ".csv")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def data(name):
    """A file in the project's data folder."""
    folder = os.path.join(root, "data", "kitchen")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name)
