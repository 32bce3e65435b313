"""InfoNCE in both directions over the leading dimensions (Matryoshka). A text's negatives are the others' partners and
the others on its own side, so that texts cannot cluster by language; rows with the same text do not count."""

import torch
import torch.nn.functional as F

DIMENSIONS = ((256, 1.0), (128, 0.7), (64, 0.4), (32, 0.2))


def contrast(queries, documents, scale, query_texts, document_texts):
    same_document = document_texts[:, None] == document_texts
    same_query = query_texts[:, None] == query_texts
    own = torch.eye(len(query_texts), dtype=torch.bool, device=queries.device)
    across = (same_document | same_query) & ~own
    within = same_document | same_query | own
    total, weight = 0.0, 0.0
    for size, share in DIMENSIONS:
        q, d = F.normalize(queries[:, :size], dim=-1), F.normalize(documents[:, :size], dim=-1)
        total = total + share * (_one_way(q, d, scale, across, within) + _one_way(d, q, scale, across.T, within)) / 2
        weight += share
    return total / weight


def _one_way(a, b, scale, across, within):
    q = a.to(torch.bfloat16) if a.is_cuda else a
    d = b.to(torch.bfloat16) if b.is_cuda else b
    logits = torch.cat((((q @ d.T) * scale).masked_fill(across, -1e4), ((q @ q.T) * scale).masked_fill(within, -1e4)), 1)
    return F.cross_entropy(logits.float(), torch.arange(len(a), device=a.device))
