"""CISO Assistant and OSCAL: what they hold as proposals, their ids kept, nothing made up."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tickmark.controls.importers import Given, LeftOut, Reading, read
from tickmark.kernel.errors import Invalid

SAID = {"nature": "M", "purpose": "P", "frequency": "annual", "owner": "ada@larch.example"}
GIVEN = Given(defaults=SAID)
LIBRARY: dict[str, Any] = {
    "urn": "urn:larch:risk:library:own",
    "locale": "en",
    "ref_id": "OWN",
    "objects": {
        "framework": {
            "ref_id": "SOC2-2017",
            "requirement_nodes": [
                {"ref_id": "CC6", "name": "Access"},
                {"ref_id": "CC6.1.3", "reference_controls": ["urn:larch:c:1"]},
                {"ref_id": "CC6.2", "reference_controls": ["urn:larch:c:1", "urn:larch:c:none"]},
            ],
        },
        "reference_controls": [
            {"urn": "urn:larch:c:1", "ref_id": "AC-31", "name": "Joiners", "category": "process",
             "description": "Access is asked for by role.", "annotation": "By the head of the team.",
             "typical_evidence": "Tickets"},
            {"urn": "urn:larch:c:2", "ref_id": "KEY.1", "name": "Keys", "category": "technical", "description": "Keys turn."},
            {"urn": "urn:larch:p:1", "ref_id": "POL.ACC", "name": "Access rules", "category": "policy",
             "description": "By role."},
        ],
        "threats": [],
    },
}  # fmt: skip


def of(data: Any, name: str = "library.yaml", given: Given = GIVEN, kind: str = "") -> Reading:
    body = yaml.safe_dump(data) if name.endswith("yaml") else json.dumps(data)
    return read([(name, body.encode())], kind, given=given)


def test_a_library_gives_controls_with_the_criteria_of_the_framework_beside_them() -> None:
    found = of(LIBRARY)
    assert [(one.kind, one.code, dict(one.fields)) for one in found.items] == [
        (
            "control",
            "AC-31",
            {
                **SAID,
                "title": "Joiners",
                "criteria": ["CC6.1", "CC6.2"],
                "statement": "Access is asked for by role.\n\nBy the head of the team.",
                "evidence_wanted": "Tickets",
                "foreign_ids": ["ciso-assistant:urn:larch:c:1"],
            },
        ),
        (
            "control",
            "IMP-01",
            {
                **SAID,
                "title": "Keys",
                "statement": "Keys turn.",
                "foreign_ids": ["ciso-assistant:urn:larch:c:2"],
            },
        ),
        (
            "policy",
            "POL-51",
            {
                "owner": SAID["owner"],
                "title": "Access rules",
                "text": "# Access rules\n\nBy role.\n",
                "label": "1",
                "foreign_ids": ["ciso-assistant:urn:larch:p:1"],
            },
        ),
    ]
    assert found.left_out == [LeftOut("Threats", "Only reference controls and policies are taken.")]
    [lacks] = found.problems
    assert (lacks.where, lacks.what) == ("library.yaml, control 2 (KEY.1)", "It says no criteria.")
    assert lacks.remedy == "Take it as a table, fill the column, and bring in the table."


def test_only_what_was_asked_for_is_taken() -> None:
    found = of(LIBRARY, kind="policy")
    assert ([one.code for one in found.items], found.problems) == (["POL-51"], [])
    assert LeftOut("2 others", "Only policy items were asked for.") in found.left_out


def test_another_framework_maps_nothing() -> None:
    other = {**LIBRARY["objects"], "framework": {**LIBRARY["objects"]["framework"], "ref_id": "ISO27001"}}
    assert [one.fields.get("criteria") for one in of({**LIBRARY, "objects": other}).items] == [None] * 3


def test_older_libraries_call_them_security_functions() -> None:
    older = {**LIBRARY, "objects": {"security_functions": LIBRARY["objects"]["reference_controls"]}}
    assert [one.code for one in of(older).items] == ["AC-31", "IMP-01", "POL-51"]


def test_a_library_without_controls_is_refused() -> None:
    with pytest.raises(Invalid, match="holds no controls. It holds threats"):
        of({"urn": "urn:x", "objects": {"threats": []}})


def test_two_of_one_urn_are_told() -> None:
    twice = {"reference_controls": [dict(LIBRARY["objects"]["reference_controls"][0]) for _ in range(2)]}
    [told] = of({**LIBRARY, "objects": twice}).problems[:1]
    assert (told.where, told.why) == (
        "library.yaml, control 2 (AC-31)",
        "First in library.yaml, control 1 (AC-31).",
    )


CATALOG: dict[str, Any] = {
    "catalog": {
        "uuid": "u",
        "metadata": {"title": "Own", "oscal-version": "1.1.2"},
        "groups": [
            {
                "id": "ac",
                "controls": [
                    {
                        "id": "ac-1",
                        "title": "Policy",
                        "params": [{"id": "p1", "label": "days"}, {"id": "p2", "values": ["two"]}],
                        "parts": [
                            {"name": "statement", "prose": "Within {{ insert: param, p1 }} and {{ insert: param, p2 }}.",
                             "parts": [{"name": "item", "props": [{"name": "label", "value": "a."}], "prose": "Say so."}]},
                            {"name": "guidance", "prose": "Think."},
                        ],
                        "controls": [{"id": "ac-1.1", "title": "More", "parts": [{"name": "statement", "prose": "More."}]}],
                    },
                    {"id": "ac-2", "title": "Gone", "props": [{"name": "status", "value": "withdrawn"}]},
                ],
            },
            {"id": "tsc", "groups": [{"id": "cc6", "controls": [{"id": "cc6.1", "title": "Access"}]}]},
        ],
    }
}  # fmt: skip


@pytest.mark.parametrize("name", ["catalog.json", "catalog.yaml"])
def test_a_catalog_gives_proposals_under_its_ids(name: str) -> None:
    found = of(CATALOG, name)
    assert [(one.code, one.fields.get("statement"), one.fields.get("criteria")) for one in found.items] == [
        ("AC-1", "Within [days] and two.\na. Say so.", None),
        ("AC-1.1", "More.", None),
        ("IMP-01", None, ["CC6.1"]),
    ]
    assert [one.fields["foreign_ids"] for one in found.items] == [
        ["oscal:ac-1"],
        ["oscal:ac-1.1"],
        ["oscal:cc6.1"],
    ]
    assert found.proposed == {
        ("control", "AC-1"): "ac-1",
        ("control", "AC-1.1"): "ac-1.1",
        ("control", "IMP-01"): "cc6.1",
    }


def definition(**more: Any) -> dict[str, Any]:
    implemented = {
        "uuid": "r1",
        "control-id": "CC6.1",
        "description": "Roles.",
        "set-parameters": [{"param-id": "p", "values": ["a key"]}],
        "statements": [
            {"statement-id": "s", "uuid": "s1", "description": "Signs in with {{ insert: param, p }}."}
        ],
    }
    other = {"uuid": "r2", "control-id": "sc-8", "description": "TLS."}
    component = {
        "uuid": "c",
        "title": "Store",
        "control-implementations": [{"uuid": "i", "implemented-requirements": [implemented, other]}],
    }
    return {
        "component-definition": {
            "uuid": "u",
            "metadata": {"oscal-version": "1.0.4"},
            "components": [component],
            **more,
        }
    }


def test_a_component_definition_gives_what_its_components_do() -> None:
    found = of(definition(), "definition.json")
    assert [
        (one.code, one.fields["title"], one.fields["statement"], one.fields.get("criteria"))
        for one in found.items
    ] == [
        ("IMP-01", "Store: CC6.1", "Roles.\n\nSigns in with a key.", ["CC6.1"]),
        ("IMP-02", "Store: sc-8", "TLS.", None),
    ]
    assert [one.fields["foreign_ids"] for one in found.items] == [["oscal:r1"], ["oscal:r2"]]


@pytest.mark.parametrize("version", ["1.2.0", "2.0.0", "", "0.9"])
def test_other_versions_are_refused(version: str) -> None:
    other = definition(metadata={"oscal-version": version})
    with pytest.raises(Invalid, match=r"1.0 and 1.1 are read"):
        of(other, "definition.json")


@pytest.mark.parametrize("root", ["profile", "system-security-plan", "assessment-results"])
def test_other_documents_are_refused(root: str) -> None:
    with pytest.raises(Invalid, match="Choose a catalog or a component definition"):
        of({root: {"metadata": {"oscal-version": "1.1.2"}}}, "a.json")
