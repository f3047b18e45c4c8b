"""Pages of the evidence step: what is filed, the sources and their runs, the lists, the checks."""

from tickmark.web.views.evidence import checks, filing, lists, sources

routes = [*sources.routes, *lists.routes, *checks.routes, *filing.routes]
