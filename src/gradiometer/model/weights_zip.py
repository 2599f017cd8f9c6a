"""Reads small members of a zip file, after its list of members has been checked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import final

from gradiometer.model.weights_source import WeightFile, shorten

MOST_MEMBERS = 10_000
MOST_LIST = 4_000_000
"""Bytes of the list of members."""
MOST_TEXT = 64_000_000
"""Bytes of one member once unpacked."""
MOST_RATIO = 200
"""How many times larger a member of more than a million bytes may become."""
_SMALL = 1_000_000

_END = b"PK\x05\x06"
_END_BYTES = 22
_END_64 = b"PK\x06\x06"
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 1
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    UnicodeError,
    ValueError,
)
"""What Python's zip reader raises for files that are damaged or made to deceive."""


@final
class ZipMembers:
    """The members of a zip file, none of them unpacked yet."""

    def __init__(self, file: WeightFile) -> None:
        self.file = file
        self._list_at = _check_end(file)
        try:
            self._zip = zipfile.ZipFile(file.path)
            self.infos: Mapping[str, zipfile.ZipInfo] = self._check_members()
        except _BROKEN as error:
            raise self._fault(f"The zip file is damaged: {_first_line(error)}.") from None

    def close(self) -> None:
        """Release the file."""
        self._zip.close()

    def check_safe(self) -> None:
        """Refuse names that leave the folder, secrets, and members that grow beyond measure.

        Raises:
            StudyError: With the member's name.
            LimitError: If it would grow too much.
        """
        for name, info in self.infos.items():
            shown = shorten(name)
            parts = name.replace("\\", "/").split("/")
            if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
                raise self._fault(f"Member `{shown}` would leave the folder it is unpacked in.")
            if info.flag_bits & _ENCRYPTED:
                raise self._fault(f"Member `{shown}` is encrypted.", hint="save it unencrypted")
            packed = max(info.compress_size, 1)
            if info.file_size > _SMALL and info.file_size > MOST_RATIO * packed:
                raise self.file.limit(
                    f"Member `{shown}` would grow from {info.compress_size:,} to "
                    f"{info.file_size:,} bytes: a zip bomb.",
                    offset=info.header_offset,
                )
            if info.header_offset + info.compress_size > self.file.size:
                raise self._fault(f"Member `{shown}` does not fit into the file.")

    def read(self, name: str) -> bytes:
        """All bytes of one member.

        Raises:
            StudyError: If it is damaged.
            LimitError: If it is larger than 64 MB, whatever the list says.
        """
        info = self.infos[name]
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise self._fault(f"Member `{shorten(name)}` is packed in a way that is not read.")
        try:
            with self._zip.open(info) as member:
                data = member.read(MOST_TEXT + 1)
        except _BROKEN as error:
            problem = f"Member `{shorten(name)}` is damaged: {_first_line(error)}."
            raise self.file.fault(problem, offset=info.header_offset) from None
        if len(data) > MOST_TEXT:
            problem = f"Member `{shorten(name)}` has more than {MOST_TEXT:,} bytes."
            raise self.file.limit(problem, offset=info.header_offset)
        return data

    def _check_members(self) -> dict[str, zipfile.ZipInfo]:
        infos: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if info.filename in infos:
                raise self._fault(f"Member `{shorten(info.filename)}` stands in the list twice.")
            infos[info.filename] = info
        return infos

    def _fault(self, problem: str, *, hint: str = "save or download the file again") -> Exception:
        return self.file.fault(problem, offset=self._list_at, hint=hint)


def _check_end(file: WeightFile) -> int:
    """Where the list of members ends; its size is checked before anything holds it in memory."""
    start = max(0, file.size - _END_BYTES - _FULL_16)
    tail = file.read(start, file.size - start)
    at = tail.rfind(_END)
    if at < 0 or at + _END_BYTES > len(tail):
        hint = "download the file again"
        raise file.fault("The zip file has no list of members: it is cut short.", hint=hint)
    members, size = struct.unpack("<HI", tail[at + 10 : at + 16])
    if members == _FULL_16 or size == _FULL_32:
        large = tail.rfind(_END_64, 0, at)
        if large < 0 or large + 56 > len(tail):
            raise file.fault("The zip file has no list of members.", offset=start + at)
        members, size = struct.unpack("<QQ", tail[large + 32 : large + 48])
    if members > MOST_MEMBERS or size > MOST_LIST:
        raise file.limit(
            f"The zip file lists {members:,} members in {size:,} bytes; at most "
            f"{MOST_MEMBERS:,} in {MOST_LIST:,} are read.",
            offset=start + at,
        )
    return start + at


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return shorten(lines[0]).rstrip(".") if lines else type(error).__name__
