"""Why a step is not compiled."""


class CannotCompile(Exception):
    """A step, or its C, that cannot be compiled; the text says why, for `... runs on loop: why`."""


class CompilerNotFound(CannotCompile):
    """There is no C compiler here, or nowhere to keep what it makes."""
