"""The API's routes, as the template writes them out."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """One route: where it leads, how, and by which authorizer a caller is known."""

    logical: str
    key: str
    api: str
    integration: dict
    authorizer: str | None

    @property
    def function(self):
        """The ARN of its function."""
        return self.integration["IntegrationUri"]


def routes(stack):
    """The routes of a stack by their keys, such as `GET /v1/users`."""
    integrations = {f"integrations/{stack.ref(name)}": each for name, each in stack.of_type("AWS::ApiGatewayV2::Integration").items()}
    found = {}
    for logical, each in stack.of_type("AWS::ApiGatewayV2::Route").items():
        key, asks = each["RouteKey"], each.get("AuthorizationType", "NONE")
        if key in found:
            raise AssertionError(f"{key} is there twice")
        authorizer = None if asks == "NONE" else each.get("AuthorizerId") if asks == "JWT" else asks
        found[key] = Route(logical, key, each["ApiId"], integrations[each["Target"]], authorizer)
    return found


def as_cargo_lambda_writes(path):
    """A path in the words of `cargo lambda`, which writes `{*file}` for API Gateway's `{file+}`."""
    return re.sub(r"\{(\w+)\+\}", r"{*\1}", path)


def stage(stack):
    """The one stage of the API."""
    [properties] = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    return properties
