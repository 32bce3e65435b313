"""A Hugging Face folder of the trained model, as Qwen3-Embedding's repositories have it. Weights in bf16, in two files
of less than 16 MB: the token vectors and the layers."""

import json
import shutil

import torch
from safetensors.torch import save_file

from .batches import INSTRUCTIONS

FILES = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def export(model, tokenizer_folder, folder):
    folder.mkdir(parents=True, exist_ok=True)
    shape = model.shape
    weights = {n: p.detach().to(torch.bfloat16).cpu().contiguous() for n, p in model.named_parameters()}
    parts = [{n: w for n, w in weights.items() if n.startswith("embed") == first} for first in (True, False)]
    for name, part in zip(FILES, parts):
        save_file(part, folder / name, metadata={"format": "pt"})
    places = {name: file for file, part in zip(FILES, parts) for name in part}
    total = sum(w.numel() * 2 for w in weights.values())
    end = next(
        token["id"]
        for token in json.loads((tokenizer_folder / "tokenizer.json").read_text())["added_tokens"]
        if token["content"] == "<|endoftext|>"
    )
    documents = {
        "model.safetensors.index.json": {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))},
        "config.json": {
            "architectures": ["Qwen3ForCausalLM"],
            "model_type": "qwen3",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": end,
            "eos_token_id": end,
            "head_dim": shape.head_size,
            "hidden_act": "silu",
            "hidden_size": shape.hidden,
            "initializer_range": 0.02,
            "intermediate_size": shape.feed_forward,
            "max_position_embeddings": shape.context,
            "max_window_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "num_key_value_heads": shape.kv_heads,
            "rms_norm_eps": shape.epsilon,
            "rope_scaling": None,
            "rope_theta": shape.rope_theta,
            "sliding_window": None,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
            "use_cache": True,
            "use_sliding_window": False,
            "vocab_size": shape.vocabulary,
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "config_sentence_transformers.json": {
            "prompts": {"query": f"Instruct: {INSTRUCTIONS['']}\nQuery:", "document": ""},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
    pooling = {"word_embedding_dimension": shape.hidden, "pooling_mode_lasttoken": True, "include_prompt": True}
    for mode in ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens"):
        pooling[f"pooling_mode_{mode}"] = False
    for name, value in documents.items():
        (folder / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling, indent=2) + "\n")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer_folder / name, folder / name)
