#!/usr/bin/env python3
"""Turns the recorded content of the Strapi 4 server (seed.v4.json) into seed files of the project beside this script.

usage: make_seed.py RECORDED_SEED_JSON

Strapi 4 links by number. A document id is the number written with zeros before it; the locales of a document share that of the first, and each
keeps its number as `entry`. A published entry becomes a published row, which keeps the ids of its components, and a draft alike. Of a relation with
two sides only the owner's is written: the other follows.
"""
import json
import pathlib
import sys

NAMES = {"plugin::i18n.locale": "I18nLocale", "plugin::upload.file": "Media", "plugin::users-permissions.role": "Role", "plugin::users-permissions.user": "User"}
INVERSE = {
    "User": ["restaurants"],
    "Role": ["users"],
    "Category": ["restaurants", "documents"],
    "Restaurant": ["reviews"],
    "Receipt": ["review"],
    "Review": ["replies"],
}
NOT_HERE = {
    "Media": ["folder", "folderPath"],
    "Role": ["permissions"],
    "User": ["password_note"],
    "Restaurant": ["secret_note"],
    "Article": ["localizations"],
    "About": ["localizations"],
}
RENAMED = {"Media": {"provider_metadata": "providerMetadata"}}
LINKS = {
    "images": "Media", "cover": "Media", "hero": "Media", "photo": "Media",
    "categories": "Category", "category": "Category", "chef": "User", "role": "Role", "sister": "Restaurant",
    "featured": "Restaurant", "restaurant": "Restaurant", "parent": "Review", "receipt": "Receipt", "related": "Article",
}


def document_id(target, number, first):
    return f"{target.lower():0<8.8}{first.get((target, number), number):016d}"


def linked(members, first, with_ids):
    """Numbers become document ids, below components, too."""
    out = {}
    for key, value in members.items():
        if key == "id" and not with_ids:
            continue
        if key in LINKS and isinstance(value, int):
            value = document_id(LINKS[key], value, first)
        elif key in LINKS and isinstance(value, list):
            value = [document_id(LINKS[key], number, first) for number in value]
        elif isinstance(value, dict) and "id" in value:
            value = linked(value, first, with_ids)
        elif isinstance(value, list):
            value = [linked(item, first, with_ids) if isinstance(item, dict) and "id" in item else item for item in value]
        out[key] = value
    return out


def entries_of(name, content, entry, first):
    dropped = set(INVERSE.get(name, []) + NOT_HERE.get(name, []))
    renamed = RENAMED.get(name, {})
    data = {renamed.get(k, k): v for k, v in entry["data"].items() if k not in dropped and v is not None}
    kept = {k: entry[k] for k in ("locale", "createdAt", "updatedAt", "publishedAt") if entry.get(k) is not None}
    number = entry["id"]
    kept = {"id": first.get((name, number), number), "documentId": document_id(name, number, first), **kept}
    if content["localized"]:
        kept["entry"] = number
    if not content["draftAndPublish"]:
        return [{**kept, "data": linked(data, first, True)}]
    status = entry["status"]
    made = [{**kept, "status": status, "data": linked(data, first, True)}]
    if status == "published":
        del kept["publishedAt"]
        made.append({**kept, "status": "draft", "data": linked(data, first, False)})
    return made


def main():
    recorded = json.load(open(sys.argv[1], encoding="utf-8"))
    folder = pathlib.Path(__file__).parent / "project" / "seed"
    folder.mkdir(parents=True, exist_ok=True)
    types = {}
    for uid, content in recorded["types"].items():
        name = NAMES.get(uid) or "".join(word.capitalize() for word in content["singularName"].split("-"))
        types[name] = (uid, content)
    first = {}
    for name, (_, content) in types.items():
        for entry in content["entries"]:
            others = entry["data"].get("localizations") if content["localized"] else None
            first[(name, entry["id"])] = min([entry["id"]] + (others or []))
    for name, (_, content) in types.items():
        made = [row for entry in content["entries"] for row in entries_of(name, content, entry, first)]
        lines = [json.dumps(row, ensure_ascii=False) for row in made]
        text = '{"type": "%s", "entries": [\n%s\n]}\n' % (name, ",\n".join(lines))
        (folder / f"{content['singularName']}.json").write_text(text, encoding="utf-8")


main()
