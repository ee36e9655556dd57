"""Papers and costs from files: each wrong line is told in one sentence, and then nothing is taken."""

from datetime import date

import pytest

from host_sim.centre import sample
from host_sim.centre.statistics import costs, elsewhere
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.elsewhere import FileWrong
from host_sim.centre.statistics.papers import Months, Papers

CALENDAR = Calendar(sample.city())
KINDS = ("juminhyo", "inkan")
HEAD = "from,to,kind,channel,copies,band,requester,fee_yen\n"
GOOD = "2013-01,2013-06,juminhyo,staffed,76187,,,"


def read(*lines: str, head: str = HEAD) -> dict[Papers, int]:
    return dict(elsewhere.read(head + "\n".join(lines) + "\n", KINDS, CALENDAR))


def test_what_is_not_told_is_left_open_and_the_fee_is_the_city_s() -> None:
    told = read(GOOD, "2014-02,2014-02,inkan,post,7,office,third,0", "")
    assert told == {
        Papers("2013-01", "2013-06", "", "juminhyo", "staffed", "", "", 300): 76187,
        Papers("2014-02", "2014-02", "office", "inkan", "post", "third", "", 0): 7,
    }


def test_columns_come_in_any_order_and_those_that_may_be_left_out_may() -> None:
    assert read("5,inkan,2014-01,post,2014-01", head="copies,kind,to,channel,from\n").popitem()[1] == 5


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2013-01,2013-13,inkan,post,1,,,", 'to is "2013-13"; write a month as 2014-01'),
        ("2013-02,2013-01,inkan,post,1,,,", 'to is "2013-01", which is before from'),
        ("2013-01,2013-01,passport,post,1,,,", 'kind is "passport"; allowed are juminhyo, inkan'),
        ("2013-01,2013-01,inkan,fax,1,,,", 'channel is "fax"; allowed are store, office'),
        ("2013-01,2013-01,inkan,,1,,,", 'channel is ""'),
        ("2013-01,2013-01,inkan,post,-1,,,", 'copies is "-1"; write a whole number'),
        ('2013-01,2013-01,inkan,post,"1,000",,,', 'copies is "1,000"; write a whole number without a comma'),
        ("2013-01,2013-01,inkan,post,１,,,", 'copies is "１"'),
        ("2013-01,2013-01,inkan,post,,,,", 'copies is ""'),
        ("2013-01,2013-01,inkan,post,1,noon,,", 'band is "noon"; allowed are office, early, night, off'),
        ("2013-01,2013-01,inkan,post,1,,me,", 'requester is "me"; allowed are self, household'),
        ("2013-01,2013-01,inkan,post,1,,,free", 'fee_yen is "free"'),
        ("2013-01,2013-01,inkan,post", "4 values; there are 8 columns"),
        (GOOD, "says the same months, kind and channel as line 2; write them in one line"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(line: str, sentence: str) -> None:
    with pytest.raises(FileWrong) as wrong:
        read(GOOD, "2013-01,2013-06,inkan,staffed,4252,,,", line)
    [told] = wrong.value.problems
    assert told.startswith("Line 4: ")
    assert sentence in told


def test_every_wrong_line_is_told_at_once() -> None:
    with pytest.raises(FileWrong) as wrong:
        read("x,2013-01,inkan,post,1,,,", GOOD, "2013-01,2013-01,inkan,post,many,,,")
    assert [told[:7] for told in wrong.value.problems] == ["Line 2:", "Line 4:"]


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("", "The file is empty"),
        ("from,to,kind,channel\n", "the column copies is missing"),
        ("from,to,kind,channel,copies,name\n", '"name" is no column of this file'),
        ("from,to,kind,channel,copies,copies\n", "the column copies stands twice"),
    ],
)
def test_a_wrong_head_is_told(head: str, sentence: str) -> None:
    with pytest.raises(FileWrong, match=sentence):
        elsewhere.read(head, KINDS, CALENDAR)


def test_months_that_were_counted_together_are_never_divided() -> None:
    told = elsewhere.read(HEAD + GOOD, KINDS, CALENDAR)
    assert elsewhere.within(told, Months("2013-01", "2013-12")).total() == 76187
    assert elsewhere.within(told, Months("2013-07", "2013-12")).total() == 0
    with pytest.raises(FileWrong, match="counts 2013-01 to 2013-06 together"):
        elsewhere.within(told, Months("2013-01", "2013-03"))


# --- costs ------------------------------------------------------------------------------------------


def test_costs_are_of_the_day_and_spread_over_their_years() -> None:
    told = costs.read(
        """
        [[standing]]
        on = 2014-06-30
        residents = 100
        cards_valid = 50
        [[standing]]
        on = 2013-06-30
        residents = 99
        cards_valid = 40
        [channels.store]
        years = 5
        once_yen = { introduction = 1000, lease = 500 }
        each_year_yen = { maintenance = 7 }
        """
    )
    assert told.channels["store"].yearly_yen == 307
    known = [told.standing_on(day) for day in (date(2014, 7, 1), date(2014, 6, 30), date(2013, 6, 30))]
    assert [standing and standing.residents for standing in known] == [100, 99, None]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[channels.store]\n", "channels.store.years is missing."),
        ("[channels.store]\nyears = 0\n", "channels.store.years is 0; the least is 1."),
        ("[channels.kiosk]\nyears = 5\n", "channels.kiosk is \"kiosk\"; allowed are 'store'"),
        ("[channels.store]\nyears = 5\nlease = 3\n", "channels.store.lease is no key of this file."),
        ('[channels.store]\nyears = 5\nonce_yen = { lease = "3" }', "must be a whole number without quotation marks"),
        ("[[standing]]\non = 2014-06-30\nresidents = 5\ncards_valid = 6\n", "more valid cards than residents"),
        ("[[standing]]\non = 2014-06-30\nresidents = 5\ncards_valid = 5\n" * 2, "standing tells 2014-06-30 twice."),
        ("years = ", "The file of costs is not TOML"),
    ],
)
def test_a_mistake_in_the_costs_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(FileWrong) as wrong:
        costs.read(text)
    assert sentence in "\n".join(wrong.value.problems)
