"""Sentence embeddings by a BERT encoder, with numpy alone: tokens, forward pass, mean, unit length.

Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019; WordPiece as in its
section 3; mean pooling as in Reimers & Gurevych, "Sentence-BERT", 2019.
"""

import json
import struct
import unicodedata

import numpy as np

MAX_TOKENS = 128
EPSILON = 1e-12  # of the layer norms, as in the model's configuration


class Tokenizer:
    """Lower-case WordPiece over a vocabulary in the order of its numbers."""

    def __init__(self, vocabulary):
        self.number = {token: i for i, token in enumerate(vocabulary)}
        self.unknown = self.number["[UNK]"]

    def words(self, text):
        """Words and single punctuation marks, without accents."""
        text = unicodedata.normalize("NFD", text.lower())
        out, word = [], ""
        for c in text:
            category = unicodedata.category(c)
            if category == "Mn":
                continue
            ascii_mark = c.isascii() and c.isprintable() and not c.isalnum() and c != " "
            alone = ascii_mark or category.startswith("P") or 0x4E00 <= ord(c) <= 0x9FFF
            if (alone or c.isspace()) and word:
                out.append(word)
                word = ""
            if alone:
                out.append(c)
            elif not c.isspace():
                word += c
        return out + [word] if word else out

    def pieces(self, word):
        """The longest known prefix, then the longest known rest, and so on."""
        out, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self.number.get(("##" if start else "") + word[start:end])
                if piece is not None:
                    break
            else:
                return [self.unknown]
            out.append(piece)
            start = end
        return out

    def encode(self, text):
        inner = [piece for word in self.words(text) for piece in self.pieces(word)]
        return [self.number["[CLS]"], *inner[: MAX_TOKENS - 2], self.number["[SEP]"]]


def read_safetensors(raw):
    """The arrays of a .safetensors file that is in memory."""
    (length,) = struct.unpack("<Q", raw[:8])
    out = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if entry.get("dtype") == "F32":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            out[name] = np.frombuffer(raw[start:end], "<f4").reshape(entry["shape"])
    return out


def gelu(x):
    """x times the normal distribution function; erf by Abramowitz & Stegun 7.1.26, within 1.5e-7."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = 0.254829592 + t * (
        -0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))
    )
    erf = np.copysign(1 - t * series * np.exp(-z * z), x)
    return 0.5 * x * (1 + erf)


class Encoder:
    """A BERT model from its arrays; `heads` attention heads."""

    def __init__(self, arrays, heads):
        self.arrays, self.heads = arrays, heads
        self.layers = 1 + max(
            int(name.split(".")[2]) for name in arrays if name.startswith("encoder.layer.")
        )

    def linear(self, name, x):
        flat = x.reshape(-1, x.shape[-1])  # one large product instead of a small one a text
        y = flat @ self.arrays[f"{name}.weight"].T + self.arrays[f"{name}.bias"]
        return y.reshape(*x.shape[:-1], -1)

    def norm(self, name, x):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return x * self.arrays[f"{name}.weight"] + self.arrays[f"{name}.bias"]

    def attention(self, prefix, x):
        n, length, width = x.shape
        split = lambda y: y.reshape(n, length, self.heads, width // self.heads).transpose(
            0, 2, 1, 3
        )
        query, key, value = (
            split(self.linear(f"{prefix}.self.{part}", x)) for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32((width // self.heads) ** 0.5)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        return self.linear(
            f"{prefix}.output.dense", mixed.transpose(0, 2, 1, 3).reshape(n, length, width)
        )

    def embed(self, tokens):
        """Unit-length rows for token lists that all have the same length, so that nothing is padded."""
        tokens = np.asarray(tokens)
        start = "embeddings"
        x = self.arrays[f"{start}.word_embeddings.weight"][tokens]
        x = x + self.arrays[f"{start}.position_embeddings.weight"][: tokens.shape[1]]
        x = self.norm(
            f"{start}.LayerNorm", x + self.arrays[f"{start}.token_type_embeddings.weight"][0]
        )
        for i in range(self.layers):
            layer = f"encoder.layer.{i}"
            x = self.norm(
                f"{layer}.attention.output.LayerNorm", x + self.attention(f"{layer}.attention", x)
            )
            hidden = gelu(self.linear(f"{layer}.intermediate.dense", x))
            x = self.norm(
                f"{layer}.output.LayerNorm", x + self.linear(f"{layer}.output.dense", hidden)
            )
        mean = x.mean(1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def embed_texts(encoder, tokenizer, texts, block=256):
    """One row a text: texts of the same number of tokens are computed together."""
    tokens = [tokenizer.encode(text) for text in texts]
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
    rows = np.empty((len(tokens), 384), np.float32)
    start = 0
    while start < len(order):
        length = len(tokens[order[start]])
        end = start
        while end < len(order) and end - start < block and len(tokens[order[end]]) == length:
            end += 1
        chosen = order[start:end]
        rows[chosen] = encoder.embed([tokens[i] for i in chosen])
        start = end
    return rows
