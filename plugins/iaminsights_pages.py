"""Puts the site's templates in place, and gives them what they ask for.

Each function looks at what the reader may see only; templates call them only where they need them.
"""

from __future__ import annotations

import functools

from datasette import NotFound, Response, hookimpl
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from iaminsights.files import project_file
from iaminsights.reports.actions import WEIGHTS
from iaminsights.reports.documents import document_url
from iaminsights.site import catalogue, cells, gaps, names, overview, times
from iaminsights.site.answers import cors_headers
from iaminsights.site.breakdown import breakdown
from iaminsights.site.chart import feed_address
from iaminsights.site.counts import findings
from iaminsights.site.databases import holds_insights, other_version
from iaminsights.site.examples import examples
from iaminsights.site.explorers import choices, explorers
from iaminsights.site.first import first
from iaminsights.site.folds import lay_out
from iaminsights.site.found import by_kind
from iaminsights.site.listing import sections
from iaminsights.site.missing import missing
from iaminsights.site.news import news
from iaminsights.site.over_time import over_time
from iaminsights.site.references import about_rows
from iaminsights.site.score import scorecard, scores
from iaminsights.site.stories import story


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette) -> None:
    """Put our templates in front of Datasette's, behind those of a user's --template-dir."""
    folders = [datasette.template_dir] if datasette.template_dir else []
    ours = FileSystemLoader([*folders, str(project_file("templates"))])
    env.loader = ChoiceLoader([ours, env.loader])
    env.filters["moment"] = times.moment
    env.filters["day"] = times.day
    env.filters["document_url"] = document_url


@hookimpl
def extra_template_vars(datasette, request):
    if request is None:
        return {}
    reader = (datasette, request.actor)
    return {
        "breakdown_of": breakdown,
        "over_time_of": over_time,
        "chart_feed": functools.partial(feed_address, datasette, request),
        "accounts_of": functools.partial(overview.accounts, *reader),
        "reports_of": functools.partial(catalogue.visible, *reader),
        "tables_of": functools.partial(overview.tables, *reader),
        "findings_of": functools.partial(findings, *reader),
        "first_of": functools.partial(first, *reader),
        "news_of": functools.partial(news, *reader),
        "scores_of": functools.partial(scores, *reader),
        "scorecard_of": functools.partial(scorecard, *reader),
        "weights": WEIGHTS,
        "gaps_of": functools.partial(gaps.gaps, datasette),
        "choices_of": functools.partial(choices, datasette),
        "explorers_of": functools.partial(explorers, *reader),
        "crumb_items": functools.partial(names.crumbs, *reader),
        "heading_of": names.heading_of,
        "reports_title": functools.partial(names.reports_title, datasette),
        "tables_url": functools.partial(names.tables_url, datasette),
        "sections_of": sections,
        "examples_of": functools.partial(examples, *reader),
        "found_by_kind": by_kind,
        "by_heading": names.by_heading,
        "tell_cells": functools.partial(cells.tell, *reader),
        "lay_out": lay_out,
        "tell_report": functools.partial(cells.tell_report, *reader),
        "about_row": about_rows(*reader),
        "story_of": functools.partial(story, *reader),
        "search_url": functools.partial(catalogue.search_url, *reader),
        "holds_insights": functools.partial(holds_insights, datasette),
        "other_version_of": lambda name: other_version(datasette.databases[name]),
    }


@hookimpl
def handle_exception(datasette, request, exception):
    """A page that leads on from where nothing is; what asks for JSON gets Datasette's answer."""
    if not isinstance(exception, NotFound) or request.path.endswith(".json"):
        return None

    async def page() -> Response:
        said = {"ok": False, "error": str(exception), "status": 404, "title": None}
        context = {**said, "missing": await missing(datasette, request.actor, request.path)}
        html = await datasette.render_template("404.html", context, request=request)
        return Response.html(html, status=404, headers=cors_headers(datasette))

    return page
