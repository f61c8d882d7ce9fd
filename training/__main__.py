"""`python -m training`: train, predict and evaluate on a machine that has no registry.

Needs torch, monai, nibabel and numpy; reads a snapshot file and the folder its paths are relative to.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from registry import manifests
from registry.errors import CohortiumError


def main(words: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    args = _parser().parse_args(words)
    try:
        return int(args.do(args))
    except CohortiumError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    train = commands.add_parser("train", help="train, predict the held-out parts, score, report")
    train.add_argument("config", type=Path, help="a TOML file, or the name of a delivered configuration")
    _add_data_arguments(train)
    train.add_argument("--output", type=Path, required=True, help="folder of runs; the run gets its own folder in it")
    train.add_argument("--run", help="the run's name (letters and digits); a new one by default")
    train.add_argument("--resume", action="store_true", help="continue --run after it was stopped")
    train.set_defaults(do=_train)
    evaluate = commands.add_parser("evaluate", help="score a run and write its report")
    evaluate.add_argument("run", type=Path, help="the run's folder")
    _add_data_arguments(evaluate)
    evaluate.set_defaults(do=_evaluate)
    predict = commands.add_parser("predict", help="label maps for any NIfTI images")
    predict.add_argument("--run", type=Path, required=True, help="the run's folder")
    predict.add_argument("--input", type=Path, required=True, help="folder of images")
    predict.add_argument("--output", type=Path, required=True, help="folder for the label maps")
    predict.set_defaults(do=_predict)
    return parser


def _add_data_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--manifest", type=Path, required=True, help="the snapshot, <id>.json.gz")
    parser.add_argument("--root", type=Path, required=True, help="folder the snapshot's paths are relative to")


def _train(args: argparse.Namespace) -> int:
    from training import spec as configs
    from training.evaluation.profiles import table as profiles
    from training.record.run_record import new_run_id
    from training.run import train

    config = configs.load(args.config)
    profiles.get(config.evaluation.profile)  # before the hours of training, not after them
    manifest = manifests.read(args.manifest)
    out = args.output / (args.run or new_run_id())
    context = {"launcher": "python -m training", "command": f"train {args.config.name}"}
    result = train(config, manifest, args.root, out, progress=Lines(), resume=args.resume, context=context)
    _score(result.folder, manifest, args.root)
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    _score(args.run, manifests.read(args.manifest), args.root)
    return 0


def _score(run_dir: Path, manifest: manifests.Manifest, root: Path) -> None:
    from training.evaluation.scoring import evaluate
    from training.report import NoFiguresError, write_report

    print(evaluate(run_dir, manifest, root, progress=Lines()).text())
    try:
        print(f"Report: {write_report(run_dir, manifest, root)}")
    except NoFiguresError as error:  # a training node need not draw
        print(f"{error}\n{error.hint}", file=sys.stderr)


def _predict(args: argparse.Namespace) -> int:
    from training.predict.folder import predict

    report = predict(args.run, args.input, args.output, progress=Lines())
    print(report.text())
    return 4 if report.refused else 0


class Lines:
    """Progress as plain lines on standard error, one each time another twentieth is done."""

    def __init__(self) -> None:
        self._last = (-1, 0)

    def __call__(self, done: int, total: int, what: str) -> None:
        """Print a line where another twentieth is done."""
        reached = (20 * done // max(total, 1), total)
        if reached != self._last:
            self._last = reached
            print(f"{100 * done // max(total, 1):3d} %  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
