"""The verbs that call a server: words in, lines and exit codes out; the server answers in process."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.calling import token, written
from tests.cli.running import Ran
from tickmark.cli import calling, wording
from tickmark.evidence.models import Evidence
from tickmark.kernel.errors import Invalid, Refused, Unavailable
from tickmark.kernel.search.work import whole
from tickmark.scope.models import Commitment, Exclusion


@pytest.fixture
def run(capsys: Any) -> Any:
    """Run a command."""
    return lambda *words: Ran(capsys, *words)


# -- doing ---------------------------------------------------------------------------------------------------------


def test_do_prints_the_reference_of_what_it_made(server: Any, run: Any) -> None:
    done = run(
        "do",
        "scope.exclude",
        "system=ledger",
        "what=Pilot = one",
        "reason=Three customers",
        "until=2027-02-01",
    )
    row = Exclusion.objects.get(what="Pilot = one")
    assert (done.code, done.lines, done.err) == (0, [row.ref], "")
    assert (row.reason, str(row.until), row.by) == ("Three customers", "2027-02-01", server.cast.lead)


def test_do_takes_lists_objects_numbers_and_truth_as_words(server: Any, run: Any) -> None:
    done = run(
        "do", "controls.write", "code=AC-98", "title=T", "statement=The owner reviews.", "criteria=CC6.2, CC6.3", "criteria=CC6.1",
        "nature=M", "purpose=D", "frequency=annual", f"owner={server.cast.owner.ref}", "effective_from=2026-11-01",
        'parameters={"days": 10}', "--json",
    )  # fmt: skip
    found = json.loads(done.out)
    assert (found["fact"]["criteria"], found["fact"]["parameters"]) == (
        ["CC6.2", "CC6.3", "CC6.1"],
        {"days": 10},
    )
    run("do", "scope.commit", "system=ledger", "code=SC-8", "kind=commitment", "category=security", "text=@@home", "source=Terms",
        "effective_from=2026-11-01", "principal=false")  # fmt: skip
    row = Commitment.objects.get(code="SC-8")
    assert (row.text, row.principal) == ("@home", False)


def test_do_takes_a_text_from_a_file_and_from_standard_input(
    server: Any, run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "why.md").write_text("Because.\nTwice.", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO("From a pipe"))
    assert run("do", "scope.exclude", "system=ledger", "what=@-", f"reason=@{home}/why.md").code == 0
    assert Exclusion.objects.get(what="From a pipe").reason == "Because.\nTwice."


@pytest.mark.parametrize("way", ["among", "option"])
def test_do_sends_a_file(server: Any, run: Any, home: Path, way: str) -> None:
    (home / "shot.txt").write_bytes(b"a picture " + way.encode())
    word = f"upload=@{home}/shot.txt"
    words = [word] if way == "among" else ["--file", word]
    done = run("do", "evidence.file", "kind=CFG", "source=Console", "control=CHG-02", *words)
    assert (done.code, done.err) == (0, "")
    row = Evidence.objects.get(name="shot.txt")
    assert done.lines == [row.ref]
    assert row.supports.get().control == server.control


def test_a_folder_is_filed_as_one(server: Any, run: Any, home: Path) -> None:
    folder = home / "june"
    (folder / "more").mkdir(parents=True)
    for name, content in (("a.txt", "a"), ("b.txt", "b"), ("c.png", "c"), (".hidden", "d")):
        (folder / name).write_text(content)
    (folder / "manifest.csv").write_text("name,control\na.txt,CHG-02\n")
    words = ["evidence", "file-many", str(folder), "--kind", "REC", "--source", "Wiki"]
    tried = run(*words, "--dry-run")
    assert [line.split("\t")[:2] for line in tried.lines] == [
        ["a.txt", "filed"],
        ["b.txt", "filed"],
        ["c.png", "refused"],
    ]
    assert "Folders within it are not looked into: more" in tried.err
    refused = run(*words)
    assert (refused.code, Evidence.objects.filter(name="a.txt").count()) == (5, 0)
    assert "1 of 3 files cannot be filed, so none was." in refused.err
    done = run(*words, "--leave-out")
    row = Evidence.objects.get(name="a.txt")
    assert (done.code, done.out.split("\t")[1:]) == (0, ["2 filed", "1 left out\n"])
    assert (row.supports.get().control, row.source) == (server.control, "Wiki")
    assert Evidence.objects.get(name="b.txt").entry == row.entry


def test_do_sends_several_files(server: Any, run: Any, home: Path) -> None:
    for name in ("one.txt", "two.txt"):
        (home / name).write_text(name)
    done = run(
        "do",
        "evidence.file_many",
        f"files=@{home}/one.txt",
        f"files=@{home}/two.txt",
        "kind=REC",
        "source=Wiki",
    )
    assert (done.code, done.err) == (0, "")
    assert Evidence.objects.filter(name__in=["one.txt", "two.txt"]).count() == 2


def test_a_secret_is_shown_once_and_not_into_the_pipe(server: Any, run: Any) -> None:
    done = run("do", "people.invite", "email=n@northlight.example", "name=Nia", "side=company", "role=owner")
    assert done.lines[0].startswith("IN-")
    assert done.err.startswith("Shown once, copy it now: http")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["do", "scope.exclud"], 3, "There is no action scope.exclud.\nList them: tickmark actions"),
        (["do", "scope.exclude", "system"], 5, "'system' is no argument.\nIt has no =.\nWrite name=value."),
        (["do", "scope.exclude", "colour=red"], 5, "scope.exclude takes no 'colour'.\nIt takes system, what, reason, until.\nCorrect the name."),
        (["do", "scope.exclude", "what=a", "what=b"], 5, "'what' is given twice.\nIt takes one value.\nLeave one out."),
        (["do", "scope.exclude", "system=nowhere", "what=a", "reason=b"], 3,
         "There is no system nowhere.\nCheck the reference, and the account you are signed in with."),
        (["do", "scope.exclude", "system=ledger", "what=a"], 5,
         "'reason' cannot be taken.\nField required.\nCorrect it and send it again."),
        (["do", "evidence.file", "upload=@nothing.txt", "kind=DOC"], 5,
         "There is no file nothing.txt.\n'upload' is a file.\nWrite upload=@path/to/file."),
        (["do", "audit.opine"], 5, None),
        (["do", "scope.set_period", "system=ledger", "type=2", "start=2025-11-01", "end=2026-10-31"], 4, None),
        (["do", "controls.write", "parameters=x"], 5, "'parameters' is no object.\nIt is 'x'.\nWrite it as JSON."),
        (["show", "ZZ-1"], 3, "'ZZ-1' is no reference.\nIt begins with no noun's two letters.\nFor a code, name its list too."),
        (["show", "EV-99999"], 3, None),
        (["list", "controls", "colour=red"], 5, None),
        (["list", "controls", "limit=900"], 5, None),
        (["actions", "nothing"], 3, None),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_and_writes_nothing(
    server: Any, run: Any, words: list[str], code: int, says: str | None
) -> None:
    before = written()
    done = run(*words)
    assert (done.code, done.out) == (code, ""), done.err
    assert done.err.strip()
    if says is not None:
        assert done.err == f"{says}\n"
    assert written() == before


# -- reading -------------------------------------------------------------------------------------------------------


def test_list_gives_tabs_to_pipes_and_one_json_a_line(server: Any, run: Any) -> None:
    assert run("list", "controls", "code=chg").lines == [f"{server.control.ref}\tCHG-02"]
    rows = [json.loads(line) for line in run("list", "evidence/supports", "control=CHG-02", "--json").lines]
    assert {row["fact"]["control"] for row in rows} == {server.control.ref} and len(rows) > 2
    assert run("list", "controls", "code=nothing").lines == []


def test_list_follows_the_pages_when_all_is_wanted(
    server: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKMARK_TOKEN", token(server, "auditor"))
    part = run("list", "sample-items", "limit=30", "--json").lines
    whole = run("list", "sample-items", "limit=30", "--json", "--all").lines
    assert (len(part), whole[:30]) == (30, part)
    assert len(whole) == len(set(whole)) > 100


def test_show_by_reference_and_by_code(server: Any, run: Any) -> None:
    by_reference, by_code = (
        run("show", server.control.ref, "--json"),
        run("show", "CHG-02", "controls", "--json"),
    )
    assert json.loads(by_reference.out) == json.loads(by_code.out)
    assert "code\tCHG-02" in run("show", server.control.ref).lines


def test_tasks_of_a_day(server: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKMARK_TOKEN", token(server, "owner"))
    rows = [json.loads(line) for line in run("tasks", "--day", "2026-12-11", "--json").lines]
    lines = run("tasks", "--day", "2026-12-11").lines
    assert len(rows) == len(lines) > 0
    assert lines[0].split("\t")[3] == " ".join(rows[0]["title"].split())
    assert run("tasks", "--day", "soon").code == 5


def test_actions_tell_what_may_be_left_out(server: Any, run: Any) -> None:
    lines = run("actions", "scope").lines
    assert "scope.exclude system what reason [until]" in lines
    assert all(line.startswith(("scope.", "    ")) for line in lines)
    schemas = [json.loads(line) for line in run("actions", "evidence", "--json").lines]
    assert next(one for one in schemas if one["action"] == "evidence.accept")["arguments"]["required"] == [
        "support"
    ]


def test_people_see_an_aligned_table_without_characters_that_move_the_cursor() -> None:
    rows = [["EV-1", "short"], ["EV-22", "x" * 60], ["EV-3", "a\x1b[2Jb"]]
    assert list(wording.table(["ref", "name"], rows, wide=False)) == [
        "ref    name",
        "EV-1   short",
        f"EV-22  {'x' * 43}…",
        "EV-3   a�[2Jb",
    ]


# -- who calls whom ------------------------------------------------------------------------------------------------


def test_login_asks_the_server_and_keeps_the_token_for_its_owner_only(
    server: Any, run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{token(server, 'lead', ['read'])}\n"))
    monkeypatch.delenv("TICKMARK_TOKEN")
    done = run("login", "--address", "http://localhost:8000/")
    path = home / ".config" / "tickmark" / "login.json"
    assert done.lines == ["You are Lead (company); the token may read.", f"Kept in {path}."]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["login.json"]
    assert run("list", "controls", "code=CHG").code == 0
    assert run("do", "scope.exclude", "system=ledger", "what=a", "reason=b").code == 3


def test_a_token_that_does_not_work_is_not_kept(
    server: Any, run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("tm_wrong\n"))
    done = run("login", "--address", "http://localhost:8000")
    assert (done.code, done.err.splitlines()[0]) == (3, "You are not signed in.")
    assert not (home / ".config").exists()
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert run("login", "--address", "http://localhost:8000").code == 5


def test_a_kept_token_goes_to_its_own_server_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calling.keep(calling.Login("https://one.example", "tm_one"))
    assert calling.login() == calling.Login("https://one.example", "tm_one")
    monkeypatch.setenv("TICKMARK_ADDRESS", "https://other.example")
    with pytest.raises(Refused, match="no token for https://other.example"):
        calling.login()
    monkeypatch.setenv("TICKMARK_TOKEN", "tm_two")
    assert calling.login() == calling.Login("https://other.example", "tm_two")


def test_without_anything_kept_the_remedy_is_to_log_in(home: Path) -> None:
    with pytest.raises(Refused) as error:
        calling.login()
    assert error.value.remedy.endswith("tickmark login --address http://localhost:8000")


def test_a_broken_file_is_told(home: Path) -> None:
    path = calling.keep(calling.Login("https://one.example", "tm_one"))
    path.write_text("{", encoding="utf-8")
    with pytest.raises(Invalid, match="cannot be read"):
        calling.login()


@pytest.mark.parametrize(
    "address", ["http://tickmark.example", "http://10.0.0.7:8000", "tickmark.example", "ftp://x", ""]
)
def test_a_token_is_never_sent_in_the_clear(address: str) -> None:
    with pytest.raises(Invalid):
        calling.check_address(address)


@pytest.mark.parametrize(
    "address", ["http://localhost:8000", "http://127.0.0.1:9", "http://[::1]:8000", "https://x.example/"]
)
def test_addresses_that_will_do(address: str) -> None:
    assert calling.check_address(address) == address.rstrip("/")


def answering(answer: httpx.Response | Exception) -> Any:
    """A transport that gives one answer."""

    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return lambda: httpx.MockTransport(handle)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (httpx.ConnectError("refused"), "Nothing answers at http://localhost:8000."),
        (httpx.ReadTimeout("slow"), "Nothing answers at http://localhost:8000."),
        (httpx.Response(502, text="<h1>Bad gateway</h1>"), "http://localhost:8000/api/me answered 502."),
        (
            httpx.Response(301, headers={"Location": "https://elsewhere.example"}),
            "http://localhost:8000/api/me answered 301.",
        ),
    ],
)
def test_a_server_that_is_none_is_unavailable(
    home: Path, monkeypatch: pytest.MonkeyPatch, answer: Any, what: str
) -> None:
    monkeypatch.setattr(calling, "transport", answering(answer))
    with pytest.raises(Unavailable) as error:
        calling.Server(calling.Login("http://localhost:8000", "tm_x")).get("/me")
    assert error.value.what == what
    assert error.value.remedy


def test_search_prints_what_was_found_and_says_what_was_not_looked_at(server: Any, run: Any) -> None:
    behind = run("search", "zebra", "crossing")
    assert (behind.code, behind.out.strip()) == (0, "") and "not indexed yet" in behind.err
    whole()
    found = run("search", "ledger", "--step", "scope", "--json", "--all")
    rows = [json.loads(line) for line in found.lines]
    assert found.code == 0 and rows and {row["noun"].split(".")[0] for row in rows} == {"scope"}
    assert all(row["url"].startswith("/scope/") for row in rows)
    wrong = run("search", "ledger", "--noun", "scope.Nonsense")
    assert (wrong.code, wrong.err.splitlines()[0]) == (5, "There is no noun 'scope.Nonsense'.")
