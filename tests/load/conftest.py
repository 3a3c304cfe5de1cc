"""The running stacks of the black-box tests, and buffers that are doubles."""

from tests.stack.conftest import slow_stack, stack

__all__ = ["slow_stack", "stack"]
