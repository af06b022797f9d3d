"""Who may read and write a settings file: what keeps us from replacing it, and that this stays.

A new file takes the place of the old one, so it must belong to the same people and allow the same.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from trunkline_server.errors import TrunklineError, fail

if sys.platform == "linux":
    from trunkline_server.clients.replacing.linux import is_locked
else:
    from trunkline_server.clients.replacing.macos import is_locked

_WITHOUT = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_ACL = "system.posix_acl_access"
_SYSTEMS = ("security.", "trusted.")  # attributes that the system gives to each file itself
_UNLOCK = {"darwin": "Take away its “Locked” in the Finder (Get Info)"}


class NotOursError(PermissionError):
    """A copy cannot belong to those whom the original belongs to; carries why, for a person."""

    def __init__(self, failure: TrunklineError) -> None:
        super().__init__(errno.EPERM, os.strerror(errno.EPERM))
        self.failure = failure


def check(path: Path) -> None:
    """Look whether another file may take the place of ``path``.

    Raises:
        TrunklineError: ``client.read_only`` or ``client.linked``.
        OSError: it is not there, or not to be seen.
    """
    found = path.stat()
    if is_locked(path):
        unlock = _UNLOCK.get(sys.platform, "Unlock it (chattr -ia)")
        raise _refused("client.read_only", f"The file {path} is locked.", f"{unlock}, then")
    if not found.st_mode & stat.S_IWUSR:
        raise _refused(
            "client.read_only", f"The file {path} is read-only.", "Allow writing to it, then"
        )
    if found.st_nlink > 1:
        raise _refused(
            "client.linked",
            f"The file {path} has a second name (a hard link), which would not see the change.",
            "Make one of the two a symbolic link to the other, then",
        )


def give(original: Path, copy: Path) -> None:
    """Give ``copy`` the owner, the rights and the attributes of ``original``, but not its age.

    What locks ``original`` is not given.

    Raises:
        NotOursError: they would belong to different people.
        OSError: it could not be done.
    """
    found = original.stat()
    _give_to(found, original, copy)
    _give_attributes(original, copy)
    copy.chmod(_mode(found, copy.stat()))  # last: it limits what a list of rights allows, too
    if hidden := getattr(found, "st_flags", 0) & stat.UF_HIDDEN:
        os.chflags(copy, hidden)  # type: ignore[attr-defined,unused-ignore]  # macOS


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, as far as they are missing; see :func:`give_to_people`.

    Raises:
        OSError: it could not be done.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    give_to_people(folder)


def give_to_people(made: Path) -> None:
    """Give what root has made to the owner of the folder it is in, who could not use it else.

    Raises:
        OSError: it could not be done.
    """
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = made.parent.stat()
        os.chown(made, owner.st_uid, owner.st_gid)


def are_ours(path: Path) -> bool:
    """Whether we may remove each name of a file, wherever it is.

    Raises:
        OSError: it is not there.
    """
    return sys.platform == "win32" or os.geteuid() in {0, path.stat().st_uid}


def _give_to(found: os.stat_result, original: Path, copy: Path) -> None:
    if sys.platform == "win32":
        return
    now = copy.stat()
    try:
        if now.st_uid != found.st_uid:
            os.chown(copy, found.st_uid, found.st_gid)
        elif now.st_gid != found.st_gid:
            os.chown(copy, -1, found.st_gid)
    except PermissionError as exc:
        if now.st_uid != found.st_uid:
            raise NotOursError(_others(original, f"user {_user(found.st_uid)}")) from exc
        if _group_bits(found) & ~_others_bits(found):
            raise NotOursError(_others(original, f"group {_group(found.st_gid)}")) from exc


def _mode(found: os.stat_result, copy: os.stat_result) -> int:
    """Return the mode of ``found``; another group than its own gets what everybody has."""
    mode = stat.S_IMODE(found.st_mode)
    if copy.st_gid == found.st_gid:
        return mode
    return mode & ~stat.S_IRWXG | (_group_bits(found) & _others_bits(found)) << 3


def _give_attributes(original: Path, copy: Path) -> None:
    """A folder may have given ``copy`` a list of rights that ``original`` does not have."""
    if sys.platform != "linux":
        return
    theirs, ours = _attributes(original), _attributes(copy)
    for name in ours:
        if name not in theirs and not name.startswith(_SYSTEMS):
            os.removexattr(copy, name)
    for name in theirs:
        try:
            os.setxattr(copy, name, os.getxattr(original, name))
        except OSError:
            if name == _ACL:
                raise


def _attributes(path: Path) -> list[str]:
    """Return the names of a file's attributes; none where the file system has no such thing."""
    if sys.platform == "linux":
        try:
            return os.listxattr(path)
        except OSError as exc:
            if exc.errno not in _WITHOUT:
                raise
    return []


def _group_bits(found: os.stat_result) -> int:
    return (found.st_mode & stat.S_IRWXG) >> 3


def _others_bits(found: os.stat_result) -> int:
    return found.st_mode & stat.S_IRWXO


def _user(number: int) -> str:
    if sys.platform != "win32":
        import pwd

        with suppress(KeyError):
            return pwd.getpwuid(number).pw_name
    return str(number)


def _group(number: int) -> str:
    if sys.platform != "win32":
        import grp

        with suppress(KeyError):
            return grp.getgrgid(number).gr_name
    return str(number)


def _others(path: Path, people: str) -> TrunklineError:
    title = f"The file {path} belongs to the {people}; a change by you would take it away."
    hint = f"Nothing was changed. Let the {people} make the change, or become the file's owner."
    return fail("client.not_yours", title, hint)


def _refused(code: str, title: str, remedy: str) -> TrunklineError:
    return fail(code, title, f"Nothing was changed. {remedy} try again.")
