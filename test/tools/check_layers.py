#!/usr/bin/env python3
"""Checks the rules that keep the three layers apart.

  src/kernels <- src/core <- src/pg: includes go down only, and never between hnsw and ivf
  PostgreSQL's headers are included by src/pg/pg.h alone
  catch, PG_TRY, PG_CATCH and sigsetjmp are said by src/pg/boundary.* alone
  include/vector includes nothing of ours; test/unit includes nothing of src/pg
  src/sources.mk lists every src/**/*.cpp exactly once

Prints the offences, one a line, and fails if there is any.  With --self-test it checks that each
rule finds an offence.
"""

import re
import sys
from pathlib import Path

# What a layer may include, apart from standard and third-party headers.
MAY_INCLUDE = {
    "src/kernels": ("src/kernels",),
    "src/core": ("src/core", "src/kernels"),
    "src/pg": ("src/pg", "src/core", "src/kernels", "include/vector"),
    "include/vector": ("include/vector",),
    "test/unit": ("test", "src/core", "src/kernels", "include/vector"),
    "test/support": ("test", "src/core", "src/kernels", "include/vector"),
    "test/fuzz": ("test", "src/core", "src/kernels", "include/vector"),
    "bench": ("bench", "test", "src/core", "src/kernels", "include/vector"),
}
# Directories whose files do not know each other; what they share moves up.
STRANGERS = (("src/core/hnsw", "src/core/ivf"), ("src/pg/hnsw", "src/pg/ivf"))
# C headers of the compiler and the system.  Any other <name.h> is PostgreSQL's or unexpected.
SYSTEM_HEADERS = {
    "arm_neon.h", "asm/hwcap.h", "cpuid.h", "immintrin.h", "limits.h", "stddef.h", "stdint.h",
    "sys/auxv.h", "unistd.h", "nmmintrin.h", "x86intrin.h", "arm_fp16.h", "arm_bf16.h",
    "sys/syscall.h", "sys/sysctl.h",
}
THIRD_PARTY = ("Eigen/", "gtest/", "gmock/", "benchmark/")
FENCED = re.compile(r"\b(catch\s*\(|PG_TRY\b|PG_CATCH\b|PG_FINALLY\b|sigsetjmp\b)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)
COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def layer_of(path):
    return next((layer for layer in MAY_INCLUDE if path.startswith(layer + "/")), None)


def find(name, including, files):
    """The path of the repository's file that `#include "name"` means, or None."""
    beside = str(Path(including).parent / name)
    return next((p for p in (beside, f"src/{name}", f"include/{name}", f"test/{name}")
                 if p in files), None)


def include_offence(path, layer, bracket, name, files):
    if path == "src/pg/pg.h":
        return None
    target = find(name, path, files)
    if target is None:
        if layer == "include/vector" and (name == "postgres.h" or bracket == "<"):
            return None
        if bracket == "<" and (not name.endswith(".h") or name in SYSTEM_HEADERS
                               or name.startswith(THIRD_PARTY)):
            return None
        return f"includes {name}, which is neither ours nor standard; PostgreSQL's headers come" \
               " through pg/pg.h"
    if not target.startswith(tuple(l + "/" for l in MAY_INCLUDE[layer])):
        return f"includes {target}, which is not below {layer}"
    for pair in STRANGERS:
        for one, other in (pair, pair[::-1]):
            if path.startswith(one + "/") and target.startswith(other + "/"):
                return f"includes {target}; {one} and {other} do not know each other"
    return None


def source_list_offences(files):
    listed = re.findall(r"^\s+(\S+\.cpp)", files.get("src/sources.mk", ""), re.M)
    present = {p for p in files if p.startswith("src/") and p.endswith(".cpp")}
    for path in sorted(present - set(listed)):
        yield f"src/sources.mk: {path} is missing"
    for path in sorted(set(listed)):
        if path not in present:
            yield f"src/sources.mk: {path} does not exist"
        if listed.count(path) > 1:
            yield f"src/sources.mk: {path} is listed {listed.count(path)} times"


def offences(files):
    """files: path -> text of every file of the repository that matters here."""
    for path, text in sorted(files.items()):
        layer = layer_of(path)
        if layer is None or not path.endswith((".h", ".cpp")):
            continue
        for match in INCLUDE.finditer(text):
            problem = include_offence(path, layer, match[1], match[2], files)
            if problem:
                yield f"{path}:{text.count(chr(10), 0, match.start(2)) + 1}: {problem}"
        if path.startswith("src/") and not path.startswith("src/pg/boundary."):
            code = COMMENT_OR_TEXT.sub(lambda m: "\n" * m[0].count("\n"), text)
            for match in FENCED.finditer(code):
                line = code.count("\n", 0, match.start()) + 1
                yield f"{path}:{line}: says {match[1].rstrip('( ')}; only src/pg/boundary.* may"
    yield from source_list_offences(files)


def self_test():
    clean = {
        "src/sources.mk": "X = \\\n\tsrc/pg/a.cpp\n",
        "src/pg/pg.h": '#include "postgres.h"\n',
        "src/pg/a.cpp": '#include "pg/pg.h"\n#include <vector>\n// a catch (here) is a comment\n',
        "src/core/x.h": '#include <Eigen/Dense>\n#include "kernels/k.h"\n',
        "src/kernels/k.h": "#include <immintrin.h>\n",
        "src/core/hnsw/h.h": '#include "core/x.h"\n',
        "src/core/ivf/i.h": "",
        "test/unit/x_test.cpp": '#include <gtest/gtest.h>\n#include "core/x.h"\n',
    }
    assert list(offences(clean)) == [], list(offences(clean))
    wrong = {
        "upward include": ("src/kernels/k.h", '#include "core/x.h"\n'),
        "PostgreSQL header": ("src/pg/a.cpp", '#include "postgres.h"\n'),
        "PostgreSQL header in brackets": ("src/core/x.h", "#include <postgres.h>\n"),
        "PostgreSQL in core": ("src/core/x.h", '#include "pg/pg.h"\n'),
        "strangers": ("src/core/ivf/i.h", '#include "core/hnsw/h.h"\n'),
        "catch": ("src/core/x.h", "void f() { try { g(); } catch (...) {} }\n"),
        "PG_TRY": ("src/pg/a.cpp", "PG_TRY();\n"),
        "sigsetjmp": ("src/pg/a.cpp", "if (sigsetjmp(here, 0)) {}\n"),
        "unit test of pg": ("test/unit/x_test.cpp", '#include "pg/pg.h"\n'),
        "unlisted source": ("src/pg/b.cpp", ""),
        "listed twice": ("src/sources.mk", "X = \\\n\tsrc/pg/a.cpp \\\n\tsrc/pg/a.cpp\n"),
        "listed, not there": ("src/sources.mk", "X = \\\n\tsrc/pg/a.cpp \\\n\tsrc/pg/c.cpp\n"),
    }
    for name, (path, text) in wrong.items():
        assert list(offences({**clean, path: text})), f"not noticed: {name}"


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    root = Path(__file__).resolve().parents[2]
    files = {}
    for top in ("src", "include", "test", "bench"):
        for path in (root / top).rglob("*"):
            if path.suffix in (".h", ".cpp", ".mk") and path.is_file():
                name = path.relative_to(root).as_posix()
                if not name.startswith(("bench/cache/", "bench/results/")):
                    files[name] = path.read_text(encoding="utf-8")
    found = list(offences(files))
    print("\n".join(found) if found else f"layers: {len(files)} files in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
