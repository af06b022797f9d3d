"""Today in numbers, and the latest questions, on the page of one database."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from trunkline_desktop.status import Status
from trunkline_desktop.views import app_words, words
from trunkline_desktop.views.calls import OUTCOMES, asked
from trunkline_desktop.views.elided import Elided
from trunkline_desktop.views.flush import flush
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.card import Card
from trunkline_desktop.widgets.chart import BarChart
from trunkline_desktop.widgets.shapes import StatusShape
from trunkline_desktop.widgets.text import Text
from trunkline_server.serving.activity import Call, Today

_LATEST, _CLIENT_WIDTH = 4, 160


class TodayCard(Card):
    """How many questions, how long they took, how many were refused; by the hour.

    Signals:
        activity_wanted(): show them one by one; object name ``showActivity``.
    """

    activity_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(" ", "", parent)
        self.title.setText(self.tr("Today"))
        self.setAccessibleName(self.title.text())
        show = Button(self.tr("Show activity"), "link", small=True)
        show.setObjectName("showActivity")
        show.clicked.connect(self.activity_wanted)
        self.header.addWidget(flush(show))
        numbers = QHBoxLayout()
        numbers.setSpacing(28)
        self._numbers = [Text("0", "title") for _ in range(3)]
        told = (self.tr("questions"), self.tr("typical time"), self.tr("refused"))
        for number, text in zip(self._numbers, told, strict=True):
            both = QVBoxLayout()
            both.setSpacing(0)
            both.addWidget(number)
            both.addWidget(Text(text, "caption", "text2"))
            numbers.addLayout(both)
        numbers.addStretch(1)
        self._chart = BarChart()
        self._chart.setMinimumHeight(100)
        self._chart.setAccessibleName(self.tr("Questions by the hour"))
        self.body.addLayout(numbers)
        self.body.addWidget(self._chart, 1)
        self.show_today(Today())

    def show_today(self, today: Today) -> None:
        """Show other numbers."""
        typical = words.duration(today.typical_ms) if today.questions else "–"
        shown = (words.number(today.questions), typical, words.number(today.refused))
        for number, text in zip(self._numbers, shown, strict=True):
            number.setText(text)
        both = zip(today.per_hour, today.refused_per_hour, strict=True)
        self._chart.set_values([every - odd for every, odd in both], today.refused_per_hour)


class QuestionsCard(Card):
    """The latest few questions, one line each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(" ", "", parent)
        self.title.setText(self.tr("Latest questions"))
        self.setAccessibleName(self.title.text())
        self.body.setSpacing(8)
        self._shown: tuple[Call, ...] | None = None
        self._content = QWidget()
        self.body.addWidget(self._content)
        self.show_calls(())

    def show_calls(self, calls: Iterable[Call]) -> None:
        """Show the first few of ``calls``, or what to ask when there are none."""
        latest = tuple(islice(calls, _LATEST))
        if latest == self._shown:
            return
        self._shown = latest
        content = QWidget()
        grid = QGridLayout(content)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        for row, call in enumerate(latest):
            _fill(grid, row, call)
        if not latest:
            grid.addWidget(self._nothing(), 0, 0, 1, 4)
        self.body.replaceWidget(self._content, content)
        self._content.hide()  # it goes only when the event loop comes round
        self._content.deleteLater()
        self._content = content

    def _nothing(self) -> Text:
        told = self.tr("No questions yet. Ask your AI app: “{question}”")
        question = self.tr("Which customers ordered most last month?")
        return Text(told.format(question=question), "body", "text2", wraps=True)


def _fill(grid: QGridLayout, row: int, call: Call) -> None:
    statement = Elided(asked(call), "code")
    policy = statement.sizePolicy()
    policy.setHorizontalPolicy(policy.Policy.Ignored)
    statement.setSizePolicy(policy)
    grid.addWidget(Text(words.clock(call.at), "caption", "text2"), row, 0)
    client = Elided(app_words.called(call.client) or "–")
    client.setMaximumWidth(_CLIENT_WIDTH)
    grid.addWidget(client, row, 1)
    grid.addWidget(statement, row, 2)
    grid.addWidget(_result(call), row, 3, Qt.AlignmentFlag.AlignRight)


def _result(call: Call) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    shape: Status = OUTCOMES.get(call.outcome, "off")
    said = words.rows(call.rows) if call.outcome == "ok" else words.outcome(call.outcome)
    row.addWidget(StatusShape(shape, 10))
    row.addWidget(Text(said, "caption", "text2"))
    both.setToolTip(call.message)
    return both
