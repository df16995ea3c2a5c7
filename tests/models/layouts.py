"""Checkpoints in the layouts in which they are published, of small networks with random but sound weights.

Each writer follows the code named beside it: the same containers, prefixes, wrappers and companions of the weights.
"""

import argparse
import collections
import copy
import json
import struct
import zipfile

import dill
import numpy
import torch
import torchvision
from torch import nn

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
ARCH = "squeezenet1_1"  # the quickest to trace of those with few parameters; it has no batch normalisation
NORMALISED_ARCH = "shufflenet_v2_x0_5"
CLASSES = 10


def network(arch=ARCH, seed=0, **options):
    torch.manual_seed(seed)
    return sound(getattr(torchvision.models, arch)(weights=None, num_classes=CLASSES, **options))


def transformer():
    """torchvision's ViT, smaller than any that has a name there."""
    torch.manual_seed(0)
    return sound(torchvision.models.VisionTransformer(
        image_size=224, patch_size=32, num_layers=2, num_heads=4, hidden_dim=64, mlp_dim=128, num_classes=CLASSES))


def sound(net):
    """Logits of sound size that depend on the picture: batch normalisation has seen data, the head is not tiny."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.1)
    with torch.no_grad():
        net.train()(4 * torch.rand(4, 3, 224, 224) - 2)
    return net.eval()


class Normalised(nn.Module):
    """What a published script evaluates: normalisation, then the network."""

    def __init__(self, net, mean, std):
        super().__init__()
        self.net, self.mean, self.std = net, torch.tensor(mean), torch.tensor(std)

    def forward(self, pixels):
        return self.net((pixels - self.mean[:, None, None]) / self.std[:, None, None])


class InputNormalize(nn.Module):  # MadryLab/robustness, robustness/tools/helpers.py
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("new_mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("new_std", torch.tensor(std)[:, None, None])

    def forward(self, x):
        return (x - self.new_mean) / self.new_std


class Attacker(nn.Module):  # robustness/attacker.py
    def __init__(self, net, mean, std):
        super().__init__()
        self.normalize = InputNormalize(mean, std)
        self.model = net


class AttackerModel(nn.Module):
    def __init__(self, net, mean, std):
        super().__init__()
        self.normalizer = InputNormalize(mean, std)
        self.model = net
        self.attacker = Attacker(net, mean, std)

    def forward(self, x):
        return self.model(self.normalizer(x))


class DummyModel(nn.Module):  # robustness/model_utils.py, around torchvision's networks (robust-models-transfer)
    def __init__(self, net):
        super().__init__()
        self.model = net

    def forward(self, x):
        return self.model(x)


class ImageNormalizer(nn.Module):  # RobustBench, architectures/utils_architectures.py; advertorch's has no [1, 3, 1, 1]
    def __init__(self, mean, std, shape=(1, 3, 1, 1)):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(shape))
        self.register_buffer("std", torch.tensor(std).view(shape))

    def forward(self, x):
        return (x - self.mean.view(1, 3, 1, 1)) / self.std.view(1, 3, 1, 1)


def _optimizer(net):
    return torch.optim.SGD(net.parameters(), 0.1, momentum=0.9).state_dict()


def torchvision_own(path, net):
    torch.save(net.state_dict(), path)


def legacy(path, net):  # as before PyTorch 1.6
    torch.save(net.state_dict(), path, _use_new_zipfile_serialization=False)


def augmix(path, net, arch=NORMALISED_ARCH):  # google-research/augmix, imagenet.py
    torch.save({"epoch": 179, "model": arch, "state_dict": nn.DataParallel(net).state_dict(), "best_acc1": 0.7753,
                "optimizer": _optimizer(net)}, path, _use_new_zipfile_serialization=False)  # fmt: skip


def pixmix(path, net):  # andyzoujm/pixmix, imagenet.py
    torch.save({"epoch": 90, "arch": ARCH, "state_dict": net.state_dict(), "best_acc1": torch.tensor(77.4),
                "optimizer": _optimizer(net)}, path)  # fmt: skip


def features_in_parallel(path, net):  # pytorch/examples for AlexNet and VGG: texture-vs-shape
    parallel = copy.deepcopy(net)
    parallel.features = nn.DataParallel(parallel.features)
    torch.save({"epoch": 60, "arch": "vgg16", "state_dict": parallel.state_dict(), "best_prec1": torch.tensor(52.3),
                "optimizer": _optimizer(net)}, path, _use_new_zipfile_serialization=False)  # fmt: skip


def ant(path, net):  # bethgelab/game-of-noise
    torch.save({"model_state_dict": net.state_dict(), "epoch": 5}, path)


def free_adv(path, net):  # FreeAdversarialTraining, main_free.py; fast_adversarial, ImageNet/main_fast.py
    torch.save({"epoch": 23, "arch": ARCH, "state_dict": nn.DataParallel(net).state_dict(),
                "best_prec1": torch.tensor(59.9), "optimizer": _optimizer(net)}, path)  # fmt: skip


def robustness(path, net, mean=IMAGENET[0], std=IMAGENET[1]):  # robustness/train.py
    model = nn.DataParallel(AttackerModel(net, mean, std))
    schedule = {"lr_lambdas": [None], "base_lrs": [0.1]}
    torch.save({"model": model.state_dict(), "optimizer": _optimizer(net), "schedule": schedule, "epoch": 90,
                "amp": "N/A"}, path, pickle_module=dill)  # fmt: skip


def robust_transfer(path, net):  # microsoft/robust-models-transfer
    robustness(path, DummyModel(net))


def robustbench_wrapped(path, net):
    layers = collections.OrderedDict(normalize=ImageNormalizer(*IMAGENET), model=net)
    torch.save(nn.Sequential(layers).state_dict(), path)


def robustbench_stripped(path, net):  # what robustbench/utils.py brings into shape
    state = collections.OrderedDict((f"module.model.{key}", value) for key, value in net.state_dict().items())
    torch.save({"state_dict": state}, path)


def advertorch(path, net):  # nn.Sequential(NormalizeByChannelMeanStd, network), with another normalisation
    torch.save({"net": nn.Sequential(ImageNormalizer((0.5,) * 3, (0.25,) * 3, 3), net).state_dict(), "acc": 61.5}, path)


def with_average(path, net):  # pytorch/vision, references/classification/train.py, --model-ema
    average = torch.optim.swa_utils.AveragedModel(nn.DataParallel(net))
    torch.save({"model": network(seed=1).state_dict(), "model_ema": average.state_dict(), "epoch": 599,
                "args": argparse.Namespace(lr=0.5), "best": numpy.float64(80.1)}, path)  # fmt: skip


def compiled_in_parallel(path, net):  # torch.compile under DistributedDataParallel, and the reverse inside
    state = nn.DataParallel(net).state_dict()
    torch.save({"model": collections.OrderedDict(
        (key.replace("module.", "module._orig_mod.").replace("features.", "features._orig_mod.module."), value)
        for key, value in state.items())}, path)  # fmt: skip


def lightning(path, net):  # Lightning-AI/lightning, trainer/connectors/checkpoint_connector.py
    state = {f"model.{key}": value for key, value in net.state_dict().items()}
    torch.save({"epoch": 3, "global_step": 12, "pytorch-lightning_version": "2.1.0",
                "state_dict": state | {"criterion.weight": torch.ones(CLASSES)}, "loops": {"fit_loop": {}},
                "callbacks": {"EarlyStopping": {"best_score": torch.tensor(0.5)}},
                "optimizer_states": [_optimizer(net)], "hyper_parameters": argparse.Namespace(lr=0.1)}, path)  # fmt: skip


def nested(path, net):
    torch.save({"model": {"state_dict": net.state_dict(), "arch": "mine"}, "optimizer": _optimizer(net)}, path)


def safetensors(path, net, **changed):  # huggingface/safetensors, "Format"; changed: entries of the header
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for key, value in net.state_dict().items():
        content = value.numpy().tobytes()
        header[key] = {"dtype": {"torch.float32": "F32", "torch.int64": "I64"}[str(value.dtype)],
                       "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(content)]}  # fmt: skip
        data += content
    text = json.dumps(header | changed).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


# Names of the parts of what PyTorch's successors of TorchScript write, and content where anything reads it.
PROGRAM = {"serialized_exported_program.json": "{}", "serialized_state_dict.pt": "", "serialized_constants.pt": "",
           "serialized_example_inputs.pt": "", "version": "8.3"}  # fmt: skip
PROGRAM_FROM_2_8 = {"x/models/model.json": "{}", "x/data/weights/model_weights_config.json": "{}",
                    "x/archive_format": "pt2", "x/archive_version": "0", "x/version": "6"}  # fmt: skip
COMPILED = {"version": "3", "archive_format": "pt2", "data/aotinductor/model/c4.so": "\x7fELF"}
COMPILED_FROM_2_7 = {f"x/{name}": content for name, content in COMPILED.items()}


def zipped(path, parts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def program(path, net, side=224, pictures=2, batch=True, times=1, example=None, **limits):
    """As torch.export.save writes it; where PyTorch has none, an archive of the same parts. batch: of any size within
    the limits, or of that many times it; else of so many pictures."""
    if not hasattr(torch, "export"):
        return zipped(path, PROGRAM)
    size = torch.export.Dim("batch", **({"max": 1024} | limits))
    sizes = ({0: size if times == 1 else times * size},) if batch else None
    example = torch.zeros(pictures, 3, side, side) if example is None else example
    torch.export.save(torch.export.export(net, (example,), dynamic_shapes=sizes), path)
