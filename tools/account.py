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


def print_gpu(gpu):
    device = gpu.get("device")
    if not device:
        return
    driver = device["driver"]
    print(f"device:   {device['name']}, {device['type']}, Vulkan {device['api']}, driver {driver['name']} {driver['info']}")
    source = device["budget_source"]
    budgets = [b["heaps"] for b in gpu.get("budgets", []) if "heaps" in b]
    for number, heap in enumerate(device["heaps"]):
        if source == "unavailable" or not budgets:
            print(f"heap {number}:   {size(heap['size'])}; no budget: this driver lacks VK_EXT_memory_budget")
        else:
            last = budgets[-1][number]
            print(f"heap {number}:   {size(heap['size'])}; {source} says: budget {size(last['budget'])}, used {size(last['usage'])}")
    for kernel in gpu.get("kernels", []):
        print(
            f"kernel:   {kernel['kernel']}: {kernel['dispatches']} dispatch{'es' if kernel['dispatches'] != 1 else ''}, first {duration(kernel['first_ns'])}, "
            f"median {duration(kernel['p50_ns'])}, most {duration(kernel['max_ns'])} on the device"
        )


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        report = json.load(stream)
    outcome = report["outcome"]
    print(f"outcome:  {outcome['reason']}: {outcome['text']}")
    if report.get("times", {}).get("wall_ns"):
        print(f"time:     {duration(report['times']['wall_ns'])}, of which set-up {duration(report['times']['setup_ns'] or 0)}")
    print_gpu(report.get("gpu", {}))
    for name, limit in report.get("limits", {}).items():
        who = limit["enforced_by"] or f"nobody: {limit.get('unavailable')}"
        value = {"ns": duration, "bytes": size}.get(limit["unit"], str)(limit["value"])
        print(f"limit:    {name} {value}, enforced by {who}")
    return 0


sys.exit(main())
