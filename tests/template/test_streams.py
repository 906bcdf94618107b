"""The two readers of the table's stream: whether they read it, which records reach them, and what becomes of those
that cannot be carried out."""

import json

from patterns import matches
from saying import Wrong, functions

# Each reader: the records of a batch, how long a batch gathers at most, how often and how long it is tried.
READERS = {
    "expand": {"BatchSize": 50, "MaximumBatchingWindowInSeconds": 1, "MaximumRetryAttempts": 10, "MaximumRecordAgeInSeconds": 3600},
    "publish": {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 10, "MaximumRetryAttempts": 10000, "MaximumRecordAgeInSeconds": 21600},
}


def record(sort_key, event="INSERT", **attributes):
    image = {"pk": {"S": "x#1"}, "sk": {"S": sort_key}, **attributes}
    return {"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"pk": {"S": "x#1"}, "sk": {"S": sort_key}}, "NewImage": image}}


SET_ASIDE = {"M": {"at": {"S": "2026-11-23T10:00:00.000Z"}, "reason": {"S": "missing field `email`"}}}
TOLD = {"M": {**SET_ASIDE["M"], "reportedAt": {"S": "2026-11-23T10:00:01.000Z"}}}
WAITING = {"state": {"S": "waiting"}}
# What each reader must see. A row that nobody understands must reach it too, so that it says so.
MUST_REACH = {
    "expand": [
        record("cursor", done={"BOOL": False}),
        record("cursor", "MODIFY", done={"BOOL": False}),
        record("cursor"),
        record("cursor", "MODIFY", done={"S": "yes"}),
        record("mail", **WAITING),
        record("mail", "MODIFY", **WAITING),
        record("mail"),
        record("mail", "MODIFY", state={"N": "7"}),
        record("deviceEvent", **WAITING),
        record("deviceEvent", "MODIFY", **WAITING),
        record("deviceEvent"),
        record("address", user={"S": "01KG4JZ3M0000000000000000A"}),
        record("external", user={"S": "01KG4JZ3M0000000000000000A"}),
        record("userName", user={"S": "01KG4JZ3M0000000000000000A"}),
        record("user", "MODIFY", setAside=SET_ASIDE),
        record("event#01KG4JZ3M0000000000000000A", "MODIFY", setAside=SET_ASIDE),
        # What numbers are made of.
        record("mail", "MODIFY", state={"S": "sent"}),
        record("user"),
        record("user", "MODIFY"),
        record("tombstone"),
        record("page#00000003"),
    ],
    "publish": [record("event#01KG4JZ3M0000000000000000A", what={"S": "issued"}), record("event#poison", what={"N": "7"})],
}
# What would be for nothing: a call for each row that somebody changes.
MUST_NOT_REACH = {
    "expand": [
        record("cursor", done={"BOOL": True}),
        record("address", "REMOVE"),
        record("mail", "REMOVE", **WAITING),
        record("user", "REMOVE"),
        record("device#1", "MODIFY", setAside=TOLD),
        record("sheet#0000000001"),
        record("counts", "MODIFY"),
        record("event#01KG4JZ3M0000000000000000A"),
    ],
    "publish": [record("event#1", "MODIFY"), record("event#1", "REMOVE"), record("user"), record("mail", **WAITING)],
}


def sources(stack, name):
    logical = functions(stack)[name]
    names = {stack.ref(logical), stack.attribute(logical, "Arn")}
    every = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    return [source for source in every if source["FunctionName"] in names]


def only_source(stack, name):
    found = sources(stack, name)
    if len(found) != 1:
        raise AssertionError(f"{len(found)} event sources call {name}")
    return found[0]


def test_the_readers_read_the_stream_from_its_beginning(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for name in READERS:
            source = only_source(stack, name)
            wrong.equal(source.get("EventSourceArn"), stack.attribute("Table", "StreamArn"), f"{which}, what {name} reads")
            wrong.equal(source.get("Enabled", True), True, f"{which}, whether {name} reads")
            wrong.equal(source.get("StartingPosition"), "TRIM_HORIZON", f"{which}, where {name} begins")
        wrong.equal(len(stack.of_type("AWS::Lambda::EventSourceMapping")), len(READERS), f"{which}, readers of the stream")
    wrong.raise_if_any()


def test_the_readers_gather_records_and_give_up_in_time(stacks):
    wrong = Wrong()
    for name, expected in READERS.items():
        source = only_source(stacks.default, name)
        for setting, value in expected.items():
            wrong.equal(source.get(setting), value, f"{setting} of {name}")
        wrong.equal(source.get("ParallelizationFactor", 1), 1, f"calls of {name} for each shard at a time")
        wrong.equal(source.get("FunctionResponseTypes"), ["ReportBatchItemFailures"], f"what {name} answers")
        wrong.equal(source.get("BisectBatchOnFunctionError"), True, f"whether a batch on which {name} fails is halved")
    wrong.raise_if_any()


def test_records_that_are_given_up_go_to_the_bucket(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for name in READERS:
            to = only_source(stack, name).get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            wrong.equal(to, stack.attribute("FailedRecords", "Arn"), f"{which}, where goes what {name} gives up")
    wrong.raise_if_any()


def test_the_filters_let_through_what_asks_for_something_and_nothing_else(stacks):
    wrong = Wrong()
    for name in READERS:
        filters = only_source(stacks.default, name).get("FilterCriteria", {}).get("Filters", [])
        patterns = [json.loads(each["Pattern"]) for each in filters]
        wrong.unless(1 <= len(patterns) <= 5, f"{name} has {len(patterns)} filters; Lambda takes five")
        for sent in MUST_REACH[name]:
            wrong.unless(any(matches(each, sent) for each in patterns), f"{name} does not get {json.dumps(sent)}")
        for sent in MUST_NOT_REACH[name]:
            wrong.unless(not any(matches(each, sent) for each in patterns), f"{name} gets {json.dumps(sent)} for nothing")
    wrong.raise_if_any()
