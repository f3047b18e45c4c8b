"""The whole tables of domain.md 4.7 and the check values of 11."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.audit import statistics
from tickmark.audit.statistics import Size
from tickmark.kernel.errors import Invalid

TOLERABLE = [f"{share}%" for share in (2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20)]
SIZES = {
    "95%": """
        0%    149(0) 99(0)  74(0)    59(0)   49(0)    42(0)   36(0)   32(0)  29(0)  19(0) 14(0)
        0.5%  313(2) 157(1) 117(1)   93(1)   78(1)    66(1)   58(1)   51(1)  46(1)  30(1) 22(1)
        1%    590(6) 257(3) 156(2)   93(1)   78(1)    66(1)   58(1)   51(1)  46(1)  30(1) 22(1)
        2%    -      846(17) 294(6)  181(4)  127(3)   88(2)   77(2)   68(2)  46(1)  30(1) 22(1)
        3%    -      -      1098(33) 361(11) 195(6)   129(4)  95(3)   84(3)  61(2)  30(1) 22(1)
        5%    -      -      -        -       1580(79) 478(24) 240(12) 158(8) 116(6) 40(2) 30(2)
    """,
    "90%": """
        0%    114(0) 76(0)  57(0)   45(0)  38(0)    32(0)   28(0)  25(0)  22(0) 15(0) 11(0)
        0.5%  194(1) 129(1) 96(1)   77(1)  64(1)    55(1)   48(1)  42(1)  38(1) 25(1) 18(1)
        1%    398(4) 176(2) 96(1)   77(1)  64(1)    55(1)   48(1)  42(1)  38(1) 25(1) 18(1)
        2%    -      590(12) 198(4) 132(3) 88(2)    75(2)   48(1)  42(1)  38(1) 25(1) 18(1)
        3%    -      -      730(22) 258(8) 132(4)   94(3)   65(2)  58(2)  52(2) 25(1) 18(1)
        5%    -      -      -       -      1019(51) 318(16) 160(8) 115(6) 78(4) 34(2) 18(1)
    """,
}
LIMITS = {
    5: ("36.9 58.4 75.3 88.8", "45.1 65.7 81.1 92.4"),
    10: ("20.6 33.7 45.0 55.2", "25.9 39.4 50.7 60.7"),
    15: ("14.2 23.6 31.7 39.3", "18.1 27.9 36.3 44.0"),
    20: ("10.9 18.1 24.5 30.4", "13.9 21.6 28.3 34.4"),
    22: ("9.9 16.6 22.4 27.9", "12.7 19.8 25.9 31.6"),
    25: ("8.8 14.7 19.9 24.8", "11.3 17.6 23.1 28.2"),
    29: ("7.6 12.8 17.3 21.6", "9.8 15.3 20.2 24.6"),
    30: ("7.4 12.4 16.8 20.9", "9.5 14.9 19.5 23.9"),
    40: ("5.6 9.4 12.8 15.9", "7.2 11.3 14.9 18.3"),
    45: ("5.0 8.4 11.4 14.2", "6.4 10.1 13.3 16.3"),
    59: ("3.8 6.4 8.8 11.0", "5.0 7.8 10.3 12.6"),
    60: ("3.8 6.3 8.6 10.8", "4.9 7.7 10.1 12.4"),
}
FINITE = {
    10: (9, 10, 9, 10),
    20: (14, 16, 18, 19),
    50: (18, 22, 27, 31),
    100: (20, 25, 37, 45),
    250: (21, 27, 40, 51),
    500: (22, 28, 43, 56),
    1000: (22, 29, 44, 57),
    10000: (22, 29, 45, 59),
}
PLANS = (("90%", "10%"), ("95%", "10%"), ("90%", "5%"), ("95%", "5%"))


def rows(confidence: str) -> dict[str, list[Size | None]]:
    found = {}
    for line in SIZES[confidence].strip().splitlines():
        expected, *cells = line.split()
        found[expected] = [
            None if cell == "-" else Size(*map(int, cell.removesuffix(")").split("("))) for cell in cells
        ]
    return found


def size_or_none(confidence: str, tolerable: str, expected: str) -> Size | None:
    try:
        return statistics.binomial_size(confidence, tolerable, expected, largest=1700)
    except Invalid:
        return None


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [(confidence, expected) for confidence in SIZES for expected in rows(confidence)],
)
def test_binomial_sizes_row_by_row(confidence: str, expected: str) -> None:
    assert [size_or_none(confidence, tolerable, expected) for tolerable in TOLERABLE] == rows(confidence)[
        expected
    ]


@pytest.mark.parametrize(
    ("confidence", "tolerable", "size"), [("99%", "5%", 90), ("99%", "10%", 44), ("80%", "10%", 16)]
)
def test_other_sizes_without_deviation(confidence: str, tolerable: str, size: int) -> None:
    assert statistics.binomial_size(confidence, tolerable) == Size(size, 0)


@pytest.mark.parametrize(
    ("confidence", "tolerable", "sizes"),
    [
        ("95%", "10%", [29, 46, 61, 76, 89, 103]),
        ("90%", "10%", [22, 38, 52, 65, 78, 91]),
        ("95%", "5%", [59, 93, 124, 153, 181, 208]),
        ("90%", "5%", [45, 77, 105, 132, 158, 184]),
    ],
)
def test_sizes_for_a_fixed_number_of_deviations(confidence: str, tolerable: str, sizes: list[int]) -> None:
    assert [statistics.binomial_size_allowing(confidence, tolerable, k) for k in range(6)] == sizes


def test_poisson_factors_and_sizes() -> None:
    def factors(confidence: str) -> list[str]:
        return [f"{statistics.poisson_factor(confidence, k):.3f}" for k in range(4)]

    assert factors("95%") == ["2.996", "4.744", "6.296", "7.754"]
    assert factors("90%") == ["2.303", "3.890", "5.322", "6.681"]
    assert [statistics.poisson_size(*plan) for plan in PLANS] == [24, 30, 47, 60]


@pytest.mark.parametrize("population", FINITE)
def test_hypergeometric_sizes_without_deviation(population: int) -> None:
    assert tuple(statistics.hypergeometric_size(population, *plan) for plan in PLANS) == FINITE[population]


def test_hypergeometric_sizes_with_one_deviation() -> None:
    sizes = [statistics.hypergeometric_size(n, "95%", "10%", allowed=1) for n in (100, 250, 1000, 10000)]
    assert sizes == [39, 43, 45, 46]


@pytest.mark.parametrize("n", LIMITS)
def test_upper_limits(n: int) -> None:
    def limits(confidence: str) -> str:
        return " ".join(statistics.percent(statistics.upper_limit(d, n, confidence)) for d in range(4))

    assert (limits("90%"), limits("95%")) == LIMITS[n]


def test_upper_limit_check_values() -> None:
    assert statistics.percent(statistics.upper_limit(0, 59, "95%"), 2) == "4.95"
    assert statistics.percent(statistics.upper_limit(1, 46, "95%")) == "9.9"
    assert statistics.percent(statistics.upper_limit(2, 25, "90%")) == "19.9"
    assert statistics.upper_limit(7, 7, "95%") == 1


@pytest.mark.parametrize("selection", ["census", "targeted", "haphazard", "stratified", "systematic"])
def test_no_limit_where_nothing_can_be_projected(selection: statistics.Selection) -> None:
    with pytest.raises(Invalid, match=selection):
        statistics.upper_limit(2, 180, "90%", selection)


def test_counting_upward_ends_where_it_is_told_to() -> None:
    assert statistics.binomial_size("95%", "5%", largest=59) == Size(59, 0)
    with pytest.raises(Invalid, match="No sample of up to 58 items"):
        statistics.binomial_size("95%", "5%", largest=58)


def test_chance_of_meeting_a_deviation() -> None:
    chances = [statistics.percent(statistics.chance_of_meeting("5%", n), 0) for n in (5, 15, 25, 40, 60)]
    assert chances == ["23", "54", "72", "87", "95"]


def test_rates_are_exact() -> None:
    assert statistics.rate("7%") * 100 == 7
    assert (
        statistics.rate("7%")
        == statistics.rate("0.07")
        == statistics.rate(Decimal("0.07"))
        == Fraction(7, 100)
    )


@pytest.mark.parametrize("value", [0.07, "five", "", "5", "-1%", "1/0", None])
def test_what_is_no_exact_rate_is_refused(value: object) -> None:
    with pytest.raises(Invalid):
        statistics.rate(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "call",
    [
        lambda: statistics.binomial_size("95%", "5%", "5%", largest=200),
        lambda: statistics.binomial_size("100%", "5%"),
        lambda: statistics.binomial_size("95%", "0%"),
        lambda: statistics.binomial_size_allowing("95%", "5%", -1),
        lambda: statistics.hypergeometric_size(1, "95%", "5%", allowed=1),
        lambda: statistics.upper_limit(3, 2, "95%"),
        lambda: statistics.upper_limit(0, 0, "95%"),
    ],
)
def test_plans_that_cannot_be_are_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Invalid):
        call()


@given(st.integers(1, 60), st.data())
def test_the_limit_is_the_least_rate_the_count_speaks_against(n: int, data: st.DataObject) -> None:
    deviations = data.draw(st.integers(0, n - 1))
    limit = statistics.upper_limit(deviations, n, "95%")
    assert Fraction(deviations, n) < limit < 1
    assert statistics.upper_limit(deviations + 1, n, "95%") > limit


@given(st.integers(1, 400), st.sampled_from(PLANS))
def test_a_finite_population_never_needs_more_than_itself(population: int, plan: tuple[str, str]) -> None:
    assert 1 <= statistics.hypergeometric_size(population, *plan) <= population
