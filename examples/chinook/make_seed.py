#!/usr/bin/env python3
"""Makes seed/*.json of the CSV files in csv/: run it again when they change.  usage: make_seed.py

Each table becomes one file, each row one entry. The key of a row is kept as its id; its document id is that key in base 36 with zeros
before it, 24 characters: what the loader makes of a key when no document id is given. So the entries need not name their own.
"""
import csv
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent

# Table: (content type, {column: field} of numbers, {column: field} of references). Every other column is text.
TABLES = {
    "artist": ("Artist", [], {}),
    "genre": ("Genre", [], {}),
    "media_type": ("MediaType", [], {}),
    "employee": ("Employee", [], {"reports_to": "reportsTo"}),
    "customer": ("Customer", [], {"support_rep_id": "supportRep"}),
    "album": ("Album", [], {"artist_id": "artist"}),
    "track": ("Track", ["milliseconds", "bytes"], {"album_id": "album", "media_type_id": "mediaType", "genre_id": "genre"}),
    "playlist": ("Playlist", [], {}),
    "invoice": ("Invoice", [], {"customer_id": "customer"}),
    "invoice_line": ("InvoiceLine", ["quantity"], {"invoice_id": "invoice", "track_id": "track"}),
}
INSTANTS = {"birth_date", "hire_date", "invoice_date"}


def document_id(key):
    """The key in base 36, padded to 24 characters."""
    number, digits = int(key), ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits.rjust(24, "0")


def camel_case(column):
    first, *rest = column.split("_")
    return first + "".join(word.capitalize() for word in rest)


def value(column, text, numbers):
    if column in numbers:
        return int(text)
    if column in INSTANTS:
        return text.replace(" ", "T") + "Z"
    return text


def rows(table):
    with open(HERE / "csv" / f"{table}.csv", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def entries(table):
    _, numbers, references = TABLES[table]
    for row in rows(table):
        data = {}
        for column, text in row.items():
            if column == f"{table}_id" or text == "":
                continue
            if column in references:
                data[references[column]] = document_id(text)
            else:
                data[camel_case(column)] = value(column, text, numbers)
        yield {"id": int(row[f"{table}_id"]), "data": data}


def main():
    tracks = {}
    for row in rows("playlist_track"):
        tracks.setdefault(int(row["playlist_id"]), []).append(document_id(row["track_id"]))
    for table, (name, _, _) in TABLES.items():
        lines = []
        for entry in entries(table):
            if table == "playlist":
                entry["data"]["tracks"] = tracks.get(entry["id"], [])
            lines.append(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
        text = '{"type":"' + name + '","entries":[\n' + ",\n".join(lines) + "\n]}\n"
        (HERE / "seed" / f"{table}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
