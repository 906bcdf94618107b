"""What each function needs to start and to come to its end: variables, time, memory, logs."""

import re
from functools import cache

from reading import OPTIONS, REGION, REPOSITORY, SENDER, Deployed
from saying import Wrong, functions

CONFIGURED = re.compile(r'\b(?:required|optional|parsed|number_or|environment)\(\s*"(BECKON_\w+)"')
REQUIRED = re.compile(r'\b(?:required|parsed)\(\s*"(BECKON_\w+)"')

# Seconds and megabytes. API Gateway waits 30 seconds for a function, so those behind it end one earlier.
BEHIND_THE_API = ("preview", "desk", "send", "directory", "settings", "redeem", "console", "device-events", "scim")
HTTP_SECONDS = 29
SECONDS = {
    # A page of 1,000 users for each of 50 cursors.
    "expand": 120,
    # Ten requests to the bus.
    "publish": 60,
    "registration-confirmed": 60,
    "feedback": 60,
    # Ends before the next minute begins.
    "maintenance": 55,
    # Pages for 90 seconds, and then the one that it is at.
    "poll": 180,
    # A run of ten minutes, and a minute to end it.
    "deliver": 660,
}
# Those that encode or compile much get twice the least: Lambda deals out processors by memory.
MEGABYTES = {"preview": 512, "desk": 512, "directory": 512, "settings": 512, "expand": 512, "deliver": 512, "poll": 512}
LEAST_MEGABYTES = 256

# Set by the template and read by the edge of every function.
EVERYWHERE = {"BECKON_STACK"}


# How the functions behind the API know who calls, and what they may: each variable's parameter.
WHO_CALLS = {"BECKON_ROLE_CLAIM": "RoleClaim", "BECKON_SCOPE_PREFIX": "ScopePrefix", "BECKON_MACHINE_CLAIM": "MachineClaim"}


@cache
def source_of(name):
    return "\n".join(path.read_text() for path in sorted((REPOSITORY / "functions" / name / "src").rglob("*.rs")))


@cache
def shared_source():
    roots = [REPOSITORY / "shared" / "runtime" / "src", REPOSITORY / "shared" / "aws" / "src"]
    return "\n".join(path.read_text() for root in roots for path in sorted(root.rglob("*.rs")))


def required_by(name):
    """The variables without which a function does not start, from its source."""
    found = set(REQUIRED.findall(source_of(name)))
    if "StoreConfig::" in source_of(name):
        found |= {"BECKON_TABLE", "BECKON_SENDER"}
    return found


def expected_values(stack):
    """What a variable must hold, for those that lead to something."""
    page = stack.outputs["EnrolmentPage"]
    return {
        "BECKON_TABLE": {stack.ref("Table")},
        "BECKON_SENDER": {SENDER},
        "BECKON_STACK": {stack.ref("AWS::StackName")},
        "BECKON_KEY_SECRET": {stack.ref("KeySecret")},
        "BECKON_DEAD_LETTER_QUEUE_URL": {stack.ref("FailureQueue")},
        "BECKON_DELIVER_FUNCTION": {stack.ref("DeliverFunction"), stack.attribute("DeliverFunction", "Arn")},
        "BECKON_POLL_FUNCTION": {stack.ref("PollFunction"), stack.attribute("PollFunction", "Arn")},
        "BECKON_BUS": {stack.ref("Bus"), stack.attribute("Bus", "Arn")},
        "BECKON_CONFIGURATION_SET": {stack.ref("ConfigurationSet")},
        "BECKON_ENROLMENT_PAGE": {page},
        "BECKON_ROLE_CLAIM": {stack.parameters["RoleClaim"]},
        "BECKON_SCOPE_PREFIX": {stack.parameters["ScopePrefix"]},
        "BECKON_MACHINE_CLAIM": {stack.parameters["MachineClaim"]},
        **expected_of_the_console(stack),
        "BECKON_MOST_PER_SECOND": {stack.parameters["MostMailsPerSecond"]},
    }


def expected_of_the_console(stack):
    """How people sign in to the console: at the stack's own pool, or as the parameters say."""
    own = "UserPool" in stack.there
    pool = f"https://cognito-idp.{REGION}.amazonaws.com/{stack.ref('UserPool')}" if own else None
    given = stack.parameters
    return {
        "BECKON_CONSOLE_ISSUER": {pool or given["Issuer"]},
        "BECKON_CONSOLE_CLIENT_ID": {stack.ref("AdministratorClient") if own else given["ConsoleClientId"]},
        "BECKON_CONSOLE_SCOPE": {"openid email profile" if own else given["ConsoleScope"]},
        "BECKON_CONSOLE_AUDIENCE": set() if own else {given["ConsoleAudience"]},
        "BECKON_CONSOLE_TOKEN": {"id" if own else "access"},
        "BECKON_CONSOLE_ORIGINS": set() if own else {given["ConsoleOrigins"]},
        "BECKON_CONSOLE_SIGN_OUT": {f"https://{stack.ref('UserPoolDomain')}.auth.{REGION}.amazoncognito.com/logout"} if own else set(),
    }


def variables_of(stack, logical):
    return stack.properties(logical).get("Environment", {}).get("Variables", {})


def test_each_function_has_the_variables_that_it_reads(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for name, logical in functions(stack).items():
            given = variables_of(stack, logical)
            needed = required_by(name) | EVERYWHERE
            # The console's pages are for everybody: what they show, the API is asked for.
            if name in BEHIND_THE_API and name != "console":
                needed |= {variable for variable, parameter in WHO_CALLS.items() if stack.parameters[parameter]}
            if name == "deliver":
                # Without it SES would report nothing, and maintenance could not hand over to the next run.
                needed |= {"BECKON_CONFIGURATION_SET", "BECKON_LONGEST_RUN_SECONDS", "BECKON_MOST_PER_SECOND"}
            for variable in sorted(needed - given.keys()):
                wrong.unless(False, f"{which}, {name} lacks {variable}")
            expected = expected_values(stack)
            for variable, value in given.items():
                if variable in expected:
                    wrong.unless(value in expected[variable], f"{which}, {variable} of {name} is {value!r}, not {expected[variable]}")
                read = f'"{variable}"' in source_of(name) + shared_source()
                wrong.unless(read, f"{which}, {name} is given {variable}, which nothing reads")
    wrong.raise_if_any()


def test_the_console_signs_people_in_where_the_stack_says(stacks):
    wrong = Wrong()
    console = functions(stacks.default)["console"]
    for which, stack in stacks.every.items():
        names = {name for name in variables_of(stack, console) if name.startswith("BECKON_CONSOLE_")}
        expected = {name for name, values in expected_of_the_console(stack).items() if values}
        wrong.equal(names, expected, f"{which}, what the console is told")
    # A stack whose console nobody has registered yet deploys, and the console says so.
    parameters = {"Issuer": OPTIONS["Issuer"], "Audience": OPTIONS["Audience"]}
    unregistered = variables_of(Deployed(stacks.document, parameters), console)
    wrong.unless("BECKON_CONSOLE_CLIENT_ID" not in unregistered, "a client that is not there is named")
    wrong.raise_if_any()


def test_the_enrolment_page_is_where_the_api_answers(stacks):
    wrong = Wrong()
    own = stacks.default
    host = f"https://{own.ref('Api')}.execute-api.eu-west-1.amazonaws.com"
    wrong.equal(own.outputs["ApiAddress"], host, "the address of the API")
    wrong.equal(own.outputs["EnrolmentPage"], f"{host}/enroll", "the enrolment page")
    wrong.equal(own.outputs["Console"], f"{host}/", "the console")
    wrong.equal(stacks.options.outputs["Console"], "https://enroll.example.com/", "the console with a domain")
    wrong.equal(stacks.options.outputs["ApiAddress"], "https://enroll.example.com", "the address of the API with a domain")
    wrong.equal(stacks.options.outputs["EnrolmentPage"], "https://enroll.example.com/enroll", "the page with a domain")
    wrong.raise_if_any()


def test_each_function_has_time_enough(stacks):
    wrong = Wrong()
    for name, logical in functions(stacks.default).items():
        expected = HTTP_SECONDS if name in BEHIND_THE_API else SECONDS.get(name)
        wrong.unless(expected, f"how long {name} may run is not said here")
        wrong.equal(stacks.default.properties(logical).get("Timeout"), expected, f"the timeout of {name} in seconds")
    deliver = functions(stacks.default)["deliver"]
    longest = int(variables_of(stacks.default, deliver).get("BECKON_LONGEST_RUN_SECONDS", 600))
    left = stacks.default.properties(deliver)["Timeout"] - longest
    wrong.unless(left >= 60, f"a run of deliver has {left} s left to end, and needs 60")
    wrong.unless(longest >= 60, f"a run of deliver ends after {longest} s")
    wrong.raise_if_any()


def test_each_function_has_memory_enough(stacks):
    wrong = Wrong()
    for name, logical in functions(stacks.default).items():
        least = MEGABYTES.get(name, LEAST_MEGABYTES)
        size = stacks.default.properties(logical).get("MemorySize", 128)
        wrong.unless(least <= size <= 1769, f"{name} has {size} MB, and needs {least}")
    wrong.raise_if_any()


def test_each_function_starts_from_its_binary(stacks):
    wrong = Wrong()
    folders = {path.name for path in (REPOSITORY / "functions").iterdir() if (path / "Cargo.toml").is_file()}
    wrong.equal(set(functions(stacks.default)), folders, "the functions of the template")
    for which, stack in stacks.every.items():
        for name, logical in functions(stack).items():
            properties = stack.properties(logical)
            wrong.equal(properties.get("Runtime"), "provided.al2023", f"{which}, the runtime of {name}")
            wrong.equal(properties.get("Handler"), "bootstrap", f"{which}, the handler of {name}")
            wrong.equal(properties.get("Architectures"), [stack.parameters["Architecture"]], f"{which}, the processors of {name}")
            built = stacks.raw["Resources"][logical]["Metadata"]["BuildProperties"]["Binary"]
            wrong.equal(built, name, f"{which}, the binary of {name}")
            # A new account has none to set apart.
            wrong.unless("ReservedConcurrentExecutions" not in properties, f"{which}, {name} reserves concurrency")
    wrong.equal(stacks.default.parameters["Architecture"], "x86_64", "the processors by default, which CI builds for")
    recursive = stacks.default.properties(functions(stacks.default)["deliver"]).get("RecursiveLoop")
    wrong.equal(recursive, "Allow", "whether deliver may wake its successor")
    wrong.raise_if_any()


def test_each_function_logs_into_a_group_that_is_kept_as_long_as_said(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        groups = stack.of_type("AWS::Logs::LogGroup")
        for logical, group in groups.items():
            kept = group.get("RetentionInDays")
            wrong.equal(kept, stack.parameters["LogRetentionDays"], f"{which}, how many days {logical} are kept")
        for name, logical in functions(stack).items():
            logging = stack.properties(logical).get("LoggingConfig", {})
            wrong.equal(logging.get("LogFormat"), "JSON", f"{which}, the format of the logs of {name}")
            wrong.equal(logging.get("LogGroup"), f"/aws/lambda/beckon-{name}", f"{which}, the log group of {name}")
            there = {group["LogGroupName"] for group in groups.values()}
            wrong.unless(logging.get("LogGroup") in there, f"{which}, the log group of {name} is not in the template")
    wrong.raise_if_any()


def test_every_function_but_the_clock_is_traced(stacks):
    wrong = Wrong()
    for name, logical in functions(stacks.default).items():
        mode = stacks.default.properties(logical).get("TracingConfig", {}).get("Mode")
        wrong.equal(mode, "PassThrough" if name == "maintenance" else "Active", f"how {name} is traced")
    wrong.raise_if_any()
