"""Japan alone has the same days as the whole library, and is much less to import."""

import json
import subprocess
import sys

DAYS = """
import json, sys
from datetime import date, timedelta
{how}
days = [date(2019, 1, 1) + timedelta(days=number) for number in range(20 * 366)]
print(json.dumps([[str(day) for day in days if day in found], [name for name in sys.modules if name.startswith("holidays.countries.")]]))
"""


def answered(how: str) -> tuple[list[str], list[str]]:
    done = subprocess.run([sys.executable, "-c", DAYS.format(how=how)], capture_output=True, text=True, check=True)
    days, countries = json.loads(done.stdout)
    return days, countries


def test_the_same_days_from_one_country() -> None:
    ours = "from firmware.config.national_holidays import national_holidays; found = national_holidays()"
    days, countries = answered(ours)
    whole = answered("from holidays import country_holidays; found = country_holidays('JP')")
    assert days == whole[0]
    assert "2026-11-23" in days
    assert countries == ["holidays.countries.japan"]
    after = f"{ours}; from holidays import country_holidays; assert {days[0]!r} in country_holidays('JP')"
    assert answered(after)[0] == days, "the library still works for whoever else uses it"
