"""Accounts of staff: two factors, each code once, a lock after wrong tries, and the city's file decides who is staff."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from host_sim.centre.cards import ActRefused
from host_sim.centre.city.file import read
from host_sim.centre.staff import codes, passwords, tries
from host_sim.centre.staff.accounts import START_HOURS, Accounts, NotAllowed, Staff
from host_sim.centre.tables import audit, flags, staff_accounts, staff_tries
from tests.unit.centre.cities import sample_text
from tests.unit.centre.staff import PASSWORD, REAL_COST, STAFF_KEY, Authenticator, accounts_of, enrolled
from tests.unit.centre.town import Town

STEP = timedelta(seconds=30)


@pytest.fixture
def town() -> Town:
    return Town()


def sign_in(town: Town, login: str, code: str, password: str = PASSWORD, address: str = "") -> Staff:
    return accounts_of(town).sign_in(login, bytearray(password.encode()), code, town.now, address)


def confirm(town: Town, login: str, code: str, role: str = "supervisor") -> Staff:
    with town.store.writing() as c:
        return accounts_of(town).confirm(c, login, code, role, town.now)


def refused(act: object, *told: object) -> str:
    with pytest.raises(NotAllowed) as trouble:
        act(*told)  # type: ignore[operator]
    return trouble.value.word


def flagged(town: Town) -> list[str]:
    with town.store.reading() as c:
        return list(c.scalars(sa.select(flags.c.what).order_by(flags.c.id)))


def without(town: Town, login: str) -> None:
    """Apply a city's file in which this person is not named any more."""
    text = re.sub(rf"\[staff\.{login}\]\n.*\n.*\n", "", sample_text())
    town.city.apply(read(text), "kuroki", town.now)
    town.now += timedelta(seconds=1)


def test_password_and_code_sign_in(town: Town) -> None:
    phone = enrolled(town, "kuroki")
    assert sign_in(town, "kuroki", phone.code(town.now)) == Staff("kuroki", "黒木　隆", frozenset({"supervisor"}))


@pytest.mark.parametrize("away", [-2, 2])
def test_a_code_is_good_for_one_step_before_and_after_and_no_more(town: Town, away: int) -> None:
    phone = enrolled(town, "kuroki")
    assert refused(sign_in, town, "kuroki", phone.code(town.now + away * STEP)) == "wrong"
    assert sign_in(town, "kuroki", phone.code(town.now + away // 2 * STEP)).login == "kuroki"


def test_full_width_digits_and_spaces_are_the_same_code(town: Town) -> None:
    code = enrolled(town, "kuroki").code(town.now)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert sign_in(town, "kuroki", f" {wide[:3]}\u3000{wide[3:]}").login == "kuroki"


def test_a_code_works_once_whatever_it_is_for(town: Town) -> None:
    phone = enrolled(town, "kuroki")
    code = phone.code(town.now)
    confirm(town, "kuroki", code)
    assert refused(confirm, town, "kuroki", code) == "code_used"
    assert refused(sign_in, town, "kuroki", code) == "code_used"
    assert refused(sign_in, town, "kuroki", phone.code(town.now - STEP)) == "code_used"
    town.now += STEP
    assert sign_in(town, "kuroki", phone.code(town.now)).login == "kuroki"


@pytest.mark.parametrize("end", [NotAllowed("no_account", login="nobody"), ActRefused("No."), ZeroDivisionError()])
def test_a_code_is_used_up_also_by_an_act_that_is_refused_afterwards(town: Town, end: Exception) -> None:
    phone = enrolled(town, "kuroki")

    def act() -> None:
        with town.store.writing() as c:
            accounts_of(town).confirm(c, "kuroki", phone.code(town.now), "supervisor", town.now)
            raise end

    with pytest.raises(type(end)):
        act()
    assert refused(confirm, town, "kuroki", phone.code(town.now)) == "code_used"


@pytest.mark.parametrize("wrong", ["login", "password", "code"])
def test_a_wrong_login_password_and_code_are_told_alike(town: Town, wrong: str) -> None:
    code = enrolled(town, "kuroki").code(town.now)
    told = {"login": "kuroki", "password": PASSWORD, "code": code} | {wrong: "000000"}
    assert refused(sign_in, town, told["login"], told["code"], told["password"]) == "wrong"


@pytest.mark.parametrize("typed", ["", "\0", "kuroki\0", "Kuroki", "黒木", "k" * 5000, "\ud800"])
def test_whatever_is_typed_as_a_login_is_a_wrong_one(town: Town, typed: str) -> None:
    enrolled(town, "kuroki")
    assert refused(sign_in, town, typed, "000000") == "wrong"
    assert refused(sign_in, town, "kuroki", typed) == "wrong"
    assert refused(accounts_of(town).begin, typed, typed, town.now) == "start_wrong"


def test_wrong_tries_lock_a_login_and_the_lock_grows(town: Town) -> None:
    phone = enrolled(town, "kuroki")
    for _ in range(tries.LOGIN.first):
        assert refused(sign_in, town, "kuroki", "000000") == "wrong"
    assert refused(sign_in, town, "kuroki", phone.code(town.now)) == "login_locked"
    assert refused(confirm, town, "kuroki", phone.code(town.now)) == "login_locked"
    assert flagged(town) == ["staff_locked"]
    town.now += timedelta(seconds=tries.FIRST_LOCK_S)
    assert refused(sign_in, town, "kuroki", "000000") == "wrong"
    with pytest.raises(NotAllowed, match="in 30 minutes"):
        sign_in(town, "kuroki", phone.code(town.now))
    town.now += timedelta(seconds=2 * tries.FIRST_LOCK_S)
    assert sign_in(town, "kuroki", phone.code(town.now)).login == "kuroki"
    town.now += STEP
    assert refused(sign_in, town, "kuroki", "000000") == "wrong"
    assert sign_in(town, "kuroki", phone.code(town.now)).login == "kuroki", "the right one has ended the count"


def test_wrong_codes_of_a_second_person_are_counted_although_the_act_is_rolled_back(town: Town) -> None:
    phone = enrolled(town, "kuroki")
    for _ in range(tries.LOGIN.first):
        assert refused(confirm, town, "kuroki", "000000") == "code_wrong"
    assert refused(confirm, town, "kuroki", phone.code(town.now)) == "login_locked"
    assert flagged(town) == ["staff_locked"]


def test_a_login_that_does_not_exist_is_locked_like_one_that_does_and_flags_nobody(town: Town) -> None:
    for _ in range(tries.LOGIN.first):
        assert refused(sign_in, town, "nobody", "000000") == "wrong"
    assert refused(sign_in, town, "nobody", "000000") == "login_locked"
    assert flagged(town) == []


def test_wrong_tries_with_many_logins_lock_the_computer_they_come_from(town: Town) -> None:
    phone = enrolled(town, "kuroki")
    for number in range(tries.ADDRESS.first):
        assert refused(sign_in, town, f"login-{number}", "000000", PASSWORD, "10.0.0.7") == "wrong"
    assert refused(sign_in, town, "kuroki", phone.code(town.now), PASSWORD, "10.0.0.7") == "address_locked"
    assert sign_in(town, "kuroki", phone.code(town.now), PASSWORD, "10.0.0.8").login == "kuroki"
    assert flagged(town) == ["desk_attacked"]


def test_nothing_that_was_typed_is_in_the_table_of_tries(town: Town) -> None:
    refused(sign_in, town, "kaki-no-tane", "000000", PASSWORD, "10.0.0.7")
    with town.store.reading() as c:
        assert re.search("kaki|10\\.0", repr(c.execute(sa.select(staff_tries)).all())) is None


def test_rows_of_old_tries_are_deleted(town: Town) -> None:
    phone = enrolled(town, "kuroki")
    refused(sign_in, town, "nobody", "000000", PASSWORD, "10.0.0.7")
    town.now += timedelta(seconds=tries.LOGIN.forget_s + 1)
    sign_in(town, "kuroki", phone.code(town.now))
    with town.store.reading() as c:
        assert c.execute(sa.select(staff_tries)).all() == []


def test_a_person_removed_from_the_citys_file_cannot_act(town: Town) -> None:
    phone = enrolled(town, "kuroki")
    without(town, "kuroki")
    assert refused(sign_in, town, "kuroki", phone.code(town.now)) == "no_staff"
    assert refused(confirm, town, "kuroki", phone.code(town.now)) == "no_staff"
    assert refused(accounts_of(town).enrol, "kuroki", bytearray(PASSWORD.encode()), "kawano", town.now) == "no_staff"


def test_a_role_is_asked_for(town: Town) -> None:
    phone = enrolled(town, "tanaka")
    assert refused(confirm, town, "tanaka", phone.code(town.now), "supervisor") == "no_role"
    assert confirm(town, "tanaka", phone.code(town.now), "clerk").login == "tanaka"


def test_a_locked_account_neither_signs_in_nor_confirms_until_it_is_unlocked(town: Town) -> None:
    phone, accounts = enrolled(town, "kuroki"), accounts_of(town)
    with town.store.writing() as c:
        accounts.lock(c, "kuroki", "kawano", town.now)
    assert refused(sign_in, town, "kuroki", phone.code(town.now)) == "wrong"
    assert refused(confirm, town, "kuroki", phone.code(town.now)) == "no_account"
    with town.store.writing() as c:
        accounts.unlock(c, "kuroki", "kawano", town.now)
    assert sign_in(town, "kuroki", phone.code(town.now)).login == "kuroki"


def test_unlocking_ends_a_lock_after_wrong_tries(town: Town) -> None:
    phone, accounts = enrolled(town, "kuroki"), accounts_of(town)
    for _ in range(tries.LOGIN.first):
        refused(sign_in, town, "kuroki", "000000")
    with town.store.writing() as c:
        accounts.unlock(c, "kuroki", "kawano", town.now)
    assert sign_in(town, "kuroki", phone.code(town.now)).login == "kuroki"


def invited(town: Town, login: str = "tanaka") -> tuple[Accounts, str]:
    accounts = accounts_of(town)
    with town.store.writing() as c:
        return accounts, accounts.invite(c, login, "kuroki", town.now)


def test_an_invited_person_chooses_a_password_and_proves_the_second_factor(town: Town) -> None:
    accounts, start = invited(town)
    phone = Authenticator(accounts.begin("tanaka", start, town.now))
    assert phone.code(town.now) == Authenticator(accounts.begin("tanaka", start, town.now)).code(town.now)
    own = bytearray(PASSWORD.encode())
    assert refused(accounts.finish, "tanaka", start, own, "000000", town.now) == "code_wrong"
    assert (
        refused(accounts.finish, "tanaka", start, bytearray(b"short"), phone.code(town.now), town.now)
        == "weak_password"
    )
    assert accounts.finish("tanaka", start, own, phone.code(town.now), town.now).name == "田中　一郎"
    assert refused(accounts.begin, "tanaka", start, town.now) == "start_wrong"
    town.now += STEP
    assert sign_in(town, "tanaka", phone.code(town.now)).login == "tanaka"


def test_a_start_code_is_guessed_no_more_often_than_a_password_and_ends(town: Town) -> None:
    accounts, start = invited(town)
    town.now += timedelta(hours=START_HOURS, seconds=1)
    assert refused(accounts.begin, "tanaka", start, town.now) == "start_wrong"
    accounts, start = invited(town)
    for _ in range(tries.LOGIN.first):
        assert refused(accounts.begin, "tanaka", "0000", town.now) == "start_wrong"
    assert refused(accounts.begin, "tanaka", start, town.now) == "login_locked"


def test_an_invitation_ends_the_account_that_was_there(town: Town) -> None:
    phone = enrolled(town, "tanaka")
    invited(town)
    assert refused(sign_in, town, "tanaka", phone.code(town.now)) == "wrong"


@pytest.mark.parametrize("weak", ["", "tanaka", "aaaaaaaaaaaaaaaa", "k" * 200])
def test_a_weak_password_is_refused(town: Town, weak: str) -> None:
    assert refused(accounts_of(town).enrol, "tanaka", bytearray(weak.encode()), "kuroki", town.now) == "weak_password"


def test_neither_password_nor_secret_is_in_the_database(town: Town) -> None:
    accounts = accounts_of(town)
    uri = accounts.enrol("tanaka", bytearray(PASSWORD.encode()), "kuroki", town.now)
    secret = re.search("secret=([A-Z2-7]+)", uri)
    assert secret is not None
    with town.store.reading() as c:
        told = repr(c.execute(sa.select(staff_accounts)).all()) + repr(c.execute(sa.select(audit)).all())
    assert secret[1] not in told
    assert PASSWORD not in told


def test_a_second_factor_opens_with_its_key_and_for_its_login_only() -> None:
    sealed = codes.seal(STAFF_KEY, "tanaka", codes.new_secret())
    for key, login in ((bytes(32), "tanaka"), (STAFF_KEY, "kuroki")):
        with pytest.raises(codes.OtherStaffKey):
            codes.unseal(key, login, sealed)


def test_a_password_is_checked_at_the_cost_it_was_stored_with(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as real:
        real.setattr(passwords, "COST", REAL_COST)
        phone = enrolled(town, "kuroki")
    with town.store.reading() as c:
        assert c.scalar(sa.select(staff_accounts.c.password_cost)) == "n=32768 r=8 p=3"
    assert refused(sign_in, town, "kuroki", phone.code(town.now), PASSWORD + "!") == "wrong"
    assert sign_in(town, "kuroki", phone.code(town.now)).login == "kuroki"


def test_each_change_of_an_account_is_in_the_audit_record(town: Town) -> None:
    enrolled(town, "tanaka")
    invited(town)
    with town.store.reading() as c:
        rows = c.execute(sa.select(audit.c.act, audit.c.detail).order_by(audit.c.id)).all()
    assert [(act, detail["who"]) for act, detail in rows] == [("staff_enrolled", "sample"), ("staff_invited", "kuroki")]
