#!/usr/bin/env python3
"""Turns the recorded content of the Strapi server (seed.json) into seed files of the project beside this script.

usage: make_seed.py RECORDED_SEED_JSON

Of a relation with two sides only the owner's is written: the other follows. A row's `id` is Strapi's row id; of a document with drafts and
published rows the draft's id is kept as the key.
"""
import json
import pathlib
import sys

NAMES = {
    "plugin::i18n.locale": "I18nLocale",
    "plugin::upload.file": "Media",
    "plugin::users-permissions.role": "Role",
    "plugin::users-permissions.user": "User",
}
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
}
RENAMED = {"Media": {"provider_metadata": "providerMetadata"}}


def entry_of(name, entry):
    dropped = set(INVERSE.get(name, []) + NOT_HERE.get(name, []))
    renamed = RENAMED.get(name, {})
    data = {renamed.get(k, k): v for k, v in entry["data"].items() if k not in dropped and v is not None}
    kept = {k: entry[k] for k in ("id", "documentId", "status", "locale", "createdAt", "updatedAt", "publishedAt") if entry.get(k) is not None}
    return {**kept, "data": data}


def main():
    recorded = json.load(open(sys.argv[1], encoding="utf-8"))
    folder = pathlib.Path(__file__).parent / "project" / "seed"
    folder.mkdir(parents=True, exist_ok=True)
    for uid, content in recorded["types"].items():
        singular = content["singularName"]
        name = NAMES.get(uid) or "".join(word.capitalize() for word in singular.split("-"))
        lines = [json.dumps(entry_of(name, entry), ensure_ascii=False) for entry in content["entries"]]
        text = '{"type": "%s", "entries": [\n%s\n]}\n' % (name, ",\n".join(lines))
        (folder / f"{singular}.json").write_text(text, encoding="utf-8")


main()
