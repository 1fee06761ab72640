"""Time zones by the names Arrow uses: IANA names and offsets such as ``+05:30``."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")


def zone(name: str) -> tzinfo:
    """The zone called ``name``; UTC if this machine does not know it (the instants stay the same)."""
    if name.upper() in ("UTC", "ETC/UTC", "GMT", "Z"):
        return timezone.utc
    offset = _OFFSET.match(name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return timezone.utc


def time_with_offset(micros: int, offset_seconds: int) -> time | str:
    """A time of day with an offset; text for 24:00, which ``datetime.time`` does not have."""
    offset = timezone(timedelta(seconds=offset_seconds))
    if micros >= 86_400_000_000:
        return f"24:00:00{time(0, tzinfo=offset):%z}"
    moment = datetime(1970, 1, 1) + timedelta(microseconds=micros)
    return moment.time().replace(tzinfo=offset)
