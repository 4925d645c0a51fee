"""Ratios of pairs, and costs read from curves at equal recall."""

import math
import unittest

from ann import stats


class Spread(unittest.TestCase):
    def test_median_of_odd_and_even_counts(self):
        self.assertEqual(stats.spread([3, 1, 2]), stats.Spread(2, 1, 3, 3))
        self.assertEqual(stats.spread([4, 1, 2, 3]).median, 2.5)
        self.assertIsNone(stats.spread([]))

    def test_percentile_is_a_value_that_occurred(self):
        values = list(range(1, 101))
        self.assertEqual([stats.percentile(values, p) for p in (0, 0.5, 0.99, 1)], [1, 50, 99, 100])
        self.assertEqual(stats.percentile([7], 0.99), 7)


class Advantage(unittest.TestCase):
    def test_above_one_means_that_the_first_is_better(self):
        self.assertEqual(stats.advantage(2, 6, "less"), 3)
        self.assertEqual(stats.advantage(6, 2, "more"), 3)
        self.assertEqual(stats.advantage(6, 2, "less"), 1 / 3)

    def test_there_is_no_ratio_to_nothing(self):
        for a, b in ((None, 1), (1, None), (0, 1), (1, 0), (-1, 1)):
            self.assertIsNone(stats.advantage(a, b, "less"))

    def test_better_must_be_said(self):
        with self.assertRaises(ValueError):
            stats.advantage(1, 1, "bigger")

    def test_ratios_are_formed_pair_by_pair(self):
        # The machine is three times slower in the second pair; the ratio stays 2.
        a, b = {0: 1.0, 1: 3.0}, {0: 2.0, 1: 6.0}
        self.assertEqual(stats.paired_advantage(a, b, "less"), stats.Spread(2, 2, 2, 2))

    def test_only_whole_pairs_count(self):
        found = stats.paired_advantage({0: 1.0, 1: 1.0, 2: None}, {1: 4.0, 2: 5.0}, "less")
        self.assertEqual(found, stats.Spread(4, 4, 4, 1))
        self.assertIsNone(stats.paired_advantage({}, {0: 1.0}, "less"))

    def test_a_slowed_side_is_seen_as_slower(self):
        found = stats.paired_advantage({0: 10.0, 1: 11.0, 2: 9.0}, {0: 5.0, 1: 5.0, 2: 5.0}, "less")
        self.assertEqual((found.low, found.median, found.high), (5 / 11, 0.5, 5 / 9))


class CostAtRecall(unittest.TestCase):
    def test_a_measured_point_is_given_back(self):
        curve = [(0.8, 10.0), (0.9, 20.0), (0.99, 80.0)]
        for recall, cost in curve:
            self.assertAlmostEqual(stats.cost_at_recall(curve, recall, 1000), cost)

    def test_between_points_ln_cost_is_linear_in_ln_of_the_misses(self):
        # Misses 0.1 and 0.001: halfway on the logarithmic scale is 0.01.
        curve = [(0.9, 10.0), (0.999, 1000.0)]
        self.assertAlmostEqual(stats.cost_at_recall(curve, 0.99, 100_000), 100.0)

    def test_nothing_is_extrapolated_upwards(self):
        self.assertIsNone(stats.cost_at_recall([(0.8, 1.0), (0.9, 2.0)], 0.91, 1000))
        self.assertIsNone(stats.cost_at_recall([], 0.5, 1000))

    def test_below_the_first_point_the_first_point_counts(self):
        self.assertEqual(stats.cost_at_recall([(0.97, 5.0), (0.99, 9.0)], 0.9, 1000), 5.0)

    def test_a_point_that_is_dearer_and_worse_is_left_out(self):
        # Noise made width 2 dearer than width 3, which has more recall.
        curve = [(0.8, 10.0), (0.9, 50.0), (0.95, 40.0), (0.99, 80.0)]
        self.assertEqual(stats.frontier(curve), [(0.8, 10.0), (0.95, 40.0), (0.99, 80.0)])
        self.assertLess(stats.cost_at_recall(curve, 0.9, 1000), 40.0)

    def test_equal_recalls_keep_the_cheaper(self):
        self.assertEqual(stats.frontier([(0.9, 3.0), (0.9, 2.0)]), [(0.9, 2.0)])

    def test_full_recall_has_a_place_on_the_scale(self):
        curve = [(0.9, 10.0), (1.0, 40.0)]
        self.assertEqual(stats.ease(1.0, 1000), -math.log(0.0005))
        self.assertTrue(10 < stats.cost_at_recall(curve, 0.99, 1000) < 40)
        self.assertAlmostEqual(stats.cost_at_recall(curve, 1.0, 1000), 40.0)

    def test_the_order_of_the_points_does_not_matter(self):
        curve = [(0.99, 80.0), (0.8, 10.0), (0.9, 20.0)]
        self.assertEqual(
            stats.cost_at_recall(curve, 0.95, 1000), stats.cost_at_recall(sorted(curve), 0.95, 1000)
        )
