"""Sizes, attributes and request lists of the library (check values of the domain reference, section 11)."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.audit.methods import (
    RISKS,
    AttributeTest,
    Method,
    Size,
    method,
)
from tickmark.audit.request_lists import RequestTemplate, request_list
from tickmark.controls.library import starter_controls
from tickmark.kernel.errors import Invalid
from tickmark.scope.library import library_folder


@pytest.fixture(scope="module")
def default() -> Method:
    return method("default-2026")


def test_sizes_by_count(default: Method) -> None:
    counts = [0, 1, 4, 5, 12, 13, 52, 53, 80, 81, 101, 240, 241, 250, 1000]
    assert [default.size_for_count(n) for n in counts] == [0, 1, 4, 5, 5, 8, 8, 8, 8, 9, 11, 24, 25, 25, 25]


@pytest.mark.parametrize(
    ("risk", "sizes"),
    [
        ("low", [0, 1, 2, 2, 3, 3, 5, 5, 8, 8, 25, 25, 25]),
        ("high", [0, 1, 2, 4, 5, 12, 13, 15, 25, 25, 40, 40, 60]),
    ],
)
def test_sizes_by_count_at_other_risks(default: Method, risk: str, sizes: list[int]) -> None:
    counts = [0, 1, 2, 4, 5, 12, 13, 52, 53, 250, 251, 365, 366]
    assert [default.size_for_count(n, risk) for n in counts] == sizes


@pytest.mark.parametrize(
    ("frequency", "occurrences", "sizes"),
    [
        ("annual", 1, (1, 1, 1)),
        ("semi-annual", 2, (1, 2, 2)),
        ("quarterly", 4, (2, 2, 4)),
        ("monthly", 12, (2, 3, 5)),
        ("twice a month", 24, (3, 5, 8)),
        ("weekly", 52, (5, 8, 15)),
        ("daily", 365, (20, 25, 40)),
        ("daily", 250, (20, 25, 40)),
        ("many a day", 5000, (25, 25, 60)),
        ("continuous", 12, (12, 12, 12)),
        ("event", 101, (8, 11, 25)),
        ("event+annual", 4, (2, 4, 4)),
    ],
)
def test_sizes_by_frequency(
    default: Method, frequency: str, occurrences: int, sizes: tuple[int, int, int]
) -> None:
    assert tuple(default.size_for_frequency(frequency, occurrences, risk) for risk in RISKS) == sizes


@pytest.mark.parametrize(
    ("frequency", "occurrences", "risk", "size"),
    [
        ("monthly", 3, "default", 3),
        ("monthly", 3, "low", 2),
        ("quarterly", 1, "default", 1),
        ("semi-annual", 1, "low", 1),
        ("annual", 0, "default", 0),
        ("quarterly", 2, "high", 2),
        ("weekly", 13, "default", 8),
    ],
)
def test_a_shorter_period_counts_its_own_occurrences(
    default: Method, frequency: str, occurrences: int, risk: str, size: int
) -> None:
    assert default.size_for_frequency(frequency, occurrences, risk) == size


@given(st.integers(0, 5000), st.sampled_from(RISKS))
def test_a_size_never_exceeds_the_count_and_is_nil_only_for_nil(count: int, risk: str) -> None:
    size = method().size_for_count(count, risk)
    assert 0 <= size <= count
    assert (size == 0) == (count == 0)


@given(st.integers(0, 5000))
def test_more_risk_never_means_a_smaller_size(count: int) -> None:
    sizes = [method().size_for_count(count, risk) for risk in RISKS]
    assert sizes == sorted(sizes)


@given(st.integers(0, 5000), st.integers(1, 99))
def test_a_share_rounds_in_whole_numbers(count: int, percent: int) -> None:
    up, down = Size(share=Fraction(percent, 100)), Size(share=Fraction(percent, 100), round_up=False)
    assert up.of(count) == -(-percent * count // 100)
    assert down.of(count) == percent * count // 100


def test_seven_percent_of_a_hundred_is_seven() -> None:
    assert Size(share=Fraction(7, 100)).of(100) == 7


def test_rules_in_words(default: Method) -> None:
    assert [str(default.rule_for_count(n)) for n in (0, 4, 12, 101, 251)] == [
        "0",
        "all",
        "5",
        "10 % rounded up, at least 8, at most 25",
        "25",
    ]
    assert str(Size(share=Fraction(1, 40), round_up=False)) == "2.5 % rounded down"


def test_automated_controls_get_a_negative_test_at_high_risk_only(default: Method) -> None:
    assert [default.needs_negative_test("continuous", risk) for risk in RISKS] == [False, False, True]
    assert not default.needs_negative_test("daily", "high")


def test_only_a_smaller_size_needs_a_reason(default: Method) -> None:
    assert [default.needs_reason(chosen, 25) for chosen in (24, 25, 26)] == [True, False, False]


def test_what_deviations_mean_before_judgement(default: Method) -> None:
    rule = default.deviations
    assert (rule.allowed, rule.zero_tolerance_up_to, rule.escalate) == (0, 25, ("deliberate", "fraud"))
    assert [rule.rate_is_a_sign(d, n) for d, n in [(1, 9), (1, 20), (2, 20), (9, 180)]] == [
        False,
        False,
        True,
        False,
    ]
    assert [rule.next_size(n) for n in (25, 40, 60)] == [40, 60, None]


def test_order_of_sign_off_and_the_terms_of_the_file(default: Method) -> None:
    assert default.test_sign_off == ("prepared", "reviewed")
    assert default.key_test_sign_off == ("prepared", "reviewed", "partner")
    assert (default.file_lock_days, default.census_first, default.seed_rule) == (60, True, "committed")
    assert default.turnaround["population"] == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.size_for_count(-1), "count of -1 is impossible"),
        (lambda m: m.size_for_count(5, "medium"), "no risk 'medium'.*low, default, high"),
        (lambda m: m.size_for_frequency("hourly", 5), "no frequency 'hourly'.*annual"),
        (lambda m: m.size_for_frequency("daily", -5), "impossible"),
        (lambda m: method("firm-1999"), "no methods file named 'firm-1999'.*default-2026"),
    ],
)
def test_impossible_questions_are_refused(default: Method, call: object, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        call(default)  # type: ignore[operator]


COUNTS_FOR = {
    "POP-01": {"A": "HR-03", "B": "HR-04", "C": "GOV-01 GOV-05", "D": "HR-06", "E": "AC-03", "F": "HR-02"},
    "POP-02": {"A": "HR-08", **dict.fromkeys("BCD", "AC-04"), "E": "HR-08 PHY-01", "F": ""},
    "POP-03": dict.fromkeys("ABCD", "AC-05"),
    "POP-04": dict.fromkeys("ABCDE", "AC-03"),
    "POP-05": dict.fromkeys("ABCDEFG", "AC-06"),
    "POP-06": {"A": "CHG-01", "B": "CHG-02", "C": "CHG-02", "D": "CHG-03", "E": "CHG-01", "F": "CHG-02"},
    "POP-07": {"A": "CHG-06", "B": "", "C": "CHG-06 OPS-06"},
    "POP-08": {"A": "CHG-07", "B": "CHG-07", "C": "CHG-05 CHG-07", "D": "CHG-07"},
    "POP-09": {**dict.fromkeys("ABCDE", "INC-02"), "F": "INC-04 PRV-14"},
    "POP-10": {"A": "OPS-01", "B": "OPS-02", "C": "CHG-10 OPS-02", "D": "OPS-02", "E": "OPS-02"},
    "POP-11": dict.fromkeys("ABCD", "CHG-09"),
    "POP-12": dict.fromkeys("ABCDEF", "BCP-03"),
    "POP-13": dict.fromkeys("ABCD", "BCP-04"),
    "POP-14": {
        "A": "VND-02",
        "B": "VND-04",
        "C": "VND-03",
        **dict.fromkeys("DEF", "VND-03 PHY-02"),
        "G": "VND-05",
    },
    "POP-15": dict.fromkeys("ABC", "HR-06 HR-07 PRV-01"),
    "POP-16": dict.fromkeys("ABC", "GOV-01 GOV-05"),
    "POP-17": dict.fromkeys("ABCD", "HR-03"),
    "POP-18": dict.fromkeys("ABC", "HR-05"),
    "POP-19": {"A": "RSK-01", "B": "RSK-02", **dict.fromkeys("CDE", "RSK-03")},
    "POP-20": dict.fromkeys("ABCD", "RSK-06"),
    "POP-21": dict.fromkeys("ABCD", "BCP-02 INC-03"),
    "POP-22": dict.fromkeys("ABC", "AST-03"),
    "POP-23": dict.fromkeys("ABCDE", "DAT-03 PRV-07"),
    "POP-24": dict.fromkeys("ABC", "OPS-05"),
    "POP-25": {"A": "AC-07 AC-09", "B": "AC-07", "C": "AC-07", "D": "", "E": ""},
    "POP-26": dict.fromkeys("ABCD", "NET-02"),
    "POP-27": dict.fromkeys("ABCD", "AC-09 CRY-03"),
    "POP-28": dict.fromkeys("ABC", "AST-02"),
    "POP-29": {"A": "DAT-05 COM-02", "B": "COM-02", "C": ""},
    "POP-30": dict.fromkeys("ABCD", "BCP-07"),
    "POP-31": dict.fromkeys("ABCD", "GOV-02 GOV-06"),
    "POP-32": dict.fromkeys("ABC", "GOV-08"),
    "POP-33": dict.fromkeys("ABCD", "AC-11"),
    "POP-34": dict.fromkeys("ABCD", "PHY-01"),
    "POP-35": {
        "A": "PRV-07 PRV-08 PRV-09 PRV-11 PRV-16",
        "B": "PRV-07 PRV-08 PRV-09 PRV-11",
        "C": "PRV-07 PRV-08 PRV-09 PRV-11 PRV-16",
        "D": "PRV-08 PRV-09",
        "E": "PRV-09",
    },
    "POP-36": {"A": "PIN-03", "B": "PIN-03", "C": "PIN-03 PIN-04", "D": "PIN-05"},
    "POP-37": dict.fromkeys("ABC", "OPS-03"),
}
"""Which attribute counts for which control (domain.md 5.1); one that names none is a fact only."""


@pytest.mark.parametrize("population", COUNTS_FOR)
def test_which_attribute_counts_for_which_control(default: Method, population: str) -> None:
    rows = default.populations[population].attributes
    assert {row.letter: " ".join(row.controls) for row in rows} == COUNTS_FOR[population]


def test_every_population_is_there_with_a_key_a_date_and_criteria_to_pass(default: Method) -> None:
    assert list(default.populations) == list(COUNTS_FOR) == [f"POP-{n:02d}" for n in range(1, 38)]
    for population in default.populations.values():
        assert all((population.title, population.key, population.by_date))
        letters = [row.letter for row in population.attributes]
        assert letters == sorted(set(letters))
        for row in population.attributes:
            facts = [text.startswith("Told as a fact") for text in (row.at_date, row.over_period)]
            assert facts == [not row.controls] * 2, (population.id, row.letter)
            assert row.at_date != row.over_period


def test_a_control_that_names_a_population_finds_it(default: Method) -> None:
    named = {control.id: control.population for control in starter_controls() if control.population}
    assert set(named.values()) <= set(default.populations)
    assert {
        control for row in default.populations.values() for a in row.attributes for control in a.controls
    } <= {control.id for control in starter_controls()}
    # Their own lists, or no letter of 5.1: they are tested on their records.
    assert not set(named) & {"RSK-04", "PRV-12", "PRV-13", "PIN-02", "OPS-04", "VND-01", "GOV-07"}


def test_one_attribute_as_a_whole(default: Method) -> None:
    assert default.attributes("POP-06", "CHG-02")[0] == AttributeTest(
        letter="B",
        text="Someone other than the author approved",
        controls=("CHG-02",),
        computed=True,
        at_date="The latest change carries an approval by a person who is neither author nor committer "
        "of it.",
        over_period="For each change that reached the protected branch, direct pushes included, a person "
        "other than its authors approved it. A change of which the reviews cannot be seen is undetermined, "
        "not met.",
    )
    assert default.attributes("POP-99", "CHG-02") == ()


def test_controls_and_method_agree_on_attributes(default: Method) -> None:
    for control in starter_controls():
        expected = [(a.letter, a.text) for a in default.attributes(control.population, control.id)]
        assert [(a.letter, a.text) for a in control.attributes] == expected, control.id


def test_what_a_check_computes_is_marked_computed(default: Method) -> None:
    for control in starter_controls():
        computed = {a.letter for a in default.attributes(control.population, control.id) if a.computed}
        assert {a.letter for a in control.attributes if a.check} <= computed, control.id


def common(list_id: str = "soc2-type2-sac") -> list[RequestTemplate]:
    """The rows of domain.md 8.1: those for Security, Availability and Confidentiality."""
    return [row for row in request_list(list_id) if row.id.startswith("R-")]


def test_the_request_list_is_whole() -> None:
    rows = common()
    assert [row.id for row in rows] == [f"R-{n:02d}" for n in range(1, 86)]
    assert Counter(row.kind for row in rows) == KIND_COUNTS
    assert Counter(row.wave for row in rows) == {1: 7, 2: 24, 3: 26, 4: 25, 5: 3}


KIND_COUNTS = {"narrative": 9, "policy": 10, "population": 25, "sample": 25, "configuration": 16}


def test_processing_integrity_and_privacy_add_rows_that_open_only_for_their_controls() -> None:
    """A row opens for controls in force, so one that names only these is never asked where they are out of scope."""
    rows = request_list()[len(common()) :]
    assert [row.id for row in rows] == [f"PI-{n:02d}" for n in range(1, 8)] + [
        f"P-{n:02d}" for n in range(1, 17)
    ]
    for prefix, area in (("PI-", "PIN-"), ("P-", "PRV-")):
        asked = [control for row in rows if row.id.startswith(prefix) for control in row.controls]
        assert all(control.startswith(area) for control in asked)
        assert set(asked) == {control.id for control in starter_controls() if control.id.startswith(area)}
        assert all(row.controls for row in rows)
    assert {row.id: row.populations for row in rows if row.populations} == {
        **dict.fromkeys(("PI-04", "PI-05", "PI-06"), ("POP-36",)),
        "P-02": ("POP-15",),
        "P-09": ("POP-23", "POP-35"),
        "P-10": ("POP-35",),
        "P-13": ("POP-09",),
    }


def test_some_requests_as_a_whole() -> None:
    rows = {row.id: row for row in request_list()}
    assert rows["R-19"] == RequestTemplate(
        id="R-19",
        kind="population",
        wave=2,
        title="Joiners in the period incl. contractors",
        controls=("HR-01", "HR-02", "HR-03", "HR-04", "HR-06"),
        populations=("POP-01",),
        after=(),
        opens="as one",
        may_be_nil=False,
        note="",
    )
    assert (rows["R-28"].after, rows["R-28"].controls) == (("R-20",), ("AC-04",))
    assert (rows["R-18"].populations, rows["R-83"].controls) == (("POP-15", "POP-16", "POP-18"), ())
    assert {row.id for row in common() if row.may_be_nil} == {"R-39", "R-55", "R-59", "R-67", "R-81"}


def test_how_requests_open() -> None:
    opens = {
        how: [row.id[2:] for row in common() if row.opens == how]
        for how in ("as a pair", "with a sample at the draw", "after its list")
    }
    assert {how: " ".join(ids) for how, ids in opens.items()} == {
        "as a pair": "17 41 44 59 64 65 67 68 74 79 81",
        "with a sample at the draw": "15 21 30 38 39 54 55 61",
        "after its list": "57 73",
    }


@pytest.mark.parametrize("list_id", ["soc2-type1-sac", "soc2-type2-sac"])
def test_every_starter_control_is_asked_about(list_id: str) -> None:
    asked = {control for row in request_list(list_id) for control in row.controls}
    assert asked == {control.id for control in starter_controls()}


def test_a_type_1_asks_for_no_population_and_no_sample() -> None:
    rows = request_list("soc2-type1-sac")
    assert [row.id for row in rows] == [f"T-{n:02d}" for n in range(1, 35)]
    assert {row.kind for row in rows} == {"policy", "configuration", "narrative"}
    assert not [row.id for row in rows if row.populations or row.after or row.opens != "as one"]
    for row in rows[28:]:
        assert {control[:3] for control in row.controls} <= {"PIN", "PRV"}, (
            "only where their category is in scope"
        )


@pytest.mark.parametrize(
    ("folder", "file", "old", "new", "message"),
    [
        ("methods", "default-2026", "from = 5\n", "from = 6\n", "bands.*follow one another"),
        ("methods", "default-2026", "from = 366\n", "from = 366\nto = 999\n", "bands.*last without an end"),
        (
            "methods",
            "default-2026",
            'default = "all", high = "all" }',
            'default = "most", high = "all" }',
            "'most'",
        ),
        (
            "methods",
            "default-2026",
            "sizes = { low = 1, default = 1, high",
            "sizes = { low = 1, hi",
            "low, default",
        ),
        ("methods", "default-2026", 'percent = "10"', 'percent = "110"', "no percentage"),
        ("methods", "default-2026", "census_first = true", 'census_first = "yes"', "true or false"),
        ("methods", "default-2026", "extend_to = [40, 60]", "extend_to = [60, 40]", "that rise"),
        ("methods", "default-2026", 'judged = "read"', 'judged = "model"', "none of computed, read"),
        ("methods", "default-2026", 'id = "default-2026"', 'id = "mine"', "line 4: field 'id'"),
        ("requests", "soc2-type2-sac", 'after = ["R-19"]', 'after = ["R-91"]', "a request it waits for"),
        ("requests", "soc2-type2-sac", 'id = "R-02"', 'id = "R-01"', "R-01.*twice"),
        ("requests", "soc2-type2-sac", "wave = 1", "wave = 6", "Waves are 1, 2, 3, 4, 5"),
        ("requests", "soc2-type2-sac", 'kind = "policy"', 'kind = "police"', "none of policy"),
    ],
)
def test_a_slip_in_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, file: str, old: str, new: str, message: str
) -> None:
    text = (library_folder() / folder / f"{file}.toml").read_text()
    assert old in text
    (tmp_path / folder).mkdir()
    (tmp_path / folder / f"{file}.toml").write_text(text.replace(old, new, 1))
    monkeypatch.setenv("TICKMARK_LIBRARY", str(tmp_path))
    with pytest.raises(Invalid, match=message):
        method(file) if folder == "methods" else request_list(file)
