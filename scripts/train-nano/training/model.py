"""The Qwen3 network as llama.cpp computes it: pre-norm, grouped attention with head norms, rotary positions, SwiGLU.
Owns shapes and the names that Hugging Face gives the weights; knows nothing of losses or data."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    hidden: int = 256
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 64
    feed_forward: int = 512
    rope_theta: float = 10_000.0
    epsilon: float = 1e-6
    context: int = 512
    # Share of a training text's tokens that are blanked: the same pairs come by many times.
    blanked: float = 0.13


class Norm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.hidden, shape.heads * shape.head_size, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head_size, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head_size, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head_size, shape.hidden, bias=False)
        self.q_norm = Norm(shape.head_size, shape.epsilon)
        self.k_norm = Norm(shape.head_size, shape.epsilon)

    def forward(self, x, cosine, sine):
        rows, length, _ = x.shape
        split = lambda y, heads: y.view(rows, length, heads, self.shape.head_size).transpose(1, 2)
        q = rotate(self.q_norm(split(self.q_proj(x), self.shape.heads)), cosine, sine)
        k = rotate(self.k_norm(split(self.k_proj(x), self.shape.kv_heads)), cosine, sine)
        v = split(self.v_proj(x), self.shape.kv_heads)
        repeats = self.shape.heads // self.shape.kv_heads
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(rows, length, -1))


def rotate(x, cosine, sine):
    left, right = x.chunk(2, -1)
    return (x.float() * cosine + torch.cat((-right, left), -1).float() * sine).to(x.dtype)


class FeedForward(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.input_layernorm = Norm(shape.hidden, shape.epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.hidden, shape.epsilon)
        self.mlp = FeedForward(shape)

    def forward(self, x, cosine, sine):
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine)
        return x + self.mlp(self.post_attention_layernorm(x))


class Embedder(nn.Module):
    """Token ids, padded on the right, and lengths -> one vector per row, not normalised. Attention looks back only, so
    padding needs no mask: nothing that is read comes after it."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden, shape.epsilon)
        frequencies = shape.rope_theta ** (-torch.arange(0, shape.head_size, 2).float() / shape.head_size)
        angles = torch.outer(torch.arange(shape.context).float(), frequencies).repeat(1, 2)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)
        self._initialise()

    def _initialise(self):
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                scale = 0.02 if name.startswith("embed") else parameter.shape[1] ** -0.5
                nn.init.normal_(parameter, std=scale / (2 * self.shape.layers) ** 0.5 if deep else scale)

    def forward(self, ids, lengths):
        x = self.embed_tokens(ids).to(torch.bfloat16 if ids.is_cuda else torch.float32)
        if self.training:
            kept = torch.rand(ids.shape, device=ids.device) >= self.shape.blanked
            x = x * kept.scatter(1, (lengths - 1)[:, None], True)[..., None]
        cosine, sine = self.cosine[: ids.shape[1]], self.sine[: ids.shape[1]]
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=ids.is_cuda):
            for layer in self.layers:
                x = layer(x, cosine, sine)
        last = x[torch.arange(ids.shape[0], device=ids.device), lengths - 1]
        return self.norm(last.float())
