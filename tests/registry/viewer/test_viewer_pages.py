"""Pages without a browser: arrangement, the frame, `show` in a page, the server's refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from registry.app.page import Page, arrange
from registry.app.server import options, serve
from registry.errors import NotFound, UsageError
from registry.viewer import Layer, show
from registry.viewer.component import _parse_state
from tests.support.viewer import sample as viewer_sample

APP = Path(viewer_sample.__file__).with_name("sample_app.py")


def page(name: str, section: str = "Cohort", order: int = 100) -> Page:
    return Page(name, name.lower(), ":material/person:", lambda registry: None, section, order)


def test_pages_stand_by_section_then_order_then_title() -> None:
    pages = [page("Runs", "Models"), page("Zeta"), page("Alpha"), page("Overview", order=1), page("Odd", "Other")]
    arranged = {section: [item.title for item in listed] for section, listed in arrange(pages).items()}
    assert list(arranged.items()) == [
        ("Cohort", ["Overview", "Alpha", "Zeta"]),
        ("Models", ["Runs"]),
        ("Other", ["Odd"]),
    ]


def test_two_pages_with_one_address_are_refused() -> None:
    with pytest.raises(ValueError, match="one address: runs"):
        arrange([page("Runs"), page("Runs", "Models")])


def test_a_page_with_the_viewer_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer_sample.make(tmp_path)
    monkeypatch.setenv("COHORTIUM_SAMPLE", str(tmp_path))
    app = AppTest.from_file(str(APP)).run(timeout=60)
    assert not app.exception
    assert app.title[0].value == "sub-0001"
    assert "Clicked at None" in [item.value for item in app.markdown]


def test_a_mistake_is_one_sentence_and_a_hint() -> None:
    def script() -> None:
        from registry.app import shell
        from registry.errors import NotFound

        def no_registry() -> None:
            raise NotFound("There is no registry here.", "Make one with `cohortium init`.")

        shell.run(no_registry, [])  # type: ignore[arg-type]

    app = AppTest.from_function(script).run(timeout=60)
    assert not app.exception
    assert [item.value for item in app.error] == ["There is no registry here."]
    assert app.caption[0].value == "Make one with `cohortium init`."


def test_a_mask_alone_is_refused() -> None:
    with pytest.raises(UsageError, match="needs an image"):
        show([Layer("/volumes/x.nii.gz", "Mask", "label")], key="viewer")


def test_a_click_becomes_a_place() -> None:
    state = _parse_state({"mm": [26, 8.5, 0], "voxel": [1, 2, 3], "intensity": 7, "labels": [["Rater A", 1]]})
    assert (state.position_mm, state.voxel, state.labels) == ((26.0, 8.5, 0.0), (1, 2, 3), (("Rater A", 1),))


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.5", "::"])
def test_no_other_machine_is_ever_served(address: str) -> None:
    with pytest.raises(UsageError, match="this machine only"):
        serve(APP, [], address=address)


def test_a_missing_script_and_a_taken_port_are_said_to_be_so(tmp_path: Path) -> None:
    import socket

    with pytest.raises(NotFound, match="no app"):
        serve(tmp_path / "nothing.py", [])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot be used"):
            serve(APP, [], port=taken.getsockname()[1])


def test_the_servers_options_exist_and_keep_quiet() -> None:
    from streamlit import config

    chosen = options(8501, "127.0.0.1")
    assert set(chosen) <= set(config._config_options_template)
    assert chosen["browser.gatherUsageStats"] is False
    assert chosen["client.showErrorDetails"] == "none"


def test_importing_the_package_loads_neither_streamlit_nor_starlette() -> None:
    code = (
        "import sys, registry.viewer, registry.viewer.volume_routes, registry.app.server, registry.app.page\n"
        "print([name for name in ('streamlit', 'starlette', 'nilearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
