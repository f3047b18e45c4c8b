"""Loaded by `-p tests.home` before the settings are: the test run has a home of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="tickmark-tests-")) / "home"
HOME.mkdir()
os.environ["TICKMARK_HOME"] = str(HOME)
os.environ.pop("TICKMARK_FILES", None)
atexit.register(shutil.rmtree, HOME.parent, ignore_errors=True)
