#!/usr/bin/env python3
"""Links of the Markdown files to files and headings of this repository lead somewhere."""

import pathlib
import re
import sys
from urllib.parse import unquote

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to the headings."""
    names: set[str] = set()
    for heading in re.findall(r"^#+ +(.*)$", FENCE.sub("", text), re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        count = 1
        unique = name
        while unique in names:
            unique = f"{name}-{count}"
            count += 1
        names.add(unique)
    return names


def problems_of(page: pathlib.Path) -> list[str]:
    problems = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            problems.append(f"{page.relative_to(ROOT)}: {link}: no such file")
        elif anchor and target.suffix == ".md":
            if anchor not in anchors(target.read_text(encoding="utf-8")):
                problems.append(f"{page.relative_to(ROOT)}: {link}: no such heading")
    return problems


def pages() -> list[pathlib.Path]:
    """Every page but those which something else put below the tree."""
    foreign = {"build", "cache", "results", "node_modules", "target", "venv"}

    def is_ours(page: pathlib.Path) -> bool:
        return not any(part in foreign or part.startswith(".") for part in page.relative_to(ROOT).parts)

    return sorted(page for page in ROOT.rglob("*.md") if is_ours(page))


def main() -> int:
    checked = pages()
    problems = [problem for page in checked for problem in problems_of(page)]
    print("\n".join(problems or [f"{len(checked)} Markdown files: no link is dead"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
