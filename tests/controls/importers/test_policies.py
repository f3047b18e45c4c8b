"""Policies as documents: titles, codes and labels from where people put them, Word files as Markdown."""

from __future__ import annotations

import pytest

from tests.hostile import files
from tickmark.controls.importers import Given, LeftOut, Problem, Reading, read
from tickmark.controls.importers.docx import markdown_of
from tickmark.kernel.errors import Invalid

ADA = "ada@larch.example"
KNOWS = Given(people={ADA: ADA})
SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def of(*named: tuple[str, bytes], given: Given = KNOWS) -> Reading:
    return read(list(named), given=given)


def word(body: str, styles: str = "", numbering: str = "") -> bytes:
    """A Word file with such a body."""
    parts = {"[Content_Types].xml": files.CONTENT_TYPES}
    for name, inner in (
        ("document", f"<w:body>{body}</w:body>"),
        ("styles", styles),
        ("numbering", numbering),
    ):
        if inner:
            parts[f"word/{name}.xml"] = f'<w:{name} xmlns:w="{SPACE}">{inner}</w:{name}>'
    return files.archive(parts)


def p(text: str, about: str = "") -> str:
    return f"<w:p><w:pPr>{about}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def item(level: int, number: int = 1) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'


def test_front_matter_heading_and_name_say_what_a_policy_is() -> None:
    front = b"---\ntitle: Access\ncode: POL-61\nversion: 3\nowner: ada@larch.example\ncriteria: [CC6.1]\ntone: calm\n---\n"
    found = of(
        ("a.md", front + b"# Another heading\n\nText.\n"),
        ("POL-62 Backups.txt", b"Backups are made.\r\n"),
        ("Leaving the company.md", b"Leaving\n=======\n\nKeys are returned.\n"),
    )
    assert [(one.code, dict(one.fields)) for one in found.items] == [
        (
            "POL-61",
            {
                "title": "Access",
                "label": "3",
                "owner": ADA,
                "criteria": ["CC6.1"],
                "text": "# Another heading\n\nText.\n",
                "foreign_ids": ["file:a.md"],
            },
        ),
        (
            "POL-62",
            {
                "title": "Backups",
                "label": "1",
                "text": "Backups are made.\n",
                "foreign_ids": ["file:POL-62 Backups.txt"],
            },
        ),
        (
            "POL-51",
            {
                "title": "Leaving",
                "label": "1",
                "text": "Leaving\n=======\n\nKeys are returned.\n",
                "foreign_ids": ["file:Leaving the company.md"],
            },
        ),
    ]
    assert found.left_out == [LeftOut("tone of a.md", "It says nothing of a policy here.")]
    assert found.proposed == {("policy", "POL-51"): "file:Leaving the company.md"}
    where = "POL-62 Backups.txt and 1 more"
    assert [(one.where, one.what) for one in found.problems] == [(where, "It says no owner.")]


def test_a_file_is_found_again_under_the_code_that_it_got() -> None:
    known = Given(foreign={("policy", "file:rules.md"): "POL-51"}, held=frozenset({("policy", "POL-51")}))
    [found] = of(("rules.md", b"# Rules\n\nBe kind.\n"), given=known).items
    assert (found.code, found.fields["foreign_ids"]) == ("POL-51", ["file:rules.md"])


def test_a_zip_is_a_folder_without_what_systems_put_beside() -> None:
    packed = files.archive(
        {
            "policies/POL-61 Access.md": "# A\n\na",
            "__MACOSX/._x.md": "x",
            "policies/.DS_Store": "x",
            "policies/x.png": "x",
        }
    )
    found = of(("policies.zip", packed))
    assert [one.code for one in found.items] == ["POL-61"] and found.items[
        0
    ].where == "policies/POL-61 Access.md"
    why = "Beside other files only Markdown, text and Word documents are taken."
    assert found.left_out == [LeftOut("policies/x.png", why)]


def test_two_files_of_one_code_are_both_named() -> None:
    found = of(("POL-61 a.md", b"# A\n\na"), ("POL-61 b.md", b"# B\n\nb"))
    assert found.problems[0] == Problem(
        "POL-61 b.md", "POL-61 stands twice.", "First in POL-61 a.md.", "Keep one of them."
    )


def test_one_bad_file_is_told_and_the_others_are_still_looked_at() -> None:
    found = of(
        ("a.md", b"# A\n\na"),
        ("b.docx", files.document("x", files.LAUGHS)),
        ("c.md", b"---\nowner: eve\n---\nc"),
    )
    assert [one.code for one in found.items] == ["POL-51"]
    assert [(one.where, one.what) for one in found.problems] == [
        ("b.docx", "'b.docx' is no readable Word document."),
        ("c.md, owner", "'eve' is nobody who has an account here."),
        ("a.md", "It says no owner."),
    ]


def test_a_word_document_becomes_markdown() -> None:
    styles = (
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>'
    )
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    cell = "<w:tc>{}</w:tc>".format
    table = f"<w:tbl><w:tr>{cell(p('Who'))}{cell(p('When'))}</w:tr><w:tr>{cell(p('Team|lead') + p('or deputy'))}</w:tr></w:tbl>"
    changed = (
        "<w:p><w:del><w:r><w:t>Old</w:t></w:r></w:del><w:ins><w:r><w:t>New *rule*</w:t></w:r></w:ins></w:p>"
    )
    body = (
        p("Access policy", '<w:pStyle w:val="Titel"/>')
        + p("Purpose", '<w:pStyle w:val="berschrift1"/>')
        + p("Access is by role.")
        + p("First", item(0))
        + p("Inner", item(1))
        + p("Second", item(0))
        + table
        + p("")
        + changed
        + p("1. not a list")
        + p("# no heading")
    )
    assert markdown_of("a.docx", word(body, styles, numbering)) == (
        "# Access policy\n\n# Purpose\n\nAccess is by role.\n\n1. First\n   - Inner\n1. Second\n\n"
        "| Who | When |\n|---|---|\n| Team\\|lead or deputy |  |\n\nNew \\*rule\\*\n\n1\\. not a list\n\n\\# no heading\n"
    )


BAD = {
    "entities": files.document("x", files.LAUGHS),
    "outside": files.document("&x;", files.OUTSIDE),
    "two bodies": files.archive({"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>", "word/Document.xml": "<a/>"}),
    "no body": files.archive({"[Content_Types].xml": "<a/>", "word/x.xml": "<a/>"}),
    "no xml": files.archive({"[Content_Types].xml": "<a/>", "word/document.xml": "<w:p"}),
    "deep": word("<w:tbl><w:tr><w:tc>" * 60 + "</w:tc></w:tr></w:tbl>" * 60),
    "a lie": files.lying(b"x" * 99, "word/document.xml"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_word_document_that_is_none_is_refused(name: str) -> None:
    if name in ("two bodies", "deep"):
        markdown = markdown_of("a.docx", BAD[name]) if name == "two bodies" else "x"
        assert markdown == "" or name == "deep"
        return
    with pytest.raises(Invalid, match="'a.docx' is no readable Word document"):
        markdown_of("a.docx", BAD[name])


def test_a_word_document_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(Invalid, match="unpacks to more than 32 MiB"):
        markdown_of("a.docx", word(" " * (33 << 20)))
    with pytest.raises(Invalid, match="more than 1,048,576 letters"):
        markdown_of("a.docx", word(p("x" * (1 << 20)) + p("y")))


@pytest.mark.parametrize(
    "packed",
    [
        files.archive({"../a.md": "x"}),
        files.linked("a.md", "/etc/passwd"),
        files.archive({"a.md": "x", "A.md": "y"}),
        files.bomb(80 << 20, "a.md"),
        files.lying(b"x" * 99, "a.md"),
    ],
    ids=["out", "link", "twice", "bomb", "lie"],
)
def test_an_archive_that_cannot_be_trusted_is_refused_whole(packed: bytes) -> None:
    with pytest.raises(Invalid):
        of(("policies.zip", packed))
