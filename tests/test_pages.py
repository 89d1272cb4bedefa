"""The generated pages are those that the code would write now."""

from pathlib import Path

from longlag import pages


def test_the_page_of_tasks_is_up_to_date():
    written = Path(__file__).parents[1] / pages.OUT
    assert written.read_text() == pages.page(), "run python -m longlag.pages"
