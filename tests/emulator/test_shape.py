"""What every function and every route must have, read from the template, and held against the OpenAPI
document of the code."""

import json
import re
import tomllib

import deployment
import gateway
from test_walk import equal

# Not part of the API that the OpenAPI document describes.
PAGES = {
    "GET /",
    "GET /console/frame",
    "GET /console/{hash}/{file+}",
    "GET /enroll",
    "GET /enroll/enroll.css",
    "GET /enroll/enroll.js",
    "GET /enroll/look",
    "GET /enroll/words/{language}",
    "GET /openapi.json",
}

# Described by the documents that SCIM itself asks for: /scim/v2/Schemas and its like.
SCIM = {"ANY /scim/v2/{path+}"}

# What no other route takes.
NOWHERE = "$default"

# Public, and able to tell a right secret from a wrong one, or to cause a mail.
LOOK_AT_SECRETS = {
    "POST /v1/redemptions",
    "POST /v1/pin-requests",
    "POST /v1/declines",
    "GET /v1/registrations/{id}",
    "POST /v1/registrations/{id}/address",
}

# API Gateway waits no longer than this for a function.
LONGEST_HTTP_SECONDS = 30


def resources(document, kind):
    return {name: each for name, each in document["Resources"].items() if each["Type"] == kind}


def names_in(value):
    """Every logical id that a part of a template refers to."""
    text = json.dumps(value)
    found = set(re.findall(r'"Ref": "(\w+)"', text)) | set(re.findall(r'"Fn::GetAtt": \["(\w+)"', text))
    return found | set(re.findall(r'"Fn::GetAtt": "(\w+)\.', text)) | set(re.findall(r"\$\{(\w+)", text))


def alarms_on(document, namespace, logical):
    return [
        name
        for name, alarm in resources(document, "AWS::CloudWatch::Alarm").items()
        if alarm["Properties"]["Namespace"] == namespace and logical in names_in(alarm["Properties"]["Dimensions"])
    ]


def test_every_function_has_what_it_needs(session):
    document = deployment.template()
    behind_the_api = {logical for logical, _ in routes(document).values()}
    wrong = []

    def need(function, what, there):
        if not there:
            wrong.append(f"{function} has no {what}")

    alarms = resources(document, "AWS::CloudWatch::Alarm")
    api_alarm = alarms_on(document, "AWS/ApiGateway", "Api")
    for name, logical in deployment.functions_in(document).items():
        properties = document["Resources"][logical]["Properties"]
        settings = {**document["Globals"]["Function"], **properties}
        logs = document["Resources"].get(settings["LoggingConfig"].get("LogGroup", {}).get("Ref"), {})
        need(name, "log group", logs.get("Type") == "AWS::Logs::LogGroup")
        need(name, "log retention", logs.get("Properties", {}).get("RetentionInDays"))
        need(name, "timeout of its own", "Timeout" in properties)
        need(name, "memory size of its own", "MemorySize" in properties)
        # Maintenance's rounds all say the same, and traces of them would cost more than they do.
        traced = "PassThrough" if name == "maintenance" else "Active"
        need(name, f"tracing {traced}", settings.get("Tracing") == traced)
        if "ReservedConcurrentExecutions" in settings:
            wrong.append(f"{name} reserves concurrency, which a new account cannot")
        if logical in behind_the_api:
            need(name, "timeout below API Gateway's", properties["Timeout"] < LONGEST_HTTP_SECONDS)
            need(name, "alarm that covers it", api_alarm)
            continue
        # What fails to ask device managements is told by their silence, so that no alarm more is paid for.
        covered = "SourcesSilent" in alarms if name == "poll" else alarms_on(document, "AWS/Lambda", logical)
        need(name, "alarm that covers it", covered)
        events = properties.get("Events", {}).values()
        streams = [event["Properties"] for event in events if event["Type"] == "DynamoDB"]
        for stream in streams:
            need(name, "failure destination for its stream", stream.get("DestinationConfig", {}).get("OnFailure"))
            for limit in ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "FilterCriteria"):
                need(name, limit, stream.get(limit))
            need(name, "partial batch responses", "ReportBatchItemFailures" in stream.get("FunctionResponseTypes", []))
        if not streams:
            asynchronous = properties.get("EventInvokeConfig", {})
            need(name, "failure destination", asynchronous.get("DestinationConfig", {}).get("OnFailure"))
            need(name, "limit of retries", "MaximumRetryAttempts" in asynchronous)
            need(name, "limit of an event's age", "MaximumEventAgeInSeconds" in asynchronous)
        for event in events:
            if event["Type"] != "DynamoDB":
                need(name, "dead-letter queue for its rule", event["Properties"].get("DeadLetterConfig"))
    if wrong:
        raise AssertionError("\n".join(wrong))


def test_every_alarm_notifies_and_stands_on_the_dashboard(session):
    document = deployment.template()
    dashboard = names_in(document["Resources"]["Dashboard"])
    for name, alarm in resources(document, "AWS::CloudWatch::Alarm").items():
        equal(names_in(alarm["Properties"]["AlarmActions"]), {"AlarmTopic"}, f"whom {name} notifies")
        if name not in dashboard:
            raise AssertionError(f"{name} is not on the dashboard")


def routes(document):
    """The template's routes: {route key: (its function, whether a token is needed)}."""
    integrations = resources(document, "AWS::ApiGatewayV2::Integration")
    found = {}
    for route in resources(document, "AWS::ApiGatewayV2::Route").values():
        asked = route["Properties"]
        (integration,) = names_in(asked["Target"]) & integrations.keys()
        (function,) = names_in(integrations[integration]["Properties"]["IntegrationUri"])
        found[asked["RouteKey"]] = (function, asked["AuthorizationType"] == "JWT")
    return found


def needing_tokens(document):
    """The routes, but for the one of everything else: {route key: whether a token is needed}."""
    return {key: needs for key, (_, needs) in routes(document).items() if key != NOWHERE}


def test_the_routes_are_those_of_the_openapi_document(session):
    openapi = session.anybody.get("/openapi.json").expect(200).json
    described = {
        f"{method.upper()} {path}": operation.get("security") != []
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    }
    in_template = needing_tokens(deployment.template())
    equal(PAGES - in_template.keys(), set(), "pages without a route")
    # Where there is a GET there may be a HEAD, which the document does not describe.
    heads = {key for key in in_template if key.startswith("HEAD ") and key.replace("HEAD", "GET", 1) in described}
    without_pages = {key: needs for key, needs in in_template.items() if key not in PAGES | SCIM | heads}
    differing = {
        key: (without_pages.get(key, "missing in the template"), described.get(key, "missing in the document"))
        for key in without_pages.keys() | described.keys()
        if without_pages.get(key) != described.get(key)
    }
    equal(differing, {}, "routes that differ: (token needed in the template, in the document)")


def test_cargo_lambda_gives_each_path_to_the_function_of_the_template(session):
    document = deployment.template()
    functions = {logical: name for name, logical in deployment.functions_in(document).items()}
    in_template = {}
    for key, (logical, _) in routes(document).items():
        if key != NOWHERE:
            path = gateway.as_cargo_lambda_writes(key.split(" ")[1])
            in_template.setdefault(path, set()).add(functions[logical])
    with open(deployment.TEMPLATE.parent / "Cargo.toml", "rb") as manifest:
        table = tomllib.load(manifest)["workspace"]["metadata"]["lambda"]["watch"]["router"]
    equal({path: {function} for path, function in table.items()}, in_template, "the router's table in Cargo.toml")


def test_every_route_reaches_a_function_that_knows_it(session):
    for key, needs_token in needing_tokens(deployment.template()).items():
        method, path = key.replace("ANY", "GET").split(" ")
        api = session.administrator if needs_token else session.anybody
        answer = api.send(method, path.replace("{id}", "01KG4JZ3M0000000000000000A"))
        if answer.status >= 500 or answer.status == 405 or b"no-such-route" in answer.body:
            raise AssertionError(f"{key}: {answer.status} {answer.body[:300].decode()}")
        if needs_token:
            session.anybody.send(method, path.replace("{id}", "x")).expect(401)


def test_what_no_route_takes_is_answered_for_people_and_for_programs(session):
    """By the function of the enrolment page, without a token, and with a low limit of its own."""
    document = deployment.template()
    equal(routes(document)[NOWHERE], ("RedeemFunction", False), "what answers where no route does, and whether it asks for a token")
    limit = document["Resources"]["Stage"]["Properties"]["RouteSettings"][NOWHERE]
    if limit["ThrottlingRateLimit"] > 10:
        raise AssertionError(f"anybody may ask for nothing {limit['ThrottlingRateLimit']} times a second")
    for path, status in (("/Enroll", 308), ("/v1/nothing", 404)):
        session.anybody.send("GET", path).expect(status)
    # MiniStack takes a slash at the end for nothing, and gives the page itself.
    if session.anybody.send("GET", "/enroll/").status not in (200, 308):
        raise AssertionError("/enroll/ does not lead to the enrolment page")
    wrong_method = session.anybody.send("PUT", "/v1/users").expect(405)
    allowed = {name.lower(): value for name, value in wrong_method.headers.items()}.get("allow")
    equal(allowed, "GET,POST", "the methods of /v1/users")


def test_public_routes_have_the_limits_of_the_parameters(session):
    """The routes that look at secrets have the stage's own limits, which are parameters; all others, theirs."""
    document = deployment.template()
    limited = document["Resources"]["Stage"]["Properties"]["RouteSettings"]
    equal(set(needing_tokens(document)) - set(limited), LOOK_AT_SECRETS, "routes with the limits of the parameters")
