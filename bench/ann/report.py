"""The result of a run as JSON and as a table to read."""

import json
import os

SCALES = {
    "bytes": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B")),
    "us": ((1e6, "s"), (1e3, "ms"), (1, "us"), (1e-3, "ns")),
    "ms": ((1e3, "s"), (1, "ms"), (1e-3, "us")),
    "s": ((1, "s"), (1e-3, "ms")),
    "1/s": ((1, "/s"),),
}


def quantity(value, unit):
    """A value with three significant digits and a unit that fits."""
    if unit not in SCALES:
        return f"{value:.4g}{' ' + unit if unit else ''}"
    for size, name in SCALES[unit]:
        if abs(value) >= size:
            break
    scaled = value / size
    digits = max(0, 2 - len(str(int(abs(scaled)))) + 1)
    return f"{scaled:,.{digits}f} {name}"


def cell(spread, unit):
    return "-" if spread is None else quantity(spread["median"], unit)


def advantage_cell(spread):
    if spread is None:
        return "-"
    text = f"{spread['median']:.3g}"
    if spread["n"] > 1:
        text += f" ({spread['low']:.3g} to {spread['high']:.3g})"
    return text


def table(rows, labels):
    """Markdown: a heading a group, a line a measure, the ratio last where there are two sides."""
    lines = []
    keys = list(labels)
    paired = len(keys) == 2
    for group in dict.fromkeys(row["group"] for row in rows):
        head = [group, *labels.values()] + ([f"{labels['A']} better by"] if paired else [])
        lines += ["", f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
        for row in rows:
            if row["group"] == group:
                cells = [row["name"], *(cell(row[key], row["unit"]) for key in keys)]
                cells += [advantage_cell(row["advantage"])] if paired else []
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def curve_table(curves, labels):
    """Markdown: recall and latency by search width, the median repetition of each."""
    if not curves:
        return ""
    lines = [
        "",
        "| index | side | width | recall | rows | mean us | p50 us | p99 us | CPU us |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for key in dict.fromkeys((c["index"], c["side"], c["width"]) for c in curves):
        found = sorted(
            (c for c in curves if (c["index"], c["side"], c["width"]) == key),
            key=lambda c: c["mean_us"],
        )
        c = found[len(found) // 2]
        lines.append(
            f"| {key[0]} | {labels[key[1]]} | {key[2]} | {c['recall']:.4f} | {c['rows']:.2f} "
            f"| {c['mean_us']:.0f} | {c['p50_us']:.0f} | {c['p99_us']:.0f} "
            f"| {'-' if c['cpu_us'] is None else format(c['cpu_us'], '.0f')} |"
        )
    return "\n".join(lines)


def text(result):
    """The whole report in Markdown."""
    labels = {key: side["label"] for key, side in result["sides"].items()}
    machine, data = result["machine"], result["data"]
    lines = [
        f"# {result['name']}",
        "",
        f"{data['name']}: {data['rows']:,} rows x {data['dimensions']}, {data['queries']} queries, {data['metric']}, "
        f"{data['type']}, k = {data['k']}.",
        f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_bytes'] / 2**30:.0f} GiB; Linux {machine['kernel']}.",
        f"{result['date']}, commit {result['commit'] or 'unknown'}, {result['seconds']:.0f} s.",
        "",
    ]
    for key, side in result["sides"].items():
        lines.append(
            f"- {key} = {side['label']}: {side['origin']}, extension {side['extension']}, {side['server'].split(' on ')[0]}"
        )
        if side["environment"]:
            lines.append("  with " + ", ".join(f"{k}={v}" for k, v in side["environment"].items()))
    if len({json.dumps(side["settings"]) for side in result["sides"].values()}) == 1:
        lines.append("- settings: " + ", ".join(f"{k}={v}" for k, v in side["settings"].items()))
    else:
        for key, side in result["sides"].items():
            lines.append(
                f"- settings of {key}: "
                + ", ".join(f"{k}={v}" for k, v in side["settings"].items())
            )
    lines.append("- parameters: " + ", ".join(f"{k}={v}" for k, v in result["parameters"].items()))
    lines.append("")
    if result["noise"]:
        lines.append("NOISY MACHINE: " + "; ".join(result["noise"]) + ".")
    else:
        lines.append("The machine was quiet.")
    if len(labels) == 2:
        lines.append(
            "Ratios are medians over pairs A B A B, with the least and the greatest; above 1 the first side is better."
        )
    lines.append(table(result["summary"], labels))
    lines.append(curve_table(result["curves"], labels))
    for failure in result["failures"]:
        lines.append(
            f"\n- {labels[failure['side']]}: {failure['what']}: not supported: {failure['message']}"
        )
    for note in result["notes"]:
        lines.append(f"\n- {note}")
    return "\n".join(lines) + "\n"


def write(result, directory):
    """Write NAME.json and NAME.md; return the text."""
    os.makedirs(directory, exist_ok=True)
    stem = os.path.join(directory, result["name"])
    with open(stem + ".json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    report = text(result)
    with open(stem + ".md", "w", encoding="utf-8") as file:
        file.write(report)
    return report
