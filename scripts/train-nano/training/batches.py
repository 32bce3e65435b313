"""Which pairs go into a batch: one task and one length class at a time, made of short runs of neighbours, so that a
text's negatives come from its own catalogue or manual as well as from everywhere. Everything stays on the device."""

from dataclasses import dataclass

import torch

from .texts import QUERY_MARK

# Widest text of a class in tokens, pairs of a batch.
CLASSES = ((16, 8192), (32, 8192), (64, 4096), (128, 4096), (256, 2048))
QUERY_WIDTH = 64
RUN = 16
# Pairs that are no translations, and how much each weighs; translations weigh 1 - their sum.
KIND_WEIGHTS = {"package": 0.13, "span": 0.2, "title": 0.08, "manual": 0.02, "define": 0.08, "alike": 0.06, "code": 0.04}
# A span is a run of a document's own tokens, as a query for the rest of it: pairs that never repeat, and what teaches
# that rare words count. Of five documents four lose the run.
SPAN_KINDS = ("package", "title", "manual", "define")
SPAN_LEAST, SPAN_MOST, SPAN_REMOVED = 3, 20, 0.8
# Neighbours of these speak of the same thing in other words or languages: as negatives they would teach the wrong.
SCATTERED = ("package", "define", "alike")
WITH_ENGLISH = 0.75
INSTRUCTIONS = {
    "": "Given a web search query, retrieve relevant passages that answer the query",
    "package": "Given a summary of a software package, retrieve its description",
    "title": "Given the title of a section, retrieve its text",
    "manual": "Given what a command does, retrieve its manual page",
    "define": "Given a term or a question, retrieve the definition that answers it",
    "code": "Given a sentence about a function, retrieve its source code",
}


@dataclass
class Side:
    ids: torch.Tensor
    lengths: torch.Tensor
    """Which text each row is: equal rows are no negatives of each other."""
    texts: torch.Tensor


class Pool:
    """Pairs of one task in classes of length, neighbours kept beside each other."""

    def __init__(self, first, second, lengths, order=None):
        if order is not None:
            first, second, lengths = first[order], second[order], lengths[order]
        self.classes = []
        left = torch.ones_like(lengths, dtype=torch.bool)
        for place, (width, size) in enumerate(CLASSES):
            fits = left if place == len(CLASSES) - 1 else left & (lengths <= width)
            rows = fits.nonzero()[:, 0]
            if len(rows) < 512 and place < len(CLASSES) - 1:
                continue
            left &= ~fits
            if len(rows) >= 64:
                self.classes.append((width, size, first[rows], second[rows]))
        # A class is drawn by its tokens' share, long texts being dearer, but by half of it only.
        self.weights = torch.tensor([len(rows) * width**0.3 for width, _, rows, _ in self.classes])

    def draw(self, generator):
        place = int(torch.multinomial(self.weights, 1, generator=generator))
        width, size, first, second = self.classes[place]
        runs = min(size, len(first)) // RUN
        starts = torch.randint(0, max(1, len(first) - RUN), (runs,), generator=generator)
        rows = (starts[:, None] + torch.arange(RUN)).flatten().clamp(max=len(first) - 1).to(first.device)
        return width, first[rows], second[rows]


def cut_span(ids, lengths, end):
    """A random run of tokens of each row, ended, and the row without it (for some, whole); each with its lengths."""
    rows, width = ids.shape
    chance = lambda: torch.rand(rows, device=ids.device)
    most = ((lengths - 1) // 2).clamp(SPAN_LEAST, SPAN_MOST)
    sizes = SPAN_LEAST + (chance() * (most - SPAN_LEAST + 1)).long()
    starts = (chance() * (lengths - sizes)).long()
    columns = torch.arange(SPAN_MOST + 1, device=ids.device)
    run = ids.gather(1, (starts[:, None] + columns).clamp(max=width - 1))
    span = torch.where(columns < sizes[:, None], run, end)
    gaps = torch.where(chance() < SPAN_REMOVED, sizes, 0)
    columns = torch.arange(width, device=ids.device)
    places = columns + torch.where(columns >= starts[:, None], gaps[:, None], 0)
    rest = torch.where(places < width, ids.gather(1, places.clamp(max=width - 1)), end)
    return (span, sizes + 1), (rest, lengths - gaps)


class Batches:
    def __init__(self, table, kinds, languages, seed):
        self.table, self.kinds = table, {}
        self.generator = torch.Generator().manual_seed(seed)
        length = lambda texts: table.plain.lengths[texts]
        for name, (queries, documents) in kinds.items():
            lengths = length(documents) if name != "alike" else torch.maximum(length(queries), length(documents))
            order = torch.randperm(len(lengths), generator=self.generator).to(lengths.device)
            self.kinds[name] = Pool(queries, documents, lengths, order if name in SCATTERED else None)
        whole = torch.cat([kinds[name][1] for name in SPAN_KINDS if name in kinds]).unique()
        whole = whole[length(whole) > 2 * SPAN_MOST]
        self.kinds["span"] = Pool(whole, whole, length(whole))
        self.languages = {
            pair: Pool(a, b, torch.maximum(length(a), length(b))) for pair, (a, b) in languages.items()
        }
        self.languages = {pair: pool for pair, pool in self.languages.items() if pool.classes}
        self.prefixes = {
            name: torch.tensor(table.tokenizer.encode(f"Instruct: {text}\nQuery", add_special_tokens=False).ids)
            for name, text in INSTRUCTIONS.items()
        }
        mark = table.tokenizer.encode(QUERY_MARK, add_special_tokens=False).ids
        self.span_prefix = torch.cat((self.prefixes[""], torch.tensor(mark)))

    def _chance(self):
        return float(torch.rand(1, generator=self.generator))

    def draw(self):
        """(name, queries, documents) of the next batch."""
        chance = self._chance()
        for name, weight in KIND_WEIGHTS.items():
            chance -= weight
            if chance < 0 and name in self.kinds:
                return self._kind(name)
        return self._translation()

    def _kind(self, name):
        width, first, second = self.kinds[name].draw(self.generator)
        if name == "alike":
            return name, self._plain(first, width), self._plain(second, width)
        if name == "span":
            return name, *self._span(first, width)
        chance = self._chance()
        if chance < 0.2:
            queries = self._plain(first, QUERY_WIDTH)
        else:
            queries = self._instructed(first, "" if chance < 0.75 else name)
        return name, queries, self._plain(second, width)

    def _span(self, texts, width):
        ids, lengths = self.table.plain.rows(texts, width)
        (span, span_lengths), (rest, rest_lengths) = cut_span(ids, lengths, self.table.plain.end)
        prefix = self.span_prefix.to(texts.device)
        queries = Side(torch.cat((prefix.expand(len(texts), -1), span), 1), span_lengths + len(prefix), texts)
        return queries, Side(rest, rest_lengths, texts)

    def _translation(self):
        with_english = self._chance() < WITH_ENGLISH
        names = [pair for pair in self.languages if ("en" in pair) == with_english] or list(self.languages)
        counts = torch.tensor([float(self.languages[n].weights.sum()) for n in names]) ** 0.35
        pair = names[int(torch.multinomial(counts, 1, generator=self.generator))]
        width, first, second = self.languages[pair].draw(self.generator)
        return "-".join(pair), self._plain(first, width), self._plain(second, width)

    def _plain(self, texts, width):
        return Side(*self.table.plain.rows(texts, width), texts)

    def _instructed(self, texts, name):
        prefix = self.prefixes[name].to(texts.device)
        ids, lengths = self.table.query.rows(texts, QUERY_WIDTH - len(prefix))
        return Side(torch.cat((prefix.expand(len(texts), -1), ids), 1), lengths + len(prefix), texts)
