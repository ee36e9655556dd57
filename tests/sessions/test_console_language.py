"""A technician who reads Japanese: on a terminal with UTF-8, and on one that has only Latin letters."""

import unicodedata

import pytest

from firmware.book import records
from firmware.book.cases import Case
from host_sim.rig.console import PASSWORD, ConsoleRig


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ja",
            (
                "パスワード: ",
                "今使えるコマンド",
                "先に `request maint`",
                "保守に入りました",
                "次に：",
                "稼働中 に戻りました",
                "キーの固着かキーパッドの不通",
                "操作 人=tanaka 役割=technician",
                "ERR test 接点が開きません。",
                "ホッパー   100 円 x              60",
            ),
        ),
        (
            "romaji",
            (
                "Pasuwado: ",
                "ima tsukaeru",
                "Saki ni `request maint`",
                "Hoshu ni hairi",
                "Tsugi ni:",
                "kado-chu ni modori",
                "Ki no kochaku ka kipaddo no futsu",
                "Sosa hito=tanaka yakuwari=technician",
                "ERR test Setten ga akimasen.",
                "hoppa      100-en x              60",
            ),
        ),
    ],
)
def test_from_login_to_logout_in_japanese(language: str, said: tuple[str, ...]) -> None:
    machine = ConsoleRig()
    machine.loop.write(records.Flag(Case.KEYPAD, "a key was down"))
    shown = machine.say(f"language {language}")
    for line in (
        "login tanaka",
        PASSWORD,
        "help talking",
        "test hopper",
        "request maint",
        "status",
        "help",
        "test hopper",
        "hopper pay",
        "",
        "nothing",
        "uncertain",
        "journal tail 3",
        "counters",
        "test door",
        "exit",
    ):
        shown += machine.say(line)
    for text in said:
        assert text in shown
    assert "???" not in shown
    assert shown.isascii() is (language == "romaji")
    assert max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in row) for row in shown.split("\n")) <= 79
    machine.say("request maint")
    left = machine.say("logout")
    assert "stays in maintenance" not in left, "who leaves is told in their own language"
    assert "Good bye" not in left
    assert "Log in first" in machine.say("status"), "the next person may read English"
