"""The API's routes, as the OpenAPI document says them that SAM makes of the functions' events."""

import re
from dataclasses import dataclass

EXTENSION = "x-amazon-apigateway-"


@dataclass(frozen=True)
class Route:
    """One route: where it leads, how, and by which of the document's schemes a caller is known."""

    key: str
    integration: dict
    scheme: str | None

    @property
    def function(self):
        """The ARN of its function."""
        return re.search(r":lambda:path/[^/]+/functions/(.+)/invocations$", self.integration["uri"])[1]


def routes(body):
    """The routes of a resolved document by their keys, such as `GET /v1/users`."""
    found = {}
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            key = "$default" if operation.get("isDefaultRoute") else f"{method.upper()} {path}"
            schemes = [name for each in operation.get("security", []) for name in each]
            # SAM's name for no scheme at all.
            [scheme] = schemes or ["NONE"]
            found[key] = Route(key, operation[f"{EXTENSION}integration"], None if scheme == "NONE" else scheme)
    return found


def authorizers(body):
    """What the document says of each scheme."""
    return {name: each[f"{EXTENSION}authorizer"] for name, each in body["components"]["securitySchemes"].items()}


def answers_at_its_own_address(body):
    """Whether API Gateway's own address leads to the API."""
    settings = [server.get(f"{EXTENSION}endpoint-configuration", {}) for server in body.get("servers", [])]
    return not any(each.get("disableExecuteApiEndpoint") for each in settings)


def stage(stack):
    """The one stage of the API."""
    [properties] = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    return properties
