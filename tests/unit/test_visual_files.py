"""Baselines as files: what was written is read again, and what was not is refused in words."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from postflight.browser.baselines import Baselines
from postflight.browser.pictures import GAP, MAX_BYTES, decode, encode, sheet
from postflight.checks.visual.change import Shot, find_change
from postflight.checks.visual.elements import Element
from postflight.checks.visual.regions import Box
from postflight.errors import CannotMeasure

ELEMENTS = (Element("a.cta", Box(1, 2, 30, 4), (("color", "rgb(0, 0, 0)"),)), Element("h1 “é”", Box(0, 0, 9, 9)))
SHOT = Shot(np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3), ELEMENTS)


@pytest.fixture
def baselines(tmp_path: Path) -> Baselines:
    return Baselines(tmp_path, "velocity", "chromium-150-abc")


def test_a_shot_is_read_as_it_was_written(baselines: Baselines) -> None:
    path = baselines.write("landing.desktop", SHOT)
    found = baselines.read("landing.desktop")
    assert path.relative_to(baselines.root).as_posix() == "velocity/chromium-150-abc/landing.desktop.png"
    assert found is not None
    assert (found.pixels == SHOT.pixels).all()
    assert found.elements == ELEMENTS
    assert [file.name for file in path.parent.iterdir()] == ["landing.desktop.png"]


def test_the_same_shot_is_the_same_file() -> None:
    assert encode(SHOT) == encode(Shot(SHOT.pixels.copy(), ELEMENTS))


def test_a_picture_of_another_tool_has_no_elements() -> None:
    written = BytesIO()
    Image.fromarray(SHOT.pixels).convert("RGBA").save(written, "PNG")
    found = decode(written.getvalue(), "here")
    assert (found.pixels == SHOT.pixels).all()
    assert found.elements == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"version https://git-lfs.github.com/spec/v1\n",
        encode(SHOT)[:-40],
        encode(SHOT)[:60],
        b"\0" * (MAX_BYTES + 1),
    ],
    ids=["empty", "lfs", "cut", "short", "huge"],
)
def test_a_corrupt_baseline_is_no_measurement(baselines: Baselines, content: bytes) -> None:
    path = baselines.write("landing.desktop", SHOT)
    path.write_bytes(content)
    with pytest.raises(CannotMeasure, match=r"landing\.desktop\.png cannot be read: .*--update-baselines"):
        baselines.read("landing.desktop")


def test_an_enormous_picture_is_refused_before_it_is_unpacked() -> None:
    written = BytesIO()
    Image.new("1", (9000, 9000)).save(written, "PNG")
    with pytest.raises(CannotMeasure, match="9000x9000 are more than"):
        decode(written.getvalue(), "here")


def test_none_is_none_and_others_are_named(baselines: Baselines) -> None:
    Baselines(baselines.root, "velocity", "chromium-149-abc").write("landing.desktop", SHOT)
    assert baselines.read("landing.desktop") is None
    assert baselines.others() == ["chromium-149-abc"]
    assert baselines.orphans([]) == []


def test_orphans_are_what_no_page_claims(baselines: Baselines) -> None:
    paths = [baselines.write(name, SHOT) for name in ("landing.desktop", "old.desktop")]
    assert baselines.orphans(["landing.desktop", "login.desktop"]) == [paths[1]]


def test_a_sheet_shows_old_new_and_what_differs() -> None:
    old, new = (Shot(np.full((height, 100, 3), 255, dtype=np.uint8)) for height in (80, 60))
    new.pixels[10:20, 10:20] = 0
    with Image.open(BytesIO(sheet(old, new, find_change(old, new)))) as image:
        assert image.size == (3 * 100 + 2 * GAP, 80)
        dot = 2 * (100 + GAP)
        assert image.getpixel((100 + GAP + 15, 15)) == (0, 0, 0)
        assert image.getpixel((dot + 15, 15)) == image.getpixel((dot + 50, 70)) == (214, 0, 60)
        assert image.getpixel((dot + 50, 40)) == (254, 254, 254)
