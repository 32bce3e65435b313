"""The pack that prepare.py wrote, as token ids on the device: every text once, pairs as indices into the texts.
Owns tokenising; knows nothing of batches or losses."""

import bz2
import json
import time
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool

import numpy as np
import torch

LANGUAGES = ("en", "zh", "fr", "de", "ja", "es", "ru")
MOST_TOKENS = 256
# A query stands after `Query:`, and Qwen's splitting joins the colon with the word that follows it.
QUERY_MARK = ":"


class TextTable:
    """Token ids of texts, end token included, one after the other; row i is ids[start[i] : start[i] + length[i]]."""

    def __init__(self, tokenizer, device):
        self.tokenizer, self.device = tokenizer, device
        self.known, self.texts = {}, []

    def add(self, text):
        place = self.known.setdefault(text, len(self.texts))
        if place == len(self.texts):
            self.texts.append(text)
        return place

    def freeze(self):
        """Tokenises all texts, twice: as documents, and as what follows `Query` in an instructed query."""
        self.plain = self._encode(self.texts)
        self.query = self._encode([QUERY_MARK + text for text in self.texts[: self.queries]])
        self.known = None

    def _encode(self, texts):
        end = self.tokenizer.token_to_id("<|endoftext|>")
        lengths, parts = np.empty(len(texts), np.int64), []
        for first in range(0, len(texts), 50_000):
            encoded = self.tokenizer.encode_batch_fast(texts[first : first + 50_000])
            for i, encoding in enumerate(encoded, first):
                ids = encoding.ids
                if len(ids) > MOST_TOKENS:
                    ids = [*ids[: MOST_TOKENS - 1], end]
                lengths[i] = len(ids)
                parts.append(np.array(ids, np.uint16))
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1])) if len(texts) else np.zeros(0, np.int64)
        flat = np.concatenate(parts).astype(np.int32) if parts else np.zeros(0, np.int32)
        to = lambda array: torch.from_numpy(array).to(self.device)
        return Encoded(to(np.concatenate((flat, np.full(MOST_TOKENS, end, np.int32)))), to(starts), to(lengths), end)

    queries = 0


@dataclass
class Encoded:
    ids: torch.Tensor
    starts: torch.Tensor
    lengths: torch.Tensor
    end: int

    def rows(self, indices, width):
        """(indices, width) token ids, padded on the right, and lengths; longer texts lose their middle, not their end."""
        lengths = self.lengths[indices].clamp(max=width)
        columns = torch.arange(width, device=indices.device)
        ids = self.ids[self.starts[indices, None] + columns]
        ids = torch.where(columns < lengths[:, None] - 1, ids, self.end)
        return ids.long(), lengths


def read_lines(path):
    lines = bz2.decompress(path.read_bytes()).decode("utf-8").split("\n")
    return [line.replace("\\n", "\n").split("\t") for line in lines if line]


def read_files(pack):
    """{name: rows of fields}; decompressing runs on all cores."""
    paths = sorted(pack.glob("*.tsv.bz2"))
    with ThreadPool() as pool:
        return dict(zip((path.name.removesuffix(".tsv.bz2") for path in paths), pool.map(read_lines, paths)))


def read_pack(pack, tokenizer, device):
    """The text table, {kind: (queries, documents)} and {(language, language): (texts, texts)}, as index tensors."""
    started = time.time()
    table = TextTable(tokenizer, device)
    files, kinds, languages = read_files(pack), {}, {}
    for name, rows in files.items():
        if name not in ("parallel", "alike"):
            kinds[name] = [(table.add(row[0]), row[1]) for row in rows if len(row) == 2 and all(row)]
    table.queries = len(table.texts)
    kinds = {name: [(query, table.add(document)) for query, document in rows] for name, rows in kinds.items()}
    kinds["alike"] = [tuple(map(table.add, row)) for row in files["alike"] if len(row) == 2 and all(row)]
    places = np.array([[table.add(text) if text else -1 for text in row] for row in files["parallel"]])
    for i, first in enumerate(LANGUAGES):
        for j in range(i + 1, len(LANGUAGES)):
            both = (places[:, i] >= 0) & (places[:, j] >= 0)
            if both.any():
                languages[(first, LANGUAGES[j])] = places[both][:, [i, j]]
    table.freeze()
    print(f"read {len(table.texts)} texts, {int(table.plain.lengths.sum())} tokens in {time.time() - started:.1f} s", flush=True)
    columns = lambda rows: torch.from_numpy(np.array(rows).T.copy()).to(device)
    return table, {n: columns(r) for n, r in kinds.items() if r}, {n: columns(r) for n, r in languages.items()}


def read_tests(pack):
    return json.loads(bz2.decompress((pack / "tests.json.bz2").read_bytes()))
