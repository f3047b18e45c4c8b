"""The API, generated from the actions and the nouns that the permission table names."""

from __future__ import annotations

from ninja import NinjaAPI

from tickmark import __version__
from tickmark.api import answers, calls, finding, lists, previews, problems
from tickmark.api.auth import Session, Token
from tickmark.api.page import described, page

api = NinjaAPI(
    title="Tickmark",
    version=__version__,
    description="Every action and every noun of Tickmark, as its pages know them.",
    urls_namespace="api",
    docs_url=None,
    openapi_url=None,
    auth=[Token(), Session()],
)
problems.add_to(api)
api.add_router("", answers.routes)
api.add_router("", finding.routes)
api.add_router("", calls.router())
api.add_router("", lists.router())
api.post("/evidence/file_many/preview", include_in_schema=False, url_name="intake-preview")(
    previews.file_many
)
api.post("/scope/apply/preview", include_in_schema=False, url_name="programme-preview")(previews.programme)
api.get("/docs", auth=None, include_in_schema=False, url_name="docs")(page)
api.get("/openapi.json", auth=None, include_in_schema=False, url_name="openapi-json")(described)
