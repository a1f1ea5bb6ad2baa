#!/usr/bin/env python3
"""Turns the recorded rows and cases of Prefect's Hasura into seed files and case files beside this script.

usage: make_data.py FOLDER_OF_THE_RECORDING

A column `flow_id` of the relation `flow` names its target by document id, which for these rows is the id itself without hyphens. Cases that
write are left out.
"""
import glob
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def pascal(name):
    return "".join(word.capitalize() for word in name.split("_"))


def relations_of(sdl, type_name):
    body = re.search(r"type %s .*?\{(.*?)\n\}" % type_name, sdl, re.S).group(1)
    return {name for name, target in re.findall(r"(\w+): (\w+)", body) if "type %s @model" % target in sdl}


def seed(recorded, sdl):
    for table, rows in recorded.items():
        type_name = pascal(table)
        relations = relations_of(sdl, type_name)
        entries = []
        for row in rows:
            data = {}
            for column, value in row.items():
                field = camel(column)
                if column == "id" or value is None:
                    continue
                if field.endswith("Id") and field[:-2] in relations:
                    field, value = field[:-2], value.replace("-", "")
                data[field] = value
            entries.append(json.dumps({"id": row["id"], "documentId": row["id"].replace("-", ""), "data": data}, ensure_ascii=False))
        text = '{"type": "%s", "entries": [\n%s\n]}\n' % (type_name, ",\n".join(entries))
        (HERE / "project" / "seed" / f"{table}.json").write_text(text, encoding="utf-8")


def cases(folder):
    lines = []
    for path in sorted(glob.glob(f"{folder}/cases/*.json")):
        case = json.load(open(path, encoding="utf-8"))
        number = int(pathlib.Path(path).name[:3])
        if number > 199 or re.search(r"\bmutation\b", case["query"]):
            continue
        case.pop("note", None)
        lines.append(json.dumps({"number": number, **case}, ensure_ascii=False))
    (HERE / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def main():
    folder = sys.argv[1]
    sdl = (HERE / "project" / "schema" / "model.graphql").read_text(encoding="utf-8")
    seed(json.load(open(f"{folder}/seed.json", encoding="utf-8")), sdl)
    print(cases(folder), "cases")


main()
