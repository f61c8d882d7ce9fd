"""The oracle itself: the grid of a stack places every pixel where DICOM's own equation places it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from curation.dicom.read import mosaic
from curation.dicom.read.instances import Cosines, Frame
from curation.dicom.sort import grids

angles = st.tuples(*[st.floats(-180, 180)] * 3)
places = st.tuples(*[st.floats(-200, 200)] * 3)
spacings = st.tuples(st.floats(0.2, 4), st.floats(0.2, 4))


def frames(
    turn: tuple[float, ...], place: tuple[float, ...], spacing: tuple[float, float], depths: list[float]
) -> list[Frame]:
    matrix = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    cosines: Cosines = tuple(float(v) for v in [*matrix[:, 0], *matrix[:, 1]])  # type: ignore[assignment]
    return [
        Frame(index, mosaic.triple(np.array(place) + matrix[:, 2] * depth), cosines, spacing)
        for index, depth in enumerate(depths)
    ]


@given(angles, places, spacings, st.floats(0.5, 8), st.integers(2, 9))
def test_every_pixel_lies_where_the_standard_says(
    turn: tuple[float, ...], place: tuple[float, ...], spacing: tuple[float, float], step: float, count: int
) -> None:
    slices = frames(turn, place, spacing, [step * index for index in range(count)])
    grid = grids.grid(slices, (6, 8))
    assert grid.shape == (8, 6, count)
    for column, row, index in ((0, 0, 0), (7, 5, count - 1), (3, 2, count // 2)):
        frame = slices[index]
        x, y = np.array(frame.cosines[:3]), np.array(frame.cosines[3:])
        lps = np.array(frame.position) + x * frame.spacing_mm[1] * column + y * frame.spacing_mm[0] * row
        ras = grid.affine_ras @ [column, row, index, 1]
        assert np.allclose(ras[:3], lps * [-1, -1, 1], atol=1e-6)


@given(st.floats(0.5, 8), st.integers(4, 30), st.data())
def test_a_gap_inside_is_counted(step: float, count: int, data: st.DataObject) -> None:
    depths = [step * index for index in range(count)]
    lost = data.draw(st.sets(st.integers(1, count - 2), max_size=max(1, (count - 1) // 4)))
    left = [depth for index, depth in enumerate(depths) if index not in lost]
    assert grids.gaps(left) == (len(lost), True)


FORMS = [("%.6g", 0.0005, (4, 6)), ("%.4g", 0.05, (2, 4)), ("%.3f", 0.0005, (3, 6)), ("%.1f", 0.05, (1, 4))]


@given(angles, st.floats(0.8, 4), st.integers(4, 180), st.sampled_from(FORMS))
def test_rounded_positions_are_even_and_lie_on_a_cuboid_through_their_ends(
    turn: tuple[float, ...], step: float, count: int, form: tuple[str, float, tuple[int, int]]
) -> None:
    """No limit is tighter than rounding: every slice is found within three roundings of its true place."""
    written, rounding, digits = form
    true = frames(turn, (-101.333, -120.77, -88.1234), (1, 1), [step * index for index in range(count)])
    slices = [
        replace(frame, position=tuple(float(written % value) for value in frame.position), digits=digits)
        for frame in true
    ]
    along = grids.normal(slices[0])
    assert grids.rounding_mm(slices) == pytest.approx(rounding)
    assert grids.gaps([grids.depth_mm(frame, along) for frame in slices], grids.rounding_mm(slices)) == (0, True)
    assert grids.tilt_mm(slices) <= grids.tilt_limit_mm(slices)
    affine = grids.grid(slices, (6, 8)).affine_ras
    for index in (0, count // 2, count - 1):
        where = affine[:3, 3] + affine[:3, 2] * index
        # each of the three axes is off by half a digit
        assert np.linalg.norm(where - np.array(true[index].position) * [-1, -1, 1]) <= 3 * 3**0.5 * rounding


@given(angles, st.floats(0.8, 4), st.integers(3, 60), st.floats(0.05, 0.5))
def test_a_sheared_stack_is_seen_and_keeps_its_shear(
    turn: tuple[float, ...], step: float, count: int, shift: float
) -> None:
    straight = frames(turn, (0, 0, 0), (1, 1), [step * index for index in range(count)])
    aside = np.array(straight[0].cosines[:3]) * shift
    slices = [replace(f, position=mosaic.triple(np.array(f.position) + aside * f.index)) for f in straight]
    assert grids.tilt_mm(slices) > grids.tilt_limit_mm(slices)
    affine = grids.grid(slices, (6, 8)).affine_ras
    last = affine[:3, 3] + affine[:3, 2] * (count - 1)
    assert np.allclose(last, np.array(slices[-1].position) * [-1, -1, 1], atol=1e-9)


@pytest.mark.parametrize("depths", [[0, 1, 2.4, 3], [0, 1, 1.2, 2, 3], [0, 3, 4.4, 6, 9]])
def test_uneven_slices_are_uneven(depths: list[float]) -> None:
    assert grids.gaps(depths)[1] is False


@pytest.mark.parametrize(
    ("turn", "plane"), [((0, 0, 0), "ax"), ((90, 0, 0), "cor"), ((0, 90, 0), "sag"), ((0, 20, 9), "ax")]
)
def test_planes_are_named_by_the_nearest_axis(turn: tuple[float, ...], plane: str) -> None:
    assert grids.grid(frames(turn, (0, 0, 0), (1, 1), [0, 1]), (4, 4)).plane == plane


def test_a_slice_beside_the_line_is_measured() -> None:
    slices = frames((0, 0, 0), (0, 0, 0), (1, 1), [0, 1, 2])
    moved = Frame(1, (0.7, 0.0, 1.0), slices[1].cosines, (1, 1))
    assert grids.off_line_mm([slices[0], moved, slices[2]]) == pytest.approx(0.7)


def test_tiles_of_a_mosaic_are_cut_row_by_row() -> None:
    tiles = [np.full((2, 3), index) for index in range(4)]
    whole = np.block([[tiles[0], tiles[1]], [tiles[2], tiles[3]]])
    assert all((mosaic.cut(whole, 2, index) == index).all() for index in range(4))


@pytest.mark.filterwarnings("ignore:The DICOM readers")
def test_a_csa_header_reads_as_nibabel_reads_it() -> None:
    from nibabel.nicom import csareader

    data = csa({"NumberOfImagesInMosaic": ["5"], "SliceNormalVector": ["0.0", "0.5", "1.0"], "Empty": []})
    oracle = csareader.read(data)["tags"]
    found = mosaic.read_csa(data)
    assert (
        [float(word) for word in found["SliceNormalVector"]] == oracle["SliceNormalVector"]["items"] == [0.0, 0.5, 1.0]
    )
    assert mosaic.tiles(data) == mosaic.Tiles(5, (0.0, 0.5, 1.0))
    assert mosaic.tiles(data[:300]) is None


def csa(values: dict[str, list[str]]) -> bytes:
    """A CSA2 header of decimal strings."""
    out = b"SV10\4\3\2\1" + len(values).to_bytes(4, "little") + (77).to_bytes(4, "little")
    for name, words in values.items():
        out += name.encode().ljust(64, b"\0") + len(words).to_bytes(4, "little") + b"FD\0\0"
        out += (4).to_bytes(4, "little") + len(words).to_bytes(4, "little") + (77).to_bytes(4, "little")
        for word in words:
            text = word.encode() + b"\0"
            out += b"".join(value.to_bytes(4, "little") for value in (len(text), len(text), 77, len(text)))
            out += text.ljust((len(text) + 3) // 4 * 4, b"\0")
    return out
