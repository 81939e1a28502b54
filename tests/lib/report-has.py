#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report-has.py SCHEMA FILE PATH=VALUE...: does FILE fit the schema, and has it these members?

A value may be the PATH of another member. PATH= means that the member is absent, PATH>=VALUE that
it is at least that. Everything that is wrong is printed, a line each.
"""
import json
import re
import sys

import jsonschema

sys.dont_write_bytecode = True  # the source tree may be read-only, and is to stay clean
from report import member, plain  # noqa: E402


def member_or_nothing(value, path):
    try:
        return plain(member(value, path))
    except (KeyError, IndexError, TypeError):
        return ""


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        schema = json.load(stream)
    try:
        with open(sys.argv[2], encoding="utf-8") as stream:
            report = json.load(stream)
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[2]}: {error}")
    kind = jsonschema.validators.validator_for(schema)
    wrong = [f".{'.'.join(str(p) for p in error.absolute_path)}: {error.message[:300]}" for error in kind(schema).iter_errors(report)]
    for wish in sys.argv[3:]:
        path, at_least, want = re.fullmatch(r"([^=>]+)(>?)=(.*)", wish, re.S).groups()
        got = member_or_nothing(report, path)
        if want.startswith("."):
            want = member_or_nothing(report, want)
        if got != want and not (at_least and got and float(got) >= float(want)):
            wrong.append(f"{path}: got '{got}', want {'at least ' if at_least else ''}'{want}'")
    print("\n".join(wrong), end="")
    return 1 if wrong else 0


sys.exit(main())
