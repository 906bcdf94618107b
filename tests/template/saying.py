"""What the checks share: collecting everything that is wrong, and the functions by their names."""


class Wrong:
    """Collects what is wrong, so that a check says all of it at once."""

    def __init__(self):
        self._found = []

    def unless(self, right, sentence):
        if not right:
            self._found.append(sentence)

    def equal(self, actual, expected, what):
        self.unless(actual == expected, f"{what}: {expected!r} was expected, but is {actual!r}")

    def raise_if_any(self):
        if self._found:
            raise AssertionError("\n".join(self._found))


def functions(stack):
    """The functions by the names of their binaries: {binary: logical id}."""
    found = {}
    for logical, properties in stack.of_type("AWS::Lambda::Function").items():
        found[properties["FunctionName"].removeprefix(f"{stack.ref('AWS::StackName')}-")] = logical
    return found
