"""Read the members of a download, which is an archive or a folder, without writing files or following links."""

from __future__ import annotations

import io
import lzma
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from harness.errors import UsageError

MOST_BYTES = 512 << 20
"""Maximum size of one person's unpacked files."""
MOST_FILES = 2_000
"""Maximum number of one person's files."""
_MOST_MEMBERS = 200_000
_SYSTEM_FOLDERS = frozenset({"__MACOSX", "$RECYCLE.BIN", "System Volume Information"})
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store", "icon\r"})
_ENVIRONMENTS = frozenset({"site-packages", "node_modules"})
_UTF8_NAME = 0x800
_COMPRESSED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How members of a zip may be compressed; the library unpacks all else at once, gigabytes of a few bytes."""
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, ValueError)
"""What reading an archive raises that is broken, or names its members in bytes that are no text."""
_ENCRYPTED = 0x1
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
WALLED_ENDINGS = (".7z", ".rar")
ARCHIVE_ENDINGS = (".zip", *TAR_ENDINGS, *WALLED_ENDINGS)


_MAGIC = (
    (b"PK\x03\x04", ".zip"),
    (b"PK\x05\x06", ".zip"),
    (b"7z\xbc\xaf\x27\x1c", ".7z"),
    (b"Rar!\x1a\x07", ".rar"),
    (b"\x1f\x8b", ".tar.gz"),
    (b"BZh", ".tar.bz2"),
    (b"\xfd7zXZ\x00", ".tar.xz"),
)
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257


def archive_kind(name: str, content: bytes) -> str:
    """Return the usual ending for the kind of archive, which the first bytes decide and not the name.

    A file whose name does not end like an archive's counts as one only if the name ends like that of Python source.
    """
    name = name.lower()
    called = next((ending for ending in ARCHIVE_ENDINGS if name.endswith(ending)), "")
    if not called and not name.endswith(".py"):
        return ""
    if content[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC:
        return ".tar"
    return next((ending for magic, ending in _MAGIC if content.startswith(magic)), called)


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """An upload that is not imported; the message says why."""


@dataclass(frozen=True)
class Member:
    """One file of an archive or a folder."""

    path: PurePosixPath
    """Its path, with slashes between folders and with composed Unicode characters."""
    read: Callable[[int], bytes]
    """Returns at most the given number of bytes; raises `Refused` if the member cannot be read."""
    problem: str = ""
    """Why the member must not be read; '' if it may be."""


@contextmanager
def open_source(path: Path) -> Iterator[list[Member]]:
    """Yield the members of the archive or the folder `path`.

    Raises:
        UsageError: `path` is neither.
    """
    if path.is_dir():
        yield list(_of_folder(path))
        return
    name = path.name.lower()
    if name.endswith(WALLED_ENDINGS):
        raise UsageError(f"{path}: unpack it first, and import the folder")
    with ExitStack() as held:
        try:
            file = held.enter_context(path.open("rb"))
            kind = archive_kind(name if name.endswith(ARCHIVE_ENDINGS) else f"{name}.zip", file.read(512))
            file.seek(0)
            members = held.enter_context(open_archive(file, path.name, kind))
        except (OSError, Refused) as error:
            raise UsageError(f"{path} cannot be read as an archive ({error}): download it again") from error
        yield members  # what goes wrong with them is not the archive's


@contextmanager
def open_archive(file: IO[bytes], name: str, kind: str) -> Iterator[list[Member]]:
    """Yield the members of the archive `name`, which is of the given kind.

    Raises:
        Refused: the file is not an archive of this kind.
    """
    is_tar = kind in TAR_ENDINGS
    with ExitStack() as held:
        try:
            if is_tar:
                members = list(_of_tar(held.enter_context(tarfile.open(fileobj=file, mode="r:*"))))
            else:
                members = list(_of_zip(held.enter_context(zipfile.ZipFile(file))))
        except _BROKEN as error:
            what = "tar archive" if is_tar else "zip file"
            raise Refused(f"{name!r} is not a whole {what} ({error})") from error
        yield members


def archive_of(content: bytes) -> IO[bytes]:
    """Return `content` as a file."""
    return io.BytesIO(content)


def why_skipped(path: PurePosixPath) -> str:
    """Return why a file cannot be anybody's work; '' if it may be."""
    if any(part in _SYSTEM_FOLDERS for part in path.parts) or path.name.startswith("._"):
        return "made by the operating system"
    if path.name.lower() in _SYSTEM_FILES:
        return "made by the operating system"
    if any(part in _ENVIRONMENTS for part in path.parts):
        return "part of an installed environment"
    if any(part == "__pycache__" for part in path.parts):
        return "a cache"
    if any(part.startswith(".") and part != ".." for part in path.parts):
        return "hidden"
    return ""


def safe_path(name: str) -> PurePosixPath:
    """Return the path for a member's `name`. PowerShell writes backslashes, and macOS decomposes characters.

    Raises:
        Refused: the path leads out of the archive.
    """
    path = PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/")))
    drive = bool(path.parts) and len(path.parts[0]) == 2 and path.parts[0][0].isalpha() and path.parts[0][1] == ":"
    if path.is_absolute() or ".." in path.parts or "\0" in name or drive or not path.parts:
        raise Refused(f"{name!r} leads out of its folder")
    return path


def _of_folder(folder: Path) -> Iterator[Member]:
    for path in sorted(folder.rglob("*")):
        inside = PurePosixPath(unicodedata.normalize("NFC", path.relative_to(folder).as_posix()))
        if path.is_symlink():
            yield Member(inside, _nothing, f"{str(inside)!r} is a link")
        elif path.is_file():
            yield Member(inside, _reader_of_file(path))


def _of_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        raise Refused(f"more than {_MOST_MEMBERS:,} members")
    for info in infos:
        name = _zip_name(info)
        if name.endswith(("/", "\\")):
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        problem = ""
        if kind not in (0, stat.S_IFREG):
            problem = f"{name!r} is not a regular file"
        elif info.flag_bits & _ENCRYPTED:
            problem = f"{name!r} is encrypted"
        elif info.compress_type not in _COMPRESSED:
            problem = f"{name!r} is compressed in a way that is not opened here: make a zip file without such an option"
        yield _member(name, _reader_of_zip(archive, info), problem)


def _of_tar(tar: tarfile.TarFile) -> Iterator[Member]:
    for number, info in enumerate(tar):
        if number > _MOST_MEMBERS:
            raise Refused(f"more than {_MOST_MEMBERS:,} members")
        if info.isdir():
            continue
        problem = "" if info.isreg() else f"{info.name!r} is not a regular file"
        yield _member(info.name, _reader_of_tar(tar, info), problem)


def _member(name: str, read: Callable[[int], bytes], problem: str) -> Member:
    try:
        return Member(safe_path(name), read, problem)
    except Refused as reason:
        path = PurePosixPath(name.replace("\0", ""))
        return Member(path if path.parts else PurePosixPath(repr(name)), read, str(reason))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; UTF-8 without the flag for it, as macOS writes it, is recognised."""
    if "\0" in info.orig_filename:
        return info.orig_filename
    if not info.flag_bits & _UTF8_NAME and not info.filename.isascii():
        try:
            return info.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            return info.filename
    return info.filename


def _nothing(_: int) -> bytes:
    return b""


def _reader_of_file(path: Path) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with path.open("rb") as stream:
                return stream.read(most)
        except OSError as error:
            raise Refused(f"{path.name!r} cannot be read ({error})") from error

    return read


def _reader_of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with archive.open(info) as stream:
                return stream.read(most)
        except (*_BROKEN, RuntimeError, OSError) as error:
            raise Refused(f"{info.filename!r} cannot be unpacked ({error})") from error

    return read


def _reader_of_tar(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            stream = tar.extractfile(info)
            return b"" if stream is None else stream.read(most)
        except (*_BROKEN, OSError) as error:
            raise Refused(f"{info.name!r} cannot be unpacked ({error})") from error

    return read
