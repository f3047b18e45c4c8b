"""Pull requests and reviews as the forge's REST interface gives them (`/repos/{owner}/{repo}/pulls`)."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from .changes import Actor, Change, Review
from .days import export_moment, zulu
from .history import Landed, branch, changes, repository
from .out import array, manifest, put

OWNER, NAME = "larkspur", "ledger"
ROOT = f"https://forge.{OWNER}.example/api/v3/repos/{OWNER}/{NAME}"
WEB = f"https://forge.{OWNER}.example/{OWNER}/{NAME}"
PAGE = 100


def _user(actor: Actor | None) -> dict[str, Any] | None:
    if actor is None:
        return None
    return {"login": actor.login, "id": actor.id, "type": "Bot" if actor.bot else "User", "site_admin": False}


def _author(change: Change) -> dict[str, Any] | None:
    return None if change.account_deleted else _user(change.author)


def _landed() -> dict[int, Landed]:
    return {landed.change.number: landed for landed in repository().landed if landed.change.number}


def _heads(change: Change, landed: Landed | None) -> tuple[tuple[str, ...], str]:
    return (landed.heads, landed.base) if landed else repository().unseen_heads(change)


def _updated(change: Change, moment: datetime) -> datetime:
    events = [change.opened, *change.pushes, *(r.at for r in change.reviews), change.merged, change.closed]
    events += [review.dismissed for review in change.reviews]
    return max(event for event in events if event and event <= moment)


def pull(change: Change, landed: Landed | None, moment: datetime) -> dict[str, Any]:
    """One pull request as `GET …/pulls/{number}` gave it at a moment."""
    heads, base = _heads(change, landed)
    pushed = sum(push <= moment for push in change.pushes)
    merged = change.merged if change.merged and change.merged <= moment else None
    closed = merged or (change.closed if change.closed and change.closed <= moment else None)
    return {
        "url": f"{ROOT}/pulls/{change.number}",
        "id": 2_100_000_000 + 977 * change.number,
        "html_url": f"{WEB}/pull/{change.number}",
        "number": change.number,
        "state": "closed" if closed else "open",
        "locked": False,
        "title": change.title,
        "user": _author(change),
        "body": None,
        "created_at": zulu(change.opened),
        "updated_at": zulu(_updated(change, moment)),
        "closed_at": zulu(closed),
        "merged_at": zulu(merged),
        "merge_commit_sha": (landed.commit if landed else heads[-1]) if merged else None,
        "assignees": [],
        "labels": [{"name": "dependencies"}] if change.author.bot else [],
        "draft": False,
        "head": _end(branch(change), heads[pushed - 1], _author(change)),
        "base": _end(change.base, base, {"login": OWNER, "type": "Organization"}),
        "auto_merge": None,
        "merged": merged is not None,
        "merged_by": _user(change.merged_by) if merged else None,
        "commits": pushed,
        "changed_files": len(change.paths),
    }


def _end(ref: str, sha: str, user: dict[str, Any] | None) -> dict[str, Any]:
    repo = {"id": 561_204, "full_name": f"{OWNER}/{NAME}", "default_branch": "main"}
    return {"label": f"{OWNER}:{ref}", "ref": ref, "sha": sha, "user": user, "repo": repo}


def _review(
    change: Change, place: int, review: Review, heads: tuple[str, ...], moment: datetime
) -> dict[str, Any]:
    taken_back = review.dismissed is not None and review.dismissed <= moment
    identity = 1_000_000_000 + 10 * change.number + place
    words = {
        "CHANGES_REQUESTED": "Please see the comments.",
        "COMMENTED": "One question below.",
        "APPROVED": "",
    }
    return {
        "id": identity,
        "user": _user(review.by),
        "body": words[review.state],
        "state": "DISMISSED" if taken_back else review.state,
        "html_url": f"{WEB}/pull/{change.number}#pullrequestreview-{identity}",
        "submitted_at": zulu(review.at),
        "commit_id": heads[review.push],
        "author_association": "NONE" if review.by.bot else "MEMBER",
    }


def _reviews(change: Change, landed: Landed | None, moment: datetime) -> list[dict[str, Any]]:
    heads, _ = _heads(change, landed)
    given = [(place, review) for place, review in enumerate(change.reviews) if review.at <= moment]
    return [_review(change, place, review, heads, moment) for place, review in given]


def write(target: Path, day: date) -> None:
    """`github/pulls-0001.json` and so on, 100 to a page, `github/reviews/<number>.json`, and the manifest."""
    moment, landed, folder = export_moment(day), _landed(), target / "github"
    known = [c for c in changes() if c.number and not c.record_missing and c.opened <= moment]
    pulls = [pull(change, landed.get(change.number), moment) for change in known]
    pages = range(0, len(pulls), PAGE)
    files = {f"pulls-{n:04}.json": array(pulls[start : start + PAGE]) for n, start in enumerate(pages, 1)}
    for change in known:
        files[f"reviews/{change.number}.json"] = array(_reviews(change, landed.get(change.number), moment))
    for stale in {*folder.glob("pulls-*.json"), *folder.glob("reviews/*.json")} - {folder / n for n in files}:
        stale.unlink()
    for name, text in files.items():
        put(folder / name, text)
    manifest(
        folder / "pulls.manifest.json",
        day,
        len(pulls),
        files=len(pages),
        per_page=PAGE,
        system=f"{WEB} (fictional)",
        report=f"GET {ROOT}/pulls and, for each, /pulls/{{number}} and …/reviews",
        filters={"state": "all", "sort": "created", "direction": "asc"},
    )
