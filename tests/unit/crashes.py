"""Kills the writer with SIGKILL at each line it executes, and looks at what is left. A program.

``python -m tests.unit.crashes SCENE FOLDER STEP`` tries every STEP-th line and prints how many
there were; it ends with an assertion when something was lost. It forks, which only a process
without threads should.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from tests.unit.interrupting import at_lines
from trunkline_server.clients import apps, owned, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.replacing import swapping
from trunkline_server.clients.writer import Applied
from trunkline_server.profiles import atomic
from trunkline_server.profiles.profile import Profile

SALES = Profile(id="sales", name="Sales", http_port=8765)
SHOP = Profile(id="shop", name="Shop", http_port=8766)
APPS = {
    "claude-desktop": b'{\r\n\t"theme": "dark",\r\n\t"n": 1.50\r\n}',
    "codex": b'# mine\nmodel = "o9"\n',
    "goose": b"# mine\nextensions:\n  other: {cmd: x}\n",
}
Contents = dict[str, bytes | None]


class Scene:
    """Some apps' files, and one thing that is done to them.

    ``prepare`` brings about the state before; ``act`` is what is interrupted.
    """

    def __init__(self, ids: tuple[str, ...], prepare: Callable[[Scene], object],
                 act: Callable[[Scene], object]) -> None:  # fmt: skip
        self.ids, self._prepare, self.act = ids, prepare, lambda: act(self)
        self.folder = Path()

    def file(self, app_id: str) -> Path:
        return self.folder / app_id / "settings"

    def app(self, app_id: str) -> tuple[App, Path]:
        return apps.ALL[app_id], self.file(app_id)

    def prepare(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        os.environ["TRUNKLINE_HOME"] = str(folder / "home")
        for app_id in self.ids:
            self.file(app_id).parent.mkdir(parents=True)
        self._prepare(self)

    def contents(self) -> Contents:
        return {i: f.read_bytes() if (f := self.file(i)).exists() else None for i in self.ids}

    def litter(self) -> list[str]:
        beside = [p.name for i in self.ids for p in self.file(i).parent.iterdir()]
        ours = [p.name for p in (self.folder / "home/state").glob("clients.*.json")]
        half = [p.name for p in (self.folder / "home/state/backups").glob(f"*/*{atomic.HALF}")]
        return [name for name in beside if name != "settings"] + ours + half

    def connected(self) -> dict[str, list[str]]:
        return {i: sorted(r.name for r in owned.of(self.file(i))) for i in self.ids}


def filled(scene: Scene) -> None:
    for app_id in scene.ids:
        scene.file(app_id).write_bytes(APPS[app_id])


def connect(scene: Scene, profile: Profile = SALES) -> tuple[Applied, ...]:
    plans = [plan.connect(app, profile, path=path) for app, path in map(scene.app, scene.ids)]
    return writer.apply_all(plans)


def connected(scene: Scene) -> None:
    filled(scene)
    connect(scene)


def first_connected(scene: Scene) -> None:
    connect(scene)


def disconnect(scene: Scene) -> None:
    plans = [plan.disconnect(app, SALES, path=path) for app, path in map(scene.app, scene.ids)]
    writer.apply_all(plans)


def undo(scene: Scene) -> None:
    """Undo a change that is made here too."""
    writer.undo_all(connect(scene, SHOP))


def connect_in_steps(scene: Scene) -> None:
    """Connect on a disk where two files cannot change places at once."""
    unknown = OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    with mock.patch.object(swapping, "_exchange", side_effect=unknown):
        connect(scene)


def nothing(_scene: Scene) -> None:
    """Leave the folders empty."""


ONE, ALL = ("claude-desktop",), tuple(APPS)
SCENES = {
    "connecting": Scene(ONE, filled, connect),
    "making a file": Scene(ONE, nothing, connect),
    "disconnecting": Scene(ONE, connected, disconnect),
    "removing a file": Scene(ONE, first_connected, disconnect),
    "undoing": Scene(ONE, connected, undo),
    "undoing three files": Scene(ALL, connected, undo),
    "three files": Scene(ALL, filled, connect),
    "three files back": Scene(ALL, connected, disconnect),
    "two files in steps": Scene(ALL[:2], filled, connect_in_steps),
}


def killed_at(number: int, act: Callable[[], None]) -> bool:
    """Do it in a child that is killed at a line; return whether it came that far."""
    child = os.fork()
    if child == 0:
        with at_lines({number: lambda: os.kill(os.getpid(), signal.SIGKILL)}):
            act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed"
    return os.WIFSIGNALED(status)


def look(scene: Scene, states: list[tuple[Contents, dict[str, list[str]]]]) -> None:
    """Check that a file is whole at once, and all files together after the next look."""
    for app_id, content in scene.contents().items():
        assert content in [known[app_id] for known, _ in states], (app_id, content)
    writer.recover()
    assert (scene.contents(), scene.connected()) in states, (scene.contents(), scene.connected())
    beside = [name for name in scene.litter() if not name.endswith(atomic.HALF)]
    assert beside == [], beside


def main(name: str, folder: Path, step: int) -> int:
    """Kill one scene at its lines; return how many there were."""
    scene = SCENES[name]
    scene.prepare(folder)
    states = [(scene.contents(), scene.connected())]
    scene.act()
    states.append((scene.contents(), scene.connected()))
    if name.startswith("undoing"):  # the change that is undone may be what is left
        connect(scene, SHOP)
        states.append((scene.contents(), scene.connected()))
    number = 1
    while True:
        scene.prepare(folder)
        if not killed_at(number, scene.act):
            return number - 1
        look(scene, states)
        back_and_forth(scene)
        assert scene.litter() == []
        number += step


def back_and_forth(scene: Scene) -> None:
    """Whatever was left: connecting and disconnecting leads to the bytes of the beginning."""
    for profile in (SALES, SHOP):
        for app, path in map(scene.app, scene.ids):
            writer.apply(plan.connect(app, profile, path=path))
    for profile in (SALES, SHOP):
        for app, path in map(scene.app, scene.ids):
            writer.apply(plan.disconnect(app, profile, path=path))
    is_empty = scene.contents() == dict.fromkeys(scene.ids)
    assert is_empty or scene.contents() == {i: APPS[i] for i in scene.ids}, scene.contents()


if __name__ == "__main__":
    print(json.dumps({"lines": main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))}))
