"""What the SCIM door can do, as SCIM says it: configuration, resource types, the schema of a User."""

from __future__ import annotations

from typing import Any

from tickmark.api.scim.resources import USER

MOST = 200
_CORE = "urn:ietf:params:scim:schemas:core:2.0"


def configuration(base: str) -> dict[str, Any]:
    """ServiceProviderConfig."""
    no = {"supported": False}
    return {
        "schemas": [f"{_CORE}:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token with the scope scim, made on the page of API tokens.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_type(base: str) -> dict[str, Any]:
    """The one resource type."""
    return {
        "schemas": [f"{_CORE}:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "A person of the company",
        "schema": USER,
        "schemaExtensions": [],
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/User"},
    }


def schema(base: str) -> dict[str, Any]:
    """The schema of a User: only what is kept."""
    return {
        "schemas": [f"{_CORE}:Schema"],
        "id": USER,
        "name": "User",
        "description": "A person of the company",
        "attributes": [
            _attribute("userName", "The name in the directory.", required=True, uniqueness="server"),
            _attribute("displayName", "The name of the person.", required=True),
            _attribute("title", "The job title."),
            _attribute("active", "Whether the person works for the company.", type="boolean", required=True),
            {
                **_attribute("emails", "The address; one is kept.", type="complex"),
                "multiValued": True,
                "subAttributes": [_attribute("value", "The address itself.")],
            },
        ],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{USER}"},
    }


def _attribute(name: str, about: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "string",
        "multiValued": False,
        "description": about,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **more,
    }
