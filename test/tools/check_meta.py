#!/usr/bin/env python3
"""META.json is what PGXN's meta specification 1.0.0 asks for, and every file that says which version
this is says the same."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+)?\Z")
TERM = re.compile(r"[^\s/\\]{2,}\Z")
# Of those that the specification lists, the ones that could apply.
LICENSES = {"apache_2_0", "bsd", "mit", "postgresql"}
PHASES = {"configure", "build", "test", "runtime", "develop"}
RELATIONS = {"requires", "recommends", "suggests", "conflicts"}
KEYS = {
    "abstract", "description", "generated_by", "license", "maintainer", "meta-spec", "name", "no_index",
    "prereqs", "provides", "release_status", "resources", "tags", "version",
}
REQUIRED = {"abstract", "license", "maintainer", "meta-spec", "name", "provides", "version"}


def is_text(value):
    return isinstance(value, str) and value.strip() != ""


def problems_of(meta, root):
    """What is wrong, one sentence each."""
    for key in sorted(REQUIRED - meta.keys()):
        yield f"{key} is missing"
    for key in sorted(meta.keys() - KEYS):
        if not key.lower().startswith("x_"):
            yield f"{key} is no key of the specification"
    for key in ("abstract", "description", "generated_by"):
        if key in meta and not is_text(meta[key]):
            yield f"{key} is no text"
    if not TERM.match(str(meta.get("name", ""))):
        yield "name is no term"
    if not VERSION.match(str(meta.get("version", ""))):
        yield "version is not semantic"
    maintainers = meta.get("maintainer")
    maintainers = maintainers if isinstance(maintainers, list) else [maintainers]
    if not maintainers or not all(map(is_text, maintainers)):
        yield "maintainer is no list of texts"
    if meta.get("license") not in LICENSES:
        yield "license is not one of the specification's"
    if meta.get("release_status", "stable") not in ("stable", "testing", "unstable"):
        yield "release_status is not one of the specification's"
    spec = meta.get("meta-spec", {})
    if spec.get("version") != "1.0.0":
        yield "meta-spec.version is not 1.0.0"
    tags = meta.get("tags", [])
    if not all(is_text(tag) and len(tag) < 256 and not re.search(r"[/\\]", tag) for tag in tags):
        yield "tags has something that is no tag"
    for name, extension in meta.get("provides", {}).items():
        if not VERSION.match(str(extension.get("version", ""))):
            yield f"provides.{name}.version is not semantic"
        for key in ("file", "docfile"):
            if key in extension and not (root / extension[key]).is_file():
                yield f"provides.{name}.{key}: there is no {extension[key]}"
        if "file" not in extension:
            yield f"provides.{name}.file is missing"
        for key in extension.keys() - {"abstract", "docfile", "file", "version"}:
            yield f"provides.{name}.{key} is no key of the specification"
    for phase, relations in meta.get("prereqs", {}).items():
        if phase not in PHASES:
            yield f"prereqs.{phase} is no phase"
        for relation, wanted in relations.items():
            if relation not in RELATIONS:
                yield f"prereqs.{phase}.{relation} is no relation"
            for name, version in wanted.items():
                if version != 0 and not VERSION.match(re.sub(r"^[<>=! ]*", "", str(version))):
                    yield f"prereqs.{phase}.{relation}.{name} is no version"


def versions_said(meta, root):
    """Who says which version: (where, version)."""
    control = (root / "vector.control").read_text()
    yield "vector.control", re.search(r"default_version = '(.*)'", control)[1]
    yield "META.json", meta["version"]
    yield "META.json, provides", meta["provides"]["vector"]["version"]
    yield "META.json, file", re.search(r"--(.*)\.sql", meta["provides"]["vector"]["file"])[1]
    yield "CHANGELOG.md", re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(), re.M)[1]
    yield "debian/changelog", re.search(r"\((.*)-", (root / "debian/changelog").read_text())[1]


def self_test():
    """The checks above can fail: each of these is one mistake."""
    good = json.loads((ROOT / "META.json").read_text())
    for key, value in {
        "version": "1.0", "name": "a/b", "license": "free", "maintainer": [], "extra": 1,
        "release_status": "new", "tags": ["a/b"], "meta-spec": {"version": "2"}, "abstract": " ",
        "provides": {"vector": {"file": "none", "version": "1.0.0"}},
        "prereqs": {"runtime": {"requires": {"PostgreSQL": "14"}}},
    }.items():
        if not list(problems_of({**good, key: value}, ROOT)):
            sys.exit(f"check_meta: does not see what is wrong with {key} = {value!r}")


def main():
    self_test()
    meta = json.loads((ROOT / "META.json").read_text())
    problems = list(problems_of(meta, ROOT))
    said = dict(versions_said(meta, ROOT))
    if len(set(said.values())) != 1:
        problems.append("versions differ: " + ", ".join(f"{k} {v}" for k, v in said.items()))
    for problem in problems:
        print(f"META.json: {problem}" if "differ" not in problem else problem)
    sys.exit(1 if problems else 0)


main()
