"""Names of files that say of which night or day they are: `sales/{night:%Y-%m-%d}.csv`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import parse_qsl, urlsplit

_PLACE = re.compile(r"\{(?P<word>[^{}:]*)(?::(?P<format>[^{}]*))?\}")
_DIGITS = {"%Y": r"\d{4}", "%m": r"\d{2}", "%d": r"\d{2}", "%j": r"\d{3}"}
# A store may spell it otherwise.
_BEGINNING = re.compile(r"^(\w+:/)?[./]*/")
_SECRET = re.compile(r"pass|secret|token|signature|credential|api_?key|^sig$", re.IGNORECASE)
WORDS = ("night", "day")
EXAMPLE = "{night:%Y-%m-%d}"


@dataclass(frozen=True)
class FileNames:
    """The names of a dataset's files, which may have `*` in them.

    Attributes:
        url: as it is declared.
        word: what the names say, `night` or `day`; None if they say no date, and there is one for all time.
    """

    url: str
    word: str | None

    @staticmethod
    def parse(url: str) -> FileNames:
        """What a declared URL says of its files' names.

        Raises:
            ValueError: if a brace stands for something else than a whole date.
        """
        places = list(_PLACE.finditer(url))
        if any(brace in _PLACE.sub("", url) for brace in "{}"):
            raise ValueError(f"{url!r} has a brace without its other half: write {EXAMPLE}")
        words = {place["word"] for place in places}
        if odd := sorted(words - set(WORDS)):
            raise ValueError(f"{url!r}: {odd[0]!r} is nothing that files are named after: write {EXAMPLE}")
        if len(words) > 1:
            raise ValueError(f"{url!r} names its files after a night and after a day: choose one")
        codes = [code for place in places for code in re.findall("%.?", place["format"] or "")]
        if odd := sorted(set(codes) - set(_DIGITS)):
            raise ValueError(f"{url!r}: {odd[0]} is not known here; use {', '.join(_DIGITS)}")
        if places and not ({"%Y", "%m", "%d"} <= set(codes) or {"%Y", "%j"} <= set(codes)):
            raise ValueError(f"{url!r} says no whole date: write year, month and day, as {EXAMPLE}")
        return FileNames(url, words.pop() if words else None)

    def name_files(self, day: date) -> str:
        """Where the files of one date lie; `*` as declared."""
        return _PLACE.sub(lambda place: day.strftime(place["format"]), self.url)

    def name_all(self) -> str:
        """Where the files of all dates lie: `*` for each date."""
        return _PLACE.sub(lambda place: re.sub("(%.)+", "*", place["format"]), self.url)

    def read_date(self, path: str) -> date | None:
        """The date that a file's name says, whose path may begin otherwise; None if it is none of these files."""
        pattern, formats, at = "", [], 0
        for place in _PLACE.finditer(self.url):
            fixed = self.url[at : place.start()]
            pattern += _make_pattern(fixed if at else _BEGINNING.sub("", fixed))
            pattern += "(" + _write_digits(place["format"]) + ")"
            formats.append(place["format"])
            at = place.end()
        found = re.search(pattern + _make_pattern(self.url[at:]) + r"\Z", path)
        if found is None:
            return None
        try:
            return datetime.strptime(" ".join(found.groups()), " ".join(formats)).date()  # noqa: DTZ007  a date
        except ValueError:
            return None


def _write_digits(written: str) -> str:
    return re.sub("%.", lambda code: _DIGITS[str(code[0])], re.escape(written).replace(r"\%", "%"))


def _make_pattern(fixed: str) -> str:
    """A pattern of the fixed part of a name, which may have `*` in it."""
    return re.escape(fixed).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")


def refuse_secret(url: str) -> str:
    """This URL, if there is no secret in it.

    Raises:
        ValueError: if there is; the message does not repeat it.
    """
    parts = urlsplit(url)
    odd = [name for name, _ in parse_qsl(parts.query) if _SECRET.search(name)]
    if ("@" in parts.netloc and ":" in parts.netloc.rpartition("@")[0]) or odd:
        raise ValueError(
            "a secret stands in the URL: put the URL into an environment variable, and name that with `url_env`"
        )
    return url
