#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rows that the adversary tests print, as a table in a document.

    adversary-table.py DOCUMENT PLACE=LOG...

Each LOG is the output of one or more such tests, run in that PLACE. The table replaces what stands in DOCUMENT
between the lines '<!-- adversaries -->' and '<!-- end -->'. Fails when a log has a failed case: a table
of an attack that succeeded would say nothing.
"""
import datetime
import sys

BEGIN, END = "<!-- adversaries -->", "<!-- end -->"


def rows_of(path):
    """{case: (reason, overshoot, left)} of one log."""
    rows, failed = {}, []
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if line.startswith("not ok"):
                failed.append(line.strip())
            parts = line.rstrip("\n").removeprefix("# ").split("|")
            if line.startswith("# ") and len(parts) == 4 and "left" not in parts[3].split()[-1:]:
                rows[parts[0].strip()] = tuple(p.strip() for p in parts[1:])
    if failed:
        sys.exit(f"adversary-table: {path}: {failed[0]} (and {len(failed) - 1} more)")
    if not rows:
        sys.exit(f"adversary-table: {path}: no rows; was the test skipped?")
    return rows


def cell(row):
    if row is None:
        return ""
    reason, over, _ = row
    over = over.removeprefix("memory ").replace("wall ", "+")
    return ": ".join(part for part in (reason, over) if part and part != "-") or "-"


def left(rows):
    found = sorted({row[2] for row in rows if row and row[2] != "0"})
    return "; ".join(found) or "nothing"


def table(places):
    names = list(places)
    cases = list(dict.fromkeys(case for rows in places.values() for case in rows))
    yield "| case | " + " | ".join(names) + " | left |"
    yield "| --- |" + " --- |" * (len(names) + 1)
    for case in cases:
        rows = [places[name].get(case) for name in names]
        yield f"| {case} | " + " | ".join(cell(row) for row in rows) + f" | {left(rows)} |"


def main():
    document, pairs = sys.argv[1], sys.argv[2:]
    places = {}
    for pair in pairs:
        name, log = pair.rsplit("=", 1)
        places[name] = rows_of(log)
    with open(document, encoding="utf-8") as stream:
        text = stream.read()
    head, rest = text.split(BEGIN, 1)
    _, tail = rest.split(END, 1)
    new = "\n".join([BEGIN, "", f"{datetime.date.today()}.", "", *table(places), "", END])
    with open(document, "w", encoding="utf-8") as stream:
        stream.write(head + new + tail)


main()
