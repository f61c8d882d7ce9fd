"""Many processes may write at once: the event chain has neither gaps nor doubles, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlmodel import col, select

from registry.catalog import Catalog
from registry.maintenance import doctor, validation
from registry.publishing import events
from registry.store import Registry
from registry.tables import Event
from tests.support.children import appender, parallel_writer
from tests.support.templates import registry_state


def chain(registry: Registry) -> list[Event]:
    with registry.reading() as database:
        return list(database.exec(select(Event).order_by(col(Event.writer), col(Event.number))).all())


def test_eight_processes_publish_at_once(cohort: Registry) -> None:
    before = len(chain(cohort))
    script = str(Path(parallel_writer.__file__))
    registry_state.run_together([[script, str(cohort.root), str(number), "1"] for number in range(8)])
    doctor.doctor(cohort)
    found = chain(cohort)
    events.verify_chain(found)
    assert len(found) == before + 8
    logged = events.read_log(cohort.root)
    assert [(event.writer, event.number, event.hash) for event in logged] == [
        (event.writer, event.number, event.hash) for event in found
    ]
    assert registry_state.uncommitted(cohort) == ""
    assert Catalog(cohort).value("SELECT count(*) FROM subjects WHERE subject LIKE 'sub-B%'") == 8
    assert validation.validate(cohort, bids=False).errors == []


def test_numbers_have_no_gaps_even_where_no_file_lock_helps(cohort: Registry) -> None:
    before = len(chain(cohort))
    script = str(Path(appender.__file__))
    registry_state.run_together([[script, str(cohort.root), "10"] for _ in range(8)])
    found = chain(cohort)
    events.verify_chain(found)
    assert len(found) == before + 80


def test_a_writer_that_is_killed_holds_nobody_up(cohort: Registry) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from registry.store import open_registry;"
        "r = open_registry(Path(sys.argv[1]));"
        "w = r.unit_of_work(); w.__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    child = subprocess.run([sys.executable, "-c", program, str(cohort.root)], check=False)
    assert child.returncode < 0
    writer = cohort.writer
    with cohort.unit_of_work() as database:
        events.append(database, writer, "local", "test", {})
    events.verify_chain(chain(cohort))
