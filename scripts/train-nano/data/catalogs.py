"""Programs' message catalogues as parallel texts: gettext .mo, Chromium .pak, Mozilla .ftl/.properties/.dtd in .xpi.
Yields (group, {language: text}); owns the formats, refuses to know which packages there are."""

import re
import struct
import zipfile
from collections import defaultdict

from .text import LANGUAGES, clean_label, is_text

MO_PATH = re.compile(r"/(zh_CN|fr|de|ja|es|ru)(?:\.UTF-8)?/LC_MESSAGES/([^/]+)\.mo$")
PAK_PATH = re.compile(r"/locales/(en-US|en-GB|zh-CN|fr|de|ja|es|ru)\.pak$")
XPI_PATH = re.compile(r"langpack-([A-Za-z-]+)@([a-z]+)\.mozilla\.org\.xpi$")


def read_mo(path):
    data = path.read_bytes()
    order = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}.get(data[:4])
    if order is None:
        return {}
    _, count, originals, translations = struct.unpack(order + "4I", data[4:20])
    messages = {}
    for i in range(count):
        length, at = struct.unpack_from(order + "2I", data, originals + 8 * i)
        source = data[at : at + length].split(b"\0")[0].split(b"\4")[-1]
        length, at = struct.unpack_from(order + "2I", data, translations + 8 * i)
        target = data[at : at + length].split(b"\0")[0]
        if source and target:
            messages[source.decode("utf-8", "replace")] = target.decode("utf-8", "replace")
    return messages


def read_pak(path):
    data = path.read_bytes()
    version, _, count, _ = struct.unpack_from("<IIHH", data)
    if version != 5:
        return {}
    entries = [struct.unpack_from("<HI", data, 12 + 6 * i) for i in range(count + 1)]
    return {
        name: data[at:end].decode("utf-8", "replace")
        for (name, at), (_, end) in zip(entries, entries[1:])
        if data[at : at + 2] != b"\x1f\x8b"
    }


PROPERTY = re.compile(r"^([\w.-]+)\s*=\s*(.+)$", re.M)
ENTITY = re.compile(r"<!ENTITY\s+([\w.-]+)\s+\"([^\"]+)\"")
FLUENT = re.compile(r"^( *\.?[\w-]+) *= *((?:.*(?:\n {2,}(?![.\[*}]).+)*))", re.M)


def read_xpi(path):
    messages = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            pattern = {"ftl": FLUENT, "dtd": ENTITY, "ties": PROPERTY}.get(name.rsplit(".", 1)[-1][-4:])
            if pattern is None:
                continue
            file = re.sub(r"^(localization|chrome)/[^/]+/(locale/[^/]+/)?", "", name)
            scope = ""
            for entry, value in pattern.findall(archive.read(name).decode("utf-8", "replace")):
                if pattern is FLUENT and not entry.startswith(" "):
                    scope = entry
                messages[(file, scope, entry.strip())] = value
    return messages


# Wesnoth's `female^Elvish Archer`: what stands before the letter is for translators.
CONTEXT = re.compile(r"^[^\s^]+( [^\s^]+){0,3}\^")
PLACEHOLDER = re.compile(r"\{ ?[^{}]*\}|\$\w+|%(?:\d\$)?[sdSi@]|<ph name=\"\w+\">|\$\d")


def _label(text):
    text = CONTEXT.sub("", text)
    return clean_label(PLACEHOLDER.sub("…", text)) if "{" in text or "$" in text else clean_label(text)


def _merge(group, by_language):
    """Texts with the same name, English first, of all languages that have it."""
    for name, english in by_language.get("en", {}).items():
        row = {"en": _label(english)}
        if not is_text(row["en"]):
            continue
        for language in LANGUAGES[1:]:
            text = by_language.get(language, {}).get(name)
            text = _label(text) if text else ""
            if text != row["en"] and is_text(text):
                row[language] = text
        if len(row) > 1:
            yield group, row


def read_catalogs(package, files):
    """All parallel texts of one package's unpacked files."""
    domains, paks, bundles = defaultdict(dict), {}, defaultdict(dict)
    for path in files:
        name = str(path)
        if found := MO_PATH.search(name):
            domains[found[2]][found[1][:2]] = read_mo(path)
        elif found := PAK_PATH.search(name):
            paks[found[1][:2]] = read_pak(path)
        elif found := XPI_PATH.search(name):
            bundles[found[2]][found[1][:2]] = read_xpi(path)
    for domain, by_language in sorted(domains.items()):
        by_language["en"] = {source: source for messages in by_language.values() for source in messages}
        yield from _merge(f"{package}/{domain}", by_language)
    yield from _merge(f"{package}/pak", paks)
    for domain, by_language in sorted(bundles.items()):
        yield from _merge(f"{package}/{domain}", by_language)
