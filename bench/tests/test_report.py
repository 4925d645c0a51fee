"""The table: quantities to read, one-sided and failed measurements."""

import unittest

from ann import report


def row(name, a, b, advantage, unit="s"):
    as_spread = lambda v: None if v is None else {"median": v, "low": v, "high": v, "n": 2}
    return {
        "group": "g",
        "name": name,
        "unit": unit,
        "better": "less",
        "A": as_spread(a),
        "B": as_spread(b),
        "advantage": as_spread(advantage),
    }


class Quantity(unittest.TestCase):
    def test_three_digits_and_a_fitting_unit(self):
        cases = {
            (12.345, "s"): "12.3 s",
            (0.0123, "s"): "12.3 ms",
            (1234567, "bytes"): "1.23 MB",
            (512, "bytes"): "512 B",
            (1500, "us"): "1.50 ms",
            (12345.6, "1/s"): "12,346 /s",
            (0.5, "ms"): "500 us",
            (0, "s"): "0.00 ms",
            (0.912, ""): "0.912",
        }
        for (value, unit), said in cases.items():
            self.assertEqual(report.quantity(value, unit), said)


class Table(unittest.TestCase):
    def test_two_sides_with_ratio_and_one_side_without(self):
        rows = [row("build", 1.0, 4.0, 4.0), row("search", None, 2.0, None)]
        lines = report.table(rows, {"A": "ours", "B": "theirs"}).splitlines()
        self.assertIn("| g | ours | theirs | ours better by |", lines)
        self.assertIn("| build | 1.00 s | 4.00 s | 4 (4 to 4) |", lines)
        self.assertIn("| search | - | 2.00 s | - |", lines)
        alone = report.table(rows, {"A": "ours"}).splitlines()
        self.assertIn("| build | 1.00 s |", alone)
