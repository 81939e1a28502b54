#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report.py FILE PATH: prints one member of a JSON file.

PATH is like .outcome.reason, .gpu.kernels[0].name, .samples[#] (the length) or .denied.calls[name:mount] (the first of the
list with this member). Strings are printed plain, everything else as JSON. An absent member prints nothing and ends with status 1.
"""
import json
import re
import sys


def plain(value):
    return value if isinstance(value, str) else json.dumps(value)


def member(value, path):
    for name, index in re.findall(r"\.([^.\[\]]+)|\[([^\]]+)\]", path):
        if name:
            value = value[name]
        elif index == "#":
            value = len(value)
        elif ":" in index:
            key, want = index.split(":", 1)
            value = [v for v in value if plain(v.get(key)) == want][0]
        else:
            value = value[int(index)]
    return value


def main():
    file, path = sys.argv[1:]
    try:
        with open(file, encoding="utf-8") as stream:
            value = json.load(stream)
    except (OSError, ValueError) as error:
        sys.exit(f"{file}: {error}")
    try:
        value = member(value, path)
    except (KeyError, IndexError, TypeError):
        return 1
    print(plain(value))
    return 0


if __name__ == "__main__":
    sys.exit(main())
