"""Published PyTorch checkpoints -> TorchScript and models.json (docs/models.md). models/export.py is the command."""
