"""Dictionaries and word lists: WordNet, dictd files, EDICT, trans-de-en, MyThes. Owns the formats; yields either
parallel rows (group, {language: text}) or pairs (group, kind, query, document)."""

import gzip
import re

from .text import clean, is_text, share

QUESTIONS = ("What is {}?", "What does {} mean?", "Explain {}", "Define {}", "{}", "{}", "{}", "meaning of {}")
CAPITAL = re.compile(r"^(?:the )?capital(?: and largest city)? of ((?:the )?[A-Z][\w' -]+?)(?:[,;(]| in | on | and |$)")


def _question(word):
    return QUESTIONS[int(share(word, "question") * len(QUESTIONS))].format(word)


def read_wordnet(folder):
    """Glosses, synonyms, examples and direct hypernyms of WordNet's data files."""
    synsets, rows = {}, []
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text("utf-8", "replace").split("\n"):
            if not line or line.startswith(" "):
                continue
            head, _, gloss = line.partition(" | ")
            fields = head.split(" ")
            count = int(fields[3], 16)
            words = [re.sub(r"\(.*\)", "", fields[4 + 2 * i]).replace("_", " ") for i in range(count)]
            pointers = fields[5 + 2 * count :]
            parents = [pointers[i + 1] for i in range(0, len(pointers) - 3, 4) if pointers[i] in ("@", "@i")]
            definition, *examples = re.split(r'; "|: "', gloss.strip())
            synsets[(part, fields[0])] = words
            rows.append((part, fields[0], words, parents, clean(definition), [clean(e.rstrip('"; ')) for e in examples]))
    for part, offset, words, parents, definition, examples in rows:
        group = f"wordnet/{offset}"
        for word in words[:3]:
            yield group, "define", _question(word), definition
            if capital := CAPITAL.match(definition):
                country = capital[1]
                yield group, "define", f"What is the capital of {country}?", f"{word}: {definition}"
                yield group, "define", f"What is the capital of {country}?", f"The capital of {country} is {word}."
        if len(words) > 1:
            yield group, "alike", words[0], words[1]
            if len(words) > 2:
                yield group, "alike", words[2], words[0]
        yield group, "alike", f"{words[0]}: {definition}", definition if len(words) == 1 else words[1]
        for example in examples[:2]:
            yield group, "alike", example, f"{', '.join(words[:3])}: {definition}"
        for parent in parents[:1]:
            if kind := synsets.get((part, parent)):
                yield group, "alike", words[0], kind[0]


def _number(text):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    value = 0
    for character in text:
        value = value * 64 + alphabet.index(character)
    return value


def read_dictd(index, dictionary):
    """(headword, entry) of one dictd dictionary."""
    data = gzip.decompress(dictionary.read_bytes())
    for line in index.read_text("utf-8", "replace").split("\n"):
        word, _, place = line.partition("\t")
        if place and not word.startswith("00"):
            at, length = place.split("\t")[:2]
            yield word, data[_number(at) : _number(at) + _number(length)].decode("utf-8", "replace")


CODES = {"eng": "en", "fra": "fr", "deu": "de", "jpn": "ja", "spa": "es", "rus": "ru"}
NOISE = re.compile(r"/[^/]*/|<[^>]*>|\[[^\]]*\]|\([^)]*\)|^\s*\d+\.\s*|\"[^\"]*\"")


def read_freedict(pair, entries):
    """Words with their first translations; `pair` such as `eng-fra`."""
    source, target = (CODES[code] for code in pair.split("-"))
    for word, entry in entries:
        lines = [clean(NOISE.sub(" ", line)) for line in entry.split("\n")[1:]]
        meanings = [m.strip() for line in lines for m in re.split(r"[;,、]", line)]
        for meaning in [m for m in meanings if is_text(m, 60)][:2]:
            yield f"freedict-{pair}", {source: clean(word), target: meaning}


def read_definitions(name, entries):
    """Terms of an English dictionary with the beginning of what it says."""
    for word, entry in entries:
        body = clean(re.sub(r"^.*\n", "", entry.strip(), count=1).replace("{", "").replace("}", ""))
        body = re.sub(r"\[(?:1913 Webster|WordNet|PJC|Webster|GCIDE)[^\]]*\]", "", body)[:600]
        if len(body) > 30 and is_text(word, 60):
            yield f"{name}/{word[:3]}", "define", _question(clean(word)), body


def read_edict(path):
    for line in path.read_text("euc-jp", "replace").split("\n")[1:]:
        found = re.match(r"^(\S+) (?:\[(\S+?)\] )?/(.*)/$", line)
        if not found:
            continue
        glosses = [clean(re.sub(r"\([^)]*\)|\{[^}]*\}", "", g)) for g in found[3].split("/")]
        for gloss in [g for g in glosses if is_text(g, 80) and not g.startswith("EntL")][:2]:
            yield "edict", {"en": gloss, "ja": found[1].split(";")[0].split("(")[0]}


def read_german(path):
    """`Haus {n} | Häuser {pl} :: house | houses`."""
    for line in path.read_text("utf-8", "replace").split("\n"):
        if line.startswith("#") or " :: " not in line:
            continue
        german, english = (
            [clean(re.sub(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|/[^/]*/", "", s)) for s in side.split("|")]
            for side in line.split(" :: ")[:2]
        )
        for de, en in list(zip(german, english))[:2]:
            de, en = de.split(";")[0].strip(), en.split(";")[0].strip()
            if is_text(de, 160) and is_text(en, 160):
                yield "trans-de-en", {"en": en, "de": de}


def read_mythes(path, language):
    """Synonyms: a word and the first of its meanings' words."""
    lines = iter(path.read_bytes().decode("utf-8", "replace").split("\n")[1:])
    for line in lines:
        word, _, count = line.partition("|")
        meanings = [next(lines, "").split("|")[1:] for _ in range(int(count) if count.strip().isdigit() else 0)]
        for meaning in meanings[:2]:
            for other in [clean(re.sub(r"\([^)]*\)", "", m)) for m in meaning][:2]:
                if is_text(word, 60) and is_text(other, 60) and word != other:
                    yield f"mythes-{language}", "alike", clean(word), other
