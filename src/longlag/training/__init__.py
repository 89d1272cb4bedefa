"""Train a model: the one LightningModule, its data, and what is chosen on validation."""
