#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""count_tests.py JUNIT_FILE: prints "PASSED FAILED SKIPPED" of a ctest run, then one line per failure.
count_tests.py --output JUNIT_FILE: prints the end of what each test that failed has printed.

An end-to-end entry of ctest is one file of pytest: its tests count singly, as pytest's last line has
them. An expected failure (a limit of LLDB that a test documents) that does fail has passed.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter

SUMMARY = re.compile(r"^=*\s*((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.MULTILINE)
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
PYTEST_OUTCOMES = {"passed": "passed", "xfailed": "passed", "failed": "failed", "error": "failed",
                   "errors": "failed", "xpassed": "passed", "skipped": "skipped"}
SHOWN_LINES = 60  # of a failure's output
CTEST_STATUS = {"run": "passed", "fail": "failed", "notrun": "skipped", "disabled": "skipped"}


def pytest_counts(output: str) -> Counter:
    counts: Counter = Counter()
    summaries = SUMMARY.findall(output)
    for part in summaries[-1].split(", ") if summaries else []:
        number, outcome = part.split()
        if outcome in PYTEST_OUTCOMES:
            counts[PYTEST_OUTCOMES[outcome]] += int(number)
    return counts


def print_failures(cases) -> None:
    for case in cases:
        if case.get("status") == "fail":
            output = (case.findtext("system-out") or "").rstrip().splitlines()[-SHOWN_LINES:]
            print(f"---- {case.get('name')}", *(line[:300] for line in output), sep="\n")


def print_counts(cases) -> None:
    total: Counter = Counter()
    failures = []
    for case in cases:
        output = case.findtext("system-out") or ""
        # A test that could not be started (no program) is no skipped test.
        verdict = CTEST_STATUS.get(case.get("status", ""), "failed")
        if case.get("status") == "notrun" and "SKIP" not in (ElementTree.tostring(case).decode()):
            verdict = "failed"
        counts = pytest_counts(output) if case.get("name", "").startswith("e2e.") else Counter()
        if not counts or (verdict == "failed" and not counts["failed"]):
            counts[verdict] += 1
        total += counts
        if counts["failed"]:
            names = FAILED_TEST.findall(output) if case.get("name", "").startswith("e2e.") else []
            failures += [f"{case.get('name')}: {name}" for name in names] or [case.get("name", "?")]
    print(total["passed"], total["failed"], total["skipped"])
    print("\n".join(failures))


def main() -> int:
    cases = list(ElementTree.parse(sys.argv[-1]).getroot().iter("testcase"))
    if "--output" in sys.argv[1:-1]:
        print_failures(cases)
    else:
        print_counts(cases)
    return 0


if __name__ == "__main__":
    sys.exit(main())
