"""Pairs run A B A B; a side that cannot do something is left out of it, the other goes on."""

import io
import unittest
from contextlib import redirect_stdout

try:
    import psycopg

    from ann.recorder import Measure, Recorder
except ImportError:
    psycopg = None


class FakeConnection:
    closed = False


class FakeSide:
    connection = FakeConnection()

    def __init__(self, key):
        self.key = self.label = key


@unittest.skipIf(psycopg is None, "psycopg 3 is not installed")
class Alternation(unittest.TestCase):
    def setUp(self):
        self.sides = [FakeSide("A"), FakeSide("B")]
        self.recorder = Recorder()

    def test_sides_take_turns(self):
        seen = []
        self.recorder.alternate(self.sides, "x", 2, lambda side, rep: seen.append((side.key, rep)))
        self.assertEqual(seen, [("A", 0), ("B", 0), ("A", 1), ("B", 1)])

    def test_a_refusing_side_is_recorded_once_and_not_asked_again(self):
        seen = []

        def action(side, rep):
            seen.append(side.key)
            if side.key == "A":
                raise psycopg.errors.FeatureNotSupported("no such index\nmore")

        with redirect_stdout(io.StringIO()):
            self.recorder.alternate(self.sides, "x", 2, action)
        self.assertEqual(seen, ["A", "B", "B"])
        self.assertEqual(
            self.recorder.failures, [{"side": "A", "what": "x", "message": "no such index"}]
        )

    def test_a_bug_of_ours_is_not_taken_for_a_refusal(self):
        with self.assertRaises(KeyError):
            self.recorder.alternate(self.sides, "x", 1, lambda side, rep: {}["missing"])

    def test_summary_and_variation(self):
        time = Measure("g", "time", "s", "less")
        for rep, (a, b) in enumerate([(1.0, 2.0), (1.2, 2.4), (0.8, 1.6)]):
            self.recorder.add(time, self.sides[0], rep, a)
            self.recorder.add(time, self.sides[1], rep, b)
        (row,) = self.recorder.rows()
        self.assertEqual(row["advantage"]["median"], 2)
        self.assertAlmostEqual(self.recorder.repeat_variation(), 0.4)
