"""Debian's package indexes: summaries, long descriptions and their translations (DDTP). Owns the index format; yields
pairs (group, kind, query, document) and parallel rows (group, {language: text}), grouped by source package."""

import re
import subprocess
from collections import defaultdict

from .text import clean


def read_stanzas(path):
    """Fields of each stanza of an index that apt keeps, whatever its compression."""
    process = subprocess.Popen(["/usr/lib/apt/apt-helper", "cat-file", str(path)], stdout=subprocess.PIPE, text=True, errors="replace")
    fields, last = {}, None
    for line in process.stdout:
        if line == "\n":
            if fields:
                yield fields
            fields, last = {}, None
        elif line.startswith(" "):
            fields[last] = fields.get(last, "") + "\n" + line[1:].rstrip("\n")
        else:
            last, _, value = line.rstrip("\n").partition(": ")
            fields[last] = value
    if fields:
        yield fields


def read_sources(indexes):
    """{binary package: source package} and {md5 of the description: source package}."""
    sources, summaries = {}, {}
    for index in indexes:
        for fields in read_stanzas(index):
            source = fields.get("Source", fields["Package"]).split()[0]
            sources[fields["Package"]] = source
            summaries[fields.get("Description-md5")] = source
    return sources, summaries


def _split(description):
    summary, _, rest = description.partition("\n")
    paragraphs = [clean(" ".join(p.split("\n"))) for p in re.split(r"\n\.(?=\n|$)", rest)]
    return clean(summary), [p for p in paragraphs if p]


def read_descriptions(translations):
    """{md5: {language: (summary, paragraphs, package)}} of all Translation files; `translations`: {language: [path]}."""
    found = defaultdict(dict)
    for language, paths in translations.items():
        for path in paths:
            for fields in read_stanzas(path):
                name = next((f for f in fields if f.startswith("Description-") and f != "Description-md5"), None)
                if name and "<trans>" not in fields[name]:
                    found[fields["Description-md5"]].setdefault(language, (*_split(fields[name]), fields["Package"]))
    return found


def read_pairs(group, by_language):
    """Summary and description in each language, and across languages with English on one side."""
    for language, (summary, paragraphs, _) in by_language.items():
        description = " ".join(paragraphs)[:1200]
        if len(description) < 40:
            continue
        yield group, "package", summary, description
        if language != "en" and "en" in by_language:
            yield group, "package", by_language["en"][0], description


def read_parallel(group, by_language):
    english = by_language.get("en")
    if not english:
        return
    rows = [{"en": english[0]}, *({"en": p} for p in english[1])]
    for language, (summary, paragraphs, _) in by_language.items():
        if language == "en":
            continue
        rows[0][language] = summary
        if len(paragraphs) == len(english[1]):
            for row, paragraph in zip(rows[1:], paragraphs):
                row[language] = paragraph
    for row in rows:
        if len(row) > 1:
            yield group, {language: text[:600] for language, text in row.items() if text != row["en"] or language == "en"}
