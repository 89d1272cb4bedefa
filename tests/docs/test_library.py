"""The public names of longlag: all there, and none of them costs the command line its start."""

import subprocess
import sys

import pytest

import longlag


def test_every_public_name_is_found_where_it_lives():
    for name in longlag.__all__:
        assert getattr(longlag, name).__name__ == name
    assert set(longlag.__all__) <= set(dir(longlag))
    listed = [name for names in longlag._HOMES.values() for name in names]
    assert sorted(listed) == sorted(longlag.__all__)


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(AttributeError, match=r"no 'unrol'; its names are .*unroll"):
        longlag.unrol  # noqa: B018


def test_import_longlag_and_the_command_line_do_not_import_torch():
    code = "import sys, longlag, longlag.cli.main; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
