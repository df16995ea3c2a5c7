#!/usr/bin/python3
"""Turns a PyTorch checkpoint or exported program into TorchScript and enters it in models.json: --help, docs/models.md.

Debian: apt-get install python3-torch python3-torchvision python3-pil. Nothing of it runs at sweep time.
"""

import sys

try:
    from exporter.command import main
except ImportError as missing:
    print(f"models/export.py: {missing}: apt-get install python3-torchvision", file=sys.stderr)
    sys.exit(3)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
