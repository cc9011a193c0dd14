"""Read times as learning systems write them, in several languages."""

from __future__ import annotations

import re
from datetime import datetime

_MONTHS = {  # from Unicode's CLDR, in the genitive if a language has one
    name.casefold(): number
    for number, names in enumerate(
        (
            "january januar janvier enero gennaio janeiro januari jan janv ene gen stycznia января ledna ocak"
            " gener tammikuu tammikuuta",
            "february februar février febrero febbraio fevereiro februari feb févr fév lutego февраля února şubat"
            " febrer helmikuu helmikuuta",
            "march märz mars marzo março maart mar mär mrz mrt marts marca марта března mart"
            " març maaliskuu maaliskuuta",
            "april avril abril aprile apr avr abr kwietnia апреля dubna nisan huhtikuu huhtikuuta",
            "may mai mayo maggio maio mei mag maj maja мая května mayıs maig toukokuu toukokuuta",
            "june juni juin junio giugno junho jun giu czerwca июня června haziran juny kesäkuu kesäkuuta",
            "july juli juillet julio luglio julho jul juil lug lipca июля července temmuz juliol heinäkuu heinäkuuta",
            "august août agosto augustus aug ago augusti sierpnia августа srpna ağustos agost elokuu elokuuta",
            "september septembre septiembre settembre setembro sep sept set września сентября září eylül"
            " setembre syyskuu syyskuuta",
            "october oktober octobre octubre ottobre outubro oct okt ott out października октября října ekim"
            " octubre lokakuu lokakuuta",
            "november novembre noviembre novembro nov listopada ноября listopadu kasım novembre marraskuu marraskuuta",
            "december dezember décembre diciembre dicembre dezembro dec dez déc dic grudnia декабря prosince aralık"
            " desembre joulukuu joulukuuta",
        ),
        start=1,
    )
    for name in names.split()
}
_CLOCK = r"(?P<hour>\d{1,2})[:.]?(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
_DAY_FIRST = re.compile(
    rf"(?:[^\W\d][^\d,]*[.,]*\s+)?(?P<day>\d{{1,2}})\.?\s*(?:de\s+)?(?P<month>[^\W\d]+)\.?,?\s*(?:de\s+)?(?P<year>\d{{4}})"
    rf"(?:,\s[^\W\d]+,)?(?:,|\s|às|à|at|um|om|kl\.?|г\.|в|-)*{_CLOCK}\s*(?P<zone>UTC|Z|[+-]\d\d:?\d\d)?"
)
_MONTH_FIRST = re.compile(
    rf"(?:[^\W\d]+[.,]+\s+)?(?P<month>[^\W\d]+)\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})(?:,|\s|at|-)*{_CLOCK}"
    r"\s*(?P<zone>UTC|Z|[+-]\d\d:?\d\d)?"
)
_NUMBERS = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})[T\s,]+{_CLOCK}\s*(?P<zone>UTC|Z|[+-]\d\d:?\d\d)?"
)
_IDEOGRAPHS = re.compile(
    rf"(?P<year>\d{{4}})\s?年\s?(?P<month>\d{{1,2}})\s?月\s?(?P<day>\d{{1,2}})\s?日[^\d]*{_CLOCK}(?P<zone>)"
)
_DOTTED = re.compile(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}})[,\s]+{_CLOCK}(?P<zone>)")


def parse_moment(text: str) -> datetime | None:
    """Return the time that a system wrote, without a zone if it has no offset; None if the text is not a time.

    ``03/02/2026`` gives None, because day and month cannot be told apart.
    """
    text = " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())
    for pattern in (_NUMBERS, _DAY_FIRST, _MONTH_FIRST, _IDEOGRAPHS, _DOTTED):
        match = pattern.fullmatch(text)
        if match is not None:
            return _moment(match)
    return None


def _moment(match: re.Match[str]) -> datetime | None:
    month = match["month"]
    number = int(month) if month.isdecimal() else _MONTHS.get(month.casefold())
    if number is None:
        return None
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    offset = (match["zone"] or "").replace("UTC", "+00:00").replace("Z", "+00:00")
    try:
        moment = datetime(
            int(match["year"]), number, int(match["day"]), hour, int(match["minute"]), int(match["second"] or 0)
        )
        return datetime.fromisoformat(f"{moment.isoformat()}{offset}")
    except ValueError:
        return None
