"""Prints the tables of docs/deploy.md that follow from the template."""

import cost
import limits
from reading import Stacks, read

stack = Stacks(read()).default
print("\n".join([*cost.table(stack), "", *cost.polling_table(stack), "", *limits.table(stack)]))
