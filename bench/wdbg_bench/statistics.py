# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Medians, percentiles, and rounds in which all variants take turns."""


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values):
    return percentile(values, 0.5)


def interleave(variants, rounds):
    """variants: name -> function that gives one measurement. Returns name -> measurements.

    Each round runs all variants, alternately forwards and backwards, so that a machine that
    becomes slower or faster meanwhile does so for all. A first round warms up and is dropped.
    """
    results = {name: [] for name in variants}
    for turn in range(rounds + 1):
        order = list(variants) if turn % 2 else list(reversed(variants))
        for name in order:
            value = variants[name]()
            if turn > 0:
                results[name].append(value)
    return results


def ratio(results, name, base):
    """Median of the ratios of the same round: less noisy than the ratio of the medians."""
    return median([a / b for a, b in zip(results[name], results[base])])
