"""From pixels to regions, and from regions to the element that explains them."""

import numpy as np
import pytest

from postflight.checks.visual.change import Shot, find_change
from postflight.checks.visual.elements import Element, describe, explain
from postflight.checks.visual.regions import Box, Region, find_regions

BODY = Element("main", Box(0, 0, 800, 600), (("color", "black"),))
HERO = Element("img.hero", Box(400, 100, 300, 200))
CTA = Element("a.cta", Box(100, 300, 160, 40), (("color", "black"), ("background-color", "blue")))
LEAD = Element("p.lead", Box(100, 200, 280, 60), (("font-size", "19px"),))
SECTION = Element("section#features", Box(0, 400, 800, 150))
CARD = Element("section#features > li", Box(20, 420, 200, 100))
PAGE = (BODY, HERO, CTA, LEAD, SECTION, CARD)


def mask(*boxes: Box) -> np.ndarray:
    found = np.zeros((600, 800), dtype=bool)
    for box in boxes:
        found[box.top : box.top + box.height, box.left : box.left + box.width] = True
    return found


def changed(old: Element, **new: object) -> tuple[Element, ...]:
    """The page with one element another."""
    values = {"name": old.name, "box": old.box, "look": old.look} | new
    return tuple(Element(**values) if element is old else element for element in PAGE)  # type: ignore[arg-type]


def test_pixels_that_lie_together_are_one_region() -> None:
    button, hero = Box(100, 300, 160, 40), Box(401, 99, 300, 200)
    regions = find_regions(mask(button, hero))
    assert [(region.box, region.pixels, region.share) for region in regions] == [(hero, 60_000, 1), (button, 6400, 1)]


def test_letters_of_a_word_are_one_region_and_far_words_are_two() -> None:
    letters = [Box(10 + 12 * n, 10, 5, 9) for n in range(6)]
    assert [region.box for region in find_regions(mask(*letters))] == [Box(10, 10, 65, 9)]
    assert len(find_regions(mask(*letters, Box(300, 10, 5, 9)))) == 2


def test_a_region_is_within_its_picture() -> None:
    whole = np.ones((33, 47), dtype=bool)
    assert find_regions(whole) == (Region(Box(0, 0, 47, 33), 33 * 47),)
    assert find_regions(np.zeros((33, 47), dtype=bool)) == ()


@pytest.mark.parametrize(
    ("box", "new", "words"),
    [
        (HERO.box, changed(HERO, box=Box(376, 116, 300, 200)), "img.hero moved by (-24,+16)"),
        (
            CTA.box,
            changed(CTA, look=(("color", "black"), ("background-color", "red"))),
            "a.cta has another look (background-color blue -> red)",
        ),
        (LEAD.box, changed(LEAD, box=Box(100, 200, 280, 80)), "p.lead was 280x60, is 280x80"),
        (SECTION.box, PAGE[:4], "section#features is missing"),
        (Box(0, 0, 800, 40), (*PAGE, Element("div.offer", Box(0, 0, 800, 40))), "div.offer is new"),
        (HERO.box, PAGE, "img.hero"),  # another picture in the same place
        (Box(900, 0, 10, 10), PAGE, ""),
    ],
)
def test_a_region_is_explained_by_an_element(box: Box, new: tuple[Element, ...], words: str) -> None:
    assert explain(box, PAGE, new).words == words


def test_without_elements_of_the_old_picture_nothing_is_called_new() -> None:
    assert explain(HERO.box, (), PAGE).words == "img.hero"


def test_an_inherited_look_is_told_of_whom_it_comes_from() -> None:
    blue = tuple(Element(e.name, e.box, (("color", "blue"),)) for e in (BODY, CTA))
    assert explain(CTA.box, (BODY, CTA), blue).words == "main has another look (color black -> blue)"


def test_a_cause_is_told_before_what_follows_from_it() -> None:
    below = Element("p.below", Box(100, 500, 280, 60))
    old = (LEAD, below)
    new = (
        Element("p.lead", Box(100, 200, 280, 50), (("font-size", "17px"),)),
        Element("p.below", Box(100, 490, 280, 60)),
    )
    regions = [Region(Box(100, 490, 280, 70), 5000), Region(LEAD.box, 2000)]
    assert describe(regions, old, new) == (
        "p.lead has another look (font-size 19px -> 17px): 280x60 at (100,200) differs by 12 %; "
        "p.below moved by (+0,-10): 280x70 at (100,490) differs by 26 %"
    )


def test_more_regions_than_a_person_reads_are_counted() -> None:
    regions = [Region(Box(100 * n, 0, 10, 10), 100) for n in range(6)]
    elements = [Element(f"p{n}", Box(100 * n, 0, 10, 10)) for n in range(6)]
    assert describe(regions, elements, elements).endswith("p3: 10x10 at (300,0) differs by 100 %; and 2 more")


def test_a_page_of_another_size_is_said_to_be_one() -> None:
    old, new = (Shot(np.full((height, 80, 3), 255, dtype=np.uint8)) for height in (100, 60))
    change = find_change(old, new)
    assert change.resized == "the page was 80x100, is 80x60"
    assert change.words == "80x40 at (0,60) differs by 100 %"
    assert find_change(old, old).words == find_change(old, old).resized == ""
