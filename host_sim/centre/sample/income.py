"""Tax years of the sample, computed roughly as the law does, so that the sums on the paper add up.

Source of the tables: 所得税法 28条, 地方税法 34条, 35条 in their form for income of 2023 to 2025; simplified
where the real rules have many more cases. For the simulator only.
"""

from collections.abc import Iterator, Mapping

from host_sim.centre.register import Resident, TaxYear

YEARS = (2026, 2025, 2024)  # fiscal years on the books


def salaried(person: Resident, revenue_yen: int, dependants: Mapping[str, int]) -> Iterator[TaxYear]:
    """A wage earner whose wages rose a little every year."""
    for year in YEARS:
        revenue = max(0, revenue_yen - (YEARS[0] - year) * 96_000)
        yield _year(person, year, {"給与所得": _salary_income(revenue)}, dependants, salary_yen=revenue)


def pensioner(person: Resident, pension_yen: int) -> Iterator[TaxYear]:
    """Somebody over 65 who lives on a public pension."""
    for year in YEARS:
        yield _year(person, year, {"雑所得": max(0, pension_yen - 1_100_000)}, {}, pension_yen=pension_yen)


def _salary_income(revenue: int) -> int:
    if revenue <= 1_625_000:
        deduction = 550_000
    elif revenue <= 1_800_000:
        deduction = revenue * 40 // 100 - 100_000
    elif revenue <= 3_600_000:
        deduction = revenue * 30 // 100 + 80_000
    elif revenue <= 6_600_000:
        deduction = revenue * 20 // 100 + 440_000
    else:
        deduction = revenue * 10 // 100 + 1_100_000
    return max(0, revenue - deduction)


def _year(
    person: Resident,
    fiscal_year: int,
    incomes: Mapping[str, int],
    dependants: Mapping[str, int],
    salary_yen: int = 0,
    pension_yen: int = 0,
) -> TaxYear:
    total = sum(incomes.values())
    aged = dependants.get("老人扶養（同居）", 0)
    deductions = {
        "社会保険料控除": (salary_yen * 15 + pension_yen * 6) // 100 // 1000 * 1000,
        "生命保険料控除": 56_000 if salary_yen > 3_000_000 else 0,
        "扶養控除": 450_000 * aged,
        "基礎控除": 430_000,
    }
    taxable = max(0, total - sum(deductions.values())) // 1000 * 1000
    taxed = total > 415_000 + (320_000 * aged if aged else 0)
    return TaxYear(
        resident_id=person.resident_id,
        fiscal_year=fiscal_year,
        incomes_yen=dict(incomes),
        salary_revenue_yen=salary_yen,
        pension_revenue_yen=pension_yen,
        deductions_yen=deductions,
        dependants=dict(dependants),
        taxable_yen=taxable if taxed else 0,
        city_income_yen=max(0, taxable * 6 // 100 - 1_500) // 100 * 100 if taxed else 0,
        prefecture_income_yen=max(0, taxable * 4 // 100 - 1_000) // 100 * 100 if taxed else 0,
        city_flat_yen=3_000 if taxed else 0,
        prefecture_flat_yen=1_500 if taxed else 0,  # 500 of it is the prefecture's forest tax
        forest_yen=1_000 if taxed else 0,
    )
