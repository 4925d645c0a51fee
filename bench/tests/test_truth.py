"""Ground truth and recall, against plain loops in double precision."""

import math
import os
import tempfile
import unittest

import numpy as np

from ann.truth import Truth, kth_distances


def plain_distance(a, b, metric):
    a, b = [float(x) for x in a], [float(x) for x in b]
    dot = sum(x * y for x, y in zip(a, b))
    if metric == "l2":
        return sum((x - y) ** 2 for x, y in zip(a, b))
    if metric == "ip":
        return -dot
    return 1 - dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


class KthDistances(unittest.TestCase):
    def test_agree_with_a_plain_loop_for_every_metric(self):
        rng = np.random.default_rng(1)
        base, query = rng.standard_normal((300, 7)), rng.standard_normal((70, 7))
        base, query = base.astype(np.float32), query.astype(np.float32)
        for metric in ("l2", "ip", "cosine"):
            found = kth_distances(base, query, 5, metric)
            for i, q in enumerate(query):
                self.assertAlmostEqual(
                    found[i], sorted(plain_distance(b, q, metric) for b in base)[4], places=9
                )

    def test_large_offsets_do_not_spoil_the_result(self):
        # Near (1000, 1000, ...) single precision loses the differences; the second look must not.
        rng = np.random.default_rng(2)
        base = (1000 + rng.standard_normal((40, 8))).astype(np.float32)
        found = kth_distances(base, base[:3], 1, "l2")
        np.testing.assert_array_equal(found, [0, 0, 0])

    def test_fewer_rows_than_k_give_the_farthest(self):
        found = kth_distances(np.array([[0.0], [3.0]]), np.array([[1.0]]), 10, "l2")
        self.assertEqual(found[0], 4)

    def test_an_unknown_metric_is_refused(self):
        with self.assertRaisesRegex(ValueError, "l1"):
            kth_distances(np.zeros((2, 2)), np.zeros((1, 2)), 1, "l1")


class Recall(unittest.TestCase):
    # Distances from 0: rows 0..5 are at 1, 2, 2, 2, 3, 9.
    base = np.sqrt(np.array([[1.0], [2.0], [2.0], [2.0], [3.0], [9.0]]))
    query = np.zeros((1, 1))

    def truth(self, k, **keywords):
        return Truth(self.base, self.query, k, "l2", **keywords)

    def test_any_of_several_rows_at_the_kth_distance_is_a_hit(self):
        for second in (1, 2, 3):
            self.assertEqual(self.truth(2).recall([(0, [0, second])]), 1.0)

    def test_a_row_farther_than_the_kth_is_none(self):
        self.assertEqual(self.truth(2).recall([(0, [0, 4])]), 0.5)

    def test_ties_do_not_lift_recall_above_one_nor_replace_a_nearer_row(self):
        self.assertEqual(self.truth(2).recall([(0, [1, 2, 3])]), 1.0)
        self.assertEqual(self.truth(2).recall([(0, [1])]), 0.5)

    def test_a_row_returned_twice_counts_once(self):
        self.assertEqual(self.truth(2).recall([(0, [0, 0])]), 0.5)

    def test_missing_rows_lower_recall(self):
        self.assertEqual(self.truth(4).recall([(0, [])]), 0.0)
        self.assertEqual(self.truth(4).recall([(0, [0])]), 0.25)

    def test_a_filter_changes_the_truth_and_excludes_other_rows(self):
        truth = self.truth(2, ids=np.array([3, 4, 5]))
        self.assertEqual(truth.recall([(0, [3, 4])]), 1.0)
        self.assertEqual(truth.recall([(0, [0, 3])]), 0.5)

    def test_with_fewer_rows_than_k_all_of_them_are_full_recall(self):
        truth = self.truth(10, ids=np.array([4, 5]))
        self.assertEqual(truth.recall([(0, [4, 5])]), 1.0)

    def test_the_cache_is_used_and_told_apart_by_data(self):
        with tempfile.TemporaryDirectory() as directory:
            first = self.truth(2, cache=directory).kth
            self.assertEqual(self.truth(2, cache=directory).kth, first)
            self.assertEqual(len(os.listdir(directory)), 1)
            other = Truth(self.base + 1, self.query, 2, "l2", cache=directory).kth
            self.assertNotEqual(other, first)
            self.truth(3, cache=directory)
            self.truth(2, ids=np.array([1, 2, 3]), cache=directory)
            self.assertEqual(len(os.listdir(directory)), 4)
