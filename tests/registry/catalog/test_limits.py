"""A question that takes too long or too much memory is stopped with a sentence, and the next one is answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.catalog import Catalog, limits
from registry.catalog.limits import Limits, deadline
from registry.errors import QueryError, UsageError
from registry.store import registry_at


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def hasty(root: Path) -> Iterator[Catalog]:
    """Little time, and no lack of memory."""
    registry = registry_at(root)
    yield Catalog(registry, Limits(seconds=0.5, memory_mb=2000, result_mb=2000))
    registry.engine.dispose()


@pytest.fixture(scope="module")
def narrow(root: Path) -> Iterator[Catalog]:
    """Little memory, and all the time."""
    registry = registry_at(root)
    yield Catalog(registry, Limits(seconds=300, memory_mb=100, result_mb=10))
    registry.engine.dispose()


@pytest.mark.parametrize(
    "sql",
    ["SELECT count(*) FROM range(1000000000000)", "SELECT sum(sin(a.range)) FROM range(1000000) a, range(1000000) b"],
)
def test_a_question_too_long_is_stopped(hasty: Catalog, sql: str) -> None:
    start = time.monotonic()
    with pytest.raises(QueryError, match=r"longer than 0\.5 seconds") as refused:
        hasty.arrow(sql)
    assert "COHORTIUM_QUERY_SECONDS" in refused.value.hint
    assert time.monotonic() - start < 60, "it would have taken hours"
    assert hasty.value("SELECT 42") == 42, "the next question is answered"


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM range(1000000000000)", "SELECT range, count(*) FROM range(1000000000) GROUP BY ALL"]
)
def test_a_question_too_large_is_stopped(narrow: Catalog, sql: str) -> None:
    with pytest.raises(QueryError, match="more than 100 MB") as refused:
        narrow.arrow(sql)
    assert "COHORTIUM_QUERY_MB" in refused.value.hint
    assert narrow.value("SELECT 42") == 42


def test_nobody_waits_for_the_slow_question_of_another(hasty: Catalog) -> None:
    stopped: list[str] = []

    def slow() -> None:
        try:
            hasty.arrow("SELECT count(*) FROM range(1000000000000)")
        except QueryError as error:
            stopped.append(error.message)

    other = threading.Thread(target=slow)
    other.start()
    answers = [hasty.value("SELECT 42") for _ in range(20) if other.is_alive()]
    other.join()
    assert len(answers) == 20
    assert stopped == ["The query took longer than 0.5 seconds and was stopped."]


def test_a_failure_is_not_called_slow(hasty: Catalog) -> None:
    with pytest.raises(QueryError, match=r"The query failed: .*exactly this"):
        hasty.arrow("SELECT error('exactly this')")


def test_a_deadline_never_rings_after_its_end() -> None:
    rung: list[int] = []
    for _ in range(50):
        with deadline(0.001, lambda: rung.append(1)):
            pass
        count = len(rung)
        time.sleep(0.002)
        assert len(rung) == count
    with deadline(0.001, lambda: rung.append(1)) as late:
        time.sleep(0.05)
    assert late()


def test_the_environment_sets_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.SECONDS_ENVIRONMENT, "5")
    monkeypatch.setenv(limits.MEMORY_ENVIRONMENT, "3000")
    assert limits.read_limits() == Limits(5, 3000, 1500)
    monkeypatch.setenv(limits.SECONDS_ENVIRONMENT, "soon")
    with pytest.raises(UsageError, match="no whole number"):
        limits.read_limits()
