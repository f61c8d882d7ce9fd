"""Numbers, days, sizes and places as people write them."""

from __future__ import annotations

from registry.vocabulary import display


def test_wording() -> None:
    assert display.counted(1, "person") == "1 person"
    assert display.counted(1200, "person") == "1,200 persons"
    assert [display.day(day) for day in (0, 371, None)] == ["baseline", "day 371", "day unknown"]
    assert [display.volume(mm3) for mm3 in (None, 742.4, 2540)] == ["-", "742 mm³", "2.54 mL"]
    assert [display.size(n) for n in (980_000, 21_400_000, 3_100_000_000)] == ["980 kB", "21.4 MB", "3.1 GB"]
    assert display.place(-28.2, -30, 8.8) == "L 28 · P 30 · S 9"
    assert display.plain("[a](b) *c*") == r"\[a\]\(b\) \*c\*"
