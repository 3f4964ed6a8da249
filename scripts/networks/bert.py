"""BERT-base (Devlin and others, "BERT: Pre-training of Deep Bidirectional Transformers", 2018): encoder and pooler."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from .builder import NetBuilder, Value

_LN_EPSILON = 1e-12


@dataclass(frozen=True)
class BertConfig:
    tokens: int = 128
    layers: int = 12
    heads: int = 12
    hidden: int = 768
    intermediate: int = 3072
    vocabulary: int = 30522
    positions: int = 512
    decomposed_norm: bool = False


FULL = BertConfig()
TINY = BertConfig(tokens=8, layers=2, heads=2, hidden=16, intermediate=32, vocabulary=50, positions=16)


def build(batch: int | str, config: BertConfig) -> NetBuilder:
    b = NetBuilder("bert_base")
    sequence = [batch, config.tokens]
    ids = b.input("input_ids", sequence, features=0, dtype=TensorProto.INT64)
    mask = b.input("attention_mask", sequence, features=0, dtype=TensorProto.INT64)
    types = b.input("token_type_ids", sequence, features=0, dtype=TensorProto.INT64)
    x = _embeddings(b, ids, types, config)
    mask = _additive_mask(b, mask)
    for i in range(config.layers):
        with b.scope(f"encoder.layer.{i}"):
            x = _layer(b, x, mask, config)
    first = b.node("Gather", [x, b.constant("pooler.first", np.array(0, np.int64))], axis=1)
    pooled = b.node("Tanh", [b.gemm("pooler.dense", first, config.hidden)])
    b.output("last_hidden_state", x, [*sequence, config.hidden])
    b.output("pooler_output", pooled, [batch, config.hidden])
    return b


def _embeddings(b: NetBuilder, ids: Value, types: Value, config: BertConfig) -> Value:
    with b.scope("embeddings"):
        words = b.normal("word_embeddings.weight", [config.vocabulary, config.hidden], 1.0)
        kinds = b.normal("token_type_embeddings.weight", [2, config.hidden], 0.3)
        table = b.normal("position_embeddings.weight", [config.positions, config.hidden], 0.3)
        indices = b.constant("position_ids", np.arange(config.tokens, dtype=np.int64)[None])
        x = b.node("Gather", [words, ids], features=config.hidden)
        x = b.add(x, b.node("Gather", [kinds, types], features=config.hidden))
        x = b.add(x, b.node("Gather", [table, indices], features=config.hidden))
        return b.layer_norm("LayerNorm", x, _LN_EPSILON, config.decomposed_norm)


def _additive_mask(b: NetBuilder, mask: Value) -> Value:
    """1 and 0 of the input become 0 and -10000, to be added to the scores."""
    with b.scope("mask"):
        axes = b.constant("axes", np.array([1, 2], np.int64))
        kept = b.node("Cast", [b.node("Unsqueeze", [mask, axes])], to=TensorProto.FLOAT)
        dropped = b.node("Sub", [b.scalar("one", 1.0), kept])
        return b.node("Mul", [dropped, b.scalar("weight", -10000.0)])


def _layer(b: NetBuilder, x: Value, mask: Value, config: BertConfig) -> Value:
    with b.scope("attention"):
        query, key, value = (b.linear(f"self.{part}", x, config.hidden) for part in ("query", "key", "value"))
        mixed = b.attend(query, key, value, config.heads, mask)
        x = b.add(b.linear("output.dense", mixed, config.hidden), x)
        x = b.layer_norm("output.LayerNorm", x, _LN_EPSILON, config.decomposed_norm)
    y = b.gelu(b.linear("intermediate.dense", x, config.intermediate))
    y = b.add(b.linear("output.dense", y, config.hidden), x)
    return b.layer_norm("output.LayerNorm", y, _LN_EPSILON, config.decomposed_norm)
