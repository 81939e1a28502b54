#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""validate.py SCHEMA FILE...: validates JSON (or, for *.yaml, YAML) files against a JSON Schema."""
import json
import sys

import jsonschema


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a member appears twice in {keys}")
    return dict(pairs)


def load(file):
    with open(file, encoding="utf-8") as stream:
        if file.endswith((".yaml", ".yml")):
            import yaml

            return yaml.safe_load(stream)
        return json.load(stream, object_pairs_hook=no_duplicates)


def main():
    schema = load(sys.argv[1])
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    bad = 0
    for file in sys.argv[2:]:
        try:
            errors = list(kind(schema).iter_errors(load(file)))
        except (OSError, ValueError) as error:
            print(f"{file}: {error}")
            bad += 1
            continue
        for error in errors:
            place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
            print(f"{file}: {place or '.'}: {error.message[:500]}")
        bad += len(errors)
    return 1 if bad else 0


sys.exit(main())
