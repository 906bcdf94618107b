"""The API: each route's function, who may call it, how often, and where it answers."""

import json
import tomllib

import gateway
from test_events import may_call
from test_functions import BEHIND_THE_API
from reading import ACCOUNT, OPTIONS, REGION, REPOSITORY, Deployed
from saying import Wrong, functions

# Open to everybody: what invited people use, the console's page and what it loads, and the API's description.
PUBLIC = {
    "POST /v1/redemptions",
    "POST /v1/pin-requests",
    "POST /v1/declines",
    "GET /v1/registrations/{id}",
    "POST /v1/registrations/{id}/address",
    "GET /enroll",
    "GET /enroll/enroll.css",
    "GET /enroll/enroll.js",
    "GET /enroll/look",
    "GET /enroll/words/{language}",
    "GET /",
    "GET /console/frame",
    "GET /console/{hash}/{file+}",
    "GET /openapi.json",
    # A device management proves itself to the function.
    "POST /v1/device-events/{source}",
    "GET /v1/device-events/{source}",
    "HEAD /v1/device-events/{source}",
    # A directory does, too.
    "ANY /scim/v2/{path+}",
    "$default",
}
# Those of them that tell a right secret from a wrong one, or cause a mail. They have the stage's limits, which
# are parameters, and none of their own.
LOOK_AT_SECRETS = {
    "POST /v1/redemptions",
    "POST /v1/pin-requests",
    "POST /v1/declines",
    "GET /v1/registrations/{id}",
    "POST /v1/registrations/{id}/address",
}
# What device managements send, with a parameter of its own: its values, and so many times as many at once.
DEVICE_EVENTS = "POST /v1/device-events/{source}"
DEVICE_EVENT_RATES = [5, 10, 25, 50, 100, 250, 500]
AT_ONCE = 4
# The most requests a second, and at once, of the others: (with a token, without).
MOST = {True: (100, 200), False: (50, 100)}


def function_of(stack, route):
    """The name of the function that a route leads to."""
    for name, logical in functions(stack).items():
        if route.function == stack.attribute(logical, "Arn"):
            return name
    raise AssertionError(f"{route.key} leads to no function")


def test_routes_lead_to_the_function_that_knows_them(stacks):
    wrong = Wrong()
    with open(REPOSITORY / "Cargo.toml", "rb") as manifest:
        table = tomllib.load(manifest)["workspace"]["metadata"]["lambda"]["watch"]["router"]
    for which, stack in stacks.every.items():
        wrong.equal(list(stack.of_type("AWS::ApiGatewayV2::Api")), ["Api"], f"{which}, the APIs")
        found = {}
        for key, route in gateway.routes(stack).items():
            wrong.equal(route.api, stack.ref("Api"), f"{which}, the API of {key}")
            if key != "$default":
                path = gateway.as_cargo_lambda_writes(key.split(" ")[1])
                found.setdefault(path, set()).add(function_of(stack, route))
            else:
                wrong.equal(function_of(stack, route), "redeem", f"{which}, what answers where no route does")
        wrong.equal(found, {path: {function} for path, function in table.items()}, f"{which}, the router's table in Cargo.toml")
    wrong.raise_if_any()


def test_integrations_hand_requests_over_as_the_functions_read_them(stacks):
    wrong = Wrong()
    for key, route in gateway.routes(stacks.default).items():
        wrong.equal(route.integration.get("ApiId"), stacks.default.ref("Api"), f"the API that {key} leads on from")
        wrong.equal(route.integration.get("IntegrationType"), "AWS_PROXY", f"the type of {key}")
        wrong.equal(route.integration.get("PayloadFormatVersion"), "2.0", f"the format of {key}")
        timeout = route.integration.get("TimeoutInMillis", 30000)
        wrong.equal(timeout, 30000, f"how long the API waits at {key}, in milliseconds")
    wrong.raise_if_any()


def test_the_api_may_call_each_function_behind_it_and_others_may_not(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        api = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{stack.ref('Api')}"
        found = gateway.routes(stack)
        wrong.equal({function_of(stack, route) for route in found.values()}, set(BEHIND_THE_API), f"{which}, the functions behind the API")
        for key, route in found.items():
            # As the gateway says it: the stage, the method and the path.
            asked = "/".join(key.split(" /")).replace("{", "").replace("}", "")
            logical = functions(stack)[function_of(stack, route)]
            may = may_call(stack, logical, "apigateway.amazonaws.com", f"{api}/$default/{asked}")
            wrong.unless(may, f"{which}, the API may not call its function for {key}")
            other = may_call(stack, logical, "apigateway.amazonaws.com", f"{api}x/$default/{asked}")
            wrong.unless(not other, f"{which}, another API may call the function of {key}")
        for name, logical in functions(stack).items():
            if name not in BEHIND_THE_API:
                may = may_call(stack, logical, "apigateway.amazonaws.com", f"{api}/$default/GET/v1/users")
                wrong.unless(not may, f"{which}, the API may call {name}")
    wrong.raise_if_any()


def test_only_public_routes_need_no_token(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for key, route in gateway.routes(stack).items():
            expected = None if key in PUBLIC else stack.ref("Authorizer")
            wrong.equal(route.authorizer, expected, f"{which}, what {key} asks for")
    wrong.raise_if_any()


def test_tokens_are_judged_by_issuer_and_audience(stacks):
    wrong = Wrong()
    clients = ["AdministratorClient", "MdmClient"]
    for which, stack in stacks.every.items():
        authorizer = stack.properties("Authorizer")
        wrong.equal(authorizer["ApiId"], stack.ref("Api"), f"{which}, the API of the authorizer")
        wrong.equal(authorizer["AuthorizerType"], "JWT", f"{which}, the type of the authorizer")
        wrong.equal(authorizer["IdentitySource"], ["$request.header.Authorization"], f"{which}, where the token is")
        jwt = authorizer["JwtConfiguration"]
        if "UserPool" in stack.there:
            issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{stack.ref('UserPool')}"
            audience = [stack.ref(name) for name in clients if name in stack.there]
        else:
            issuer, audience = OPTIONS["Issuer"], OPTIONS["Audience"].split(",")
        wrong.equal(jwt["Issuer"], issuer, f"{which}, whose tokens are taken")
        wrong.equal(jwt["Audience"], audience, f"{which}, for whom the tokens are")
    wrong.raise_if_any()


def test_routes_take_no_more_requests_than_they_should(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        stage = gateway.stage(stack)
        wrong.equal(stage.get("ApiId"), stack.ref("Api"), f"{which}, the API of the stage")
        wrong.equal(stage.get("StageName"), "$default", f"{which}, the name of the stage")
        wrong.equal(stage.get("AutoDeploy"), True, f"{which}, whether changes are deployed")
        default = stage.get("DefaultRouteSettings", {})
        rate, burst = stack.parameters["PublicRequestsPerSecond"], stack.parameters["PublicRequestsBurst"]
        wrong.equal(default.get("ThrottlingRateLimit"), rate, f"{which}, requests a second by default")
        wrong.equal(default.get("ThrottlingBurstLimit"), burst, f"{which}, requests at once by default")
        # Metrics for each route are charged for.
        wrong.unless(not default.get("DetailedMetricsEnabled"), f"{which}, each route has metrics of its own")
        limited = stage.get("RouteSettings", {})
        stray = set(limited) - set(gateway.routes(stack))
        wrong.unless(not stray, f"{which}, limits of routes that are not there: {stray}")
        for key in LOOK_AT_SECRETS:
            wrong.unless(key in gateway.routes(stack), f"{which}, {key} is not there")
            wrong.unless(key not in limited, f"{which}, {key} has limits other than the parameters")
        for key in set(gateway.routes(stack)) - LOOK_AT_SECRETS - {"$default", DEVICE_EVENTS}:
            own = limited.get(key, {})
            most = MOST[key not in PUBLIC]
            for setting, limit in zip(("ThrottlingRateLimit", "ThrottlingBurstLimit"), most, strict=True):
                # What is a parameter arrives as text there, and is refused.
                number = isinstance(own.get(setting), int)
                wrong.unless(number and 1 <= own[setting] <= limit, f"{which}, {setting} of {key} is {own.get(setting)!r}")
        # A route must exist before it can have limits of its own.
        needed = {route.logical for key, route in gateway.routes(stack).items() if key in limited}
        missing = needed - set(stack.resources["Stage"].get("DependsOn", []))
        wrong.unless(not missing, f"{which}, the stage has limits for routes that may not be there yet: {missing}")
    wrong.raise_if_any()


def test_device_events_are_limited_by_a_parameter_of_their_own(stacks):
    wrong = Wrong()
    parameter = stacks.document["Parameters"]["DeviceEventsPerSecond"]
    wrong.equal((parameter["Type"], parameter["AllowedValues"]), ("Number", DEVICE_EVENT_RATES), "what the parameter may be")
    for rate in DEVICE_EVENT_RATES:
        stack = Deployed(stacks.document, {"DeviceEventsPerSecond": str(rate)})
        expected = {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": AT_ONCE * rate}
        wrong.equal(gateway.stage(stack)["RouteSettings"].get(DEVICE_EVENTS), expected, f"the limits with {rate} a second")
    default = gateway.stage(stacks.default)["RouteSettings"].get(DEVICE_EVENTS)
    wrong.equal(default, {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 20}, "the limits by default")
    wrong.raise_if_any()


def test_the_api_answers_at_one_address(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        api = stack.properties("Api")
        wrong.equal(api.get("Name"), stack.ref("AWS::StackName"), f"{which}, the name of the API")
        wrong.equal(api.get("ProtocolType"), "HTTP", f"{which}, the protocol")
        wrong.unless("CorsConfiguration" not in api, f"{which}, other origins may call the API")
        own_domain = "Domain" in stack.there
        wrong.equal(api.get("DisableExecuteApiEndpoint", False), own_domain, f"{which}, whether API Gateway's own address is off")
    stack = stacks.options
    [mapping] = stack.of_type("AWS::ApiGatewayV2::ApiMapping").values()
    expected = {"ApiId": stack.ref("Api"), "DomainName": stack.ref("Domain"), "Stage": stack.ref("Stage")}
    wrong.equal(mapping, expected, "what the domain leads to")
    wrong.equal(stack.properties("Domain").get("DomainName"), OPTIONS["DomainName"], "the domain")
    [configuration] = stack.properties("Domain")["DomainNameConfigurations"]
    wrong.equal(configuration["CertificateArn"], OPTIONS["CertificateArn"], "the certificate")
    wrong.equal(configuration["SecurityPolicy"], "TLS_1_2", "the TLS version")
    wrong.equal(configuration["EndpointType"], "REGIONAL", "the endpoint of the domain")
    record = stack.properties("DomainRecord")
    wrong.equal((record["Name"], record["Type"]), ("enroll.example.com", "A"), "the DNS record")
    wrong.equal(record["HostedZoneId"], OPTIONS["HostedZoneId"], "the zone of the DNS record")
    target = {"DNSName": stack.attribute("Domain", "RegionalDomainName"), "HostedZoneId": stack.attribute("Domain", "RegionalHostedZoneId")}
    wrong.equal(record["AliasTarget"], target, "where the DNS record points")
    wrong.raise_if_any()


def test_the_access_log_names_nobody(stacks):
    wrong = Wrong()
    settings = gateway.stage(stacks.default).get("AccessLogSettings", {})
    wrong.equal(settings.get("DestinationArn"), stacks.default.attribute("ApiLogs", "Arn"), "where the access log goes")
    form = settings.get("Format", "")
    try:
        json.loads(form)
    except ValueError:
        wrong.unless(False, "a line of the access log is no JSON")
    wrong.unless("$context.requestId" in form, "the access log has no id of the request")
    wrong.unless("$context.status" in form and "$context.routeKey" in form, "the access log has no status or route")
    for secret in ("sourceIp", "userAgent", "$context.path", "identity", "authorizer.claims", "authorizer.principalId"):
        wrong.unless(secret not in form, f"the access log holds {secret}")
    wrong.raise_if_any()
