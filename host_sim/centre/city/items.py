"""The items that stand on a paper only when the applicant asks for them, kind by kind, in the order of the screen.

住民基本台帳法 12条5項 and 20条5項: whatever is not asked for is left off. A city decides which of them a machine may print
(`[kinds.juminhyo] items`); a file without that line means those of `USUAL`, so no new item is offered by itself (form rule 13).
"""

from collections.abc import Mapping
from types import MappingProxyType

_RESIDENCE = {
    "relation": ("世帯主・続柄", "Household head, relationship"),
    "domicile": ("本籍・筆頭者", "Registered domicile and head"),
    "foreign": ("国籍・在留資格など", "Nationality, residence status"),
    "foreign_kana": ("外国人住民の氏名のフリガナ", "Reading of a foreign name"),
    "moved_from": ("異動前住所（市内の前の住所）", "Previous address in the city"),
    "my_number": ("個人番号（マイナンバー）", "My Number"),
}
ITEMS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "juminhyo": _RESIDENCE,
        "kisai": _RESIDENCE,
        "fuhyo": {
            "domicile": ("本籍・筆頭者", "Domicile and head of the register"),
            "resident_code": ("住民票コード", "Resident record code"),
        },
    }
)
USUAL = ("relation", "domicile", "foreign", "my_number")
NUMBER = "my_number"


def offered(kind: str, items: list[str] | None) -> tuple[str, ...]:
    """What a city's file offers of this kind; `items` as it stands there, None where the line is left out."""
    return tuple(key for key in ITEMS.get(kind, {}) if key in (USUAL if items is None else items))
