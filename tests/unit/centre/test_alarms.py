"""Flags reach people, over real HTTP and SMTP: signed, encrypted, kept until somebody has taken them, without a name (fault G3)."""

import hashlib
import hmac
import json
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from host_sim.centre.alarms import outbox, sending
from host_sim.centre.alarms.sending import Sender
from host_sim.centre.city.file import CityError, read
from host_sim.centre.identity import ensure_identity
from host_sim.centre.operating import flags
from host_sim.centre.tables import pushes
from tests.process.listeners import Post, Webhook, dripping, post, webhook
from tests.unit.centre.cities import sample_text
from tests.unit.centre.town import SHOP, Town

NAME = "宮崎　花子"


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    ensure_identity(tmp_path, [])
    return tmp_path / "tls"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as kept:
        yield kept


@pytest.fixture
def office(tls: Path) -> Iterator[Post]:
    with post(tls) as kept:
        yield kept


def city_with(alarms: str) -> str:
    return sample_text().replace("\n[[change]]", f"\n{alarms}\n[[change]]", 1)


def by_webhook(hook: Webhook) -> str:
    return f'[alarms]\nwebhook = "http://127.0.0.1:{hook.port}/alarms?to=duty"\n'


def by_mail(office: Post) -> str:
    mail = f'host = "127.0.0.1"\nport = {office.port}\nsender = "kofuki@city.example"\n'
    return f'[alarms.mail]\n{mail}to = ["duty@city.example", "boss@city.example"]\n'


def town_with(alarms: str) -> Town:
    return Town(city=read(city_with(alarms)))


def sender(town: Town, tls: Path) -> Sender:
    trust = ssl.create_default_context(cafile=str(tls / "ca.pem"))
    return Sender(town.store, town.city, tls, lambda: town.now, trust)


def raise_flag(town: Town, what: str = "paid_twice", key: str = "k") -> None:
    with town.store.writing() as c:
        town.store.flag(c, town.now, SHOP.name, what, {"key": key, "who": NAME})


def states(town: Town) -> dict[str, int]:
    with town.store.reading() as c:
        counted = sa.select(pushes.c.state, sa.func.count()).group_by(pushes.c.state)
        return {row[0]: row[1] for row in c.execute(counted)}


def test_a_flag_is_pushed_once_with_a_signature(tls: Path, hook: Webhook) -> None:
    town = town_with(by_webhook(hook))
    raise_flag(town)
    raise_flag(town)  # the same again: counted on its row, not pushed again
    assert [sender(town, tls).turn() for _ in range(2)] == [1, 0]
    ((body, signature),) = hook.got
    key = bytes.fromhex((tls / "alarm.key").read_text())
    assert signature == "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["machine"], told["what"], told["at"]) == (SHOP.name, "paid_twice", town.now.isoformat())
    assert told["sentence"] == flags.SENTENCES["paid_twice"]
    assert NAME not in json.dumps(told, ensure_ascii=False)
    assert states(town) == {"sent": 1, "unwanted": 1}


@pytest.mark.parametrize("status", [500, 404, 302, 307])
def test_what_is_not_taken_is_sent_again_after_longer_and_longer(tls: Path, hook: Webhook, status: int) -> None:
    town = town_with(by_webhook(hook))
    hook.statuses = [status, status]
    raise_flag(town)
    for wait_s in (0.0, outbox.FIRST_WAIT_S, 2 * outbox.FIRST_WAIT_S):
        town.now += timedelta(seconds=wait_s - 1)
        assert sender(town, tls).turn() == 0
        town.now += timedelta(seconds=1)
        sender(town, tls).turn()
    assert len(hook.got) == 3
    assert states(town)["sent"] == 1


def test_a_flag_waits_while_nobody_listens_and_after_a_restart(tls: Path, hook: Webhook, office: Post) -> None:
    port, hook.port = hook.port, 1  # nothing listens there
    town = town_with(by_webhook(hook))
    raise_flag(town)
    assert sender(town, tls).turn() == 0
    hook.port = port
    town.now += timedelta(days=3)
    town.city.apply(read(city_with(by_webhook(hook))), "kuroki", town.now)
    assert sender(town, tls).turn() == 1


def test_mail_goes_encrypted_to_everybody(tls: Path, office: Post) -> None:
    town = town_with(by_mail(office))
    raise_flag(town)
    assert sender(town, tls).turn() == 1
    ((encrypted, letter),) = office.letters
    assert encrypted
    told = [words.lower() for words in office.said if words.lower().startswith("rcpt")]
    assert told == ["rcpt to:<duty@city.example>", "rcpt to:<boss@city.example>"]
    assert SHOP.name.encode() in letter
    assert NAME.encode() not in letter


def test_no_mail_goes_unencrypted_or_to_a_stranger(tls: Path, office: Post) -> None:
    town = town_with(by_mail(office))
    raise_flag(town)
    assert Sender(town.store, town.city, tls, lambda: town.now).turn() == 0, "the system trusts no such server"
    town.now += timedelta(hours=2)
    office.plain = True
    assert sender(town, tls).turn() == 0
    assert office.letters == []
    town.now += timedelta(hours=2)
    office.plain = False
    assert sender(town, tls).turn() == 1


def test_several_processes_push_each_flag_once(tls: Path, hook: Webhook) -> None:
    town = town_with(by_webhook(hook))
    for number in range(12):
        raise_flag(town, key=str(number))
    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(lambda _: sender(town, tls).turn(), range(4)))
    assert (sent, len(hook.got)) == (12, 12)


def test_what_a_process_had_taken_when_it_died_is_sent_by_another(tls: Path, hook: Webhook) -> None:
    town = town_with(by_webhook(hook))
    raise_flag(town)
    with town.store.writing() as c:
        assert outbox.take(c, town.now) is not None
        assert outbox.take(c, town.now) is not None, "the other way"
    assert sender(town, tls).turn() == 0
    town.now += timedelta(seconds=outbox.TAKEN_S)
    assert sender(town, tls).turn() == 1


def test_a_flag_that_is_opened_again_is_pushed_again(tls: Path, hook: Webhook) -> None:
    town = town_with(by_webhook(hook))
    raise_flag(town)
    sender(town, tls).turn()
    with town.store.writing() as c:
        assert not flags.close(c, town.now, 1, "tanaka", "found it")
    raise_flag(town)
    assert sender(town, tls).turn() == 1


def test_a_machines_alarms_are_flags_and_its_other_reasons_are_not() -> None:
    town = Town()
    beat = {"journal_seq": 1, "journal_head": "a" * 64, "state": "SUSPENDED", "events": []}
    for reasons in ([*sorted(flags.ALARMS), "printer_paper_out"], sorted(flags.ALARMS)):
        assert town.line(SHOP).heartbeat(beat | {"reasons": reasons})
    with town.store.reading() as c:
        rows = flags.listed(c)
    assert sorted((row.detail["event"], row.times) for row in rows) == sorted((word, 1) for word in flags.ALARMS)
    assert all("does not know" not in flags.sentence_of(row.what, row.detail) for row in rows)


@pytest.mark.parametrize(
    "wrong",
    [
        '[alarms]\nwebhook = "http://city.example/x"\n',
        '[alarms]\nwebhook = "https://user:word@city.example/x"\n',
        '[alarms]\nwebhook = "ftp://city.example/x"\n',
        '[alarms.mail]\nhost = "mail"\nsender = "x"\nto = ["a@b"]\n',
        '[alarms.mail]\nhost = "mail"\nsender = "a@b"\nto = []\n',
        '[alarms.mail]\nhost = "mail"\nsender = "a@b\\nBcc: x@y"\nto = ["a@b"]\n',
    ],
)
def test_a_wrong_address_is_refused_in_the_citys_file(wrong: str) -> None:
    with pytest.raises(CityError, match="alarms"):
        read(city_with(wrong))


def test_a_receiver_that_sends_a_byte_now_and_then_holds_up_no_other_way(
    tls: Path, office: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time; the whole answer never does. The mail behind it has all the time that a slow computer needs."""
    mail, whole_s = Sender._mail, sending.WHOLE_S
    monkeypatch.setattr(sending, "WHOLE_S", 0.2)

    def mailed(*words: Any) -> None:
        monkeypatch.setattr(sending, "WHOLE_S", whole_s)
        mail(*words)

    monkeypatch.setattr(Sender, "_mail", mailed)
    with dripping() as port:
        town = town_with(f'[alarms]\nwebhook = "http://127.0.0.1:{port}/a"\n' + by_mail(office))
        raise_flag(town)
        assert sender(town, tls).turn() == 1
    assert len(office.letters) == 1
    assert states(town) == {"waiting": 1, "sent": 1}


def test_a_damaged_key_keeps_the_alarms_until_it_is_mended(tls: Path, hook: Webhook) -> None:
    town, key = town_with(by_webhook(hook)), tls / "alarm.key"
    whole = key.read_text()
    key.write_text("damaged")
    raise_flag(town)
    assert sender(town, tls).turn() == 0
    key.write_text(whole)
    town.now += timedelta(minutes=1)
    assert sender(town, tls).turn() == 1
