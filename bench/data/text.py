"""Text vectors (768 d, float32, unit length) of Debian's package descriptions.

usage: python3 -m data.text DIRECTORY

Term weights (TF-IDF) reduced by a truncated singular value decomposition: latent semantic
analysis.  Near-duplicates are common, as in any real corpus.  Needs python3-sklearn and apt.
"""

import os
import sys

import numpy as np

from data.descriptions import fetch_lists, read_descriptions
from data.output import save_set

DIMENSIONS = 768
QUERIES = 1000


def embed(texts):
    """One unit-length row of DIMENSIONS floats a text."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(sublinear_tf=True, min_df=3, max_df=0.3, stop_words="english")
    terms = weigh.fit_transform(texts)
    rows = (
        TruncatedSVD(DIMENSIONS, n_iter=2, random_state=1).fit_transform(terms).astype(np.float32)
    )
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def main(directory):
    found = read_descriptions(fetch_lists(os.path.join(directory, "descriptions")))
    rows = embed([f"{package} {text}" for package, _, text in found])
    rows = np.random.default_rng(3).permutation(rows)
    save_set(directory, "text", rows[QUERIES:], rows[:QUERIES])


if __name__ == "__main__":
    main(sys.argv[1])
