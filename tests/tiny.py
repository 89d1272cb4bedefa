"""The settings of a run that is over in a second, for tests of what is around a run."""

TINY = (
    "task=adding",
    "task.length=6",
    "match=none",
    "model.hidden_size=4",
    "trainer.max_steps=20",
    "trainer.validate_every=10",
    "trainer.validation_size=16",
    "trainer.test_size=16",
)
