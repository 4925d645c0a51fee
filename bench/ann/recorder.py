"""Everything a run measured: single values by side and repetition, curves, and what failed."""

import statistics
from dataclasses import dataclass

import psycopg

from ann import stats

NOT_SUPPORTED = "not supported"


class Refused(Exception):
    """A side could not do something, as a program other than psycopg found."""


@dataclass(frozen=True)
class Measure:
    """What a value means.  group: heading in the report; better: "less" or "more"."""

    group: str
    name: str
    unit: str
    better: str


class Recorder:
    def __init__(self):
        self.values = {}  # Measure -> side key -> repetition -> value
        self.curves = []  # dicts: index, side, rep, width, recall, mean_us, p50_us, p99_us
        self.failures = []  # dicts: side, what, message
        self.notes = []

    def add(self, measure, side, rep, value):
        self.values.setdefault(measure, {}).setdefault(side.key, {})[rep] = value

    def fail(self, side, what, error):
        """Keep the reason why one side could not do something, once."""
        message = str(error).strip().split("\n")[0]
        entry = {"side": side.key, "what": what, "message": message}
        if entry not in self.failures:
            self.failures.append(entry)
            print(f"  {side.label}: {what}: {NOT_SUPPORTED}: {message}", flush=True)

    def failed(self, side, what):
        return any(f["side"] == side.key and f["what"] == what for f in self.failures)

    def alternate(self, sides, what, repetitions, action):
        """Run action(side, repetition) on the sides in turn: A B A B.

        A side whose server refuses is recorded as failed and not asked again.
        """
        for rep in range(repetitions):
            for side in sides:
                if self.failed(side, what):
                    continue
                try:
                    action(side, rep)
                except (psycopg.Error, Refused) as error:
                    self.fail(side, what, error)
                    if side.connection is None or side.connection.closed:
                        side.open()

    def rows(self):
        """One summary a measure: spreads of both sides and of the pairwise advantage of A."""
        out = []
        for measure, by_side in self.values.items():
            a, b = by_side.get("A", {}), by_side.get("B", {})
            ratio = stats.paired_advantage(a, b, measure.better)
            out.append(
                {
                    "group": measure.group,
                    "name": measure.name,
                    "unit": measure.unit,
                    "better": measure.better,
                    "A": spread_dict(a.values()),
                    "B": spread_dict(b.values()),
                    "advantage": ratio.as_dict() if ratio else None,
                }
            )
        return out

    def repeat_variation(self):
        """Median over all timed measures of (high - low) / median of one side's repetitions."""
        seen = []
        for measure, by_side in self.values.items():
            for values in by_side.values():
                if measure.unit in ("s", "ms", "us", "1/s") and len(values) > 1:
                    s = stats.spread([v for v in values.values() if v is not None])
                    if s and s.n > 1 and s.median > 0:
                        seen.append((s.high - s.low) / s.median)
        return statistics.median(seen) if seen else None


def spread_dict(values):
    s = stats.spread([v for v in values if v is not None])
    return s.as_dict() if s else None
