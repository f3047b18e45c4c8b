"""Pages of the audit: the home of both sides, the engagement, its requests, its tests and working papers."""

from django.urls import path

from tickmark.web.lists import list_paths
from tickmark.web.views.audit import engagement, home, paper, requests, tests

routes = [
    path("audit/", home.home, name="audit"),
    path("audit/<slug:code>/", engagement.engagement, name="engagement"),
    path("audit/<slug:code>/criteria", engagement.criteria, name="engagement-criteria"),
    *list_paths("audit/<slug:code>/requests", requests.index, "audit-requests"),
    path("audit/<slug:code>/requests/<str:request_code>", requests.detail, name="audit-request"),
    *list_paths("audit/<slug:code>/tests", tests.index, "audit-tests"),
    path("audit/<slug:code>/tests/new", tests.new, name="audit-test-new"),
    path("audit/<slug:code>/tests/<str:ref>", paper.paper, name="audit-test"),
    *list_paths("audit/<slug:code>/tests/<str:ref>/grid", paper.grid, "audit-grid"),
    path("audit/<slug:code>/tests/<str:ref>/<str:item>", paper.item, name="audit-item"),
]
