"""Statistics of paired, repeated measurements, and curves read at equal recall."""

import math
from dataclasses import asdict, dataclass


@dataclass
class Spread:
    """Middle and extremes of repeated values."""

    median: float
    low: float
    high: float
    n: int

    def as_dict(self):
        return asdict(self)


def spread(values):
    """Spread of `values`, or None if there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    n = len(ordered)
    middle = ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2
    return Spread(middle, ordered[0], ordered[-1], n)


def advantage(a, b, better):
    """How many times better `a` is than `b`: above 1 the first side wins.

    better  "less" for times and sizes, "more" for rates.
    None where a ratio has no meaning: a value that is missing, zero or negative.
    """
    if better not in ("less", "more"):
        raise ValueError(f'better is "less" or "more", not "{better}"')
    if a is None or b is None or a <= 0 or b <= 0:
        return None
    return b / a if better == "less" else a / b


def paired_advantage(a, b, better):
    """Spread of the advantage over pairs.  a, b: values by repetition number; pairs share it."""
    ratios = [advantage(a[rep], b[rep], better) for rep in sorted(a.keys() & b.keys())]
    return spread([r for r in ratios if r is not None])


def ease(recall, answers):
    """Recall on the scale on which curves of search width are nearly straight: -ln(1 - recall).

    answers  how many single hits the recall was counted from; full recall is taken as half a
             miss, because the scale has no place for none.
    """
    return -math.log(max(1 - recall, 0.5 / answers))


def frontier(points):
    """Of (recall, cost) points those for which no other has at least the recall at less cost."""
    best, kept = math.inf, []
    for recall, cost in sorted(points, key=lambda p: (-p[0], p[1])):
        if cost < best:
            kept.append((recall, cost))
            best = cost
    return kept[::-1]


def cost_at_recall(points, target, answers):
    """The cost at which a curve of (recall, cost) points reaches `target`.

    Between two points of the frontier, ln(cost) is linear in ease(recall).  A target below the
    first point costs what that point costs: it is the cheapest setting measured, and gives at
    least the recall asked for.  None if the curve does not reach the target: nothing is
    extrapolated.
    """
    curve = frontier(points)
    if not curve or curve[-1][0] < target:
        return None
    if target <= curve[0][0]:
        return curve[0][1]
    x = ease(target, answers)
    for (r0, c0), (r1, c1) in zip(curve, curve[1:]):
        if r0 <= target <= r1:
            x0, x1 = ease(r0, answers), ease(r1, answers)
            share = (x - x0) / (x1 - x0) if x1 > x0 else 1.0
            share = min(max(share, 0.0), 1.0)
            return math.exp(math.log(c0) + share * (math.log(c1) - math.log(c0)))
    raise AssertionError("a target between the ends of a curve lies between two of its points")


def percentile(values, share):
    """The smallest of `values` that at least `share` (0..1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
