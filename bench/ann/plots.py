"""Pictures of a result, as SVG and PNG: both sides beside each other, readable in print."""

import os

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

from ann.report import quantity  # noqa: E402

# Blue and orange differ for every reader, and in lightness, so that they differ in grey as well.
COLOURS = {"A": "#0b4f8a", "B": "#f0a030"}
MARKERS = {"A": "o", "B": "s"}
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "figure.dpi": 110,
}


def save(figure, directory, name, top=1.0):
    figure.tight_layout(rect=(0, 0, 1, top))
    for extension in ("svg", "png"):
        figure.savefig(os.path.join(directory, f"{name}.{extension}"))
    pyplot.close(figure)


def median_points(curves, index, side):
    """One (recall, queries a second) point a search width: the median repetition."""
    out = []
    for width in sorted({c["width"] for c in curves if c["index"] == index and c["side"] == side}):
        found = sorted(
            (c for c in curves if (c["index"], c["side"], c["width"]) == (index, side, width)),
            key=lambda c: c["mean_us"],
        )
        middle = found[len(found) // 2]
        out.append((middle["recall"], 1e6 / middle["mean_us"], width))
    return out


def recall_against_rate(result, labels, directory):
    for index in dict.fromkeys(c["index"] for c in result["curves"]):
        figure, axes = pyplot.subplots(figsize=(6.4, 4.2))
        for side in labels:
            points = median_points(result["curves"], index, side)
            if not points:
                continue
            x, y, widths = zip(*points)
            axes.plot(x, y, marker=MARKERS[side], color=COLOURS[side], label=labels[side])
            above = side == "A"
            for point in points:
                axes.annotate(
                    str(point[2]),
                    point[:2],
                    xytext=(0, 7 if above else -14),
                    ha="center",
                    fontsize=7,
                    textcoords="offset points",
                    color=COLOURS[side] if above else "#9a5f00",
                )
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.yaxis.set_minor_locator(matplotlib.ticker.LogLocator(subs=(2, 5)))
        axes.yaxis.set_minor_formatter(lambda value, _: f"{value:,.0f}")
        axes.grid(True, which="both", color="#dddddd", linewidth=0.6)
        axes.set_xlabel(f"recall@{result['data']['k']}")
        axes.set_ylabel("queries a second, one connection")
        axes.set_title(f"{index}, {data_title(result)}", fontsize=10)
        axes.margins(0.06, 0.14)
        axes.legend(frameon=False, loc="upper right")
        save(figure, directory, f"{result['name']}-{index}-recall")


def data_title(result):
    data = result["data"]
    return (
        f"{data['name']} {data['rows']:,} x {data['dimensions']} ({data['type']}, {data['metric']})"
    )


def bars(axes, rows, labels, title):
    """A panel of pairs of bars; each value is written on its bar.  All rows have one unit."""
    height = 0.76 / len(labels)
    longest = max((row[s]["high"] for row in rows for s in labels if row[s]), default=1)
    for position, row in enumerate(rows):
        for number, side in enumerate(labels):
            offset = height * (number - (len(labels) - 1) / 2)
            spread = row[side]
            value = spread["median"] if spread else 0
            label = labels[side] if position == 0 else None
            axes.barh(position + offset, value, height * 0.92, color=COLOURS[side], label=label)
            if spread and spread["n"] > 1:
                axes.plot(
                    [spread["low"], spread["high"]],
                    [position + offset] * 2,
                    color="#333333",
                    linewidth=1,
                )
            said = quantity(value, row["unit"]) if spread else "not supported"
            end = max(value, spread["high"] if spread else 0)
            axes.text(end + longest * 0.02, position + offset, said, va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, longest * 1.3)
    axes.xaxis.set_major_formatter(
        lambda value, _: quantity(value, rows[0]["unit"]) if value else "0"
    )
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
    axes.set_title(title, fontsize=10, loc="left")


def panels(result, labels, directory, name, title, selections):
    """One picture with a panel for each (heading, rows) that has rows; the legend is above them."""
    selections = [
        (heading, rows) for heading, rows in selections if any(r["A"] or r["B"] for r in rows)
    ]
    if not selections:
        return
    heights = [len(rows) + 0.9 for _, rows in selections]
    inches = 0.52 * sum(heights) + 0.95
    figure, all_axes = pyplot.subplots(
        len(selections),
        1,
        figsize=(7.2, inches),
        squeeze=False,
        gridspec_kw={"height_ratios": heights},
    )
    for (heading, rows), axes in zip(selections, all_axes[:, 0]):
        bars(axes, rows, labels, heading)
    handles, names = all_axes[0, 0].get_legend_handles_labels()
    figure.text(0.02, 1 - 0.1 / inches, f"{title}\n{data_title(result)}", va="top", fontsize=10)
    figure.legend(
        handles,
        names,
        frameon=False,
        loc="upper right",
        fontsize=9,
        bbox_to_anchor=(1, 1 - 0.05 / inches),
    )
    save(figure, directory, f"{result['name']}-{name}", top=1 - 0.55 / inches)


PREFERENCE = {"less": "less is better", "more": "more is better"}


def by_unit(rows):
    """(heading, rows) pairs of one unit and one preference each: they share an axis."""
    out = {}
    for row in rows:
        kind = (
            "recall"
            if "recall" in row["name"] and not row["unit"]
            else row["name"] if not row["unit"] else row["unit"]
        )
        if not row["unit"] and "rows of" in row["name"]:
            kind = "rows returned"
        out.setdefault((kind, row["better"]), []).append(row)
    said = {
        "us": "time",
        "ms": "time",
        "s": "time",
        "1/s": "rate",
        "bytes": "bytes",
        "pages": "pages",
    }
    return [
        (f"{said.get(kind, kind)}, {PREFERENCE[better]}", rows)
        for (kind, better), rows in out.items()
    ]


def draw(result, directory):
    """All pictures that the result has values for."""
    labels = {key: side["label"] for key, side in result["sides"].items()}
    with matplotlib.rc_context(STYLE):
        recall_against_rate(result, labels, directory)
        plain = {
            what: [r for r in result["summary"] if r["group"].startswith(what)]
            for what in WITHOUT_INDEX
        }
        selections = [(f"{what}, less is better", rows) for what, rows in plain.items()]
        panels(result, labels, directory, "exact", "without an index", selections)
        methods = dict.fromkeys(
            r["group"].split(": ", 1)[0] for r in result["summary"] if ": " in r["group"]
        )
        for method in methods:
            for name, whats in PICTURES.items():
                for title, selections in pictures(result["summary"], method, whats):
                    short = method.split()[0]
                    suffix = (
                        "-iterative"
                        if "iterative scan strict" in title or "iterative scan relaxed" in title
                        else ""
                    )
                    panels(result, labels, directory, f"{short}-{name}{suffix}", title, selections)


WITHOUT_INDEX = ("distance operators", "exact search")

# Picture -> how the titles of its groups begin; several beginnings share one picture.
PICTURES = {
    "build": ("build",),
    "latency": ("query at recall 0.95", "query at recall 0.99"),
    "clients": ("clients",),
    "filtered": ("filtered",),
    "writes": ("writes",),
    "cold": ("cold",),
}


def pictures(summary, method, whats):
    """(title, selections) of the pictures of one kind for one index."""
    groups = {}
    for row in summary:
        before, _, what = row["group"].partition(": ")
        if before == method and what.startswith(whats):
            groups.setdefault(what, []).append(row)
    if len(whats) > 1 and groups:  # a panel a group
        yield f"{method}: latency", [
            (f"{what}, less is better", rows) for what, rows in groups.items()
        ]
    elif len(whats) == 1:  # a picture a group
        for what, rows in groups.items():
            yield f"{method}: {what}", by_unit(rows)
