"""Attribute sampling: how many items, and what a count of deviations says of the rate (domain.md 4.7).

Rates and confidences are exact fractions: 0.07 of 100 is 7, not 7.000000000000001 rounded up to 8. Binomial
sums are sums of whole numbers, so no table cell hangs on floating point. No confidence level belongs in a
report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from math import ceil, comb
from typing import Literal, NamedTuple

from tickmark.kernel.errors import Invalid

Rate = Fraction | Decimal | str | int
"""A share from 0 to 1, exactly: Fraction(5, 100), Decimal("0.05"), "0.05" or "5%"; floats are refused."""
Selection = Literal["random", "stratified", "systematic", "haphazard", "targeted", "census"]

LARGEST = 5_000
"""Where counting upward for a sample size gives up: such a plan needs another design, or a census."""
_STEPS = 32


class Size(NamedTuple):
    """A sample size `n` and the deviations it allows."""

    n: int
    allowed: int


def rate(value: Rate) -> Fraction:
    """The exact share behind `value`. Raises Invalid for a float, nonsense or a share outside 0 to 1."""
    try:
        exact = _fraction(value)
    except (ValueError, ZeroDivisionError, TypeError) as error:
        raise Invalid(
            f"{value!r} is not an exact rate.",
            "A binary fraction would be rounded the wrong way.",
            'Write it as a fraction or as text, such as "5%" or "0.05".',
            field="rate",
        ) from error
    if not 0 <= exact <= 1:
        raise Invalid(
            f"The rate {value} is not between 0 and 1.", "", "Write 5 percent as 5% or 0.05.", field="rate"
        )
    return exact


def binomial_size(confidence: Rate, tolerable: Rate, expected: Rate = "0", largest: int = LARGEST) -> Size:
    """Smallest n whose allowed deviations, ceil(expected × n), are too few for the tolerable rate to be
    likely.

    Raises Invalid when no size up to `largest` will do, as when as much is expected as is tolerated.
    """
    most, hope = _tolerable(tolerable), rate(expected)
    risk = _risk(confidence)
    for n in range(1, largest + 1):
        allowed = ceil(hope * n)
        if allowed < n and _binomial_at_most(allowed, n, most, risk):
            return Size(n, allowed)
    raise Invalid(
        f"No sample of up to {largest} items will do.",
        f"{float(hope):.1%} is expected and {float(most):.1%} tolerated: too close to tell apart.",
        "Tolerate more, expect less, or test every item.",
        field="expected",
    )


def binomial_size_allowing(confidence: Rate, tolerable: Rate, allowed: int) -> int:
    """Smallest n when the number of allowed deviations is fixed."""
    most, risk = _tolerable(tolerable), _risk(confidence)
    n = _not_negative(allowed, "allowed") + 1
    while not _binomial_at_most(allowed, n, most, risk):
        n += 1
    return n


def poisson_factor(confidence: Rate, allowed: int = 0) -> Decimal:
    """Reliability factor R to 12 decimals: the mean at which at most `allowed` events have the risk."""
    risk, k = _risk(confidence), _not_negative(allowed, "allowed")
    with localcontext() as context:
        context.prec = 40
        target = Decimal(risk.numerator) / Decimal(risk.denominator)
        low, high = Decimal(0), Decimal(10 * (k + 10)) - target.ln()
        while high - low > Decimal("1e-14"):
            middle = (low + high) / 2
            low, high = (middle, high) if _poisson_cdf(k, middle) > target else (low, middle)
        return high.quantize(Decimal("1e-12"))


def poisson_size(confidence: Rate, tolerable: Rate, allowed: int = 0) -> int:
    """The Poisson approximation: R / tolerable, rounded up."""
    return ceil(Fraction(poisson_factor(confidence, allowed)) / _tolerable(tolerable))


def hypergeometric_size(population: int, confidence: Rate, tolerable: Rate, allowed: int = 0) -> int:
    """Smallest n for a finite population. As the tolerable number is rounded up, n may jump a little with N.

    Raises Invalid when the population has no more items than deviations are allowed.
    """
    risk, k = _risk(confidence), _not_negative(allowed, "allowed")
    if population <= k:
        raise Invalid(
            f"A population of {population} is too small to allow {k} deviations.",
            "",
            "Test every item.",
            field="population",
        )
    bad = max(ceil(_tolerable(tolerable) * population), k + 1)
    good = population - bad
    for n in range(1, population):
        found = sum(comb(bad, i) * comb(good, n - i) for i in range(min(k, n) + 1))
        if found * risk.denominator <= risk.numerator * comb(population, n):
            return n
    return population


def upper_limit(deviations: int, n: int, confidence: Rate, selection: Selection = "random") -> Fraction:
    """Exact upper limit (Clopper-Pearson) of the deviation rate, from above, within 2 to the power of -32.

    Raises Invalid unless the items are a random draw from one population: in a census there is nothing to
    project, and targeted, haphazard or stratified picks do not carry the sum.
    """
    if selection != "random":
        raise Invalid(
            f"No upper limit follows from a {selection} selection.",
            "It holds for a random draw from one population alone.",
            "Tell the count found, without a rate.",
            field="selection",
        )
    if not 0 <= deviations <= n or n == 0:
        raise Invalid(f"{deviations} deviations in {n} items is not possible.", "", "Correct the counts.")
    if deviations == n:
        return Fraction(1)
    risk = _risk(confidence)
    return _bisect(lambda share: _binomial_at_most(deviations, n, share, risk))


def chance_of_meeting(true_rate: Rate, n: int) -> Fraction:
    """The chance that n random items show at least one deviation when the true rate is this."""
    return 1 - (1 - rate(true_rate)) ** _not_negative(n, "n")


def percent(share: Fraction, decimals: int = 1) -> str:
    """A share as a percentage, half rounded up: 0.0495 prints 5.0 with one decimal."""
    with localcontext() as context:
        context.prec = 60
        value = Decimal(share.numerator) * 100 / Decimal(share.denominator)
        return str(value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def _binomial_at_most(k: int, n: int, share: Fraction, risk: Fraction) -> bool:
    """Whether at most k deviations in n at this rate are no likelier than the risk; whole numbers only."""
    whole: int = share.denominator**n
    return sum(_binomial_terms(k, n, share)) * risk.denominator <= risk.numerator * whole


def _binomial_terms(k: int, n: int, share: Fraction) -> Iterator[int]:
    bad, good = share.numerator, share.denominator - share.numerator
    if not good:
        yield from (bad**n for _ in range(k >= n))
        return
    term = good**n
    yield term
    for i in range(min(k, n)):
        term = term * (n - i) * bad // ((i + 1) * good)
        yield term


def _bisect(holds: Callable[[Fraction], bool]) -> Fraction:
    low, high = 0, 1 << _STEPS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(Fraction(middle, 1 << _STEPS)) else (middle, high)
    return Fraction(high, 1 << _STEPS)


def _poisson_cdf(k: int, mean: Decimal) -> Decimal:
    term = total = Decimal(1)
    for i in range(1, k + 1):
        term = term * mean / i
        total += term
    return total * (-mean).exp()


def _fraction(value: Rate) -> Fraction:
    if not isinstance(value, Fraction | Decimal | str | int):
        raise TypeError(type(value).__name__)  # a float would be taken as the binary fraction it is
    if isinstance(value, str) and value.strip().endswith("%"):
        return Fraction(value.strip().removesuffix("%").strip()) / 100
    return Fraction(value)


def _tolerable(value: Rate) -> Fraction:
    share = rate(value)
    if not share:
        raise Invalid(
            "A tolerable rate of 0 cannot be sampled.",
            "Only a test of every item shows that none deviates.",
            "Test every item, or tolerate more than 0.",
            field="tolerable",
        )
    return share


def _risk(confidence: Rate) -> Fraction:
    risk = 1 - rate(confidence)
    if not 0 < risk < 1:
        raise Invalid(
            "A confidence of 0 % or 100 % has no sample size.",
            "",
            "Choose one between, such as 90% or 95%.",
            field="confidence",
        )
    return risk


def _not_negative(number: int, name: str) -> int:
    if number < 0:
        raise Invalid(f"{number} is below zero.", "", "Give 0 or more.", field=name)
    return number
