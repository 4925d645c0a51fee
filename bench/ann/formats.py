"""Reading vector files: .fvecs, .bvecs, .ivecs, .npy and the .hdf5 of ann-benchmarks."""

import os

import numpy as np

COMPONENT = {".fvecs": np.dtype("<f4"), ".bvecs": np.dtype("u1"), ".ivecs": np.dtype("<i4")}


def read_vecs(path):
    """Rows of a TEXMEX file: each row is an int32 dimension, then that many components."""
    component = COMPONENT[os.path.splitext(path)[1]]
    raw = np.memmap(path, np.uint8, "r")
    if len(raw) < 4:
        raise ValueError(f"{path}: shorter than one row header")
    dimensions = int(raw[:4].view("<i4")[0])
    row_bytes = 4 + dimensions * component.itemsize
    if dimensions <= 0 or len(raw) % row_bytes:
        raise ValueError(
            f"{path}: {len(raw)} bytes are not a whole number of rows of {dimensions} dimensions"
        )
    rows = raw.reshape(-1, row_bytes)
    if (rows[:, :4] != rows[0, :4]).any():
        raise ValueError(f"{path}: rows differ in their dimensions")
    return np.ascontiguousarray(rows[:, 4:]).view(component)


def read_rows(path):
    """The rows of a one-array file as a 2-d array, in the file's own component type."""
    extension = os.path.splitext(path)[1]
    if extension in COMPONENT:
        return read_vecs(path)
    if extension == ".npy":
        rows = np.load(path, mmap_mode="r")
        if rows.ndim != 2:
            raise ValueError(f"{path}: {rows.ndim} dimensions instead of 2")
        return rows
    raise ValueError(f"{path}: not one of {', '.join(COMPONENT)}, .npy")


METRIC_OF_HDF5 = {"euclidean": "l2", "angular": "cosine"}


def read_hdf5(path):
    """(base, query, metric) of an ann-benchmarks file."""
    import h5py  # only this format needs it

    with h5py.File(path, "r") as file:
        distance = file.attrs["distance"]
        if distance not in METRIC_OF_HDF5:
            raise ValueError(
                f'{path}: distance "{distance}" is not one of {", ".join(METRIC_OF_HDF5)}'
            )
        return file["train"][:], file["test"][:], METRIC_OF_HDF5[distance]
