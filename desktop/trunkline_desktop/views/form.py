"""The fields of one database: what a person types, and what is still wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from trunkline_desktop.views import words
from trunkline_desktop.views.draft import blank, profile_of, suggested_name
from trunkline_desktop.views.swatch import label_icon
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.fields import Field, PasswordField
from trunkline_desktop.widgets.folded import FoldedSection
from trunkline_desktop.widgets.tag import label_text
from trunkline_server.profiles import providers
from trunkline_server.profiles.dsn import Parsed
from trunkline_server.profiles.profile import LABELS, SSL_MODES, Profile, problems

_TEXTS = ("name", "host", "port", "database", "user", "sslrootcert")


class ProfileForm(QWidget):
    """Name, label, address, login and encryption of one database.

    A field complains after the person has left it, or after ``complain()``. Each editor's
    ``objectName`` is the profile's field: ``name``, ``label``, ``host``, ``port``, ``database``,
    ``user``, ``password``, ``sslmode``, ``sslrootcert``; the folded part is ``encryption``.

    Signals:
        changed(): a value changed, by hand or by ``fill()``.
        submitted(): Enter was pressed in a field.
    """

    changed = Signal()
    submitted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base: Profile | None = None
        self._others: tuple[Profile, ...] = ()
        self._touched: set[str] = set()
        self._suggested = ""
        self._is_mode_chosen = False
        self._make_editors()
        self._make_fields()
        self._arrange()
        self._listen()
        self._summarise()
        self.setFocusProxy(self._texts["name"])

    # What is in it

    def set_others(self, others: Iterable[Profile]) -> None:
        """Take the saved profiles: names and ids the new one must not have."""
        self._others = tuple(others)

    def show_profile(self, profile: Profile | None) -> None:
        """Show ``profile`` for editing, or an empty form for ``None``."""
        self._base, self._suggested, self._touched = profile, "", set()
        shown = {name: str(getattr(profile, name)) if profile else "" for name in _TEXTS}
        self._set({"port": "5432", **shown} if profile else {**shown, "port": "5432"})
        self._choose("label", profile.label if profile else "")
        self._choose("sslmode", profile.sslmode if profile else "prefer")
        self._is_mode_chosen = profile is not None
        self._password.clear()
        self._tell_about_password(is_kept=profile is not None)
        self._say_problems()

    def fill(self, parsed: Parsed) -> None:
        """Show what a pasted text says, the password as dots; keep what it does not mention."""
        values = parsed.fields
        self._base = replace(self._base or blank(), **values)
        self._set({name: str(values[name]) for name in _TEXTS if name in values})
        if "sslmode" in values:
            self._is_mode_chosen = "sslmode" not in parsed.assumed
            self._choose("sslmode", str(values["sslmode"]))
        else:
            self._suggest_encryption()
        if parsed.password is not None:
            self._password.setText(parsed.password)
        if self._texts["name"].text() in {"", self._suggested}:
            self._suggested = suggested_name(values, self._others)
            self._texts["name"].setText(self._suggested)
        self._say_problems()

    def profile(self) -> Profile:
        """Return the profile as typed, complete or not."""
        values = {name: editor.text() for name, editor in self._texts.items()}
        values["label"] = str(self._label.currentData())
        values["sslmode"] = str(self._sslmode.currentData())
        return profile_of(self._base, values, self._others)

    def password(self) -> str | None:
        """Return the typed password; ``None`` when nothing was typed."""
        return self._password.text() or None

    # What is wrong with it

    def complain(self) -> bool:
        """Show every problem and go to the first; return whether there was one."""
        self._touched = set(self._fields)
        first = self._say_problems()
        if first:
            self.go_to(first)
        return bool(first)

    def go_to(self, name: str) -> None:
        """Give the focus to the field ``name``, opening the folded part if it is inside."""
        if name.startswith("ssl"):
            self._encryption.set_open(True)
        editor = self._editor(name)
        editor.setFocus()
        if isinstance(editor, QLineEdit):
            editor.selectAll()

    def open_encryption(self) -> None:
        """Unfold what may be the reason that a check failed."""
        self._encryption.set_open(True)

    def type_password_again(self) -> None:
        """Empty the password field and ask for it once more."""
        self._password.clear()
        self._password.setPlaceholderText(self.tr("Type it once more"))
        self._password.setFocus()

    def _say_problems(self) -> str:
        """Put each problem under its field; return the first problem's field or ""."""
        found = problems(self.profile(), self._others)
        said: dict[str, str] = {}
        for problem in found:
            if problem.field in self._fields and problem.field in self._touched:
                said.setdefault(problem.field, problem.message)
        for name, field in self._fields.items():
            field.set_problem(said.get(name, ""))
        return next(iter(said), "")

    # How it is made

    def _make_editors(self) -> None:
        self._texts = {name: QLineEdit() for name in _TEXTS}
        self._password = PasswordField()
        self._label = _choice([(value, label_text(value)) for value in LABELS])
        for index, value in enumerate(LABELS):
            self._label.setItemIcon(index, label_icon(value))
        self._label.setItemText(0, self.tr("No label"))
        self._sslmode = _choice([(mode, words.encryption(mode)) for mode in SSL_MODES])
        for name, editor in self._editors():
            editor.setObjectName(name)
        self._texts["host"].setPlaceholderText("db.example.com")

    def _make_fields(self) -> None:
        self._root = QWidget()
        self._fields = {
            "name": Field(self.tr("Name"), self._texts["name"]),
            "label": Field(self.tr("Label"), self._label),
            "host": Field(self.tr("Server"), self._texts["host"]),
            "port": Field(self.tr("Port"), self._texts["port"]),
            "database": Field(self.tr("Database"), self._texts["database"]),
            "user": Field(self.tr("User"), self._texts["user"]),
            "password": Field(self.tr("Password"), self._password, self._promise()),
            "sslmode": Field(self.tr("Encryption"), self._sslmode),
            "sslrootcert": Field(
                self.tr("Certificate authority"), self._with_chooser(), self._about_authority()
            ),
        }

    def _promise(self) -> str:
        return self.tr("Never shown again and never written to a file.")

    def _about_authority(self) -> str:
        return self.tr("A file from your administrator. Empty: what this computer trusts.")

    def _with_chooser(self) -> QWidget:
        choose = Button(self.tr("Choose…"))
        choose.setObjectName("chooseAuthority")
        choose.clicked.connect(self._on_choose_authority)
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._texts["sslrootcert"], 1)
        row.addWidget(choose)
        both.setFocusProxy(self._texts["sslrootcert"])
        return both

    def _arrange(self) -> None:
        self._encryption = FoldedSection(self.tr("Encryption (TLS)"), icon="lock-key")
        self._encryption.setObjectName("encryption")
        inside = self._encryption.body_layout()
        inside.addWidget(self._fields["sslmode"])
        inside.addWidget(self._fields["sslrootcert"])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(self._side_by_side(("name", 4), ("label", 3)))
        column.addLayout(self._side_by_side(("host", 16), ("port", 5)))
        column.addLayout(self._side_by_side(("database", 1), ("user", 1)))
        column.addWidget(self._fields["password"])
        column.addWidget(self._encryption)
        column.addStretch(1)

    def _side_by_side(self, *shares: tuple[str, int]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        for name, share in shares:
            row.addWidget(self._fields[name], share)
        return row

    # What it listens to

    def _listen(self) -> None:
        for name, editor in self._editors():
            editor.installEventFilter(self)
            if isinstance(editor, QLineEdit):
                editor.textChanged.connect(self._on_changed)
                editor.returnPressed.connect(self.submitted)
                editor.setProperty("field", name)
            elif isinstance(editor, QComboBox):
                editor.currentIndexChanged.connect(self._on_changed)
        self._texts["host"].textEdited.connect(self._suggest_encryption)
        self._sslmode.activated.connect(self._on_mode_chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let a field complain once the person has left it with something in it."""
        is_left = event.type() == QEvent.Type.FocusOut
        if is_left and isinstance(watched, QLineEdit) and watched.isModified():
            self._touched.add(watched.objectName())
            self._say_problems()
        return super().eventFilter(watched, event)

    @Slot()
    def _suggest_encryption(self) -> None:
        """Choose how the typed server is encrypted, as long as nobody has said so."""
        if not self._is_mode_chosen:
            ssh_host = self._base.ssh_host if self._base else ""
            host = self._texts["host"].text()
            self._choose("sslmode", providers.sslmode_for(host, ssh_host=ssh_host))

    @Slot()
    def _on_mode_chosen(self) -> None:
        self._is_mode_chosen = True

    @Slot()
    def _on_changed(self) -> None:
        self._summarise()
        self._say_problems()
        self.changed.emit()

    @Slot()
    def _on_choose_authority(self) -> None:
        dialog = QFileDialog(self, self.tr("Certificate authority"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._texts["sslrootcert"].setText)
        dialog.open()

    def _summarise(self) -> None:
        self._encryption.set_summary(words.encryption(str(self._sslmode.currentData())))

    def _tell_about_password(self, *, is_kept: bool) -> None:
        kept = self.tr("Kept in the keyring. Type to replace it.")
        self._password.setPlaceholderText(kept if is_kept else "")

    def _editor(self, name: str) -> QWidget:
        return dict(self._editors())[name]

    def _editors(self) -> list[tuple[str, QWidget]]:
        chosen: list[tuple[str, QWidget]] = [
            ("password", self._password),
            ("label", self._label),
            ("sslmode", self._sslmode),
        ]
        return [*self._texts.items(), *chosen]

    def _set(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            self._texts[name].setText(text)

    def _choose(self, name: str, value: str) -> None:
        editor = self._label if name == "label" else self._sslmode
        editor.setCurrentIndex(max(editor.findData(value), 0))


def _choice(items: list[tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    for value, text in items:
        box.addItem(text, value)
    return box
