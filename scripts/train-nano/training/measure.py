"""Figures on held-out texts while training: the same that evaluate.ts measures through the engine afterwards."""

import torch
import torch.nn.functional as F

from .batches import INSTRUCTIONS


class Measure:
    def __init__(self, tokenizer, device):
        self.tokenizer, self.device = tokenizer, device
        self.known = {}

    def encode(self, texts, most):
        """Token ids of each text, cut to `most`; the same texts come at every look, so they are kept."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known.update(zip(fresh, (encoding.ids for encoding in self.tokenizer.encode_batch_fast(fresh))))
        end = self.tokenizer.token_to_id("<|endoftext|>")
        rows = (self.known[text] for text in texts)
        return [row if len(row) <= most else [*row[: most - 1], end] for row in rows]

    @torch.no_grad()
    def embed(self, model, texts, most=256):
        ids, end = self.encode(texts, most), self.tokenizer.token_to_id("<|endoftext|>")
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        vectors = torch.empty(len(ids), model.shape.hidden, device=self.device)
        for first in range(0, len(order), 512):
            chosen = order[first : first + 512]
            width = max(len(ids[i]) for i in chosen)
            rows = torch.full((len(chosen), width), end, dtype=torch.long)
            for row, i in enumerate(chosen):
                rows[row, : len(ids[i])] = torch.tensor(ids[i])
            lengths = torch.tensor([len(ids[i]) for i in chosen], device=self.device)
            vectors[torch.tensor(chosen, device=self.device)] = model(rows.to(self.device), lengths).float()
        return vectors

    def recall(self, queries, documents, places, size=256):
        """Share of queries whose own document, at the same place, is among the first `places` of all."""
        q, d = F.normalize(queries[:, :size], dim=-1), F.normalize(documents[:, :size], dim=-1)
        scores = q @ d.T
        own = scores.diagonal()[:, None]
        return float(((scores > own).sum(1) < places).float().mean())

    def report(self, model, tests, others=()):
        """{figure: value} of one held-out part; its descriptions stand among `others`, so that a small part is not
        an easy one."""
        model.eval()
        instruct = f"Instruct: {INSTRUCTIONS['']}\nQuery:"
        queries = self.embed(model, [instruct + summary for summary, _ in tests["descriptions"]])
        documents = self.embed(model, [description for _, description in tests["descriptions"]] + list(others))
        figures = {f"recall@10/{size}": self.recall(queries, documents, 10, size) for size in (256, 128, 64)}
        figures["recall@1/256"] = self.recall(queries, documents, 1)
        across = []
        for language, rows in tests["sentences"].items():
            if not rows:
                continue
            english, other = (self.embed(model, list(side)) for side in zip(*rows))
            figures[f"en-{language}@1"] = self.recall(english, other, 1)
            across.append(figures[f"en-{language}@1"])
        figures["across@1"] = sum(across) / max(1, len(across))
        model.train()
        return {name: round(value, 4) for name, value in figures.items()}

    def examples(self, model):
        model.eval()
        for texts in (
            ["cat", "kitten", "invoice"],
            ["你好世界", "Hello world", "stock market"],
            [f"Instruct: {INSTRUCTIONS['']}\nQuery:What is the capital of China?", "The capital of China is Beijing.",
             "Gravity is a force that attracts two bodies towards each other."],
        ):
            vectors = F.normalize(self.embed(model, texts), dim=-1)
            print(texts[0][-30:], [round(float(x), 3) for x in (vectors @ vectors.T)[0]], flush=True)
        model.train()
