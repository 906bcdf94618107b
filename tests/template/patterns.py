"""Event patterns, as EventBridge and Lambda's event sources match them, as far as the template uses them."""


def _fits(alternative, value):
    """Whether one alternative of a leaf fits a value that is there (or None, if it is not)."""
    if isinstance(alternative, dict):
        [(operator, operand)] = alternative.items()
        if operator == "exists":
            return operand == (value is not None)
        if operator == "prefix":
            return isinstance(value, str) and value.startswith(operand)
        raise AssertionError(f"the operator {operator} is not known here")
    return value is not None and value == alternative and isinstance(value, bool) == isinstance(alternative, bool)


def matches(pattern, event):
    """Whether an event matches a pattern."""
    for name, wanted in pattern.items():
        value = event.get(name) if isinstance(event, dict) else None
        if isinstance(wanted, dict):
            if not matches(wanted, value if isinstance(value, dict) else {}):
                return False
        else:
            values = value if isinstance(value, list) else [value]
            if not any(_fits(alternative, each) for alternative in wanted for each in values):
                return False
    return True
