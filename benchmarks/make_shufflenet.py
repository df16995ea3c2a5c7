#!/usr/bin/python3
"""Writes a ShuffleNet v2 x0.5 with seeded random weights as TorchScript: the smallest network people explain.

    benchmarks/make_shufflenet.py OUT.pt      (Debian: python3-torchvision)
"""
import sys

import torch
import torchvision

torch.manual_seed(0)
model = torchvision.models.shufflenet_v2_x0_5(weights=None).eval()
with torch.no_grad():
    torch.jit.trace(model, torch.rand(1, 3, 224, 224)).save(sys.argv[1])
