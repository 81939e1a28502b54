#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""account.py REPORT: a short account of one vkjail report, for people."""
import json
import sys


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns} ns"


def size(n):
    for unit in ("B", "KiB", "MiB", "GiB"):
        if n < 1024 or unit == "GiB":
            return f"{n:.3g} {unit}" if unit != "B" else f"{n} B"
        n /= 1024
    return ""


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        report = json.load(stream)
    outcome = report.get("outcome") or {}
    print(f"outcome:  {outcome.get('reason')}: {outcome.get('sentence') or outcome.get('text') or ''}")
    gpu = report.get("gpu") or {}
    device = gpu.get("device") or {}
    if device:
        driver = device.get("driver") or {}
        print(f"device:   {device.get('name')} ({device.get('type')}), {driver.get('name')} {driver.get('info')}")
    source = gpu.get("budget_source") or device.get("budget_source")
    for number, heap in enumerate(gpu.get("heaps") or device.get("heaps") or []):
        print(f"heap {number}:   {size(heap['size'])}, budget from {heap.get('source') or source}")
    for kernel in gpu.get("kernels") or []:
        name = kernel.get("name") or kernel.get("kernel")
        print(
            f"kernel:   {name}: {kernel['dispatches']} dispatches, total {duration(kernel['total_ns'])}, "
            f"median {duration(kernel['p50_ns'])}, max {duration(kernel['max_ns'])}"
        )
    return 0


sys.exit(main())
