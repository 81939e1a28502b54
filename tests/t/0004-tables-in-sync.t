#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Options, limits, reasons and keys are the same in the tables, in what vkjail prints, in the
# schemas and in the man pages.
. "${top_srcdir:-.}/tests/lib/tap.sh"

cat >tables.py <<'END'
"""tables.py TABLE: one line for each row."""
import json
import os
import pathlib
import re
import sys

top = pathlib.Path(os.environ["top_srcdir"])


def text(path):
    return (top / path).read_text(encoding="utf-8")


def rows(path, macro):
    """The rows of a .def file, as lists of their arguments' texts."""
    body = re.sub(r"/\*.*?\*/", "", text(path), flags=re.S)
    return [re.findall(r'"(?:[^"\\]|\\.)*"|[^,\s]+', r) for r in re.findall(rf"^{macro}\((.*)\)$", body, re.M)]


def section(page, name):
    return re.search(rf'^\.Sh "?{name}"?\n(.*?)(?=^\.Sh |\Z)', text(page), re.M | re.S).group(1)


def exit_status():
    """reason -> status, from vkjail(1)."""
    found = {}
    for item in re.split(r"^\.It ", section("man/vkjail.1", "EXIT STATUS"), flags=re.M)[1:]:
        status = item.splitlines()[0].split(",")[0]
        status = {"the job's own": "STATUS_OWN", "128+N": "STATUS_SIGNAL"}.get(status, status)
        found.update((name, status) for name in re.findall(r"\.Ql ([a-z-]+)|Pq reason Ql ([a-z-]+)", item) for name in name if name)
        found.update((name, status) for name in re.findall(r"Pq Ql ([a-z-]+)", item))
    return [f"{name} {status}" for name, status in found.items()]


def schema_keys(schema, path=()):
    """Every name that a job file's schema knows, but for those that the user chooses."""
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            yield name
        for value in schema.values():
            yield from schema_keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from schema_keys(value)


def enums(schema, member):
    """The values of each enum that stands under a property of this name."""
    if isinstance(schema, dict):
        found = schema.get("properties", {}).get(member, {})
        if isinstance(found, dict) and "$ref" in found:
            found = ROOT.get("$defs", {}).get(found["$ref"].rsplit("/", 1)[1], {})
        if isinstance(found, dict):
            yield from (v for v in found.get("enum", []) if v is not None)
        for value in schema.values():
            yield from enums(value, member)
    elif isinstance(schema, list):
        for value in schema:
            yield from enums(value, member)


LIMITS = [r[1].strip('"') for r in rows("src/job/limits.def", "LIMIT")]
REASONS = [(r[1].strip('"'), r[2]) for r in rows("src/job/reason.def", "REASON")]
KINDS = [r[0].strip('"') for r in rows("src/cli/new.def", "NEW_KIND")]
OPTIONS = [r[0].strip('"') for r in rows("src/cli/opt.def", "OPT")]
ROOT = {}
TABLES = {
    "limits": lambda: LIMITS,
    "reasons": lambda: [n for n, _ in REASONS],
    "statuses": lambda: [f"{n} {s}" for n, s in REASONS],
    "options": lambda: {*OPTIONS, *LIMITS},
    "kinds": lambda: KINDS,
    "man-kinds": lambda: re.search(r"^\.Cm new Cm (.*)$", text("man/vkjail.1"), re.M).group(1).split(" | "),
    "man-statuses": exit_status,
    "man-options": lambda: set(re.findall(r"^\.It Fl (?:\w , )?-([a-z-]+)", section("man/vkjail.1", "OPTIONS"), re.M)),
    "man-limits": lambda: re.findall(r"^\.It Ic ([a-z-]+) Em", section("man/vkjail-job.5", "LIMITS"), re.M),
    "man-keys": lambda: set(re.findall(r"^\.It Ic ([a-z0-9-]+)", text("man/vkjail-job.5"), re.M)),
    "schema-keys": lambda: set(schema_keys(ROOT)),
    "schema-reasons": lambda: set(enums(ROOT, "reason")),
    "schema-limits": lambda: ROOT["properties"]["limits"].get("properties") or [],
    "report-members": lambda: set(schema_keys(ROOT)),
    "man-members": lambda: {n for line in re.findall(r"^\.(?:It )?Ic (.*)", text("man/vkjail-report.5"), re.M) for n in re.findall(r"[a-z0-9_]+", line)},
}
if len(sys.argv) > 2:
    ROOT.update(json.loads(text(sys.argv[2])))
print("\n".join(sorted(TABLES[sys.argv[1]]())))
END
table() { python3 tables.py "$@" 2>&1; }

is "$(table man-options)" "$(table options)" 'vkjail(1) has every option and no other'
is "$(table man-statuses)" "$(table statuses)" 'vkjail(1) has every reason with its exit status'
is "$(table man-limits)" "$(table limits)" 'vkjail-job(5) has every limit'
is "$(table man-keys)" "$(table schema-keys schema/job-v1.schema.json)" 'vkjail-job(5) has every key of the schema'
is "$(table man-members)" "$(table report-members schema/report-v1.schema.json)" 'vkjail-report(5) has every member of the schema'
is "$(table schema-reasons schema/report-v1.schema.json)" "$(table reasons)" 'the schema of the report has every reason'

is "$(table man-kinds)" "$(table kinds)" 'vkjail(1) has every kind of vkjail new'
run vkjail new --help
for kind in $(table kinds); do like "$out" "^ +$kind +" "vkjail new --help has $kind"; done

run vkjail run --help
status_is 0 'vkjail run --help'
for option in $(table options); do
	case $option in json) continue ;; esac
	like "$out" "--$option( |,|\$)" "--help has --$option"
done
run vkjail list reasons
status_is 0 'vkjail list reasons'
for reason in $(table reasons); do like "$out" "^ *$reason +" "it has $reason"; done
run vkjail list limits
status_is 0 'vkjail list limits'
for limit in $(table limits); do like "$out" "^ *$limit +" "it has $limit"; done
done_testing
