"""The descriptions of Debian's packages: a public text corpus that apt brings along."""

import glob
import os
import re
import subprocess

SUITES = (
    "trixie",
    "bookworm",
)  # releases, which change little; two have more distinct texts than one


def mirror():
    """The archive that this system's apt is configured to use for Debian."""
    sources = ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]
    for path in filter(os.path.isfile, sources):
        with open(path, encoding="utf-8") as file:
            for line in file:
                match = re.match(r"(?:URIs:|deb(?: \[.*?\])?)\s+(\S+/debian/?)(\s|$)", line)
                if match:
                    return match.group(1)
    raise SystemExit("no Debian archive in the configuration of apt")


def fetch_lists(directory):
    """Have apt fetch the English descriptions of SUITES; return the files' paths."""
    lists = os.path.join(directory, "lists")
    os.makedirs(os.path.join(lists, "partial"), exist_ok=True)
    sources = os.path.join(directory, "sources.list")
    with open(sources, "w", encoding="utf-8") as file:
        for suite in SUITES:
            file.write(f"deb {mirror()} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": lists,
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Acquire::Languages": "en",
        "Acquire::GzipIndexes": "false",
        "APT::Sandbox::User": "root",
    }
    command = ["apt-get", "-qq", "update"]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    subprocess.run(command, check=True)
    return sorted(glob.glob(os.path.join(lists, "*Translation-en")))


def read_descriptions(paths):
    """Distinct (package, synopsis, whole text) triples, in the order of the files."""
    seen = {}
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            stanzas = file.read().split("\n\n")
        for stanza in stanzas:
            package = re.search(r"^Package: (.*)$", stanza, re.MULTILINE)
            text = re.search(r"^Description-en: (.*(?:\n .*)*)", stanza, re.MULTILINE)
            if package and text:
                synopsis = text.group(1).split("\n", 1)[0]
                seen.setdefault(
                    text.group(1), (package.group(1), synopsis, text.group(1).replace("\n", " "))
                )
    return list(seen.values())
