"""A vector for each of the 22,000 words of the model's vocabulary."""

import numpy as np
from minilm import MODEL, embed, model

CACHE = MODEL.parent / "words.npz"
PARTIAL = CACHE.with_name("words-partial.npz")


def make():
    """What the model makes of each word alone, less what all have in common.

    The vocabulary begins with the most frequent words, which say the least: the weight grows with
    the rank.
    """
    _, tokenizer = model()
    words = [w for w in tokenizer.number if w.isascii() and w.isalnum() and w.islower()]
    rows = embed(words)
    rows -= rows.mean(0)
    rank = np.arange(len(words))[:, None]
    rows *= rank / (rank + 1000)
    return words, rows.astype(np.float16)


def load_words(apps, schema_editor):
    if not CACHE.exists():
        print("computing the vectors of 22,000 words, once: about a minute", flush=True)
        words, rows = make()
        np.savez(PARTIAL, words=np.array(words), rows=rows)
        PARTIAL.rename(CACHE)
    stored = np.load(CACHE)
    with schema_editor.connection.cursor() as cursor:
        with cursor.copy("COPY pgml.words FROM STDIN") as copy:
            for word, row in zip(stored["words"].tolist(), stored["rows"].tolist()):
                copy.write_row((word, str(row)))
        cursor.execute("ANALYZE pgml.words")
