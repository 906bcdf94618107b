"""Evaluates IAM policies as AWS does, as far as the template's policies go.

A refusal wins over a permission; what nothing permits is refused. An operator or a form that is not known here
is an error, and not a guess.
"""

import re


def as_list(value):
    return value if isinstance(value, list) else [value]


def like(pattern, value, ignore_case=False):
    """Whether a value matches a pattern with `*` and `?`."""
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(expression, value, re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL) is not None


OPERATORS = {
    "StringEquals": lambda wanted, is_: wanted == is_,
    "StringNotEquals": lambda wanted, is_: wanted != is_,
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda wanted, is_: wanted.lower() == is_.lower(),
}


def _holds(operator, wanted, context, key):
    values = context.get(key.lower())
    wanted = [str(each) for each in as_list(wanted)]
    for_all = operator.startswith("ForAllValues:")
    if operator.removeprefix("ForAllValues:") not in OPERATORS:
        raise AssertionError(f"the operator {operator} is not known here")
    compare = OPERATORS[operator.removeprefix("ForAllValues:")]
    if values is None:
        # A key that a request does not have fits no operator but the one over all of its values.
        return for_all
    fits = [any(compare(each, str(is_)) for each in wanted) for is_ in as_list(values)]
    return all(fits) if for_all else any(fits)


def conditions_hold(statement, context):
    context = {key.lower(): value for key, value in context.items()}
    return all(
        _holds(operator, wanted, context, key)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _principal_fits(principal, caller):
    if principal == "*":
        return True
    return any(caller in as_list(named) or "*" in as_list(named) for named in principal.values())


def _resources(statement, action):
    # A role's trust policy names no resource: the role is the one.
    return as_list(statement.get("Resource", "*" if action == "sts:AssumeRole" else []))


def _fits(statement, action, resource, context, caller):
    if set(statement) & {"NotAction", "NotResource", "NotPrincipal"}:
        raise AssertionError("statements that say what is not meant are not known here")
    if caller is not None and not _principal_fits(statement["Principal"], caller):
        return False
    return (
        any(like(each, action, ignore_case=True) for each in as_list(statement["Action"]))
        and any(like(each, resource) for each in _resources(statement, action))
        and conditions_hold(statement, context)
    )


def allows(documents, action, resource, context=None, caller=None):
    """Whether policy documents allow an action on a resource; with `caller`, documents that name principals."""
    statements = [statement for document in documents for statement in as_list(document["Statement"])]
    fitting = [each for each in statements if _fits(each, action, resource, context or {}, caller)]
    effects = {each["Effect"] for each in fitting}
    return "Allow" in effects and "Deny" not in effects


def denies(documents, action, resource, context=None, caller=None):
    """Whether policy documents refuse an action whatever else allows it."""
    statements = [statement for document in documents for statement in as_list(document["Statement"])]
    return any(each["Effect"] == "Deny" and _fits(each, action, resource, context or {}, caller) for each in statements)
