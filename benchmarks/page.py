"""The writer of docs/benchmarks.md from the kept results: `python -m benchmarks.page`."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

Result = dict[str, Any]
Line = tuple[str, str, str]

_HEAD = """# Benchmarks

What was measured, and its target where there is one. Each line comes from a file in `benchmarks/results/`, which
`python -m benchmarks NAME` wrote on {machine}; `python -m benchmarks.page` writes this page from these files.
Seconds depend on the machine; the ratio to a peer in the same run says more. Of several runs the page gives the median.

| benchmark | measured | result | target |
|---|---|---|---|
"""


def page(results: Path = RESULTS) -> str:
    """The text of the page."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(results.glob("*.json"))}
    machine = next(iter(found.values()))["machine"]
    described = f"{machine['cpus']} cores, {machine['system']}, Python {machine['python']}"
    lines = [(name, *line) for name in LINES if name in found for line in LINES[name](found[name])]
    rows = ["| `{}` | {} | {} | {} |".format(*line) for line in lines]
    return _HEAD.format(machine=described) + "\n".join(rows) + "\n"


def _median(measured: Result, key: str = "seconds") -> float:
    return statistics.median(measured[key])


def _index(result: Result) -> Iterator[Line]:
    files = f"{result['files']:,} files of {result['subjects']:,} subjects"
    yield (
        f"{files}: index with headers and checksums",
        f"{_median(result['index_with_headers_and_checksums']):.1f} s",
        "",
    )
    yield "rescan of the same, unchanged files", f"{result['ratio_rescan_to_index']:.2f} of the index", "under 0.2"
    yield "a snapshot of these files", f"{_median(result['snapshot']):.2f} s", ""


def _scan(result: Result) -> Iterator[Line]:
    for subjects, found in result["subjects"].items():
        count = f"{int(subjects):,} subjects, {found['files']:,} files"
        ours = found["peers"]["cohortium"]
        took = f"{_median(ours):.2f} s ({_median(ours, 'cpu_seconds'):.2f} s of processor), {ours['peak_mib']} MiB"
        yield (f"{count}: names, sidecars and all rows in the database", took, "under 400 MB")
        wanted = {"bids2table_sidecars": "3 times, better 4", "pybids": "20 times, better 40"}
        processor = found["times_ours_cpu_seconds"]
        for peer, times in found["times_ours_seconds"].items():
            if peer != "cohortium":
                result_text = f"{times:g} times as long ({processor[peer]:g} times the processor)"
                yield f"{count}: {peer.replace('_', ' with ')}", result_text, wanted.get(peer, "")
        yield f"{count}: unchanged rescan", f"{found['ratio_rescan_to_index']:.2f} of a full index", "under 0.2"
        one, many = (statistics.median(found[f"volumes_{how}"]) for how in ("one_core", "all_cores"))
        result_text = f"{many:.2f} s ({one / many:.1f} times one core)"
        yield f"{count}: headers and checksums of volumes on {found['cores']} cores", result_text, ""


def _layout(result: Result) -> Iterator[Line]:
    for subjects, found in result["subjects"].items():
        count = f"{int(subjects):,} subjects, {found['files']:,} files"
        ours, theirs = found["cohortium"], found["pybids"]
        seconds = statistics.median(one["seconds"][0] for one in ours)
        yield (
            f"{count}: pybids database written and opened",
            f"{seconds:.1f} s, {max(one['peak_mib'] for one in ours)} MiB",
            "",
        )
        yield (
            f"{count}: pybids' own indexing",
            f"{found['times_ours_seconds']:g} times as long, {found['times_ours_cpu_seconds']:g} times in processor "
            f"seconds, {theirs['peak_mib']} MiB",
            "",
        )


def _accept(result: Result) -> Iterator[Line]:
    yield (
        "accept one mask of a whole head, the service call",
        f"{1000 * _median(result['head']):.0f} ms",
        "under 150 ms",
    )


def _catalog(result: Result) -> Iterator[Line]:
    for name, measured in result["warm"].items():
        yield (
            f"{result['image_rows']:,} image rows, warm: {name}",
            f"{1000 * _median(measured):.0f} ms",
            "under 100 ms",
        )
    yield "filling the catalog, once a change", f"{_median(result['fill']):.1f} s", ""


def _snapshot(result: Result) -> Iterator[Line]:
    yield f"a snapshot of {result['files']:,} files", f"{_median(result['second']['create']):.1f} s", "under 5 s"


def _importing(result: Result) -> Iterator[Line]:
    for name in ("many_small", "large_masks"):
        gain = result[name]["gain_by_busiest_process"]
        yield f"reading a delivery, {name.replace('_', ' ')}: {result['cores']} cores over one", f"{gain} times", ""


def _quality(result: Result) -> Iterator[Line]:
    wanted = {"alone": "under 50 ms", "eight_at_once": ""}
    for how, limit in wanted.items():
        yield f"a quality verdict, {how.replace('_', ' ')}", f"{result[how]['median_ms']:.0f} ms", limit


def _facets(result: Result) -> Iterator[Line]:
    for subjects in (key for key in result if key.isdecimal()):
        took, count = _median(result[subjects]["many"]), result[subjects]["image_rows"]
        wanted = "under 100 ms" if subjects == "1000" else ""
        yield f"a tick in the cohort builder, {count:,} images", f"{1000 * took:.0f} ms", wanted


def _demo(result: Result) -> Iterator[Line]:
    yield "`cohortium demo`, training included", f"{_median(result) / 60:.1f} min, {result['peak_mib']} MiB", ""


def _hippocampus(result: Result) -> Iterator[Line]:
    for reached in (0.85, 0.87, 0.88):
        at = next((point for point in result["curve"] if point["validation_dice"] >= reached), None)
        if at:
            yield f"validation Dice of at least {reached}", f"after {at['minutes']:.1f} min", ""
    test = next(part for part in result["parts"] if (part["part"], part["label"]) == ("test", "foreground"))
    low, high = test["dice"]["ci95"]
    minutes = result["curve"][-1]["minutes"]
    yield (
        f"mean foreground Dice of {test['n']} test images, {minutes:.0f} min of training",
        f"{test['dice']['mean']:.3f} ({low:.3f} to {high:.3f})",
        "0.875 within 15 min",
    )


LINES: dict[str, Callable[[Result], Iterator[Line]]] = {
    "index": _index,
    "scan": _scan,
    "layout": _layout,
    "importing": _importing,
    "accept": _accept,
    "catalog": _catalog,
    "facets": _facets,
    "snapshot": _snapshot,
    "quality": _quality,
    "demo": _demo,
    "hippocampus": _hippocampus,
}


if __name__ == "__main__":
    PAGE.write_text(page())
