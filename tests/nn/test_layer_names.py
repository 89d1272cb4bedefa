"""What people call the cells of a model."""

import pytest

from longlag.nn.layer_names import WAYS, cell_label, dashboard_name


def test_a_cell_that_is_alone_has_no_place():
    assert cell_label(0, 1) == "" and dashboard_name("profile/0/h", 1) == "h"


@pytest.mark.parametrize("cells", [2, 3, 11])
def test_layers_are_counted_from_1_from_the_input_up(cells):
    assert [cell_label(i, cells) for i in range(cells)] == [f"layer {i + 1}" for i in range(cells)]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_of_a_layer_that_reads_both_ways_every_cell_has_a_name_of_its_own(layers):
    names = [cell_label(i, 2 * layers, 2) for i in range(2 * layers)]
    assert len(set(names)) == 2 * layers
    assert [name.split()[-1] for name in names] == [*WAYS] * layers
    assert all(name.startswith("layer ") == (layers > 1) for name in names)


def test_a_name_on_a_dashboard_is_one_word_for_the_place_and_one_for_the_part():
    assert dashboard_name("gate/3/f", 4, 2) == "layer_2_backward/f"
