"""Renders the pages for the README into ``packaging/screenshots``, or all of them for review.

``QT_QPA_PLATFORM=offscreen python -m tests.desktop.screenshots`` writes what the README shows;
with a FOLDER (and a part of a name) it writes every page there, large, small, and in German for
its long words. The data is invented, nothing is started and nothing is read from this computer.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QPoint, QSize, Qt, QTranslator
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QImage,
    QPainter,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import QApplication

from tests.desktop.german import WORDS
from trunkline_desktop import appearance, mark, run_words, theme
from trunkline_desktop.models.check import Row
from trunkline_desktop.models.databases import Role
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.run_state import Run
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.tokens import DARK, LIGHT
from trunkline_desktop.tray import Tray
from trunkline_desktop.views.facts import AppFacts, Consequence, FileFacts
from trunkline_desktop.views.window import Window
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_server import stages
from trunkline_server.clients.apps import ALL
from trunkline_server.clients.exports.offers import Offer
from trunkline_server.clients.processes import running as processes
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.serving.activity import Call, Today

FOLDER = Path(__file__).parents[2] / "packaging" / "screenshots"
TRAY_STATES: tuple[mark.State, ...] = ("nothing", "starting", "on", "attention", "failed")
LARGE, SMALL = QSize(1120, 720), QSize(800, 560)
CLAUDE = ALL["claude-desktop"]
CONFIG = "/home/ada/.config/Claude/claude_desktop_config.json"
LINK = "postgresql://analytics:Tr0ub4dor@reports-db.example.com:5432/reports?sslmode=require"

REFUSED = Failure(
    code="login.password",
    title="The server refused this login.",
    hint="The password or the user “analytics” is not right; upper and lower case count.",
)
CHECKED = (
    Row("resolve", "done", 12),
    Row("reach", "done", 31),
    Row("tls", "done", 40, "TLS 1.3"),
)
SAFE = "AI apps can read 42 tables and change nothing."
DIFF = """@@ -4,6 +4,10 @@
   "mcpServers": {
     "sales": {
       "command": "/usr/bin/trunkline-stdio",
       "args": ["sales"]
-    }
+    },
+    "web-shop-staging": {
+      "command": "/usr/bin/trunkline-stdio",
+      "args": ["web-shop-staging"]
+    }
   }
"""


def at(hour: int, minute: int, second: int = 0) -> float:
    """Return that time of today, in seconds since 1970."""
    now = datetime.now().astimezone()
    return now.replace(hour=hour, minute=minute, second=second, microsecond=0).timestamp()


def profiles() -> tuple[Profile, ...]:
    """Return the three databases of the pictures."""
    names = {"sales": "Sales", "shop": "Web shop (staging)", "support": "Support"}
    name = {key: QApplication.translate("data", text) for key, text in names.items()}
    sales = Profile(id="sales", name=name["sales"], label="production", transport="http",
                    host="sales-db.example.com", http_port=8765)  # fmt: skip
    shop = Profile(id="web-shop-staging", name=name["shop"], label="staging", host="shop.example")
    support = Profile(id="support", name=name["support"], label="test", host="support.example")
    return sales, shop, support


def runs() -> tuple[Run, ...]:
    """Return how their servers are: on, off, failed."""
    url = "http://127.0.0.1:8765/mcp"
    on = Run(state="on", wanted="http", transport="http", url=url, since=at(8, 12))
    return on, Run(), Run(state="failed", wanted="stdio", failure=REFUSED)


def model() -> QStandardItemModel:
    """Return the rows of the sidebar."""
    found = QStandardItemModel()
    for profile, run in zip(profiles(), runs(), strict=True):
        item = QStandardItem(profile.name)
        item.setData(profile.id, Role.ID)
        item.setData(profile.name, Role.NAME)
        item.setData(profile.label, Role.LABEL)
        item.setData(run_words.label(profile), Role.LABEL_WORD)
        item.setData(run_words.status(run), Role.STATUS)
        item.setData(run_words.state(run), Role.STATE_WORDS)
        found.appendRow(item)
    return found


def calls() -> tuple[Call, ...]:
    """Return what the app asked."""
    sql, shop, desk = "execute_query", "web-shop-staging", "claude-ai"
    month = "SELECT date_trunc('month', ordered_at), sum(total) FROM orders GROUP BY 1"
    best = "SELECT c.name, count(*) AS orders FROM customers c JOIN orders o USING (customer_id)"
    rows = (
        (at(14, 5, 12), "sales", desk, sql, month, 4100.0, 12, "ok"),
        (at(14, 2, 40), "sales", desk, sql, best, 38.0, 10, "ok"),
        (at(14, 2, 31), "sales", desk, "describe_table", "customers", 6.0, 14, "ok"),
        (at(14, 2, 29), "sales", desk, "list_tables", "", 4.0, 42, "ok"),
        (
            at(13, 58, 3),
            "sales",
            desk,
            sql,
            "DELETE FROM orders WHERE id = 47",
            1.0,
            0,
            "refused",
        ),
        (at(13, 47, 55), shop, desk, sql, "SELECT * FROM carts", 212.0, 500, "ok"),
        (
            at(13, 41, 2),
            "sales",
            desk,
            sql,
            "SELECT regin, sum(total) FROM orders",
            2.0,
            0,
            "failed",
        ),
    )
    return tuple(
        Call(at=when, profile_id=where, client=who, tool=tool, statement=said, duration_ms=ms,
             rows=count, outcome=end)  # type: ignore[arg-type]  the words above are outcomes
        for when, where, who, tool, said, ms, count, end in rows
    )  # fmt: skip


def apps() -> tuple[AppFacts, ...]:
    """Return the one app, connected."""
    file = FileFacts(path=CONFIG, ways={"sales": "stdio"})
    desk = AppFacts(id="claude-desktop", name="Claude Desktop", monogram="CD", state="connected",
                    seen_at=at(14, 5), files=(file,))  # fmt: skip
    return (desk,)


def code() -> AppFacts:
    """Return an app that can do everything, with a profile of its own."""
    user = "/home/ada/.config/Code/User"
    files = (FileFacts(path=f"{user}/mcp.json", ways={"web-shop-staging": "stdio"}),
             FileFacts(path=f"{user}/profiles/1a2b/mcp.json", name="Work"))  # fmt: skip
    return AppFacts(id="vscode", name="VS Code", monogram="VS", state="waiting", files=files,
                    can=("stdio", "http", "sse"))  # fmt: skip


def first_run(window: Window) -> None:
    """The first page, with a connection in the clipboard."""
    QGuiApplication.clipboard().setText(LINK.replace("reports", "sales"))
    window.show_first_run()
    window.first_run.look_at_clipboard()


def database(window: Window) -> None:
    """A database that is on and used."""
    today = Today(questions=106, typical_ms=42, refused=1,
                  per_hour=(0,) * 7 + (3, 9, 18, 24, 20, 11, 9, 12) + (0,) * 9,
                  refused_per_hour=(0,) * 13 + (1,) + (0,) * 10)  # fmt: skip
    page = window.database
    page.show_database(profiles()[0], runs()[0], "")
    page.show_apps(apps())
    page.show_activity(today, calls()[:3])
    page.show_posture(
        "ok", QApplication.translate("data", "AI apps can read 42 tables and change nothing.")
    )
    window.show_database()


def failed(window: Window) -> None:
    """A database whose password was refused."""
    page = window.database
    page.show_database(profiles()[2], runs()[2], "/usr/bin/trunkline-stdio support")
    page.show_apps(apps())
    page.show_activity(Today(), ())
    page.show_posture("ok", "")
    window.show_database()


def form(window: Window) -> None:
    """The form, filled from a link."""
    window.add.start(None, profiles())
    window.add.paste_text(LINK)
    window.show_new()


def checking(window: Window) -> None:
    """The form while the check runs."""
    form(window)
    window.add.check_now()
    rest = [Row(name) for name in stages.NAMES[3:]]
    window.add.show_rows((*CHECKED[:2], Row("tls", "running"), *rest))


def refused(window: Window) -> None:
    """The form when the login was refused."""
    form(window)
    window.add.check_now()
    rest = [Row(name, "skipped") for name in stages.NAMES[4:]]
    window.add.show_rows((*CHECKED, Row("login", "failed", 55), *rest))
    translated = QApplication.translate
    words = Failure(code=REFUSED.code, title=translated("data", REFUSED.title),
                    hint=translated("data", REFUSED.hint))  # fmt: skip
    window.add.show_failure(words, "login")


def passed(window: Window) -> None:
    """The form when everything works."""
    form(window)
    window.add.check_now()
    last = Row("posture", "done", 9, SAFE)
    rest = [Row(name, "done", 8) for name in stages.NAMES[3:6]]
    window.add.show_rows((*CHECKED, *rest, last))
    window.add.show_passed()


def ai_apps(window: Window) -> None:
    """The apps, one of them open with its change."""
    window.apps.show_apps(apps(), {p.id: p.name for p in profiles()})
    window.show_apps()
    window.apps.open_panel("claude-desktop", profiles(), "web-shop-staging")
    told = "Quit and reopen Claude Desktop afterwards."
    window.apps.panel.show_consequence(Consequence(diff=DIFF, afterwards=told))


def addressed(window: Window) -> None:
    """An app of several files that reaches one database at its address, which is not served."""
    facts = code()
    window.apps.show_apps((*apps(), facts), {p.id: p.name for p in profiles()})
    window.show_apps()
    window.apps.open_panel(facts.id, profiles(), "")
    panel = window.apps.panel
    panel._ways.set_open(True)
    panel.findChild(SegmentedControl, "way-web-shop-staging").set_value("http")
    panel._ways._on_chosen("web-shop-staging", "http")
    panel.show_unserved(profiles()[1], "http")
    told = "VS Code asks for the token once and keeps it in a safe place of its own."
    found = Consequence(diff=DIFF, warning=told, tokens=("web-shop-staging",))
    panel.show_consequence(found)


def token_in_file(window: Window) -> None:
    """An app that can keep the token only in its file, before the person allowed that."""
    zed = AppFacts(id="zed", name="Zed", monogram="Ze", can=("stdio", "http"),
                   files=(FileFacts(path="/home/ada/.config/zed/settings.json"),))  # fmt: skip
    window.apps.show_apps((*apps(), zed), {p.id: p.name for p in profiles()})
    window.show_apps()
    window.apps.open_panel("zed", profiles(), "sales")
    panel = window.apps.panel
    panel._ways.set_open(True)
    panel.findChild(SegmentedControl, "way-sales").set_value("http")
    panel._ways._on_chosen("sales", "http")
    told = ("Zed can keep the token only as plain text in its settings file: whoever reads that "
            "file can ask the database.")  # fmt: skip
    panel.show_consequence(Consequence(warning=told, offers_token=True))


def many(window: Window) -> None:
    """Twelve databases with long names, all of them ticked."""
    named = (f"Warehouse of the northern branch offices {number}" for number in range(12))
    found = [Profile(id=f"warehouse-{n}", name=name, label="production", host="x", http_port=1)
             for n, name in enumerate(named)]  # fmt: skip
    facts = replace(
        code(), files=(FileFacts(path="/x/mcp.json", ways={p.id: "sse" for p in found}),)
    )
    window.apps.show_apps((*apps(), facts), {p.id: p.name for p in found})
    window.show_apps()
    window.apps.open_panel(facts.id, found, "")
    window.apps.panel._ways.set_open(True)
    window.apps.panel.show_consequence(Consequence(diff=DIFF))


def running(window: Window) -> None:
    """An app that would overwrite the change."""
    ai_apps(window)
    window.apps.panel.show_running(is_running=True)


def not_started(window: Window) -> None:
    """A change that was made, and an app that did not start again."""
    ai_apps(window)
    window.apps.close_panel()
    words = QApplication.translate("AiApps", "The settings of {app} were changed.")
    trouble = processes.not_started(CLAUDE).failure
    words = words.format(app=CLAUDE.name)
    window.toast.offer(f"{words}\n{trouble.title} {trouble.hint}")


def gone(window: Window) -> None:
    """An app that took our entry out, on its card and in its panel."""
    desk = replace(apps()[0], state="gone", gone=("sales",), files=(FileFacts(path=CONFIG),))
    another = AppFacts(id="json", name=QApplication.translate("apps", "Another app"),
                       monogram="{}", state="by hand", can=("stdio", "http"))  # fmt: skip
    shown = (desk, replace(code(), need="restart running"), another)
    window.apps.show_apps(shown, {p.id: p.name for p in profiles()})
    window.show_apps()
    window.apps.open_panel("claude-desktop", profiles(), "")
    window.apps.panel.show_running(is_running=True)
    window.apps.panel.show_consequence(Consequence())


def by_hand(window: Window) -> None:
    """An app that takes a link, or a text to paste."""
    name = "Cherry Studio"
    cherry = AppFacts(id="cherry-studio", name=name, monogram="CS", state="by hand",
                      can=("stdio", "http", "sse"))  # fmt: skip
    window.apps.show_apps((*apps(), cherry), {p.id: p.name for p in profiles()})
    window.show_apps()
    why = "Cherry Studio keeps its servers in a database of its own."
    window.apps.open_hand(cherry.id, profiles(), "", why, "Open the link, or in Settings, MCP "
                          "Servers, choose “Import from JSON”.")  # fmt: skip
    entry = {"mcpServers": {"sales": {"command": "/usr/bin/trunkline-stdio", "args": ["sales"]}}}
    link = "cherrystudio://mcp/install?servers=eyJtY3BTZXJ2ZXJzIjp7InNhbGVzIjp7fX19"
    offers = (Offer(kind="link", title=f"Link that opens {name}", content=link),
              Offer(kind="text", title=f"Settings of {name}, as JSON",
                    content=json.dumps(entry, indent=2)))  # fmt: skip
    window.apps.hand.show_offers(offers, "")


def unfollowed(window: Window) -> None:
    """A database whose apps were left as they were."""
    database(window)
    told = QApplication.translate
    window.database.show_problem(Failure(
        code="client.follow",
        title=told("following", "The AI apps with the former address of “{name}” were left as "
                   "they were.").format(name=profiles()[0].name),
        hint=f"{CONFIG}, line 4, column 9: there is a comma too many. Nothing was changed.",
    ))  # fmt: skip


def followed(window: Window) -> None:
    """A database whose apps use its new address."""
    database(window)
    words = QApplication.translate("following", "{count} apps now use {way}.")
    window.toast.offer(words.format(count=3, way="HTTP"))


def activity(window: Window) -> None:
    """What was asked."""
    window.activity.show_calls(calls(), {p.id: p.name for p in profiles()})
    window.show_activity()


SCENES: dict[str, Callable[[Window], None]] = {
    "first-run": first_run,
    "database": database,
    "database-failed": failed,
    "add-checking": checking,
    "add-refused": refused,
    "add-passed": passed,
    "ai-apps": ai_apps,
    "ai-apps-addressed": addressed,
    "ai-apps-token": token_in_file,
    "ai-apps-many": many,
    "ai-apps-running": running,
    "ai-apps-not-started": not_started,
    "ai-apps-gone": gone,
    "ai-apps-by-hand": by_hand,
    "database-unfollowed": unfollowed,
    "database-followed": followed,
    "activity": activity,
}
IN_README = (
    "first-run",
    "database",
    "database-failed",
    "add-checking",
    "add-refused",
    "add-passed",
    "ai-apps",
    "activity",
)
IN_GERMAN = (
    "first-run",
    "database",
    "database-unfollowed",
    "database-followed",
    "add-refused",
    "ai-apps",
    "ai-apps-addressed",
    "ai-apps-token",
    "ai-apps-running",
    "ai-apps-gone",
    "ai-apps-by-hand",
)


class German(QTranslator):
    """A few German texts, for the length of their words."""

    def translate(self, _context: str, text: str, *_rest: object) -> str:
        """Return the German text, or the English one where there is none."""
        return WORDS.get(text, text)

    def isEmpty(self) -> bool:  # noqa: N802  Qt's own name
        """Say that there are texts."""
        return False


def picture(scene: Callable[[Window], None], size: QSize) -> QImage:
    """Return a page as it looks at ``size`` in logical pixels."""
    window = Window(model())
    window.resize(size)
    window.show()
    scene(window)
    window.sidebar.apps.set_count(1)
    for _ in range(4):
        QApplication.processEvents()  # layouts settle
    image = window.grab().toImage()
    window.hide()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # no event loop runs
    return image


def prepare(app: QApplication) -> None:
    """Use the font and the way of writing times that the pictures are compared with."""
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    app.setFont(QFont("Inter", 10))
    font = app.font()
    font.setPixelSize(13)
    app.setFont(font)
    theme.set_reduced_motion(reduced=True)


def tray_icons(*, is_dark: bool) -> QImage:
    """Return the tray icon in each state it shows, on a panel of that darkness."""
    side, gap, scale = 32, 16, 2
    image = QImage(len(TRAY_STATES) * (side + gap) * scale + gap * scale, (side + gap) * scale,
                   QImage.Format.Format_ARGB32)  # fmt: skip
    image.fill(QColor((DARK if is_dark else LIGHT).sidebar))
    painter = QPainter(image)
    for place, state in enumerate(TRAY_STATES):
        x = (gap + place * (side + gap)) * scale
        icon = mark.mark_pixmap(state, side * scale, dark_panel=is_dark)
        painter.drawPixmap(x, gap * scale // 2, icon)
    painter.end()
    return image


def tray_menu() -> QImage:
    """Return the menu of the tray icon, as Qt draws it where the desktop has none of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "profiles.json")
        for profile in profiles():
            store.save(replace(profile, http_port=profile.http_port or 8766))
        known = Profiles(store)
        supervisor = Supervisor(known)
        supervisor._runs = {p.id: r for p, r in zip(profiles(), runs(), strict=True)}
        tray = Tray(known, supervisor)
        tray.menu.popup(QPoint(0, 0))
        QApplication.processEvents()
        image = tray.menu.grab().toImage()
        tray.menu.hide()
        for one in (tray, supervisor, known):  # before the list they watch is gone
            shiboken6.delete(one)
    return image


def save(image: QImage, path: Path) -> None:
    """Write a small PNG: the 256 most frequent colours, every other as the nearest of them."""
    flat = image.convertToFormat(QImage.Format.Format_RGB32)
    counted = Counter(memoryview(flat.constBits()).cast("B").cast("I"))
    table = [colour for colour, _ in counted.most_common(256)]
    plain = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
    flat.convertToFormat(QImage.Format.Format_Indexed8, table, plain).save(str(path), "PNG", 0)


def prepared() -> tuple[QApplication, appearance.Theme]:
    """Return the application, dressed for the pictures, and its theme."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    prepare(app)
    return app, appearance.Theme(app)


def for_readme(folder: Path) -> None:
    """Write the pages of the README, the tray icon in each state, and its menu."""
    _, scheme = prepared()
    for look in ("light", "dark"):
        scheme.set_appearance(look)  # type: ignore[arg-type]  both are appearances
        for name in IN_README:
            save(picture(SCENES[name], LARGE), folder / f"{name}-{look}.png")
        save(tray_icons(is_dark=look == "dark"), folder / f"tray-{look}.png")
        save(tray_menu(), folder / f"tray-menu-{look}.png")


def for_review(folder: Path, only: str = "") -> None:
    """Write every picture whose name contains ``only``."""
    app, scheme = prepared()
    folder.mkdir(parents=True, exist_ok=True)
    german = German()
    for look in ("light", "dark"):
        scheme.set_appearance(look)  # type: ignore[arg-type]  both are appearances
        for name, scene in SCENES.items():
            if only in name:
                picture(scene, LARGE).save(str(folder / f"{name}-{look}.png"))
                picture(scene, SMALL).save(str(folder / f"{name}-800x560-{look}.png"))
    app.installTranslator(german)
    for name in IN_GERMAN:
        if only in name:
            picture(SCENES[name], LARGE).save(str(folder / f"{name}-german-dark.png"))
            picture(SCENES[name], SMALL).save(str(folder / f"{name}-german-800x560-dark.png"))


if __name__ == "__main__":
    os.environ["QT_SCALE_FACTOR"] = "2"  # double density, read when the application is made
    if len(sys.argv) > 1:
        for_review(Path(sys.argv[1]), "".join(sys.argv[2:3]))
    else:
        for_readme(FOLDER)
