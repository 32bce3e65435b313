"""Cuts Qwen3's byte-level BPE to the merges that the training texts use most: same splitting of text into words, same
special tokens, every byte still a token, so that every text can be encoded. A merge is counted whenever it is applied,
also on the way to a longer token, so a part is never rarer than the whole and the most frequent merges are closed."""

import json
import random
import re
from collections import Counter, defaultdict

from .text import LANGUAGES

# Qwen's pattern with Python's classes for \\p{L} and \\p{N}: differs for a few marks, which changes counts, not tokens.
LETTERS, NUMBER = r"[^\W\d_]", r"\d"
WORDS = re.compile(
    rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\r\n\w]|_)?{LETTERS}+|{NUMBER}| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Share of the counted characters for each language; a Chinese or Japanese character says as much as several letters.
WEIGHTS = {"en": 4.0, "zh": 1.0, "ja": 1.0, "fr": 1.0, "de": 1.0, "es": 1.0, "ru": 1.0}
CHARACTERS = 6_000_000


def byte_letters():
    """GPT-2's letter for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}


def _sample(training):
    """Texts by language until each has its share."""
    texts = defaultdict(list)
    for row in training["parallel"]:
        for language, text in row.items():
            texts[language].append(text)
    for kind, rows in training.items():
        if kind not in ("parallel", "alike"):
            texts["en"].extend(text for row in rows for text in row if text.isascii())
    whole = sum(WEIGHTS.values())
    for language in LANGUAGES:
        random.Random(4).shuffle(texts[language])
        budget, taken = CHARACTERS * WEIGHTS[language] / whole, 0
        scale = 1.0
        available = sum(map(len, texts[language]))
        if available < budget:
            scale = budget / max(1, available)
        for text in texts[language]:
            if taken > budget:
                break
            taken += len(text)
            yield text, scale


def _count_words(training):
    letters = byte_letters()
    words = Counter()
    for text, scale in _sample(training):
        for position, prefix in ((text, ""), (":" + text, "")):
            for word in WORDS.findall(position)[: None if position is text else 1]:
                words[word] += scale
    return {tuple(letters[b] for b in word.encode()): count for word, count in words.items()}


def count_merges(words, ranks):
    """How often each merge is applied in encoding the words."""
    counts = Counter()
    for word, frequency in words.items():
        parts = list(word)
        while len(parts) > 1:
            best = min(range(len(parts) - 1), key=lambda i: ranks.get((parts[i], parts[i + 1]), 1 << 30))
            pair = (parts[best], parts[best + 1])
            if pair not in ranks:
                break
            counts[pair] += frequency
            parts[best : best + 2] = ["".join(pair)]
    return counts


def cut(source, target, size, training):
    """Writes tokenizer.json and tokenizer_config.json with `size` tokens, added tokens last."""
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    config = json.loads((source / "tokenizer_config.json").read_text())
    model = tokenizer["model"]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    counts = count_merges(_count_words(training), ranks)
    added = sorted(tokenizer["added_tokens"], key=lambda token: token["id"])
    letters = set(byte_letters().values())
    room = size - len(letters) - len(added)
    kept = sorted(sorted(counts, key=lambda pair: (-counts[pair], ranks[pair]))[:room], key=ranks.__getitem__)
    tokens = sorted(letters | {"".join(pair) for pair in kept}, key=model["vocab"].__getitem__)
    made = set(letters)
    for left, right in kept:
        assert left in made and right in made, (left, right)
        made.add(left + right)
    model["vocab"] = {token: i for i, token in enumerate(tokens)}
    model["merges"] = [list(pair) for pair in kept]
    ids = {}
    for token in added:
        ids[token["id"]] = len(tokens) + len(ids)
        token["id"] = ids[token["id"]]
    tokenizer["post_processor"] = end_token_template(tokenizer)
    if "added_tokens_decoder" in config:
        config["added_tokens_decoder"] = {str(ids[int(i)]): t for i, t in config["added_tokens_decoder"].items()}
    target.mkdir(parents=True, exist_ok=True)
    (target / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    (target / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=2))
    print(f"vocabulary: {len(tokens)} tokens and {len(added)} added of {len(merges) + 256}; rarest kept merge used {min(counts[p] for p in kept):.0f} times")


def end_token_template(tokenizer):
    """Qwen3-Embedding's post-processor: every text ends with <|endoftext|>."""
    end = next(token for token in tokenizer["added_tokens"] if token["content"] == "<|endoftext|>")
    special = {"id": end["content"], "ids": [end["id"]], "tokens": [end["content"]]}
    part = lambda name: {"Sequence": {"id": name, "type_id": 0}}
    token = {"SpecialToken": {"id": end["content"], "type_id": 0}}
    template = {
        "type": "TemplateProcessing",
        "single": [part("A"), token],
        "pair": [part("A"), token, part("B"), token],
        "special_tokens": {end["content"]: special},
    }
    bytes_step = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {"type": "Sequence", "processors": [bytes_step, template]}
