"""What fills the slots: names from a table, places, languages and dates from Unicode's CLDR by way of Babel.

People, cities, teams and titles come in pools that share nothing: one for training, one each for development,
test, the target domain's test and unlabelled text. Countries, languages, months, years and numbers are common
to all.
"""

from __future__ import annotations

import csv
import datetime
from functools import cache

from xltlib.demo import grammar, morphology

# All other languages write names in Latin letters.
SCRIPTS = {"zh": "han", "ja": "kana", "ko": "hangul", "ur": "arabic"}
JOINED = {"zh": "·", "ja": "・"}  # between given and family name
# Cities by the names of their time zones: what CLDR translates into every language. Two worlds, two domains.
SOURCE_CITIES = """
Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels
Europe/Bucharest Europe/Budapest Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Lisbon
Europe/Ljubljana Europe/London Europe/Madrid Europe/Minsk Europe/Moscow Europe/Oslo Europe/Paris
Europe/Podgorica Europe/Prague Europe/Riga Europe/Rome Europe/Samara Europe/Sarajevo Europe/Saratov
Europe/Simferopol Europe/Skopje Europe/Sofia Europe/Stockholm Europe/Tallinn Europe/Tirane Europe/Ulyanovsk
Europe/Vaduz Europe/Vienna Europe/Vilnius Europe/Volgograd Europe/Warsaw Europe/Zagreb Europe/Zurich
Europe/Astrakhan Europe/Kaliningrad Europe/Kirov America/Anchorage America/Asuncion America/Bogota
America/Boise America/Cancun America/Caracas America/Cayenne America/Chicago America/Chihuahua
America/Denver America/Detroit America/Edmonton America/Fortaleza America/Guayaquil America/Halifax
America/Hermosillo America/Juneau America/Lima America/Managua America/Manaus America/Matamoros
America/Mazatlan America/Merida America/Monterrey America/Montevideo America/Nassau America/New_York
America/Paramaribo America/Phoenix America/Recife America/Regina America/Santiago America/Santo_Domingo
America/Sao_Paulo America/Tegucigalpa America/Tijuana America/Toronto America/Vancouver America/Winnipeg
""".split()
TARGET_CITIES = """
Asia/Almaty Asia/Amman Asia/Ashgabat Asia/Baghdad Asia/Baku Asia/Bangkok Asia/Beirut Asia/Bishkek
Asia/Colombo Asia/Damascus Asia/Dhaka Asia/Dubai Asia/Dushanbe Asia/Irkutsk Asia/Jakarta Asia/Jayapura
Asia/Kabul Asia/Karachi Asia/Krasnoyarsk Asia/Kuala_Lumpur Asia/Kuching Asia/Makassar Asia/Manila
Asia/Muscat Asia/Novosibirsk Asia/Omsk Asia/Phnom_Penh Asia/Pontianak Asia/Pyongyang Asia/Riyadh
Asia/Samarkand Asia/Seoul Asia/Shanghai Asia/Taipei Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Tokyo
Asia/Tomsk Asia/Ulaanbaatar Asia/Urumqi Asia/Vientiane Asia/Vladivostok Asia/Yakutsk Asia/Yekaterinburg
Asia/Yerevan Africa/Abidjan Africa/Accra Africa/Addis_Ababa Africa/Algiers Africa/Bamako Africa/Bangui
Africa/Blantyre Africa/Brazzaville Africa/Casablanca Africa/Conakry Africa/Dakar Africa/Dar_es_Salaam
Africa/Douala Africa/Freetown Africa/Harare Africa/Johannesburg Africa/Kampala Africa/Khartoum Africa/Kigali
Africa/Kinshasa Africa/Lagos Africa/Libreville Africa/Luanda Africa/Lubumbashi Africa/Lusaka Africa/Maputo
Africa/Mogadishu Africa/Monrovia Africa/Nairobi Africa/Niamey Africa/Nouakchott Africa/Ouagadougou
Africa/Porto-Novo Africa/Tunis Africa/Windhoek Australia/Adelaide Australia/Brisbane Australia/Melbourne
Australia/Perth Australia/Sydney Pacific/Auckland
""".split()
# Of every 20 names, how many go to which pool: (source cities, target cities, people and titles).
SHARES = {
    "train": (8, 0, 8),
    "dev": (2, 0, 2),
    "test": (5, 0, 4),
    "text": (5, 0, 2),
    "news": (0, 10, 2),
    "news-text": (0, 10, 2),
}


@cache
def _names() -> dict[str, list[dict[str, str]]]:
    with open(grammar.FOLDER / "names.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {kind: [row for row in rows if row["kind"] == kind] for kind in ("given", "family", "work")}


@cache
def pool(kind: str, name: str) -> tuple[int | str, ...]:
    """Keys of the fillers of a pool: ``kind`` is city, given, family or work, ``name`` one of ``SHARES``.

    Every list is dealt out in turn, so that each pool has names of all regions.
    """
    if kind != "city":
        column, keys = 2, range(len(_names()[kind]))
    elif SHARES[name][0]:
        column, keys = 0, SOURCE_CITIES
    else:
        column, keys = 1, TARGET_CITIES
    deal = [pool_name for pool_name, shares in SHARES.items() for _ in range(shares[column])]
    # 20 and 7 have no common factor: neighbours in the list go to different pools.
    return tuple(key for position, key in enumerate(keys) if deal[position * 7 % len(deal)] == name)


@cache
def _locale(code: str):
    from babel import Locale

    return Locale.parse(code)


@cache
def form(code: str, kind: str, key) -> str:
    """A filler in a language, uninflected.

    Args:
        key: of a person ``(given, family)``, of a work its row, of a city its time zone, of a team its city,
            of a date ``(year, month)``, of the rest the CLDR code or the number itself.
    """
    from babel.dates import format_skeleton, get_month_names, get_timezone_location

    script = SCRIPTS.get(code, "latin")
    if kind == "person":
        given, family = _names()["given"][key[0]], _names()["family"][key[1]]
        return given[script] + JOINED.get(code, " ") + family[script]
    if kind == "work":
        return _names()["work"][key][script]
    if kind == "city":
        return get_timezone_location(key, locale=_locale(code), return_city=True)
    if kind == "team":
        return grammar.read(code).team.replace("{city}", form(code, "city", key))
    if kind == "country":
        return _locale(code).territories[key]
    if kind == "language":
        return _locale(code).languages[key]
    if kind == "month":  # Babel mixes up stand-alone names between locales
        return get_month_names("wide", context="format", locale=_locale(code))[key]
    if kind == "date":
        return format_skeleton("yMMMM", datetime.date(*key, 1), locale=_locale(code))
    return str(key)


def parts(code: str, template: str, slots: dict[str, str], roles: dict) -> list[tuple[str, str]]:
    """What a filled template is made of, in order: (slot, its filler), and ("", the text between).

    Args:
        slots: slot -> type.
        roles: slot -> key, as :func:`form` takes it.
    """
    found, end = [], 0
    for match in grammar.SLOT.finditer(template):
        slot, rule = match.groups()
        found += [("", template[end : match.start()]), (slot, _filled(code, slots[slot], roles[slot], rule))]
        end = match.end()
    return [(slot, text) for slot, text in [*found, ("", template[end:])] if text]


def _filled(code: str, kind: str, key, rule: str | None) -> str:
    """A filler, inflected by a rule."""
    tables = grammar.read(code).forms
    if rule and (kind, rule) in tables:
        return tables[kind, rule][str(key)]
    plain = form(code, kind, key)
    return morphology.inflect(code, rule, plain) if rule else plain
