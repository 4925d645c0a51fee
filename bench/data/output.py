"""Writing a generated data set so that a half-written file is never taken for a whole one."""

import os

import numpy as np


def save_set(directory, name, base, query):
    """Write DIRECTORY/NAME_base.npy and NAME_query.npy; the base last, as its presence means "done"."""
    os.makedirs(directory, exist_ok=True)
    for part, rows in (("query", query), ("base", base)):
        path = os.path.join(directory, f"{name}_{part}.npy")
        with open(path + ".tmp", "wb") as file:
            np.save(file, rows)
        os.replace(path + ".tmp", path)
    print(f"{name}: {len(base)} base rows, {len(query)} queries, {base.shape[1]} dimensions")
