"""The SOC 2 report as a PDF: what must stand in it stands in it, and what must never does not."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from tests.report.sample_data import sample_report, sample_type_1
from tickmark.kernel.documents import Pdf, template_header, typst_pdf
from tickmark.kernel.errors import Invalid
from tickmark.report.template_data import ReportData
from tickmark.scope.criteria import applicable

TEMPLATE = Path(__file__).parents[2] / "src/tickmark/plugins/reports/soc2.typ"
NEVER = re.compile(
    r"certif(?:ied|icate|ication)|\bpass(?:ed)?\b|\bfail(?:ed)?\b|\bensured?\b|guarantee", re.I
)


def render(data: ReportData) -> Pdf:
    return typst_pdf(
        TEMPLATE,
        data,
        title="Report on the Juniper Lane Platform",
        author="Hollis & Wren LLP",
        date=date(2026, 12, 11),
    )


def pages_of(pdf: Pdf, folder: Path) -> list[str]:
    """The text of each page with its white space evened out and hyphenated words joined."""
    path = folder / "report.pdf"
    path.write_bytes(pdf.content)
    made = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True).stdout
    return [" ".join(page.replace("\u00ad\n", "").split()) for page in made.split("\f")[:-1]]


def text_of(data: ReportData, folder: Path) -> str:
    return " ".join(pages_of(render(data), folder))


def outline_of(pdf: Pdf) -> list[str]:
    """The titles of the bookmarks, each once, in order."""
    with pikepdf.open(io.BytesIO(pdf.content)) as opened, opened.open_outline() as outline:
        found: list[str] = []

        def walk(items: Any) -> None:
            for item in items:
                found.append(item.title)
                walk(item.children)

        walk(outline.root)
    return found


@pytest.fixture(scope="module")
def type_2() -> Pdf:
    return render(sample_report())


@pytest.fixture(scope="module")
def pages(type_2: Pdf, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return pages_of(type_2, tmp_path_factory.mktemp("type2"))


def test_archive_and_accessibility(type_2: Pdf) -> None:
    with pikepdf.open(io.BytesIO(type_2.content)) as pdf, pdf.open_metadata() as meta:
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"], meta["pdfuaid:part"]) == ("2", "B", "1")
        assert (meta["dc:title"], str(pdf.Root.Lang)) == ("Report on the Juniper Lane Platform", "en")
        assert pdf.Root.MarkInfo.Marked


def test_table_heads_are_tagged_as_heads(type_2: Pdf) -> None:
    with pikepdf.open(io.BytesIO(type_2.content)) as pdf:
        kinds = [
            str(item.S)
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/StructElem"
        ]
    assert {"/Document", "/H1", "/H2", "/H3", "/P", "/L", "/Table", "/TH", "/TD", "/TOC", "/Link"} <= set(
        kinds
    )


def test_same_data_same_bytes(type_2: Pdf) -> None:
    assert render(sample_report()) == type_2


def test_the_header_names_every_part_of_the_data() -> None:
    assert set(template_header(TEMPLATE.read_text()).reads) == set(ReportData.__annotations__)


def test_every_page_is_numbered_and_carries_reference_and_digest(type_2: Pdf, pages: list[str]) -> None:
    foot = f"RPT-1 · data {type_2.data[:16]}"
    wrong = [
        number
        for number, page in enumerate(pages, 1)
        if foot not in page or f"Page {number} of {len(pages)}" not in page or "Fictional example" not in page
    ]
    assert wrong == []
    assert type_2.data in pages[-1].replace(" ", "")


def test_the_cover(pages: list[str]) -> None:
    for words in (
        "SOC 2 · TYPE 2 EXAMINATION",
        "Juniper Lane Software, Inc.",
        "Juniper Lane Platform",
        "controls relevant to Security, Availability, and Confidentiality",
        "1 November 2025 to 31 October 2026",
        "Hollis & Wren LLP, Portland, Oregon",
        "11 December 2026",
        "Only the following may use this report",
    ):
        assert words in pages[0]


def test_the_five_sections_in_order(type_2: Pdf) -> None:
    assert [title for title in outline_of(type_2) if title.startswith("Section ")] == [
        "Section I. Independent service auditor’s report",
        "Section II. Assertion of management",
        "Section III. Description of the system",
        "Section IV. Criteria, controls, tests and results",
        "Section V. Other information provided by management",
    ]


def test_every_criterion_stands_once_in_section_four(pages: list[str]) -> None:
    text = " ".join(pages)
    criteria = applicable(["security", "availability", "confidentiality"])
    assert len(criteria) == 38
    counts = {one.id: text.count(f"{one.id} {one.title} {one.summary[:40]}") for one in criteria}
    assert counts == {one.id: 1 for one in criteria}


def test_every_word_of_the_auditor_is_printed(pages: list[str]) -> None:
    text = " ".join(pages)
    for part in sample_report()["auditor_report"]["parts"]:
        for piece in re.split(r"\n+(?:\d+\.|-) |\n\n|(?<=[.;:,])\s(?!-)", part["text_md"].replace("*", "")):
            assert " ".join(piece.split()) in text


def test_results_in_the_closed_words(pages: list[str]) -> None:
    text = " ".join(pages)
    leavers = (
        "Exception noted. 2 of 25 (sample). Access was disabled four and nine business days after"
        " termination. No login after termination was observed for either account."
        " See response RSP-01 in Section V."
    )
    assert leavers in text
    assert "Exception noted. 3 of 412 (all items). Changes reached the production branch" in text
    assert "Did not operate during the period. During the period no incident took place" in text
    assert "Not tested. The rehearsal fell on a day after the end of the period." in text
    assert "Shown in full under CC6.2. Exceptions noted, see there." in text


def test_an_exception_is_never_shown_as_none(tmp_path: Path) -> None:
    data = sample_report()
    clean = text_of(data, tmp_path).count("No exceptions noted.")
    control = next(one for one in data["testing"]["controls"] if one["ref"] == "DAT-02")
    control["tests"][0]["result"] = "not_tested"
    assert text_of(data, tmp_path).count("No exceptions noted.") == clean - 1


def test_what_only_others_meet_and_what_is_not_relevant_is_printed(pages: list[str]) -> None:
    text = " ".join(pages)
    assert "CC6.4 Physical access Controls of subservice organisations only: CSOC-01" in text
    assert "met by complementary controls of subservice organisations only (CSOC-01)" in text
    assert "CC6.5 Disposal of physical assets Not relevant, see DC 8 in Section III" in text
    reason = (
        "The company owns no physical asset on which data of customers or software of the system are kept."
    )
    assert text.count(reason) == 2


def test_the_description_in_the_order_of_its_criteria(type_2: Pdf) -> None:
    titles = [title for title in outline_of(type_2) if re.search(r"\(DC \d\)", title)]
    assert [int(re.findall(r"DC (\d)", title)[0]) for title in titles] == list(range(1, 10))


def test_nothing_is_hidden_when_there_is_nothing(tmp_path: Path) -> None:
    data = sample_report()
    about = data["description"]
    about["incidents"], about["changes"], about["exclusions"], about["cuecs"] = [], [], [], []
    about["subservices"], about["services"] = [], []
    text = text_of(data, tmp_path)
    for words in (
        "No incidents meeting the disclosure test were identified during the period",
        "There were no significant changes to the system and its controls during the period.",
        "Nothing was excluded from the scope of the system by decision.",
        "designed without assuming controls of user entities",
        "uses no subservice organisations",
        "No services are listed.",
    ):
        assert words in text


def test_type_1_has_a_date_and_no_results(tmp_path: Path) -> None:
    pdf = render(sample_type_1())
    text = " ".join(pages_of(pdf, tmp_path))
    assert "SOC 2 · TYPE 1 EXAMINATION" in text
    assert "AS OF 31 October 2026" in text
    assert "Section IV. Criteria and controls" in outline_of(pdf)
    for words in (
        "Test performed",
        "exceptions noted",
        "DC 9",
        "operating effectiveness",
        "throughout the period",
    ):
        assert words not in text
    assert "Access of leavers is disabled within one business day of termination." in text


def test_a_draft_says_so_on_every_page(tmp_path: Path, pages: list[str]) -> None:
    data = sample_report()
    data["cover"]["issued"], data["cover"]["report_date"] = False, None
    assert all("Fictional example · Draft, not issued" in page for page in pages_of(render(data), tmp_path))
    assert not any("Draft" in page for page in pages)


def test_a_real_report_is_not_called_fictional(tmp_path: Path) -> None:
    data = sample_report()
    data["cover"]["fictional"] = False
    assert "Fictional" not in text_of(data, tmp_path)


@pytest.mark.parametrize("data", [sample_report(), sample_type_1()], ids=["type 2", "type 1"])
def test_words_that_never_appear(data: ReportData, tmp_path: Path) -> None:
    assert NEVER.findall(text_of(data, tmp_path)) == []


def test_no_pictures_and_so_no_logo(type_2: Pdf) -> None:
    with pikepdf.open(io.BytesIO(type_2.content)) as pdf:
        streams = [item for item in pdf.objects if isinstance(item, pikepdf.Stream)]
    assert streams
    assert [item for item in streams if item.get("/Subtype") == "/Image"] == []


def _planted(value: Any, hostile: str, skip: frozenset[str], path: str = "") -> Any:
    """The data with hostile text behind every free text."""
    if isinstance(value, str) and path not in skip and len(value) > 20 and " " in value:
        return f"{value} {hostile}"
    if isinstance(value, Mapping):
        return {key: _planted(inner, hostile, skip, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_planted(inner, hostile, skip, path) for inner in value]
    return value


def test_hostile_text_everywhere_is_printed_as_it_stands(tmp_path: Path) -> None:
    hostile = "#panic(1) ] } $x$ <script>alert(1)</script> @ref //"
    data = _planted(sample_report(), hostile, frozenset())
    text = text_of(data, tmp_path)
    wanted = str(data).count(hostile)
    assert wanted > 150
    assert re.sub(r"\s", "", text).count(re.sub(r"\s", "", hostile)) >= wanted


def test_a_sign_without_a_shape_is_named_with_its_place() -> None:
    data = sample_report()
    data["description"]["environment"][1]["text_md"] += " 🙂"
    with pytest.raises(
        Invalid, match=r"U\+1F642 SLIGHTLY SMILING FACE .*\(description\.environment\.1\.text_md\)"
    ):
        render(data)


def test_long_words_and_long_tests_stay_on_the_page(tmp_path: Path) -> None:
    data = sample_report()
    control = data["testing"]["controls"][0]
    control["tests"][0]["text"] = "Inspected the record. " * 500 + "arn:" + "x" * 300
    data["description"]["commitments"][0]["source"] = "https://example.com/" + "y" * 200
    path = tmp_path / "report.pdf"
    path.write_bytes(render(data).content)
    boxes = subprocess.run(
        ["pdftotext", "-bbox", path, "-"], check=True, capture_output=True, text=True
    ).stdout
    assert max(float(right) for right in re.findall(r'xMax="([\d.]+)"', boxes)) < 612 - 72 + 1
    assert boxes.count(">record.<") >= 500
    assert max(float(bottom) for bottom in re.findall(r'yMax="([\d.]+)"', boxes)) < 792


def test_no_heading_stands_alone_at_the_foot_of_a_page(pages: list[str]) -> None:
    titles = {f"{one.id} {one.title}" for one in applicable(["security", "availability", "confidentiality"])}
    for page in pages:
        body = page.split(" RPT-1 · data")[0]
        assert not any(body.endswith(title) for title in titles)
        assert not body.endswith("Result")
