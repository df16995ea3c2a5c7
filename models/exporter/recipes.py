"""Published checkpoints by name: what their files cannot say and their code does.

All of them were trained and are evaluated with ImageNet's mean and deviation; `source` is where that can be read.
A file that carries its normaliser (robustness) must agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    arch: str | None  # torchvision's name; None: --arch says which
    source: str


_ROBUSTBENCH = "RobustBench, robustbench/model_zoo/imagenet.py"
_GEIRHOS = "rgeirhos/texture-vs-shape, models/load_pretrained_models.py"
_HENDRYCKS = "hendrycks/imagenet-r"

RECIPES = {
    "torchvision": Recipe(None, "torchvision's own weights"),
    "augmix": Recipe("resnet50", "google-research/augmix, imagenet.py"),
    "pixmix": Recipe("resnet50", "andyzoujm/pixmix, imagenet.py"),
    "sin": Recipe("resnet50", f"{_GEIRHOS}; also vgg16, alexnet"),
    "deepaugment": Recipe("resnet50", _HENDRYCKS),
    "deepaugment-augmix": Recipe("resnet50", _HENDRYCKS),
    "ant": Recipe("resnet50", "bethgelab/game-of-noise"),
    "adv": Recipe("resnet50", "MadryLab/robustness and microsoft/robust-models-transfer; also their other networks"),
    "adv_free": Recipe("resnet50", "mahyarnajibi/FreeAdversarialTraining, configs.yml"),
    "fast_adv": Recipe("resnet50", "locuslab/fast_adversarial, ImageNet/"),
    **{
        name: Recipe(arch, _ROBUSTBENCH)
        for name, arch in {
            "Wong2020Fast": "resnet50",
            "Engstrom2019Robustness": "resnet50",
            "Salman2020Do_R18": "resnet18",
            "Salman2020Do_R50": "resnet50",
            "Salman2020Do_50_2": "wide_resnet50_2",
            "Geirhos2018_SIN": "resnet50",
            "Geirhos2018_SIN_IN": "resnet50",
            "Geirhos2018_SIN_IN_IN": "resnet50",
            "Hendrycks2020AugMix": "resnet50",
            "Hendrycks2020Many": "resnet50",
            "Erichson2022NoisyMix": "resnet50",
            "Erichson2022NoisyMix_new": "resnet50",
        }.items()
    },
}
