#!/usr/bin/env python3
"""Links of the Markdown files to files and headings of this repository lead somewhere."""

import pathlib
import re
import subprocess
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
    """What git knows; outside of a checkout, the documentation."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]
    return [ROOT / name for name in names] or [ROOT / "README.md", *ROOT.glob("docs/*.md")]


def main() -> int:
    checked = pages()
    problems = [problem for page in checked for problem in problems_of(page)]
    print("\n".join(problems or [f"{len(checked)} Markdown files: no link is dead"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
