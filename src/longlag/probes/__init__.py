"""How gradients flow: taps on the states, Jacobians, gates, and the callback that records them."""
