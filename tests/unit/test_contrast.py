"""Text can be read: the contrast table of the visual language, computed from its constants."""

from __future__ import annotations

import sys

import pytest

from trunkline_desktop.tokens import DARK, LIGHT, Tokens, contrast, high_contrast

GROUNDS = ("window", "sidebar", "surface", "sunken", "hover", "selected")
SOFT = {"accent": "accent_soft"} | {
    name: f"{name}_soft"
    for name in ("running", "failed", "attention", "production", "staging", "test")
}
# On surface and the worst ground, for light and dark, as the visual language states them.
TABLE = {
    "text": (16.7, 13.5, 13.9, 11.0),
    "text2": (7.9, 6.3, 8.6, 6.8),
    "text3": (5.6, 4.5, 6.0, 4.7),
    "accent": (5.9, 4.7, 7.4, 5.9),
    "running": (5.7, 4.6, 7.6, 6.0),
    "failed": (6.2, 5.0, 7.1, 5.7),
    "attention": (6.3, 5.1, 8.8, 7.0),
    "production": (7.4, 6.0, 7.6, 6.1),
    "staging": (7.2, 5.8, 7.6, 6.0),
    "test": (6.2, 5.0, 8.2, 6.5),
}


def worst(tokens: Tokens, name: str) -> float:
    grounds = (*GROUNDS, SOFT[name]) if name in SOFT else GROUNDS
    return min(contrast(getattr(tokens, name), getattr(tokens, g)) for g in grounds)


@pytest.mark.parametrize("name", TABLE)
def test_text_has_the_contrast_the_table_says(name):
    light, dark = (contrast(getattr(t, name), t.surface) for t in (LIGHT, DARK))
    found = (light, worst(LIGHT, name), dark, worst(DARK, name))
    assert found == pytest.approx(TABLE[name], abs=0.06)


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_ground(tokens, name):
    assert round(worst(tokens, name), 1) >= 4.5


@pytest.mark.parametrize(
    ("tokens", "expected"), [(LIGHT, (5.9, 7.2, 9.2)), (DARK, (7.9, 9.7, 6.3))]
)
def test_text_on_the_accent_is_readable_in_every_state(tokens, expected):
    fills = (tokens.accent, tokens.accent_hover, tokens.accent_press)
    found = tuple(contrast(tokens.on_accent, fill) for fill in fills)
    assert found == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(
    ("tokens", "expected"), [(LIGHT, (14.6, 14.0, 16.7)), (DARK, (11.8, 12.9, 9.0))]
)
def test_text_is_readable_on_diffs_and_chosen_segments(tokens, expected):
    fills = (tokens.diff_added, tokens.diff_removed, tokens.raised)
    assert tuple(contrast(tokens.text, f) for f in fills) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_outlines_of_controls_stand_out_from_every_ground(tokens):
    assert min(contrast(tokens.control, getattr(tokens, g)) for g in GROUNDS) >= 3.0


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_high_contrast_makes_separators_as_strong_as_outlines(tokens):
    strong = high_contrast(tokens)
    assert (strong.border, strong.text3) == (tokens.control, tokens.text2)


def test_black_on_white_has_the_greatest_contrast():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_the_constants_need_no_qt():
    module = sys.modules["trunkline_desktop.tokens"]
    assert not [
        n for n, v in vars(module).items() if getattr(v, "__module__", "").startswith("PySide6")
    ]
