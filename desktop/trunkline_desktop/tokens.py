"""The colours, sizes and ratios of the visual language, as plain values. Knows nothing of Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

GRID = 8
MARGIN, MARGIN_NARROW, NARROW_BELOW = 32, 24, 900
CARD_PADDING, CARD_GAP, FIELD_GAP, LABEL_GAP, ICON_GAP = 16, 16, 12, 4, 8
RADIUS_CARD, RADIUS_CONTROL, RADIUS_TAG = 8, 6, 4
CONTROL_HEIGHT, SMALL_HEIGHT, HERO_HEIGHT = 32, 28, 44
SIDEBAR_ROW, NAVIGATION, CHECK_ROW, TABLE_ROW, TABLE_ROW_SMALL, TREE_ROW = 56, 36, 36, 44, 32, 28
FOOTER, SIDEBAR, SIDEBAR_NARROW = 56, 256, 216
DRAWER_SMALLEST, DRAWER_LARGEST, FORM_WIDEST, EMPTY_WIDTH = 272, 404, 720, 320
ICON, ICON_NAVIGATION, ICON_MESSAGE, ICON_EMPTY = 16, 18, 20, 32
MOTION_MS, COPIED_MS, TOAST_MS = 120, 2000, 6000
SMALLEST_WINDOW = (800, 560)

FontRole = Literal["hero", "title", "card", "body", "button", "strong", "caption", "head", "code"]

# Size as a ratio of the system font, and weight.
FONT_ROLES: dict[FontRole, tuple[float, int]] = {
    "hero": (2.0, 600),
    "title": (1.54, 600),
    "card": (1.15, 600),
    "body": (1.0, 400),
    "button": (1.0, 500),
    "strong": (1.0, 600),
    "caption": (0.92, 400),
    "head": (0.92, 600),
    "code": (0.92, 400),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One colour scheme; every value is ``#RRGGBB`` except ``is_dark``."""

    is_dark: bool
    window: str
    sidebar: str
    surface: str
    sunken: str
    raised: str
    hover: str
    selected: str
    border: str
    control: str
    text: str
    text2: str
    text3: str
    accent: str
    accent_hover: str
    accent_press: str
    on_accent: str
    accent_soft: str
    running: str
    running_soft: str
    failed: str
    failed_soft: str
    attention: str
    attention_soft: str
    production: str
    production_soft: str
    staging: str
    staging_soft: str
    test: str
    test_soft: str
    diff_added: str
    diff_removed: str

    @property
    def starting(self) -> str:
        """Starting, checking or waiting for an app."""
        return self.accent

    @property
    def stopped(self) -> str:
        """Off."""
        return self.text3

    @property
    def focus(self) -> str:
        """The ring around what has the keyboard."""
        return self.accent


LIGHT = Tokens(
    is_dark=False,
    window="#F6F7F9",
    sidebar="#EDEFF3",
    surface="#FFFFFF",
    sunken="#F1F3F6",
    raised="#FFFFFF",
    hover="#E6E9EE",
    selected="#DCE8F8",
    border="#DDE1E7",
    control="#78818F",
    text="#1A1E25",
    text2="#4A5261",
    text3="#5F6878",
    accent="#0F62C6",
    accent_hover="#0C55AD",
    accent_press="#094690",
    on_accent="#FFFFFF",
    accent_soft="#E7F0FC",
    running="#17763F",
    running_soft="#E6F4EB",
    failed="#BE1E2D",
    failed_soft="#FCEBEC",
    attention="#8A5300",
    attention_soft="#FDF3DF",
    production="#A3175C",
    production_soft="#FBE9F2",
    staging="#6A3BB5",
    staging_soft="#F1EBFB",
    test="#0B6B73",
    test_soft="#E2F3F4",
    diff_added="#E3F4E8",
    diff_removed="#FBE6E7",
)

DARK = Tokens(
    is_dark=True,
    window="#16181D",
    sidebar="#111317",
    surface="#1E2127",
    sunken="#191C21",
    raised="#3A404B",
    hover="#2A2E36",
    selected="#1E3350",
    border="#31363F",
    control="#747D8C",
    text="#ECEEF2",
    text2="#B7BECA",
    text3="#959EAC",
    accent="#79B2FF",
    accent_hover="#9AC5FF",
    accent_press="#5E9EF5",
    on_accent="#0B1B30",
    accent_soft="#1B2D47",
    running="#57C785",
    running_soft="#16301F",
    failed="#FF8A8F",
    failed_soft="#3A1D20",
    attention="#F0B64A",
    attention_soft="#352813",
    production="#FF8FC0",
    production_soft="#3A1A2B",
    staging="#C0A2FF",
    staging_soft="#2A2142",
    test="#5CC9D1",
    test_soft="#12302F",
    diff_added="#173323",
    diff_removed="#3B1F22",
)


def high_contrast(tokens: Tokens) -> Tokens:
    """Return ``tokens`` with separators as strong as outlines and no third grey."""
    return replace(tokens, border=tokens.control, text3=tokens.text2)


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#RRGGBB`` as WCAG 2.2 defines it, 0 to 1."""
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
