"""Render every component in every state, light and dark, into the folder given as argument.

    python -m tests.desktop.gallery FOLDER [--rtl] [--long]

The pictures are for eyes: spacing, baselines, sharp lines. Nothing compares them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "2")

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QRadioButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from trunkline_desktop import appearance, icons, mark, theme
from trunkline_desktop.status import STAGES, STATUSES
from trunkline_desktop.tokens import DARK, LIGHT
from trunkline_desktop.widgets import database_row as row_roles
from trunkline_desktop.widgets.app_card import AppCard
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.card import Card
from trunkline_desktop.widgets.chart import BarChart, LineChart
from trunkline_desktop.widgets.check_row import CheckRow
from trunkline_desktop.widgets.code_field import CodeField
from trunkline_desktop.widgets.copy_field import CopyField
from trunkline_desktop.widgets.database_row import DatabaseList
from trunkline_desktop.widgets.diff_view import DiffView
from trunkline_desktop.widgets.drawer import Drawer
from trunkline_desktop.widgets.empty_state import EmptyState
from trunkline_desktop.widgets.fields import Field, PasswordField
from trunkline_desktop.widgets.folded import FoldedSection
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_desktop.widgets.monogram import Monogram
from trunkline_desktop.widgets.nav_button import NavButton
from trunkline_desktop.widgets.page import Page
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_desktop.widgets.shapes import IconLabel, Separator, Spinner, StageShape, StatusShape
from trunkline_desktop.widgets.steps import Steps
from trunkline_desktop.widgets.switch import Switch
from trunkline_desktop.widgets.tabs import Tabs
from trunkline_desktop.widgets.tag import Pill, Tag
from trunkline_desktop.widgets.text import Text
from trunkline_desktop.widgets.toast import Toast

HOURS = [0] * 7 + [4, 11, 22, 30, 25, 13, 9, 15] + [0] * 9
ODD = [0] * 13 + [1] + [0] * 10
BEFORE = """{
  "theme": "dark",
  "language": "en",
  "mcpServers": {
    "sales": {
      "command": "/usr/bin/trunkline-stdio",
      "args": ["sales"]
    }
  }
}"""
AFTER = BEFORE.replace(
    "    }\n  }",
    """    },
    "web-shop-staging": {
      "command": "/usr/bin/trunkline-stdio",
      "args": ["web-shop-staging"]
    }
  }""",
)


def line(*parts: QWidget | None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    for part in parts:
        if part is None:
            row.addStretch()
        else:
            row.addWidget(part)
    return row


def disabled(widget: QWidget) -> QWidget:
    widget.setEnabled(False)
    return widget


def sheet(width: int, height: int) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    page.setProperty("part", "Page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    page.resize(width, height)
    column = QVBoxLayout(page)
    column.setContentsMargins(32, 24, 32, 24)
    column.setSpacing(16)
    return page, column


def controls() -> QWidget:
    page, column = sheet(820, 640)
    card = Card(
        "How AI apps reach this database", "Change it any time. Connected apps keep working."
    )
    card.header.addWidget(SegmentedControl(["STDIO", "HTTP", "SSE"], "HTTP"))
    kinds = ("plain", "primary", "danger", "link", "ghost")
    card.body.addLayout(line(*(Button(k.title(), k) for k in kinds), None))
    card.body.addLayout(line(*(Button(k.title(), k, "plus") for k in kinds), None))
    card.body.addLayout(
        line(
            *(disabled(Button(k.title(), k, "plus")) for k in kinds), Button("", "ghost", "x"), None
        )
    )
    card.body.addLayout(
        line(
            Text("On", "strong"),
            Switch(checked=True),
            Switch(),
            disabled(Switch(checked=True)),
            disabled(Switch()),
            Button("Small", small=True),
            Button("Small", "primary", "plus", small=True),
            SegmentedControl(["System", "Light", "Dark"]),
            None,
        )
    )
    boxes = [QCheckBox("Ticked"), QCheckBox("Empty"), QCheckBox("Partly"), QCheckBox("Disabled")]
    boxes[0].setChecked(True)
    boxes[2].setTristate(True)
    boxes[2].setCheckState(Qt.CheckState.PartiallyChecked)
    radio, other = QRadioButton("Chosen"), QRadioButton("Other")
    radio.setChecked(True)
    boxes[3].setChecked(True)
    card.body.addLayout(line(*boxes[:3], disabled(boxes[3]), radio, other, None))
    card.body.addLayout(
        line(
            *(Tag(x) for x in ("production", "staging", "test")),
            Pill("attention", "Good, one thing to improve"),
            Pill("on", "Safe"),
            Pill("failed", "Not safe"),
            None,
        )
    )
    card.body.addLayout(
        line(
            *(StatusShape(s) for s in STATUSES),
            *(StageShape(s) for s in STAGES),
            Spinner(),
            *(Monogram(m, s) for m, s in (("CD", 32), ("Cu", 40))),
            None,
        )
    )
    bar = QProgressBar()
    bar.setTextVisible(False)
    bar.setValue(42)
    card.body.addWidget(bar)
    card.body.addWidget(Separator())
    column.addWidget(card)
    column.addWidget(
        InlineMessage(
            "ok",
            "AI apps can read 42 tables and change nothing.",
            actions=[Button("Show safety", "link")],
            inline=True,
        )
    )
    column.addWidget(
        InlineMessage(
            "info",
            "The clipboard holds a connection",
            "sales on sales-db.example.com, user analytics",
            [("use", "Use it")],
            icon="clipboard-text",
            inline=True,
        )
    )
    column.addWidget(
        InlineMessage(
            "attention",
            "Port 8765 is used by another program (node, 4121).",
            "Trunkline took 8766 and told your apps.",
        )
    )
    column.addStretch()
    return page


def form() -> QWidget:
    page, column = sheet(900, 700)
    left, right = QVBoxLayout(), QVBoxLayout()
    row = QHBoxLayout()
    row.setSpacing(24)
    row.addLayout(left, 9)
    row.addLayout(right, 10)
    column.addLayout(row)
    left.setSpacing(12)
    label = QComboBox()
    for key in ("production", "staging", "test", ""):
        label.addItem(icons.label_icon(key), key.title() or "No label")
    both = QHBoxLayout()
    both.setSpacing(12)
    both.addWidget(Field("Name", QLineEdit("Reports")), 4)
    both.addWidget(Field("Label", label), 3)
    left.addLayout(both)
    port = Field("Port", QLineEdit("99999"), "Usually 5432.")
    port.set_problem("The port is a number from 1 to 65535.")
    left.addWidget(port)
    password = PasswordField()
    password.setText("long secret")
    left.addWidget(Field("Password", password, "Never shown again and never written to a file."))
    empty = QLineEdit()
    empty.setPlaceholderText("Type it once more")
    empty.setObjectName("focused")
    left.addWidget(Field("With the focus", empty))
    left.addWidget(Field("Disabled", disabled(QLineEdit("sales-db.example.com"))))
    left.addWidget(Field("Address", CopyField("http://127.0.0.1:8765/mcp")))
    copied = CopyField("secret", secret=True)
    copied.copy()
    left.addWidget(Field("Access token", copied))
    left.addWidget(FoldedSection("Encryption (TLS)", "Required", "lock-key"))
    opened = FoldedSection("SSH tunnel", "Not used", "terminal-window")
    opened.body_layout().addWidget(Field("Server", QLineEdit()))
    opened.set_open(True)
    left.addWidget(opened)
    left.addStretch()
    right.addWidget(check_card())
    right.addWidget(Field("Settings of Cursor, as JSON", CodeField(BEFORE)))
    right.addStretch()
    return page


def check_card() -> Card:
    card = Card("Stopped at step 4 of 6")
    card.header.addWidget(Button("Check again", "link", "arrow-counter-clockwise"))
    rows = QVBoxLayout()
    rows.setSpacing(2)
    card.body.addLayout(rows)
    stages = (
        ("Find the server", "done", 12, ""),
        ("Encrypt the connection", "done", 40, "TLS 1.3"),
        ("Log in", "failed", None, ""),
        ("Open the database", "skipped", None, ""),
        ("Checking now", "runs", None, ""),
        ("What this login may do", "warned", 1300, "Owns 12 tables"),
        ("Still waits", "waits", None, ""),
    )
    for title, state, ms, note in stages:
        row = CheckRow(title)
        row.set_state(state, ms, note)
        rows.addWidget(row)
        if state == "failed":
            row.set_link("What does this mean?")
            row.set_message(
                InlineMessage(
                    "failed",
                    "The server refused this login.",
                    "The password or the user “analytics” is not right. Upper and lower case "
                    "letters count as different.",
                    [("again", "Type it again"), ("copy", "Copy for my administrator")],
                )
            )
    return card


def sidebar() -> QWidget:
    side = QWidget()
    side.setProperty("part", "Sidebar")
    side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    side.setFixedWidth(256)
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 24, 0, 8)
    column.setSpacing(2)
    badge = _Badge()
    head = line(badge, Text("Trunkline", "card"), None)
    head.setContentsMargins(16, 0, 16, 8)
    column.addLayout(head)
    add = line(Text("Databases", "head", "text2"), None, Button("", "ghost", "plus", small=True))
    add.setContentsMargins(16, 0, 8, 0)
    column.addLayout(add)
    databases = DatabaseList()
    databases.setModel(database_model())
    databases.setCurrentIndex(databases.model().index(0, 0))
    column.addWidget(databases, 1)
    pages = QVBoxLayout()
    pages.setContentsMargins(8, 0, 8, 0)
    pages.setSpacing(2)
    for icon, words, count in (
        ("squares-four", "AI apps", 2),
        ("chart-line", "Activity", 0),
        ("gear", "Settings", 0),
    ):
        button = NavButton(icon, words, count)
        button.setChecked(words == "Activity")
        pages.addWidget(button)
    column.addLayout(pages)
    return side


class _Badge(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(24, 24)

    def paintEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        mark.paint_app_icon(QPainter(self), QRectF(self.rect()))


def database_model() -> QStandardItemModel:
    model = QStandardItemModel()
    rows = (
        ("Sales", "production", "Production", "on", "On · HTTP"),
        ("Web shop (staging)", "staging", "Staging", "off", "Off"),
        ("Support", "test", "Test", "failed", "Password refused"),
        (
            "Warehouse with a name that is too long",
            "",
            "",
            "attention",
            "On · owns 12 tables, and more words",
        ),
        ("New database", "", "", "starting", "Starting"),
    )
    for name, label, word, status, state in rows:
        item = QStandardItem(name)
        for role, value in (
            (row_roles.NAME_ROLE, name),
            (row_roles.LABEL_ROLE, label),
            (row_roles.LABEL_WORD_ROLE, word),
            (row_roles.STATUS_ROLE, status),
            (row_roles.STATE_WORDS_ROLE, state),
        ):
            item.setData(value, role)
        model.appendRow(item)
    return model


def main_page() -> QWidget:
    window = QWidget()
    window.resize(1120, 720)
    across = QHBoxLayout(window)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(0)
    across.addWidget(sidebar())
    page = Page("Sales")
    page.header.addWidget(Tag("production"))
    page.header.addStretch()
    page.header.addWidget(Button("Try it", icon="play"))
    page.header.addWidget(Button("", "ghost", "dots-three", name="More"))
    page.header.addWidget(Text("On", "strong"))
    page.header.addWidget(Switch(checked=True))
    status = line(
        StatusShape("on"),
        Text("On since 08:12  ·  read only  ·  sales-db.example.com", "body", "text2"),
        None,
    )
    page.top.addLayout(status)
    page.top.addSpacing(12)
    tabs = ("Overview", "AI apps", "Activity", "Safety", "Settings")
    page.top.addWidget(Tabs([(x, x) for x in tabs]))
    reach = Card(
        "How AI apps reach this database", "Change it any time. Connected apps keep working."
    )
    reach.header.addWidget(SegmentedControl(["STDIO", "HTTP", "SSE"], "HTTP"))
    both = line(
        Field("Address", CopyField("http://127.0.0.1:8765/mcp")),
        Field("Access token", CopyField("x", secret=True)),
    )
    both.setStretch(0, 3)
    both.setStretch(1, 2)
    reach.body.addLayout(both)
    page.body.addWidget(reach)
    cards = QHBoxLayout()
    cards.setSpacing(16)
    cards.addWidget(apps_card(), 1)
    cards.addWidget(today_card(), 1)
    page.body.addLayout(cards)
    page.body.addWidget(
        InlineMessage(
            "ok",
            "AI apps can read 42 tables and change nothing.",
            actions=[Button("Show safety", "link")],
            inline=True,
        )
    )
    page.body.addStretch()
    page.footer().addWidget(Text("Nothing is saved yet.", "caption", "text2"))
    page.footer().addStretch()
    page.footer().addWidget(Button("Cancel"))
    page.footer().addWidget(disabled(Button("Save and switch on", "primary")))
    across.addWidget(page, 1)
    return window


def apps_card() -> Card:
    card = Card("AI apps")
    card.header.addWidget(Button("Connect an app", "link", "plus"))
    for name, letters, status, words in (
        ("Claude Desktop", "CD", "on", "Connected, last seen 14:02"),
        ("Claude Code", "CC", "on", "Connected, last seen 14:05"),
        ("Cursor", "Cu", "starting", "Waiting for first contact"),
    ):
        app = AppCard(name, letters, compact=True)
        app.set_app(status, words)
        card.body.addWidget(app)
    card.body.addStretch()
    return card


def today_card() -> Card:
    card = Card("Today")
    card.header.addWidget(Button("Show activity", "link"))
    numbers = QGridLayout()
    numbers.setHorizontalSpacing(28)
    for column, (number, words) in enumerate(
        (("106", "questions"), ("42 ms", "typical time"), ("1", "refused"))
    ):
        numbers.addWidget(Text(number, "title"), 0, column)
        numbers.addWidget(Text(words, "caption", "text2"), 1, column)
    numbers.setColumnStretch(3, 1)
    card.body.addLayout(numbers)
    card.body.addWidget(BarChart(HOURS, ODD))
    return card


def drawer_page() -> QWidget:
    window = QWidget()
    window.resize(1120, 720)
    across = QHBoxLayout(window)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(0)
    page = Page("AI apps")
    page.body.addWidget(
        Text("2 connected  ·  1 waiting  ·  2 ready to connect", "caption", "text2")
    )
    for name, letters, status, words, databases, action in (
        ("Claude Desktop", "CD", "on", "Connected, last seen 14:02", "Sales", "Change"),
        (
            "Cursor",
            "Cu",
            "starting",
            "Waiting for first contact",
            "Sales · Restart Cursor once",
            "Change",
        ),
        ("VS Code", "VS", "off", "Not connected", "", "Connect"),
        ("Windsurf", "Wi", None, "Not installed on this computer", "", ""),
    ):
        card = AppCard(name, letters)
        card.set_app(status, words, databases, action, "plus" if action == "Connect" else None)
        card.set_chosen(name == "Claude Desktop")
        page.body.addWidget(card)
    page.body.addWidget(
        LineChart(
            [(0.06, 40), (0.3, 60), (0.62, 10), (0.7, 220), (0.72, 12), (1, 40)],
            ("13:05", "13:20", "13:35", "13:50", "14:05"),
        )
    )
    page.body.addWidget(BarChart([1, 0, 2, 0, 0, 3, 1] * 8, [0, 1, 0] * 18, (), scale=True))
    page.body.addStretch()
    across.addWidget(page, 1)
    drawer = Drawer("Claude Desktop", 404)
    drawer.set_title("Claude Desktop", "Version 1.4, found on this computer")
    drawer.lead.addWidget(Monogram("CD", 32))
    drawer.body.addWidget(Text("May ask these databases", "head", "text2"))
    for name, label, on in (
        ("Sales", "production", True),
        ("Web shop (staging)", "staging", True),
        ("Support", "test", False),
    ):
        box = QCheckBox(name)
        box.setChecked(on)
        drawer.body.addLayout(line(box, None, Tag(label)))
    diff = DiffView()
    diff.set_change(BEFORE, AFTER)
    added, removed = diff.counts()
    drawer.body.addSpacing(8)
    drawer.body.addLayout(
        line(
            Text("What will change in its settings file", "head", "text2"),
            None,
            Text(f"+{added}  −{removed}", "caption", "text2"),
        )
    )
    drawer.body.addWidget(diff)
    drawer.body.addLayout(
        line(
            IconLabel("file-text"),
            Text("claude_desktop_config.json", "caption", "text2"),
            None,
            Button("Show in folder", "link"),
        )
    )
    drawer.body.addWidget(
        InlineMessage(
            "info",
            "A copy is kept before the change.",
            "Everything else in the file stays as it is. "
            "Quit and reopen Claude Desktop afterwards.",
        )
    )
    drawer.body.addStretch()
    drawer.footer.addStretch()
    drawer.footer.addWidget(Button("Cancel"))
    drawer.footer.addWidget(Button("Change the file", "primary"))
    across.addWidget(drawer)
    return window


def others() -> QWidget:
    page, column = sheet(900, 640)
    steps = Steps(["Database", "AI apps", "First question"])
    later = Steps(["Database", "AI apps", "First question"], 1)
    column.addWidget(steps, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(later, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(
        Text("Connect a database to your AI apps", "hero"), 0, Qt.AlignmentFlag.AlignHCenter
    )
    row = QHBoxLayout()
    row.addWidget(
        EmptyState(
            "chat-text",
            "No questions yet. Ask your AI app: “Which customers ordered most last month?”",
            "Copy the question",
        )
    )
    row.addWidget(tree())
    code = QPlainTextEdit("SELECT c.name,\n       count(*) AS orders\nFROM customers c")
    code.setProperty("part", "Code")
    code.setReadOnly(True)
    row.addWidget(code)
    column.addLayout(row)
    column.addStretch()
    toast = Toast(page)
    theme.set_reduced_motion(reduced=True)
    page.toast = toast  # type: ignore[attr-defined]  # kept until the picture is taken
    return page


def tree() -> QTreeWidget:
    found = QTreeWidget()
    found.setHeaderHidden(True)
    found.setProperty("flat", True)
    top = QTreeWidgetItem(found, ["public"])
    top.setIcon(0, icons.icon("folder"))
    top.setCheckState(0, Qt.CheckState.PartiallyChecked)
    for name, on in (("customers", True), ("email", False)):
        item = QTreeWidgetItem(top, [name])
        item.setIcon(0, icons.icon("table"))
        item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
    shut = QTreeWidgetItem(top, ["orders"])
    shut.setCheckState(0, Qt.CheckState.Checked)
    QTreeWidgetItem(shut, ["id"])
    found.expandItem(top)
    return found


def marks() -> QPixmap:
    """Every tray state in every size, three times as large as life, on both panels."""
    zoom, wide = 4, 1500
    found = QPixmap(wide, 7 * 150 + 20)
    painter = QPainter(found)
    for half, (dark, panel) in enumerate(((False, "#E9EBEF"), (True, "#1B1D21"))):
        painter.fillRect(half * wide // 2, 0, wide // 2, found.height(), QColor(panel))
        for y, state in enumerate(mark.STATES):
            x = half * wide // 2 + 20
            for size in (16, 22, 24, 32, 64):
                factor = zoom if size < 64 else 2
                picture = mark.mark_pixmap(state, size, dark_panel=dark)
                painter.drawPixmap(x, y * 150 + 15, picture.scaled(size * factor, size * factor))
                x += size * factor + 30
    painter.end()
    return found


def icon_sheet() -> QWidget:
    page, column = sheet(900, 620)
    grid = QGridLayout()
    for index, name in enumerate(icons.names()):
        row = line(IconLabel(name, "text2", 18), Text(name, "caption", "text3"), None)
        grid.addLayout(row, index // 6, index % 6)
    column.addLayout(grid)
    badges = QHBoxLayout()
    for size in (16, 24, 32, 48, 64):
        shown = QWidget()
        shown.setFixedSize(size, size)
        badges.addWidget(_Badge())
    column.addLayout(badges)
    return page


SHEETS: dict[str, Callable[[], QWidget]] = {
    "controls": controls,
    "form": form,
    "main": main_page,
    "drawer": drawer_page,
    "others": others,
    "icons": icon_sheet,
}


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    font = QFont("Inter")
    font.setPointSizeF(9.75 * (1.4 if "--large" in sys.argv else 1))
    app.setFont(font)
    if "--rtl" in sys.argv:
        app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    for name, tokens in (("light", LIGHT), ("dark", DARK)):
        appearance.apply(app, tokens)
        for title, build in SHEETS.items():
            widget = build()
            widget.show()
            if focused := widget.findChild(QLineEdit, "focused"):
                focused.setFocus()
            if toast := getattr(widget, "toast", None):
                toast.offer("Web shop was removed.")
            app.processEvents()
            widget.grab().save(str(folder / f"{title}-{name}.png"))
            widget.deleteLater()
    marks().save(str(folder / "marks.png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
