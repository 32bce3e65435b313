"""Manuals as parallel paragraphs and as titles with their bodies: HTML, DocBook, Mallard and roff man pages.
A translation is matched with the English file of the same name when both have the same sequence of blocks; a file
that was restructured is left out. Owns the formats, refuses to know which packages there are."""

import gzip
import re
from collections import defaultdict

from .text import clean, is_text

LANGUAGE = r"(en-US|en-us|en|zh_CN|zh-cn|zh-CN|C|fr|de|ja|es|ru)"
PATHS = (
    re.compile(rf"(/usr/share/libreoffice/help/){LANGUAGE}(/text/.+\.html)$"),
    re.compile(rf"(/usr/share/gimp/2\.0/help/){LANGUAGE}(/[^/]+\.html)$"),
    re.compile(rf"(/usr/share/(?:help|gnome/help/[^/]+)/){LANGUAGE}(/.+\.(?:page|docbook|xml))$"),
    re.compile(rf"(/usr/share/doc/(?:kde|kf5)?/?HTML/){LANGUAGE}(/.+\.docbook)$"),
    re.compile(rf"(/usr/share/doc/(?:aptitude|installation-guide-amd64|debian-handbook)/(?:html/)?){LANGUAGE}(/.+\.html)$"),
    re.compile(r"(/usr/share/(?:doc|debian-reference)/.+?)\.?(en|fr|de|ja|es|ru|zh-cn)(\.html)$"),
)
MAN_PATH = re.compile(r"/usr/share/man/(?:(zh_CN|fr|de|ja|es|ru)/)?(man[1-8]/[^/]+\.[1-8][a-z]*)\.gz$")

BLOCK = re.compile(
    r"<(h[1-6]|p|li|dt|dd|title|para|simpara|desc|item|term)\b[^>]*>((?:(?!<(?:h[1-6]|p|li|dt|dd|title|para|simpara|item|term)\b).)*?)</\1>",
    re.S,
)
HEADING = {"h1", "h2", "h3", "h4", "h5", "h6", "title", "SH", "SS"}


def _decode(path):
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.decode("utf-8", "replace")


def read_markup(path):
    body = re.sub(r"<(script|style|head)\b.*?</\1>|<!--.*?-->", " ", _decode(path), flags=re.S)
    return [(tag, text) for tag, inner in BLOCK.findall(body) if (text := clean(inner))]


ROFF_ESCAPE = re.compile(r"\\f(?:\[\w*\]|\(..|.)|\\[&|^/,%:]|\\s[-+]?\d|\\d|\\u")
ROFF_CHARACTER = {"\\-": "-", "\\(aq": "'", "\\(lq": '"', "\\(rq": '"', "\\e": "\\", "\\ ": " ", "\\~": " ", "\\(co": "©",
                  "\\[lq]": '"', "\\[rq]": '"', "\\[aq]": "'", "\\(bu": "", "\\(em": "-", "\\(en": "-", "\\[en]": "-",
                  "\\[em]": "-", "\\(dq": '"', "\\[dq]": '"', "\\(ha": "^", "\\(ti": "~", "\\`": "`", "\\'": "'"}
FONT_MACRO = re.compile(r'^\.(?:B|I|BR|RB|BI|IB|IR|RI|SM|SB)\s+(.*)$')


def _roff_text(line):
    line = ROFF_ESCAPE.sub("", line)
    for escape, character in ROFF_CHARACTER.items():
        line = line.replace(escape, character)
    return line


def read_man(path):
    """Blocks of a man page; tables and program listings are left out, mdoc pages give nothing."""
    blocks, tag, text, listing = [], "P", [], False
    for line in _decode(path).split("\n") + [".P"]:
        macro = re.match(r"^[.']\s*([A-Za-z]+)\s*(.*)$", line)
        if macro and macro[1] in ("nf", "TS", "EX"):
            listing = True
        elif macro and macro[1] in ("fi", "TE", "EE"):
            listing = False
        elif listing or line.startswith(('.\\"', "'\\\"")):
            continue
        elif font := FONT_MACRO.match(line):
            text.append(_roff_text(font[1].replace('"', "")))
        elif macro and macro[1] in ("SH", "SS", "P", "PP", "LP", "TP", "IP", "HP", "TQ", "RS", "RE", "sp", "br"):
            if joined := clean(" ".join(text)):
                blocks.append((tag, joined))
            tag, text = macro[1], []
            if tag in ("SH", "SS") and macro[2]:
                blocks.append((tag, clean(_roff_text(macro[2].replace('"', "")))))
                tag = "P"
        elif not macro:
            text.append(_roff_text(line))
    return blocks


def _language(name):
    return {"C": "en", "en-US": "en", "en-us": "en", "zh_CN": "zh", "zh-cn": "zh", "zh-CN": "zh"}.get(name, name)


def find_documents(root_files):
    """{(reader, name): {language: path}} over unpacked files; `root_files` are (path, path inside the package)."""
    found = defaultdict(dict)
    for path, inside in root_files:
        if man := MAN_PATH.search(inside):
            found[(read_man, man[2])].setdefault(_language(man[1] or "en"), path)
            continue
        for pattern in PATHS:
            if match := pattern.search(inside):
                stem = re.sub(r"-(?:en|fr|de|ja|es|ru|zh-cn)(?=/)|/(?:en|fr|de|ja|es|ru|zh-cn)(?=/)", "", match[1])
                found[(read_markup, stem + match[3])].setdefault(_language(match[2]), path)
                break
    return found


def read_parallel(group, blocks):
    """Rows of blocks that stand at the same place of all the languages' files. `blocks`: {language: [(tag, text)]}."""
    english = blocks.get("en", [])
    tags = [tag for tag, _ in english]
    same = {language: rest for language, rest in blocks.items() if language != "en" and [t for t, _ in rest] == tags}
    for i, (_, text) in enumerate(english):
        row = {"en": text}
        for language, rest in same.items():
            if rest[i][1] != text and is_text(rest[i][1]):
                row[language] = rest[i][1]
        if len(row) > 1 and is_text(text):
            yield group, row


def read_sections(group, blocks):
    """(group, kind, title, body) of every heading with the text below it, at most about 900 characters."""
    title, body = None, []
    for tag, text in [*blocks, ("h1", "")]:
        if tag in HEADING:
            joined = " ".join(body)[:900]
            if title and is_text(title) and len(joined) > max(60, len(title)):
                yield group, "title", title, joined
            title, body = text, []
        elif sum(map(len, body)) < 900:
            body.append(text)


NAME_LINE = re.compile(r"^(.{1,80}?)\s+[-–—]\s+(.+)$")


def read_man_summary(group, blocks):
    """(group, kind, what the page says of itself in one line, its description)."""
    sections, current = defaultdict(list), None
    for tag, text in blocks:
        if tag == "SH":
            current = len(sections)
        elif current is not None:
            sections[current].append(text)
    name = NAME_LINE.match(sections.get(0, [""])[0]) if sections.get(0) else None
    body = max(sections.values(), key=lambda texts: sum(map(len, texts[:4])), default=[])
    description = " ".join(sections.get(2, body)[:4])[:900]
    if name and is_text(name[2]) and len(description) > 80:
        yield group, "manual", name[2], description
