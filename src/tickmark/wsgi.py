"""The web application as a server takes it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tickmark.settings")
application = get_wsgi_application()

from tickmark.web.lasting import leave_out  # noqa: E402 - the program is loaded by now

leave_out()
