"""Documents: Markdown to safe HTML, and templates to PDF, both without network and without surprises.

Text of people never becomes code here. Markdown is parsed to tokens; a page gets sanitised HTML, a PDF
gets the tokens as JSON, which the template sets as text. A PDF is PDF/A-2b and PDF/UA-1, made from
vendored fonts only, and the same data give the same bytes.
"""

from tickmark.kernel.documents.glyphs import FONTS, coverage, printable
from tickmark.kernel.documents.markdown import Block, Inline, markdown_blocks, markdown_html
from tickmark.kernel.documents.pdf import Header, Pdf, Versions, data_digest, template_header, typst_pdf

__all__ = [
    "FONTS",
    "Block",
    "Header",
    "Inline",
    "Pdf",
    "Versions",
    "coverage",
    "data_digest",
    "markdown_blocks",
    "markdown_html",
    "printable",
    "template_header",
    "typst_pdf",
]
