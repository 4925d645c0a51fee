"""File formats: what is written is read, and broken files are refused."""

import os
import tempfile
import unittest

import numpy as np

from ann import datasets, formats


def write_vecs(path, rows, component):
    with open(path, "wb") as file:
        for row in rows:
            file.write(np.array([len(row)], "<i4").tobytes() + np.asarray(row, component).tobytes())


class Formats(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def test_vecs_files_are_read_in_their_own_component_type(self):
        rows = [[1, 2, 3], [4, 5, 250]]
        for name, component in (("a.fvecs", "<f4"), ("a.bvecs", "u1"), ("a.ivecs", "<i4")):
            write_vecs(self.path(name), rows, component)
            found = formats.read_rows(self.path(name))
            self.assertEqual(found.dtype, np.dtype(component))
            np.testing.assert_array_equal(found, rows)

    def test_a_truncated_file_is_refused(self):
        write_vecs(self.path("a.fvecs"), [[1, 2], [3, 4]], "<f4")
        os.truncate(self.path("a.fvecs"), 20)
        with self.assertRaisesRegex(ValueError, "whole number of rows"):
            formats.read_rows(self.path("a.fvecs"))

    def test_rows_of_different_dimensions_are_refused(self):
        # 2 + 2 + 5 components make 3 whole rows of 3 by size alone.
        write_vecs(self.path("a.fvecs"), [[1, 2, 3], [1], [1, 2, 3, 4, 5]], "<f4")
        with self.assertRaisesRegex(ValueError, "differ"):
            formats.read_rows(self.path("a.fvecs"))

    def test_npy_with_one_dimension_and_unknown_extensions_are_refused(self):
        np.save(self.path("a.npy"), np.zeros(3))
        for name in ("a.npy", "a.csv"):
            with self.assertRaises(ValueError):
                formats.read_rows(self.path(name))

    def test_a_single_file_gives_its_last_rows_up_as_queries(self):
        np.save(self.path("a.npy"), np.arange(60, dtype=np.uint8).reshape(30, 2))
        data = datasets.load(self.path("a.npy"))
        self.assertEqual((len(data.base), len(data.query), data.metric), (27, 3, "l2"))
        self.assertEqual(data.base.dtype, np.float32)
        np.testing.assert_array_equal(data.query[0], [54, 55])

    def test_two_files_must_agree_in_dimensions(self):
        np.save(self.path("a.npy"), np.zeros((5, 2)))
        np.save(self.path("b.npy"), np.zeros((5, 3)))
        with self.assertRaisesRegex(ValueError, "dimensions"):
            datasets.load(f"{self.path('a.npy')}:{self.path('b.npy')}")

    def test_hdf5_gives_rows_queries_and_metric(self):
        try:
            import h5py
        except ImportError:
            self.skipTest("h5py is not installed")
        for distance, metric in (("angular", "cosine"), ("euclidean", "l2"), ("hamming", None)):
            with h5py.File(self.path("a.hdf5"), "w") as file:
                file["train"], file["test"] = np.eye(4, dtype=np.float32), np.ones(
                    (2, 4), np.float32
                )
                file.attrs["distance"] = distance
            if metric is None:
                with self.assertRaisesRegex(ValueError, "hamming"):
                    formats.read_hdf5(self.path("a.hdf5"))
            else:
                base, query, found = formats.read_hdf5(self.path("a.hdf5"))
                self.assertEqual((base.shape, query.shape, found), ((4, 4), (2, 4), metric))
