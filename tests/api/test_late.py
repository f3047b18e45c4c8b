"""Pages do not load the API: it comes with the first call, and answers under the same addresses as ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOOK = """
import sys
import django
django.setup()
from django.urls import get_resolver, resolve, reverse
from tickmark.urls import urlpatterns
there = lambda: "tickmark.api.door" in sys.modules
print(reverse("demo"), resolve("/healthz").route, there())
print(resolve("/api/evidence/file").route, there())
print(reverse("api:openapi-json"), resolve("/scim/v2/Users").route)
"""


def test_the_api_is_loaded_by_its_first_call(tmp_path: Path) -> None:
    told = {**os.environ, "TICKMARK_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tickmark.settings"}
    told |= {"PYTHONPATH": "src"}
    done = subprocess.run([sys.executable, "-c", LOOK], env=told, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "/demo healthz False",
        "api/evidence/file True",
        "/api/openapi.json scim/v2/Users",
    ]
