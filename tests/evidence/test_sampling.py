"""The check values of domain.md 11 for seeded selection, and the properties of 4.5."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.evidence import sampling
from tickmark.evidence.sampling import MonthSpread
from tickmark.kernel.errors import Conflict, Invalid

KEYS = [f"CHG-{number:04}" for number in range(1, 41)]
SEED = "2026-TYPE2-CHG-02"
API, WEB = KEYS[:30], KEYS[30:]

# Case is kept and letters beyond ASCII occur; keys that differ only before cleaning have their own tests.
some_keys = st.lists(
    st.from_regex(r"[A-Za-zäéß0-9]{1,8}-[0-9]{1,4}", fullmatch=True),
    min_size=1,
    max_size=60,
    unique_by=sampling.clean_key,
)
some_seed = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())


def test_first_eight_of_the_check_vector() -> None:
    assert sampling.draw(KEYS, SEED, 8) == [
        "CHG-0035",
        "CHG-0009",
        "CHG-0027",
        "CHG-0025",
        "CHG-0018",
        "CHG-0034",
        "CHG-0021",
        "CHG-0032",
    ]


def test_digests_of_the_check_vector() -> None:
    first = [(item.place, item.key, item.score[:12]) for item in sampling.rank(KEYS, SEED)[:3]]
    assert first == [
        (1, "CHG-0035", "04bbd16805bf"),
        (2, "CHG-0009", "063f8271db10"),
        (3, "CHG-0027", "242ed69eb0c7"),
    ]


@given(some_keys, some_seed)
def test_every_rank_is_the_plain_rule(keys: list[str], seed: str) -> None:
    cleaned = [sampling.clean_key(key) for key in keys]
    plain = sorted((hashlib.sha256(f"{seed}|{key}".encode()).hexdigest(), key) for key in cleaned)
    assert [(item.score, item.key) for item in sampling.rank(keys, seed)] == plain
    assert [sampling.score(key, seed) for _, key in plain] == [digest for digest, _ in plain]


def test_key_hash_of_the_check_vector() -> None:
    assert sampling.key_hash(KEYS).startswith("53087a538754ece0")
    assert len(sampling.key_hash(KEYS)) == 64


def test_key_hash_of_a_nil_list() -> None:
    assert sampling.key_hash([]) == hashlib.sha256(b"").hexdigest()


def test_stratified_check_vector() -> None:
    assert sampling.allot({"api": 30, "web": 10}, 8) == {"api": 6, "web": 2}
    assert sampling.draw_stratified({"api": API, "web": WEB}, SEED, 8) == {
        "api": ["CHG-0011", "CHG-0009", "CHG-0004", "CHG-0027", "CHG-0030", "CHG-0008"],
        "web": ["CHG-0040", "CHG-0035"],
    }


def test_committed_seed_check_vector() -> None:
    assert sampling.commitment("nonce-0001").startswith("d3668b1e104f62fa")
    seed = sampling.committed_seed("nonce-0001", "CHG-02", sampling.key_hash(KEYS))
    assert seed.startswith("c963d8d45d0d5993")
    assert sampling.draw(KEYS, seed, 4) == ["CHG-0039", "CHG-0012", "CHG-0005", "CHG-0020"]


def test_derived_seed_has_the_engagement_in_place_of_the_nonce() -> None:
    digest = sampling.key_hash(KEYS)
    expected = hashlib.sha256(f"ENG-1|CHG-02|{digest}".encode()).hexdigest()
    assert sampling.derived_seed("ENG-1", "CHG-02", digest) == expected


@pytest.mark.parametrize("short", ["53087a538754ece0", "", "A" * 64])
def test_a_seed_needs_the_whole_key_hash(short: str) -> None:
    with pytest.raises(Invalid):
        sampling.committed_seed("nonce-0001", "CHG-02", short)


def test_nonces_are_random_and_long_enough() -> None:
    one, other = sampling.new_nonce(), sampling.new_nonce()
    assert one != other
    assert len(bytes.fromhex(one)) * 8 >= 128


def test_keys_are_trimmed_and_composed_and_keep_their_case() -> None:
    assert sampling.clean_key(" \u3000Ju\u0308rg\t\r\n") == "J\u00fcrg"
    assert sampling.clean_key("CHG-1") != sampling.clean_key("chg-1")


def test_keys_sort_by_bytes_not_by_locale() -> None:
    assert sampling.in_order(["é", "a", "Z", "z", "\U0001f600", "\uffee"]) == [
        "Z",
        "a",
        "z",
        "é",
        "\uffee",
        "\U0001f600",
    ]


@pytest.mark.parametrize("key", ["", "  ", "a\nb", "a\x00", "\ud800"])
def test_unusable_keys_are_refused(key: str) -> None:
    with pytest.raises(Invalid):
        sampling.clean_key(key)


@pytest.mark.parametrize("pair", [["A", "A"], ["A", " A"], ["J\u00fcrg", "Ju\u0308rg"]])
def test_keys_that_are_the_same_after_cleaning_are_refused(pair: list[str]) -> None:
    with pytest.raises(Invalid, match="more than once"):
        sampling.rank(pair, SEED)


def test_repeated_keys_are_named_up_to_five() -> None:
    with pytest.raises(Invalid, match="7 keys occur more than once: A, B, C, D, E and 2 more"):
        sampling.in_order("GFEDCBA" * 2)


@given(some_keys, some_seed, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(keys, seed, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(keys)
    random.shuffle(shuffled)
    assert sampling.rank(shuffled, seed) == sampling.rank(keys, seed)
    assert sampling.key_hash(shuffled) == sampling.key_hash(keys)


@given(some_keys, some_seed, st.integers(0, 80), st.integers(0, 80))
def test_a_draw_and_its_extension_are_a_larger_draw(keys: list[str], seed: str, n: int, more: int) -> None:
    drawn = sampling.draw(keys, seed, n)
    assert drawn + sampling.extension(keys, seed, drawn, more) == sampling.draw(keys, seed, n + more)


@given(some_keys, some_seed, st.integers(0, 80))
def test_a_draw_never_holds_more_than_the_population(keys: list[str], seed: str, n: int) -> None:
    drawn = sampling.draw(keys, seed, n)
    assert len(drawn) == len(set(drawn)) == min(n, len(keys))
    if n >= len(keys):
        assert sorted(drawn) == sorted(map(sampling.clean_key, keys))


@given(
    st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 400), min_size=1, max_size=12), st.data()
)
def test_allotment_sums_to_n_and_leaves_no_stratum_out(sizes: dict[str, int], data: st.DataObject) -> None:
    filled, total = [name for name in sizes if sizes[name]], sum(sizes.values())
    n = data.draw(st.integers(len(filled), total + 5))
    allotted = sampling.allot(sizes, n)
    assert sum(allotted.values()) == min(n, total)
    assert all(min(1, sizes[name]) <= allotted[name] <= sizes[name] for name in sizes)


@given(
    st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 400), min_size=1, max_size=12), st.data()
)
def test_allotment_follows_the_share_where_every_stratum_earns_one(
    sizes: dict[str, int], data: st.DataObject
) -> None:
    total = sum(sizes.values())
    n = data.draw(st.integers(len(sizes), total))
    shares = {name: n * size / total for name, size in sizes.items()}
    if min(shares.values()) >= 1:
        allotted = sampling.allot(sizes, n)
        assert all(abs(allotted[name] - shares[name]) < 1 for name in sizes)


def test_the_least_of_one_is_taken_from_the_strata_above_their_share() -> None:
    assert sampling.allot({"a": 1, "b": 1, "c": 98}, 5) == {"a": 1, "b": 1, "c": 3}
    assert sampling.allot({"a": 1, "b": 99}, 100) == {"a": 1, "b": 99}
    ones = dict.fromkeys("abcd", 1)
    assert sampling.allot(ones | {"e": 50, "f": 46}, 7) == ones | {"e": 2, "f": 1}
    assert sampling.allot(ones | {"e": 48, "f": 48}, 7) == ones | {"e": 2, "f": 1}


def test_ties_go_to_the_name_that_sorts_first() -> None:
    assert sampling.allot({"web": 10, "api": 10}, 3) == {"web": 1, "api": 2}


def test_fewer_items_than_strata_is_refused() -> None:
    with pytest.raises(Invalid, match="2 cannot cover 3 strata"):
        sampling.allot({"a": 5, "b": 5, "c": 5, "empty": 0}, 2)


def test_a_key_in_two_strata_is_refused() -> None:
    with pytest.raises(Invalid, match="CHG-0001"):
        sampling.draw_stratified({"api": ["CHG-0001"], "web": ["CHG-0001"]}, SEED, 2)


def test_extension_and_replacement_within_a_stratum() -> None:
    seed = sampling.stratum_seed(SEED, "web")
    order = [item.key for item in sampling.rank(WEB, seed)]
    assert sampling.extension(WEB, seed, ["CHG-0040", "CHG-0035"], 2) == order[2:4]
    assert sampling.replacement(WEB, seed, ["CHG-0040", "CHG-0035"], "CHG-0040") == order[2]


def test_replacements_and_extensions_do_not_hand_out_an_item_twice() -> None:
    taken = sampling.draw(KEYS, SEED, 8)
    taken = [*taken, sampling.replacement(KEYS, SEED, taken, taken[3])]
    assert sampling.extension(KEYS, SEED, taken, 3) == sampling.draw(KEYS, SEED, 12)[9:]


def test_a_sample_of_another_seed_cannot_be_extended() -> None:
    with pytest.raises(Conflict, match="not the first ones"):
        sampling.extension(KEYS, SEED, sampling.draw(KEYS, "another", 8), 2)


def test_only_a_drawn_item_is_replaced_and_only_while_items_are_left() -> None:
    with pytest.raises(Invalid):
        sampling.replacement(KEYS, SEED, ["CHG-0035"], "CHG-0001")
    with pytest.raises(Conflict, match="No item is left"):
        sampling.replacement(KEYS, SEED, KEYS, "CHG-0001")


def test_negative_sizes_are_refused() -> None:
    with pytest.raises(Invalid):
        sampling.draw(KEYS, SEED, -1)


def test_spread_shows_empty_months_and_undated_items() -> None:
    dates = {"A": date(2025, 11, 3), "B": date(2025, 11, 30), "C": date(2026, 1, 1), "D": None}
    assert sampling.spread(dates, ["B", "D"]) == [
        MonthSpread("2025-11", 2, 1),
        MonthSpread("2025-12", 0, 0),
        MonthSpread("2026-01", 1, 0),
        MonthSpread("", 1, 1),
    ]


def test_spread_refuses_a_sample_of_another_population() -> None:
    with pytest.raises(Invalid, match="X is in the sample"):
        sampling.spread({"A": None}, ["X"])


def test_spread_of_a_nil_list_is_empty() -> None:
    assert sampling.spread({}, []) == []
