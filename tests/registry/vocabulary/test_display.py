"""Numbers, days, sizes and places as people write them."""

from __future__ import annotations

from registry.vocabulary import display


def test_wording() -> None:
    assert display.format_count(1, "person") == "1 person"
    assert display.format_count(1200, "person") == "1,200 persons"
    assert [display.format_day(day) for day in (0, 371, None)] == ["baseline", "day 371", "day unknown"]
    assert [display.format_time(at) for at in ("2001-02-03T04:05:06Z", "")] == ["2001-02-03 04:05 UTC", "time unknown"]
    assert [display.format_volume(mm3) for mm3 in (None, 742.4, 2540)] == ["-", "742 mm³", "2.54 mL"]
    assert [display.format_size(n) for n in (980_000, 21_400_000, 3_100_000_000)] == ["980 kB", "21.4 MB", "3.1 GB"]
    assert display.format_place(-28.2, -30, 8.8) == "L 28 · P 30 · S 9"
    assert display.escape_markdown("[a](b) *c*") == r"\[a\]\(b\) \*c\*"
