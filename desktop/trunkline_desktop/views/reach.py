"""How AI apps reach a database: STDIO, HTTP or SSE, and what to copy for each."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from trunkline_desktop.run_state import Run
from trunkline_desktop.run_words import TRANSPORTS
from trunkline_desktop.views.stacking import stack
from trunkline_desktop.widgets.card import Card
from trunkline_desktop.widgets.copy_field import CopyField
from trunkline_desktop.widgets.fade import fade_in
from trunkline_desktop.widgets.fields import Field
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_server.profiles.profile import Profile

_STACK_BELOW = 600
_PATHS = {"http": "mcp", "sse": "sse"}
_NOT_FETCHED = "not fetched"


class KeyField(CopyField):
    """Shows dots; the key is asked for when it is copied and forgotten right after.

    Signals:
        wanted(): somebody wants to copy the key; answer with ``give``.
    """

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_NOT_FETCHED, secret=True, parent=parent)

    def copy(self) -> None:
        """Ask for the key."""
        self.wanted.emit()

    def give(self, key: str) -> None:
        """Put the key on the clipboard and keep nothing of it."""
        self.set_value(key)
        super().copy()
        self.set_value(_NOT_FETCHED)


class ReachCard(Card):
    """The transport, the address, and the access token that is fetched only to be copied.

    Object names: ``transport`` with the segments ``segment-stdio``, ``segment-http`` and
    ``segment-sse``; ``address`` (the command for STDIO), ``accessKey``.

    Signals:
        transport_chosen(str): "stdio", "http" or "sse"; the change acts at once.
        key_wanted(): the access token is to be copied.
    """

    transport_chosen = Signal(str)
    key_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(" ", " ", parent)
        self.title.setText(self.tr("How AI apps reach this database"))
        self.subtitle.setText(self.tr("Change it any time. Connected apps keep working."))
        self.setAccessibleName(self.title.text())
        self._transport = SegmentedControl(tuple(TRANSPORTS.items()), name=self.tr("Transport"))
        self._transport.setObjectName("transport")
        self._transport.changed.connect(self.transport_chosen)
        self.header.addWidget(self._transport)
        self.address = CopyField()
        self.address.setObjectName("address")
        self.key = KeyField()
        self.key.setObjectName("accessKey")
        self.key.wanted.connect(self.key_wanted)
        self._address_field = Field(self.tr("Address"), self.address)
        self._key_field = Field(self.tr("Access token"), self.key)
        self._side = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._side.setSpacing(16)
        self._side.addWidget(self._address_field, 3)
        self._side.addWidget(self._key_field, 2)
        self.body.addLayout(self._side)

    def show_database(self, profile: Profile, run: Run, command: str) -> None:
        """Show where the server of ``profile`` is, or the ``command`` an app starts for STDIO."""
        is_stdio = profile.transport == "stdio"
        self._transport.set_value(profile.transport)
        shown = command if is_stdio else _address(profile, run)
        self._address_field.set_label(self.tr("Command") if is_stdio else self.tr("Address"))
        self._key_field.setVisible(not is_stdio)
        if shown != self.address.value:
            self.address.set_value(shown)
            if self.isVisible():
                fade_in(self._address_field)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stack title and transport, address and key, when there is no room side by side."""
        super().resizeEvent(event)
        is_narrow = self.width() < _STACK_BELOW
        stack(self._side, is_narrow=is_narrow)
        if is_narrow and self.header.indexOf(self._transport) >= 0:
            self.body.insertWidget(1, self._transport)
        elif not is_narrow and self.header.indexOf(self._transport) < 0:
            self.header.addWidget(self._transport)


def _address(profile: Profile, run: Run) -> str:
    """Return the address it has, or will have again at its own port."""
    if run.url and run.transport == profile.transport:
        return run.url
    return f"http://127.0.0.1:{profile.http_port}/{_PATHS[profile.transport]}"
