"""Markdown and documents: hostile text is shown and never run, and what cannot be printed is named."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickmark.kernel.documents import (
    FONTS,
    Pdf,
    coverage,
    data_digest,
    markdown_blocks,
    markdown_html,
    printable,
    template_header,
    typst_pdf,
)
from tickmark.kernel.documents.glyphs import code_points, font_files, tidy
from tickmark.kernel.documents.markdown import TAGS
from tickmark.kernel.errors import Invalid

DAY = date(2026, 12, 11)
TEMPLATE = """// name:  plain
// says:  Prints a line and a text
// reads: line, text_md

#import "/house.typ": *
#show: paper.with(running: data.line, reference: "D-1")
= Document
#data.line

#rich(data.text_md, under: 1)
"""


def make(line: str = "", text: str = "", template: str = TEMPLATE) -> Pdf:
    data = {"line": line, "text_md": text}
    return typst_pdf(template, data, title="A title", author="An author", date=DAY)


def words(pdf: Pdf, folder: Path) -> str:
    """The text of a PDF with its white space evened out."""
    path = folder / "made.pdf"
    path.write_bytes(pdf.content)
    made = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True)
    return " ".join(made.stdout.split())


class TestHtml:
    def test_common_markdown(self) -> None:
        text = "# Title\n\nA *soft* **loud** `code`\n\n- one\n- two"
        assert markdown_html(text, shift=1) == (
            "<h2>Title</h2>\n<p>A <em>soft</em> <strong>loud</strong> <code>code</code></p>\n"
            "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        )

    def test_a_heading_is_never_pushed_below_the_sixth_level(self) -> None:
        assert markdown_html("##### Deep", shift=4) == "<h6>Deep</h6>\n"

    def test_a_table_is_aligned_by_class_because_pages_allow_no_styles(self) -> None:
        assert markdown_html("| a | b |\n|:--|--:|\n| 1 | 2 |") == (
            '<table>\n<thead>\n<tr>\n<th class="align-left" scope="col">a</th>\n'
            '<th class="align-right" scope="col">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n'
            '<td class="align-left">1</td>\n<td class="align-right">2</td>\n</tr>\n</tbody>\n</table>\n'
        )

    def test_raw_html_is_shown_as_typed(self) -> None:
        assert markdown_html("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"

    def test_links_carry_rel_and_only_safe_schemes_are_links(self) -> None:
        assert markdown_html("[a](https://example.com)") == (
            '<p><a href="https://example.com" rel="noopener noreferrer nofollow">a</a></p>\n'
        )
        assert markdown_html("[a](javascript:alert(1))") == "<p>[a](javascript:alert(1))</p>\n"

    def test_pictures_are_not_fetched(self) -> None:
        assert markdown_html("![seen](https://example.com/x.png)") == "<p>[picture: seen]</p>\n"

    @given(st.text())
    def test_no_text_becomes_an_active_element(self, text: str) -> None:
        html = markdown_html(text)
        assert set(re.findall(r"<(\w+)", html)) <= TAGS
        assert not re.search(r"<[^>]*\s(on\w+|style|src)=", html)


class TestBlocks:
    def test_every_kind(self) -> None:
        text = (
            "## Top\n\nWords *soft* **loud** ~~gone~~ `code` "
            "[a](https://example.com)\\\nnext\n\n### Below\n\n"
            "- one\n- two\n\n3. three\n\n> said\n\n```\nx = 1\n```\n\n---\n\n| a | b |\n|---|--:|\n| 1 | 2 |"
        )
        assert markdown_blocks(text) == [
            {"k": "h", "level": 1, "c": ["Top"]},
            {
                "k": "p",
                "c": [
                    "Words ",
                    {"k": "em", "c": ["soft"]},
                    " ",
                    {"k": "strong", "c": ["loud"]},
                    " ",
                    {"k": "del", "c": ["gone"]},
                    " ",
                    {"k": "code", "text": "code"},
                    " ",
                    {"k": "link", "href": "https://example.com", "c": ["a"]},
                    {"k": "br"},
                    "next",
                ],
            },
            {"k": "h", "level": 2, "c": ["Below"]},
            {"k": "ul", "items": [[{"k": "p", "c": ["one"]}], [{"k": "p", "c": ["two"]}]]},
            {"k": "ol", "start": 3, "items": [[{"k": "p", "c": ["three"]}]]},
            {"k": "quote", "c": [{"k": "p", "c": ["said"]}]},
            {"k": "code", "text": "x = 1"},
            {"k": "rule"},
            {"k": "table", "align": ["left", "right"], "head": [["a"], ["b"]], "rows": [[["1"], ["2"]]]},
        ]

    def test_a_link_inside_the_program_is_printed_with_its_address(self) -> None:
        blocks = markdown_blocks("see [this](/evidence/3)")
        assert blocks == [{"k": "p", "c": ["see this (/evidence/3)"]}]

    @pytest.mark.parametrize(
        "text", ["# A\n\n### Skipped", "## A\n\n# B\n\n### Skipped", "> # A\n\n### Skipped"]
    )
    def test_a_skipped_level_is_named(self, text: str) -> None:
        with pytest.raises(Invalid, match=r"“(Skipped|A)” skips a level"):
            markdown_blocks(text)

    def test_a_picture_is_named(self) -> None:
        with pytest.raises(Invalid, match="picture: “the plan”"):
            markdown_blocks("![the plan](plan.png)")

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
    def test_code_keeps_every_character(self, text: str) -> None:
        fence = "`" * 61
        assert markdown_blocks(f"{fence}\n{text}\n{fence}") == [{"k": "code", "text": text}]


class TestGlyphs:
    def test_the_fonts_cover_what_reports_are_written_in(self) -> None:
        latin = [chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180)) if code != 0xAD]
        greek = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ"
        cyrillic = "".join(map(chr, range(0x410, 0x450))) + "ЁёІіЇїЄєҐґ"
        signs = "–—‘’“”…•€£§©®™°±×÷≤≥≠→←✓½¼"
        assert [one for one in [*latin, *greek, *cyrillic, *signs] if ord(one) not in coverage()] == []

    def test_the_map_of_a_font_agrees_with_what_is_known_of_it(self) -> None:
        regular = code_points((FONTS / "SourceSerif4-Regular.otf").read_bytes())
        assert {ord("A"), ord("ж"), ord("ω"), 0x2019} <= regular
        assert not {0x05D0, 0x0627, 0x4E00, 0x1F600} & regular
        assert len(regular) == 920

    def test_each_family_has_its_licence(self) -> None:
        families = {re.sub(r"\d?-.*", "", path.stem) for path in font_files()}
        assert families == {path.stem.removeprefix("LICENSE-") for path in FONTS.glob("LICENSE-*.md")}
        assert all("SIL OPEN FONT LICENSE" in path.read_text() for path in FONTS.glob("LICENSE-*.md"))
        assert sum(path.stat().st_size for path in font_files()) < 4_000_000

    def test_text_is_tidied_without_losing_a_visible_sign(self) -> None:
        assert (
            tidy("e\u0301\r\na\tb\ufeff\u200d non\u2011breaking\u202f5\u2009%")
            == "é\na b non-breaking\u00a05 %"
        )

    @pytest.mark.parametrize("text", ["plain", "Ünïcödé", "Ελλάδα", "Москва", "zero\u200bwidth", "a\nb"])
    def test_printable(self, text: str) -> None:
        assert printable(text)

    @pytest.mark.parametrize(
        "text", ["שלום", "مرحبا", "漢字", "😀", "a\x07b", "a\u202eb", "\u200f", "\U000f0000"]
    )
    def test_not_printable(self, text: str) -> None:
        assert not printable(text)


class TestPdf:
    def test_archive_and_accessibility(self) -> None:
        with pikepdf.open(io.BytesIO(make("A line", "Text").content)) as pdf, pdf.open_metadata() as meta:
            assert {
                "part": meta["pdfaid:part"],
                "conformance": meta["pdfaid:conformance"],
                "ua": meta["pdfuaid:part"],
                "title": meta["dc:title"],
                "author": meta["dc:creator"],
                "tagged": bool(pdf.Root.MarkInfo.Marked),
                "lang": str(pdf.Root.Lang),
                "shows title": bool(pdf.Root.ViewerPreferences.DisplayDocTitle),
                "made": meta["xmp:CreateDate"][:10],
            } == {
                "part": "2",
                "conformance": "B",
                "ua": "1",
                "title": "A title",
                "author": ["An author"],
                "tagged": True,
                "lang": "en",
                "shows title": True,
                "made": "2026-12-11",
            }

    def test_only_vendored_fonts_are_embedded(self) -> None:
        with pikepdf.open(io.BytesIO(make("Aж", "*a* **b** `c`").content)) as pdf:
            names = {
                str(item.BaseFont).partition("+")[2]
                for item in pdf.objects
                if isinstance(item, pikepdf.Dictionary)
                and item.get("/Type") == "/Font"
                and "/BaseFont" in item
            }
        assert names
        assert {re.sub(r"-Identity-H$", "", name) for name in names} <= {path.stem for path in font_files()}

    def test_same_data_same_bytes(self) -> None:
        first, again = make("x", "# y"), make("x", "# y")
        assert first == again
        assert make("z", "# y").content != first.content

    def test_versions_name_what_made_it(self) -> None:
        pdf = make("x")
        assert pdf.data == data_digest({"text_md": "", "line": "x"})
        assert pdf.versions["template"] == hashlib.sha256(TEMPLATE.encode()).hexdigest()
        assert pdf.versions["fonts"] == {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in font_files()
        }
        assert re.fullmatch(r"\d+\.\d+\.\d+", pdf.versions["typst"])

    def test_digest_and_page_count_stand_on_the_page(self, tmp_path: Path) -> None:
        pdf = make("x", "y")
        assert f"D-1 · data {pdf.data[:16]}" in words(pdf, tmp_path)
        assert "Page 1 of 1" in words(pdf, tmp_path)

    @pytest.mark.parametrize(
        "text",
        [
            '#import "/etc/passwd": *',
            "#panic() ] [ } { $x^2$ *not bold* _not_ `raw` <label> @ref \\ // /* ~ = - + '",
            "<script>alert(1)</script>",
            '#read("main.typ")',
            "$ sum_(k=0)^n $ #{ 1 + 1 }",
            '{"k": "p"} \\u{1F600} &amp; &#x41;',
        ],
    )
    def test_hostile_text_is_printed_as_it_stands(self, text: str, tmp_path: Path) -> None:
        assert text in words(make(line=text), tmp_path)

    def test_hostile_markdown_is_printed_as_it_stands(self, tmp_path: Path) -> None:
        text = "#import ] $ <script>alert(1)</script> #panic()"
        assert text in words(make(text=text), tmp_path)
        assert "#panic() ] $" in words(make(text="`#panic() ] $`"), tmp_path)

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("fine 😀 words", "U+1F600 GRINNING FACE in “fine 😀 words” (text_md)"),
            ("&#x1F600;", "U+1F600 GRINNING FACE in “😀” (text_md)"),
            ("- item שלום", "U+05E9 HEBREW LETTER SHIN"),
            ("bell \x07", "U+0007 a control character in “bell \\u0007” (text_md)"),
            ("turn \u202e round", "U+202E RIGHT-TO-LEFT OVERRIDE in “turn \\u202e round” (text_md)"),
        ],
    )
    def test_what_cannot_be_printed_is_named(self, text: str, named: str) -> None:
        with pytest.raises(Invalid) as caught:
            make(text=text)
        assert named in caught.value.what
        assert caught.value.remedy == "Replace them in the texts named."

    def test_a_long_list_of_offences_is_cut_and_counted(self) -> None:
        with pytest.raises(Invalid, match=r"^12 characters cannot be printed: .*, and 4 more\."):
            make(line="一二三四五六七八九十百千")

    def test_a_skipped_heading_names_its_field(self) -> None:
        with pytest.raises(Invalid) as caught:
            make(text="# A\n\n### B")
        assert (caught.value.what, caught.value.field) == (
            "The heading “B” skips a level. (text_md)",
            "text_md",
        )

    def test_a_word_without_end_stays_on_the_page_and_whole(self, tmp_path: Path) -> None:
        word = "x" * 400 + "END"
        path = tmp_path / "made.pdf"
        path.write_bytes(make(line=word).content)
        boxes = subprocess.run(
            ["pdftotext", "-bbox", path, "-"], check=True, capture_output=True, text=True
        ).stdout
        assert max(float(right) for right in re.findall(r'xMax="([\d.]+)"', boxes)) <= 612
        assert word in words(make(line="", text=word), tmp_path).replace(" ", "")

    def test_zero_width_signs_do_not_break_a_word(self, tmp_path: Path) -> None:
        assert "rightanswer" in words(make(line="right\ufeffan\u200dswer"), tmp_path)
        assert "right" in words(make(line="right\u200banswer"), tmp_path)

    def test_a_template_reads_only_what_it_says(self) -> None:
        with pytest.raises(Invalid, match="“plain” lack text_md"):
            typst_pdf(TEMPLATE, {"line": "x"}, title="t", author="a", date=DAY)
        nosy = TEMPLATE + "\n#data.secret"
        data = {"line": "", "text_md": "", "secret": "s"}
        with pytest.raises(Invalid, match="could not be set"):
            typst_pdf(nosy, data, title="t", author="a", date=DAY)

    def test_a_template_fetches_no_package(self) -> None:
        with pytest.raises(Invalid, match="imports a package"):
            make(template=TEMPLATE + '\n#import "@preview/cetz:0.3.0"')

    def test_the_header_is_read(self) -> None:
        header = template_header(TEMPLATE)
        assert (header.name, header.says, header.reads) == (
            "plain",
            "Prints a line and a text",
            ("line", "text_md"),
        )
        with pytest.raises(Invalid, match="lacks reads"):
            template_header("// name: x\n// says: y\n\n= Text")

    @settings(max_examples=25, deadline=None)
    @given(st.text(alphabet=st.characters(max_codepoint=0x52F, exclude_categories=["Cs"]), max_size=80))
    def test_any_text_is_set_or_named(self, text: str) -> None:
        """Nothing that passes the look-through stops the setting."""
        try:
            make(line=text, text=text)
        except Invalid as error:
            assert not error.what.startswith("The document could not be set"), unicodedata.normalize(
                "NFC", text
            )


def test_markdown_fields_are_found_at_any_depth(tmp_path: Path) -> None:
    template = TEMPLATE.replace("line, text_md", "rows").replace("data.line", '"x"')
    template = template.replace(
        "#rich(data.text_md, under: 1)", "#rich(data.rows.at(0).deep.note_md, under: 1)"
    )
    data: dict[str, Any] = {"rows": [{"deep": {"note_md": "*soft* words"}}]}
    assert "soft words" in words(typst_pdf(template, data, title="t", author="a", date=DAY), tmp_path)
