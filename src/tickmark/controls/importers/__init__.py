"""Other people's files as items of a programme: tables, policies, CISO Assistant libraries, OSCAL.

Nothing here knows the books or writes: files and what the books know go in (`Given`), items and everything that was not
taken come out (`Reading`). What is recorded is the difference, by `scope.apply`.
"""

from tickmark.controls.importers.kinds import KINDS
from tickmark.controls.importers.reading import read
from tickmark.controls.importers.sheet_of import sheet_of
from tickmark.controls.importers.told import Column, Given, LeftOut, Names, Problem, Reading

__all__ = ["KINDS", "Column", "Given", "LeftOut", "Names", "Problem", "Reading", "read", "sheet_of"]
