"""The page before there is any database: one field, one button, three other ways."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from trunkline_desktop import theme
from trunkline_desktop.tokens import MARGIN
from trunkline_desktop.views.brand import Brand
from trunkline_desktop.views.flush import flush
from trunkline_desktop.views.importing import choose_file
from trunkline_desktop.views.paste import PasteField
from trunkline_desktop.views.stacking import stack
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.card import Card
from trunkline_desktop.widgets.flow import Flow
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_desktop.widgets.shapes import IconLabel
from trunkline_desktop.widgets.steps import Steps
from trunkline_desktop.widgets.text import Text, name_part
from trunkline_server.profiles import dsn
from trunkline_server.profiles.dsn import BadDsn, Parsed

_WIDEST, _STACK_BELOW = 720, 700


class FirstRun(QWidget):
    """Starts the first database.

    Object names: ``pasteField``, ``checkButton``, ``useClipboard``, ``addDatabase`` (the form),
    ``importFile``, ``trySample``.

    Signals:
        check_wanted(Parsed): the pasted connection is to be checked.
        form_wanted(): fill in a form instead.
        file_chosen(str): read this file.
        sample_wanted(): use the sample database.
    """

    check_wanted = Signal(object)
    form_wanted = Signal()
    file_chosen = Signal(str)
    sample_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._clipboard: Parsed | None = None
        self._make_field()
        self._message = InlineMessage("failed", inline=True)
        self._message.hide()
        self._offer = InlineMessage("info", icon="clipboard-text", inline=True)
        self._offer.hide()
        self._make_ways()
        self._arrange()
        QGuiApplication.clipboard().dataChanged.connect(self.look_at_clipboard)

    # What is pushed into it

    def show_failure(self, title: str, hint: str) -> None:
        """Say what did not work, below the field."""
        self._message.set_message("failed", title, hint)
        self._message.show()
        self._message.announce()

    def set_busy(self, sentence: str) -> None:
        """Say that the sample is being made; "" when it is over."""
        self._try_sample.setEnabled(not sentence)
        self._check.setEnabled(not sentence)
        self._message.setVisible(bool(sentence))
        if sentence:
            self._message.set_message("info", sentence, self.tr("This happens once."))

    @Slot()
    def look_at_clipboard(self) -> None:
        """Offer what the clipboard holds when it reads as a connection."""
        found = _connection_in(QGuiApplication.clipboard().text())
        if found is not None and found != self._clipboard:
            title = self.tr("The clipboard holds a connection")
            self._offer.set_message("info", title, self._offer_text(found), [self._use_button()])
        self._clipboard = found
        self._offer.setVisible(found is not None and not self._paste.text())

    # How it is made

    def _make_field(self) -> None:
        self._paste = PasteField()
        self._check = Button(self.tr("Check it"), "primary")
        self._check.setProperty("tall", True)
        self._check.setObjectName("checkButton")
        self._paste.returnPressed.connect(self._on_check)
        self._check.clicked.connect(self._on_check)
        self._paste.understood.connect(self._on_understood)
        self._paste.misunderstood.connect(self._on_misunderstood)
        self._paste.emptied.connect(self._on_emptied)

    def _use_button(self) -> Button:
        use = Button(self.tr("Use it"))
        use.setObjectName("useClipboard")
        use.clicked.connect(self._on_use)
        return use

    def _make_ways(self) -> None:
        self._open_form = Button(self.tr("Add a database"), "link")
        self._open_form.setObjectName("addDatabase")
        self._open_form.clicked.connect(self.form_wanted)
        self._import = Button(self.tr("Choose a file"), "link")
        self._import.setObjectName("importFile")
        self._import.clicked.connect(self._on_import)
        self._try_sample = Button(self.tr("Try the sample database"), "link")
        self._try_sample.setObjectName("trySample")
        self._try_sample.clicked.connect(self.sample_wanted)

    def _arrange(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        name_part(body, "PageBody")
        area.setWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        column = QVBoxLayout(body)
        column.setContentsMargins(MARGIN, 24, MARGIN, 24)
        column.setSpacing(0)
        column.addWidget(Brand(), 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        column.addWidget(self._middle(), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        column.addWidget(self._promises(), 0, Qt.AlignmentFlag.AlignHCenter)

    def _middle(self) -> QWidget:
        middle = _Column()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 16, 0, 16)
        column.setSpacing(0)
        steps = Steps([self.tr("Database"), self.tr("AI apps"), self.tr("First question")])
        column.addWidget(steps, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(36)
        column.addWidget(_centred(self.tr("Connect a database to your AI apps"), "hero"))
        column.addSpacing(8)
        told = _centred(
            self.tr("Paste the connection your colleague or provider gave you."), "card"
        )
        column.addWidget(told)
        column.addSpacing(20)
        column.addLayout(self._field_row())
        column.addSpacing(12)
        column.addWidget(self._message)
        column.addWidget(self._offer)
        column.addSpacing(28)
        column.addWidget(Text(self.tr("Or start another way"), "head", "text2"))
        column.addSpacing(8)
        column.addLayout(self._cards())
        return middle

    def _field_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._paste, 1)
        row.addWidget(self._check)
        return row

    def _cards(self) -> QBoxLayout:
        self._ways = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._ways.setSpacing(16)
        form = self.tr("Server, user and password, one line each.")
        file = self.tr("From an .env file or any text that holds a connection.")
        shop = self.tr("A small shop with orders and customers. Nothing to set up.")
        for icon, title, text, button in (
            ("list-bullets", self.tr("Fill in a form"), form, self._open_form),
            ("file-arrow-down", self.tr("Import"), file, self._import),
            ("flask", self.tr("Sample database"), shop, self._try_sample),
        ):
            self._ways.addWidget(_way(icon, title, text, button), 1)
        return self._ways

    def _promises(self) -> QWidget:
        row = Flow(gap=24)
        for icon, text in (
            ("lock-key", self.tr("Password stays in this computer’s keyring")),
            ("shield-check", self.tr("AI apps can read, not change")),
            ("arrow-counter-clockwise", self.tr("Every change can be undone")),
        ):
            row.add(_promise(icon, text))
        return row

    # What happens on it

    def showEvent(self, event: QShowEvent) -> None:
        """Put the focus where the person starts."""
        super().showEvent(event)
        self._paste.setFocus()
        self.look_at_clipboard()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stack the three cards when there is no room beside each other."""
        super().resizeEvent(event)
        stack(self._ways, is_narrow=self.width() - 2 * MARGIN < _STACK_BELOW)

    def changeEvent(self, event: QEvent) -> None:
        """Look at the clipboard again when the window comes to the front."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.look_at_clipboard()

    @Slot()
    def _on_check(self) -> None:
        try:
            parsed = self._paste.parsed()
        except BadDsn as problem:
            self._on_misunderstood(problem)
            self._paste.setFocus()
            return
        self.check_wanted.emit(parsed)

    @Slot()
    def _on_use(self) -> None:
        if self._clipboard is not None:
            self._paste.setText(QGuiApplication.clipboard().text().strip())
            self._paste.setFocus()

    @Slot()
    def _on_import(self) -> None:
        choose_file(self, self.file_chosen.emit)

    @Slot(object)
    def _on_understood(self, _: Parsed) -> None:
        self._message.hide()
        self._offer.hide()

    @Slot(object)
    def _on_misunderstood(self, problem: BadDsn) -> None:
        self._offer.hide()
        self.show_failure(problem.failure.title, problem.failure.hint)

    @Slot()
    def _on_emptied(self) -> None:
        self._message.hide()
        self.look_at_clipboard()

    def _offer_text(self, parsed: Parsed) -> str:
        told = self.tr("{database} on {host}, user {user}")
        values = {"database": "postgres", "host": "localhost", "user": "postgres"}
        return told.format(**{**values, **parsed.fields})


class _Column(QWidget):
    """As wide as the page allows, but no wider than reads well."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaximumWidth(_WIDEST)
        self.setMinimumWidth(560)


def _connection_in(text: str) -> Parsed | None:
    if not text.strip() or len(text) > 20_000:
        return None
    try:
        found = dsn.parse(text)
    except BadDsn:
        return None
    return found if found.fields.get("host") else None


def _centred(text: str, role: str) -> Text:
    if role == "hero":
        label = Text(text, "hero", wraps=True)
    else:
        label = Text(text, "body", "text2", wraps=True)
        size = theme.font("card").pointSizeF()
        label.setStyleSheet(f"font-size: {size:.2f}pt;")
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return label


def _way(icon: str, title: str, text: str, button: Button) -> Card:
    card = Card()
    card.setAccessibleName(title)
    card.body.setSpacing(4)
    card.body.addWidget(IconLabel(icon, "text2", 20), 0, Qt.AlignmentFlag.AlignLeft)
    card.body.addSpacing(6)
    card.body.addWidget(Text(title, "strong", wraps=True))
    card.body.addWidget(Text(text, "caption", "text2", wraps=True))
    card.body.addStretch(1)
    card.body.addSpacing(4)
    card.body.addWidget(flush(button), 0, Qt.AlignmentFlag.AlignLeft)
    button.setAccessibleDescription(text)
    return card


def _promise(icon: str, text: str) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(IconLabel(icon, "running", 16))
    row.addWidget(Text(text, "caption", "text2"))
    return both
