"""Which rows are for training and which are held out. A group (source package, catalogue, document) is held out as a
whole; then every training row that repeats a text of a chosen test row goes, whatever its group. Pure: lists in,
lists out, the same on every machine."""

import random
from collections import Counter, defaultdict
from functools import cache

from .text import LANGUAGES, key, share

PACKAGES_HELD = 0.30
GROUPS_HELD = 0.06
DEV_SHARE = 0.08  # of what is held out, for looking at during training


@cache
def held_out(group):
    """'train', 'dev' or 'test'."""
    limit = PACKAGES_HELD if group.startswith("package:") else GROUPS_HELD
    place = share(group, "held")
    return "train" if place >= limit else "dev" if place < limit * DEV_SHARE else "test"


def choose_descriptions(pairs, count, part):
    """One English summary with its description per held-out source package, no text twice."""
    chosen, groups, seen = [], set(), set()
    for group, kind, summary, description in pairs:
        if kind != "package" or group in groups or held_out(group) != part or not description.isascii():
            continue
        keys = {key(summary), key(description)}
        if len(description) < 100 or len(summary) < 12 or keys & seen:
            continue
        groups.add(group)
        seen |= keys
        chosen.append((summary, description))
    random.Random(1).shuffle(chosen)
    return chosen[:count]


def choose_sentences(parallel, count, part):
    """{language: [(English, translation)]} of 4 to about 40 words from held-out groups, at most 12 from one group."""
    found = {}
    for language in LANGUAGES[1:]:
        rows, seen, per_group = [], set(), defaultdict(int)
        shuffled = [row for row in parallel if language in row[1] and "en" in row[1] and held_out(row[0]) == part]
        random.Random(2).shuffle(shuffled)
        for group, row in shuffled:
            english, other = row["en"], row[language]
            keys = {key(english), key(other)}
            if not 25 <= len(english) <= 200 or english.count(" ") < 3 or keys & seen or "%" in english:
                continue
            per_group[group] += 1
            if per_group[group] > 12:
                continue
            seen |= keys
            rows.append((english, other))
        found[language] = rows[:count]
    return found


def cap_dictionaries(parallel, most):
    """At most so many rows of each dictionary; dictionaries are the groups without a file name."""
    sizes = Counter(group for group, _ in parallel if "/" not in group and ":" not in group)
    chance = random.Random(5)
    return [row for row in parallel if row[0] not in sizes or chance.random() * sizes[row[0]] < most]


def merge_parallel(parallel):
    """Rows with the same English text become one, in the order of their first."""
    merged = {}
    for _, row in parallel:
        english = row.get("en")
        name = key(english) + bytes([english[-1:] in ".!?"]) if english else key("|".join(row.values()))
        known = merged.setdefault(name, dict(row))
        for language, text in row.items():
            known.setdefault(language, text)
    return list(merged.values())


def without(rows, texts_of, banned):
    """Rows none of whose texts is in the banned keys."""
    return [row for row in rows if not any(key(text) in banned for text in texts_of(row))]
