"""models/export.py: published layouts in, TorchScript that our own loader runs out; anything doubtful refused.

The command runs in this process, for importing torch takes seconds. WCAM_BIN names the folder of the C++ programs.
"""

import argparse
import collections
import datetime
import decimal
import io
import json
import os
import pathlib
import pickle
import random
import re
import subprocess
import sys
import types
import zipfile

import pytest

torch = pytest.importorskip("torch", reason="Debian: python3-torch")
pytest.importorskip("torchvision", reason="Debian: python3-torchvision")
pytest.importorskip("dill", reason="Debian: python3-dill")

import layouts  # noqa: E402
import numpy  # noqa: E402
from PIL import Image  # noqa: E402
from torch import nn  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WCAM_BIN", ROOT / "build/dev/bin"))
sys.path.insert(0, str(ROOT / "models"))

from exporter import architecture, checkpoint, command, failure, layout, models_json  # noqa: E402

ARCH = ["--arch", layouts.ARCH]
# layout: (options, what pixels in [0, 1] are normalised by)
LAYOUTS = {
    "torchvision_own": (["--recipe", "torchvision"], layouts.IMAGENET),
    "legacy": (["--normalisation", "0.4,0.5,0.6/0.2,0.25,0.3"], ((0.4, 0.5, 0.6), (0.2, 0.25, 0.3))),
    "augmix": (["--recipe", "augmix"], layouts.IMAGENET),
    "pixmix": (["--recipe", "pixmix"], layouts.IMAGENET),
    "ant": (["--recipe", "ant"], layouts.IMAGENET),
    "free_adv": (["--normalisation", "none"], ((0.0,) * 3, (1.0,) * 3)),
    "robustness": (["--recipe", "adv"], layouts.IMAGENET),
    "robust_transfer": ([], layouts.IMAGENET),
    "robustbench_wrapped": (["--normalisation", "inside"], layouts.IMAGENET),
    "robustbench_stripped": (["--recipe", "Salman2020Do_R50"], layouts.IMAGENET),
    "features_in_parallel": (["--recipe", "sin"], layouts.IMAGENET),
    "advertorch": ([], ((0.5,) * 3, (0.25,) * 3)),
    "with_average": (["--normalisation", "imagenet", "--weights", "model_ema"], layouts.IMAGENET),
    "compiled_in_parallel": (["--normalisation", "imagenet"], layouts.IMAGENET),
    "lightning": (["--normalisation", "imagenet", "--drop", "criterion."], layouts.IMAGENET),
    "nested": (["--normalisation", "imagenet"], layouts.IMAGENET),
    "safetensors": (["--normalisation", "imagenet"], layouts.IMAGENET),
}
WITH_BATCH_NORMALISATION = {"augmix", "robust_transfer", "safetensors"}
CARRIED = {"robustness", "robust_transfer", "robustbench_wrapped", "advertorch"}


@pytest.fixture(scope="session")
def net():
    return layouts.network()


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """Real ones where there are some; a crop that is not square and made waves otherwise."""
    for folder in (ROOT / "build/demo/photos", pathlib.Path("/usr/lib/python3/dist-packages/skimage/data")):
        found = [folder / name for name in ("coffee.png", "rocket.jpg", "chelsea.png")]
        if all(file.is_file() for file in found):
            return found
    folder = tmp_path_factory.mktemp("pictures")
    y, x = numpy.mgrid[0:260, 0:340]
    # Fine stripes in one colour, coarse ones in another, a dark slope: a network tells them apart.
    for i, (period, light) in enumerate([(2, (1, 0.2, 0)), (30, (0, 0.6, 1)), (400, (0.3, 0.3, 0.3))]):
        waves = 0.5 + 0.5 * numpy.sin(x / period) * numpy.cos(y / (2 * period))
        Image.fromarray(numpy.uint8(255 * waves[..., None] * numpy.array(light))).save(folder / f"{i}.png")
    return sorted(folder.iterdir())


def pixels_of(files):
    """As torchvision's Resize(256), CenterCrop(224), ToTensor() give them."""
    from torchvision import transforms

    prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
    return torch.stack([prepare(Image.open(file).convert("RGB")) for file in files])


def logits_of(net, normalisation, pixels):
    with torch.no_grad():
        return layouts.Normalised(net, *normalisation)(pixels)


@pytest.fixture
def export(tmp_path, capsys):
    """export(checkpoint, options..., code=0) -> what was printed. models.json is in out/."""
    (tmp_path / "out").mkdir()

    def run(file, *options, code=0):
        words = [str(word) for word in (file, "--out", tmp_path / "out/models.json", *options)]
        before = sorted((tmp_path / "out").iterdir())
        assert command.main(words) == code
        printed = capsys.readouterr()
        if code:
            assert sorted((tmp_path / "out").iterdir()) == before, "something was left behind"
            assert "written" not in printed.out and printed.err.startswith("models/export.py: ")
            return printed.err
        assert printed.err == ""
        return printed.out

    return run


def entries(tmp_path):
    return json.loads((tmp_path / "out/models.json").read_text())["models"]


def logits_by_our_loader(tmp_path, photographs):
    done = subprocess.run([BIN / "print_logits", tmp_path / "out/models.json", *photographs],
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name: torch.tensor(rows) for name, rows in json.loads(done.stdout).items()}


@pytest.fixture
def plain(tmp_path, net):
    """A bare state dict."""
    layouts.torchvision_own(tmp_path / "plain.pth", net)
    return tmp_path / "plain.pth"


IMAGENET = ["--normalisation", "imagenet"]
PLAIN = [*ARCH, *IMAGENET, "--name", "plain"]


def test_every_layout_gives_the_published_networks_logits_in_our_own_loader(tmp_path, export, net, photographs):
    normalised = layouts.network(layouts.NORMALISED_ARCH)
    expected = {}
    pixels = pixels_of(photographs)
    for name, (options, normalisation) in LAYOUTS.items():
        arch, network = ARCH, net
        if name in WITH_BATCH_NORMALISATION:
            arch, network = ["--arch", layouts.NORMALISED_ARCH], normalised
        file = tmp_path / f"{name}.pth.tar"
        getattr(layouts, name)(file, network)
        says_so = name == "free_adv"  # the file; others need the option, for the recipe is a larger network's
        printed = export(file, *([] if says_so else arch), *options, "--name", name)
        assert "every key matched" in printed and ("inside the network" in printed) == (name in CARRIED)
        expected[name] = logits_of(network, normalisation, pixels)

    for entry in entries(tmp_path):
        assert entry["sha256"] == models_json.sha256_of(tmp_path / "out" / entry["file"])
        if entry["name"] in CARRIED:
            assert (entry["mean"], entry["std"]) == ([0, 0, 0], [1, 1, 1])
    found = logits_by_our_loader(tmp_path, photographs)
    assert list(expected) == [entry["name"] for entry in entries(tmp_path)] and set(found) == set(expected)
    for name, logits in expected.items():
        assert logits.std(0).max() > 1e-2, "logits that do not depend on the picture prove nothing"
        assert (found[name] - logits).abs().max() <= 1e-4, name


def test_the_published_scripts_way_of_loading_leaves_a_random_network_and_ours_does_not(tmp_path, export, net):
    layouts.augmix(tmp_path / "augmix.pth.tar", net, layouts.ARCH)
    untrained = layouts.network(seed=7)
    before = {key: value.clone() for key, value in untrained.state_dict().items()}
    published = torch.load(tmp_path / "augmix.pth.tar")["state_dict"]
    untrained.load_state_dict(published, strict=False)  # as spectral-attribution, scripts/spectral_profiles.py
    assert all(torch.equal(before[key], value) for key, value in untrained.state_dict().items()), "the trap is no trap"

    export(tmp_path / "augmix.pth.tar", *ARCH, "--recipe", "augmix")
    exported = torch.jit.load(str(tmp_path / "out" / entries(tmp_path)[0]["file"]))
    noise = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert (exported(noise) - net(noise)).abs().max() <= 1e-4
        assert (exported(noise) - untrained(noise)).abs().max() > 0.1


def renamed(net, name):
    return collections.OrderedDict((name(key), value) for key, value in net.state_dict().items())


def test_a_prefix_that_is_not_known_is_refused_with_all_keys_and_what_takes_it_off(tmp_path, export, net):
    torch.save({"state_dict": renamed(net, lambda key: f"backbone.{key}")}, tmp_path / "x.pth")
    error = export(tmp_path / "x.pth", *PLAIN, code=3)
    assert f"does not fit {layouts.ARCH}" in error
    assert error.splitlines()[0].endswith("; all of its weights are there: say --strip-prefix backbone.")
    for key in net.state_dict():
        assert f"\nmissing     {key}\n" in error
        assert f"\nunexpected  backbone.{key}" in error
    printed = export(tmp_path / "x.pth", *PLAIN, "--strip-prefix", "backbone.")
    assert "'backbone.' taken off 52 of 52 keys" in printed


def test_what_is_offered_exports(tmp_path, export, net):
    """The options that the error names, taken as they are, and nothing dropped without them."""
    others = {"criterion.weight": torch.ones(3), "ema.decay": torch.ones(1)}
    for i, (prefix, state) in enumerate([
        ("model.", renamed(net, lambda key: f"model.{key}") | others),
        ("encoder_q.", renamed(net, lambda key: f"module.encoder_q.{key}") | {"module.queue": torch.ones(2)}),
        ("", net.state_dict() | others),
        ("net.backbone.", renamed(net, lambda key: f"net.backbone.{key}") | {"net.backbone.head.bias": torch.ones(2)}),
    ]):  # fmt: skip
        torch.save({"state_dict": state}, tmp_path / "x.pth")
        words = [*ARCH, *IMAGENET, "--name", f"case{i}"]
        error = export(tmp_path / "x.pth", *words, code=3).splitlines()[0]
        assert "all of its weights are there" in error and "--drop" in error
        offered = error.split(": say ")[1].split()
        printed = export(tmp_path / "x.pth", *words, *offered)
        for key in set(others) & set(state):
            assert key in printed, "what is left out is named"


def test_weights_that_are_there_twice_need_a_choice(tmp_path, export, net):
    other = layouts.network(seed=1)
    state = renamed(net, lambda key: f"teacher.{key}") | renamed(other, lambda key: f"student.{key}")
    torch.save(state, tmp_path / "x.pth")
    assert "choose by --strip-prefix student. or teacher." in export(tmp_path / "x.pth", *PLAIN, code=3)
    assert "say --drop student." in export(tmp_path / "x.pth", *PLAIN, "--strip-prefix", "teacher.", code=3)
    printed = export(tmp_path / "x.pth", *PLAIN, "--strip-prefix", "teacher.", "--drop", "student.")
    assert "--drop student. left out 52" in printed


def test_options_for_keys_that_are_not_there_are_refused(tmp_path, export, net, plain):
    assert "--drop criterion.: " in export(plain, *PLAIN, "--drop", "criterion.", code=2)
    assert "no key begins with it; here they are features.0.weight" in export(
        plain, *PLAIN, "--strip-prefix", "backbone.", code=2)  # fmt: skip
    part = renamed(net, lambda key: f"backbone.{key}")
    part.pop("backbone.classifier.1.weight")
    torch.save(part, tmp_path / "part.pth")
    assert "51 of its 52 weights are there as 'backbone.'" in export(tmp_path / "part.pth", *PLAIN, code=3)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda sd: sd.pop("classifier.1.bias"), "1 keys missing (classifier.1.bias), 0 unexpected, 0 of another"),
        (lambda sd: sd.update(extra=torch.zeros(1)), "0 keys missing, 1 unexpected (extra)"),
        (lambda sd: sd.update({"features.0.weight": torch.zeros(7)}), "1 of another shape (features.0.weight)"),
    ],
)
def test_one_key_that_does_not_match_is_enough(tmp_path, export, net, change, said):
    state = net.state_dict()
    change(state)
    torch.save(state, tmp_path / "x.pth")
    assert said in export(tmp_path / "x.pth", *PLAIN, code=3)


def test_names_of_timm_are_recognised_and_refused(tmp_path, export):
    deit = {"blocks.0.attn.qkv.weight": torch.zeros(6, 2), "head.weight": torch.zeros(10, 2)}
    torch.save(deit, tmp_path / "deit.pth")
    error = export(tmp_path / "deit.pth", "--arch", "vit_b_16", *IMAGENET, "--name", "deit", code=3)
    assert "timm's (ViT, DeiT)" in error


def test_normalisation_is_never_guessed(export, plain):
    assert "say --normalisation imagenet, none or" in export(plain, *ARCH, "--name", "x", code=2)
    assert "contradicts --recipe" in export(plain, *ARCH, "--recipe", "augmix", *IMAGENET, code=2)
    assert "carries no normaliser" in export(plain, *ARCH, "--name", "x", "--normalisation", "inside", code=2)
    for bad in ("0.5", "1,2/3,4", "a,b,c/1,1,1", "0,0,0/1,1,0", "nan,0,0/1,1,1"):
        assert f"--normalisation '{bad}'" in export(plain, *ARCH, "--name", "x", "--normalisation", bad, code=2)


def test_a_normaliser_that_the_file_carries_is_not_overruled(tmp_path, export, net):
    layouts.robustness(tmp_path / "x.ckpt", net, mean=(0.5, 0.5, 0.5))
    assert "the file carries its own, 0.5,0.5,0.5/0.229" in export(tmp_path / "x.ckpt", *PLAIN, code=2)
    assert "not ImageNet's as recipe adv" in export(tmp_path / "x.ckpt", *ARCH, "--recipe", "adv", code=3)


def test_the_attackers_copy_must_be_a_copy(tmp_path, export, net):
    layouts.robustness(tmp_path / "x.ckpt", net)
    saved = torch.load(tmp_path / "x.ckpt")
    saved["model"]["module.attacker.model.classifier.1.bias"] = torch.ones(layouts.CLASSES)
    torch.save(saved, tmp_path / "x.ckpt")
    error = export(tmp_path / "x.ckpt", *ARCH, "--recipe", "adv", code=3)
    assert "attacker.model.classifier.1.bias differs from model.classifier.1.bias" in error


def test_torchvisions_ported_networks_get_the_input_they_were_ported_with(tmp_path, export, photographs):
    ported = layouts.network("googlenet", aux_logits=False, init_weights=False)
    torch.save(ported.state_dict() | {"aux1.fc1.weight": torch.zeros(1)}, tmp_path / "googlenet.pth")
    words = [tmp_path / "googlenet.pth", "--arch", "googlenet"]
    assert "turns it into [-1, 1]" in export(*words, "--recipe", "torchvision", "--name", "theirs")
    found = logits_by_our_loader(tmp_path, photographs)
    assert (found["theirs"] - logits_of(ported, ((0.5,) * 3, (0.5,) * 3), pixels_of(photographs))).abs().max() <= 1e-4


def loaded(name, file):
    """The network that the exporter would trace."""
    weights = layout.find_weights(checkpoint.read_checkpoint(file, trust=False), None, str(file))
    layout.unwrap(weights, str(file))
    return architecture.build(name, weights, False, str(file)).state_dict()


def test_densenets_old_names_and_mnasnets_versions_are_understood(tmp_path):
    dense = layouts.network("densenet121")
    old = renamed(dense, lambda key: key.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."))
    torch.save(old, tmp_path / "densenet.pth")
    mnas = layouts.network("mnasnet0_5")
    layouts.robust_transfer(tmp_path / "mnasnet.ckpt", mnas)  # its loading fails without the version of the class
    torch.save(renamed(mnas, str), tmp_path / "mnasnet.pth")
    for net, name, file in ((dense, "densenet121", "densenet.pth"), (mnas, "mnasnet0_5", "mnasnet.ckpt"),
                            (mnas, "mnasnet0_5", "mnasnet.pth")):  # fmt: skip
        state = loaded(name, tmp_path / file)
        assert all(torch.equal(state[key], value) for key, value in net.state_dict().items()
                   if not key.endswith("num_batches_tracked"))  # fmt: skip


def harmless(monkeypatch):
    """What training scripts keep beside the weights, and the names of what is not installed here."""
    extras = {
        "path": pathlib.PurePosixPath("runs/1"), "here": pathlib.Path("x"), "when": datetime.datetime(2025, 1, 2),
        "took": datetime.timedelta(1), "options": argparse.Namespace(lr=0.1), "torch": torch.__version__,
        "numpy_state": numpy.random.get_state(), "generator": numpy.random.default_rng(0), "best": numpy.float64(3),
        "curve": numpy.arange(3.0), "kind": numpy.dtype("f4"), "python_state": random.getstate(),
        "counts": collections.Counter("ab"), "last": collections.deque([1]), "by": collections.defaultdict(list),
        "seen": frozenset([1]), "exact": decimal.Decimal("0.1"), "also": types.SimpleNamespace(a=1),
    }  # fmt: skip
    for number, (module, name) in enumerate([
        ("numpy._core.multiarray", "scalar"), ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.numeric", "_frombuffer"), ("numpy.dtypes", "Float64DType"), ("pathlib", "WindowsPath"),
        ("pathlib._local", "PosixPath"), ("omegaconf.dictconfig", "DictConfig"), ("easydict", "EasyDict"),
        ("lightning.fabric.utilities.data", "AttributeDict"), ("numpy.random._pickle", "__generator_ctor"),
    ]):  # fmt: skip
        for dot in re.finditer(r"\.|$", module):  # a module's packages come before it
            package = module[: dot.start()]
            monkeypatch.setitem(sys.modules, package, sys.modules.get(package) or types.ModuleType(package))
        there = sys.modules[module]
        if not hasattr(there, name):
            stand_in = type(name, (), {"__module__": module, "__qualname__": name})
            monkeypatch.setattr(there, name, stand_in, raising=False)
        extras[f"named{number}"] = getattr(there, name)
    return extras


@pytest.mark.parametrize("zipped", [True, False])
def test_harmless_extras_are_left_out(tmp_path, export, net, monkeypatch, zipped):
    with monkeypatch.context() as patched:
        saved = {"state_dict": net.state_dict(), **harmless(patched)}
        torch.save(saved, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    assert b"numpy._core" in (tmp_path / "x.pth").read_bytes(), "this test would show nothing"
    assert "every key matched" in export(tmp_path / "x.pth", *PLAIN)


def test_parameters_as_pytorch_2_saves_them_are_read(tmp_path, monkeypatch):
    """With attributes of their own, or of a class of their own."""

    def with_state(data, requires_grad, hooks, state):
        raise AssertionError

    with_state.__module__, with_state.__qualname__ = "torch._utils", "_rebuild_parameter_with_state"
    monkeypatch.setattr(torch._utils, "_rebuild_parameter_with_state", with_state, raising=False)

    class Parameter:
        def __reduce__(self):
            return with_state, (torch.ones(3), True, collections.OrderedDict(), {"tag": 1})

    class OfType:
        def __reduce__(self):
            made = (torch.ones(2), True, collections.OrderedDict())
            return torch._tensor._rebuild_from_type_v2, (torch._utils._rebuild_parameter, nn.Parameter, made, {})

    torch.save({"a": Parameter(), "b": OfType()}, tmp_path / "x.pth")
    monkeypatch.undo()
    read = checkpoint.read_checkpoint(tmp_path / "x.pth", trust=False)
    assert torch.equal(read["a"], torch.ones(3)) and torch.equal(read["b"], torch.ones(2))
    assert layout.find_weights(read, None, "x").steps == ["a bare state dict, 2 tensors"]


@pytest.mark.parametrize("name", ["numpy.testing._private.utils.runstring", "pathlib.Path.unlink", "builtins.eval",
                                  "builtins.getattr", "types.FunctionType", "torch.load", "numpy.load"])  # fmt: skip
def test_names_beside_the_harmless_ones_are_not(tmp_path, export, name):
    module, _, rest = (name.rpartition(".") if name != "pathlib.Path.unlink" else ("pathlib", "", "Path.unlink"))
    body = b"\x80\x04\x8c" + bytes([len(module)]) + module.encode() + b"\x8c" + bytes([len(rest)]) + rest.encode()
    (tmp_path / "x.pth").write_bytes(legacy_file(body + b"\x93)R."))
    assert f"would run code: its pickle names {name};" in export(tmp_path / "x.pth", *PLAIN, code=3)


def test_a_checkpoint_that_holds_itself_is_refused(tmp_path, export):
    ring = {}
    ring["again"] = ring
    torch.save(ring, tmp_path / "ring.pth")
    assert "holds no state dict" in export(tmp_path / "ring.pth", *PLAIN, code=3)


@pytest.mark.parametrize("change, said", [
    ({"classifier.1.bias": {"dtype": "F8_E4M3", "shape": [10], "data_offsets": [0, 10]}}, "of type F8_E4M3; known"),
    ({"classifier.1.bias": {"dtype": "F32", "shape": [10], "data_offsets": [0, 44]}}, "bytes 0 to 44"),
    ({"classifier.1.bias": {"dtype": "F32", "shape": [10], "data_offsets": [1 << 40, (1 << 40) + 40]}}, "for 10 numbers"),
    ({"classifier.1.bias": {"dtype": "F32", "shape": [-10], "data_offsets": [40, 0]}}, "no whole number"),
    ({"classifier.1.bias": {"dtype": "F32", "shape": [10]}}, "data_offsets"),
    ({"classifier.1.bias": 3}, "classifier.1.bias"),
])  # fmt: skip
def test_safetensors_that_say_what_is_not_so_are_refused(tmp_path, export, net, change, said):
    layouts.safetensors(tmp_path / "x.safetensors", net, **change)
    error = export(tmp_path / "x.safetensors", *PLAIN, code=3)
    assert "cannot be read as safetensors: classifier.1.bias" in error and said in error


def test_safetensors_cut_off_anywhere_are_refused(tmp_path):
    layouts.safetensors(tmp_path / "x", nn.Linear(3, 2))
    content = (tmp_path / "x").read_bytes()
    assert list(checkpoint.read_checkpoint(tmp_path / "x", trust=False)) == ["weight", "bias"]
    for length in range(len(content)):
        (tmp_path / "x").write_bytes(content[:length])
        with pytest.raises(failure.InputError, match="damaged"):
            checkpoint.read_checkpoint(tmp_path / "x", trust=False)


class Creates:
    """A pickle that would create a file."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (os.system, (f"touch {self.file}",))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path, export, net, zipped):
    evil = {"state_dict": net.state_dict(), "extra": Creates(tmp_path / "created")}
    torch.save(evil, tmp_path / "evil.pth", _use_new_zipfile_serialization=zipped)
    error = export(tmp_path / "evil.pth", *PLAIN, code=3)
    assert "would run code" in error and "posix.system" in error and "--trust" in error
    assert not (tmp_path / "created").exists()
    export(tmp_path / "evil.pth", *PLAIN, "--trust")
    assert (tmp_path / "created").exists(), "the pickle was harmless: this test shows nothing"


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_model_names_its_classes_and_needs_trust(tmp_path, export, net, zipped):
    torch.save(net, tmp_path / "whole.pth", _use_new_zipfile_serialization=zipped)
    error = export(tmp_path / "whole.pth", *PLAIN, code=3)
    assert "torchvision.models.squeezenet.SqueezeNet" in error and "torch.nn.modules.conv.Conv2d" in error
    assert "a whole model" in export(tmp_path / "whole.pth", *PLAIN, "--trust")


def legacy_file(body):
    """As torch.save wrote before 1.6, without storages."""
    header = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join(header) + body + pickle.dumps([], 2)


def test_a_legacy_file_cannot_have_torch_write_a_patch(tmp_path, export):
    """Names only what builds tensors, sets two attributes of it, and calls it a module whose source has changed:
    torch's reader then writes the difference, a text of the file's, to a path of the file's."""

    def text(value):
        return b"U" + bytes([len(value)]) + value.encode()

    build = b"ctorch._utils\n_rebuild_tensor\n"
    attributes = b"N}(" + text("dump_patches") + b"\x88" + text("__name__") + text(str(tmp_path / "p")) + b"u\x86b"
    module = b"\x80\x02(" + text("module") + build + attributes + text("a") + text("evil") + b"tQ."
    (tmp_path / "evil.pth").write_bytes(legacy_file(module))
    export(tmp_path / "evil.pth", *PLAIN, code=3)
    assert not (tmp_path / "p.patch").exists()


def test_a_dotted_name_does_not_reach_through_an_allowed_module(tmp_path, export):
    name = b"\x80\x04\x8c\x0ctorch._utils\x8c\x0bos.getlogin\x93)R."
    (tmp_path / "evil.pth").write_bytes(legacy_file(name))
    assert "torch._utils.os.getlogin" in export(tmp_path / "evil.pth", *PLAIN, code=3)


def test_what_is_no_checkpoint_is_named_for_what_it_is(tmp_path, export, net, plain):
    (tmp_path / "page.pth").write_text("<!DOCTYPE html><html>Google Drive can't scan this file</html>")
    torch.jit.trace(net, torch.zeros(1, 3, 224, 224)).save(str(tmp_path / "script.pt"))
    subprocess.run(["tar", "cf", tmp_path / "x.pth.tar", "-C", tmp_path, "plain.pth"], check=True)
    torch.save([1, 2], tmp_path / "list.pth")
    (tmp_path / "lfs.pth").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n")
    (tmp_path / "train.py").write_text("import torch\n")  # which a pickle may begin with
    torch.save({"optimizer": {"lr": 0.1}}, tmp_path / "empty.pth")
    for name, said in {"page.pth": "is a web page", "script.pt": "TorchScript already", "x.pth.tar": "is a tar archive",
                       "list.pth": "holds a list, not weights", "empty.pth": "holds no state dict, only 'optimizer'",
                       "train.py": "is not what torch.save writes", "absent.pth": "no such file",
                       "lfs.pth": "its content is not here: fetch it"}.items():  # fmt: skip
        assert said in export(tmp_path / name, *PLAIN, code=3)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_cut_off_anywhere_is_refused(tmp_path, zipped):
    torch.save({"state_dict": nn.Linear(3, 2).state_dict()}, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    content = (tmp_path / "x.pth").read_bytes()
    for length in range(len(content)):
        (tmp_path / "x.pth").write_bytes(content[:length])
        with pytest.raises(failure.InputError, match="damaged"):
            checkpoint.read_checkpoint(tmp_path / "x.pth", trust=False)


def test_several_state_dicts_need_a_choice(tmp_path, export, net):
    layouts.with_average(tmp_path / "x.pth", net)
    assert "say --weights model or model_ema" in export(tmp_path / "x.pth", *PLAIN, code=2)
    assert "--weights other is not in" in export(tmp_path / "x.pth", *PLAIN, "--weights", "other", code=2)
    mixed = net.state_dict() | renamed(net, lambda key: f"module.{key}")
    torch.save(mixed, tmp_path / "x.pth")
    assert "twice" in export(tmp_path / "x.pth", *PLAIN, code=3)


def test_a_case_is_added_refused_and_replaced_in_its_place(tmp_path, export, net, plain):
    out = tmp_path / "out/models.json"
    export(plain, *PLAIN)
    export(plain, *ARCH, *IMAGENET, "--name", "second")
    before = out.read_bytes()
    assert "has a case 'plain' already: say --force" in export(plain, *PLAIN, code=2)
    assert out.read_bytes() == before
    layouts.torchvision_own(plain, layouts.network(seed=3))
    first = entries(tmp_path)[0]
    assert "case 1, 'plain'" in export(plain, *PLAIN, "--force")
    replaced, second = entries(tmp_path)
    assert second == json.loads(before)["models"][1]
    assert replaced["sha256"] != first["sha256"]
    assert models_json.sha256_of(tmp_path / "out" / first["file"]) == first["sha256"], "sweeps may still need it"


def test_what_others_wrote_into_models_json_stays_or_stops_us(tmp_path, export, plain):
    out = tmp_path / "out/models.json"
    theirs = {"name": "été", "file": "x.pt", "resize": 300}
    out.write_text(json.dumps({"models": [theirs]}))
    export(plain, *PLAIN)
    assert entries(tmp_path)[0] == theirs
    for broken in ("", "[]", '{"models": 3}', '{"models": [{"file": "x"}]}', '{"models": [], "more": 1}'):
        out.write_text(broken)
        assert "is not of the form" in export(plain, *PLAIN, code=3)
        assert out.read_text() == broken


def test_a_list_that_is_a_link_stays_one(tmp_path, export, plain):
    export(plain, *PLAIN)
    link = tmp_path / "out/models.json"
    link.rename(tmp_path / "shared.json")
    link.symlink_to(tmp_path / "shared.json")
    export(plain, *ARCH, *IMAGENET, "--name", "second")
    assert link.is_symlink() and [entry["name"] for entry in entries(tmp_path)] == ["plain", "second"]


def test_nothing_is_left_when_the_disk_fails(tmp_path, export, plain, monkeypatch):
    export(plain, *PLAIN)
    before = (tmp_path / "out/models.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device", "models.json")

    monkeypatch.setattr(models_json, "_sync", full)
    words = [str(word) for word in (plain, *ARCH, *IMAGENET, "--name", "b", "--out", tmp_path / "out/models.json")]
    files = sorted((tmp_path / "out").iterdir())
    assert command.main(words) == 3
    assert (tmp_path / "out/models.json").read_bytes() == before and sorted((tmp_path / "out").iterdir()) == files


def test_class_names_are_counted_and_copied(tmp_path, export, plain):
    names = tmp_path / "names.txt"
    names.write_text("one\n")
    assert f"has 1 names, the network {layouts.CLASSES} classes" in export(plain, *PLAIN, "--classes", names, code=3)
    names.write_text("".join(f"class {i}\n" for i in range(layouts.CLASSES)))
    export(plain, *PLAIN, "--classes", names)
    assert entries(tmp_path)[0]["classes"] == "names.txt"
    assert (tmp_path / "out/names.txt").read_text() == names.read_text()
    names.write_text("".join(f"other {i}\n" for i in range(layouts.CLASSES)))
    assert "holds other names" in export(plain, *ARCH, *IMAGENET, "--name", "b", "--classes", names, code=2)


def test_sizes_that_wavelets_cannot_halve_are_said(tmp_path, export, plain):
    assert "--input-size 299 is odd" in export(plain, *PLAIN, "--input-size", "299", "--resize", "320", code=2)
    assert "--resize 256 is outside --input-size 288" in export(plain, *PLAIN, "--input-size", "288", code=2)
    assert "outside 32 to 2048" in export(plain, *PLAIN, "--input-size", "16", code=2)
    assert "no multiple of 8" in export(plain, *PLAIN, "--input-size", "228")
    assert entries(tmp_path)[0]["input_size"] == 228


def test_a_network_that_cannot_be_used_is_not_written(tmp_path, export, net, plain):
    state = net.state_dict()
    head = "classifier.1.weight"
    torch.save(state | {head: state[head] * float("nan")}, tmp_path / "nan.pth")
    assert "not finite" in export(tmp_path / "nan.pth", *PLAIN, code=3)
    torch.save(state | {head: 0 * state[head]}, tmp_path / "dead.pth")
    assert "gives every picture the same logits" in export(tmp_path / "dead.pth", *PLAIN, code=3)


def test_mistakes_on_the_command_line_are_named(tmp_path, export, plain, capsys):
    assert "--arch 'resnet5' is none of torchvision's" in export(plain, "--arch", "resnet5", code=2)
    assert "--arch is missing" in export(plain, *IMAGENET, "--name", "x", code=2)
    assert "--recipe 'madry' is none of" in export(plain, "--recipe", "madry", code=2)
    assert "--name is missing" in export(plain, *ARCH, *IMAGENET, code=2)
    assert "--name 'a b'" in export(plain, *ARCH, *IMAGENET, "--name", "a b", code=2)
    assert "unrecognized arguments: --nom" in export(plain, "--nom", "x", code=2)
    assert "no such file or folder" in export(plain, *PLAIN, "--check-images", tmp_path / "none", code=3)
    (tmp_path / "bad.png").write_text("x")
    assert "bad.png" in export(plain, *PLAIN, "--check-images", tmp_path / "bad.png", "--check-images", plain, code=3)


def test_the_folder_of_the_list_is_made(tmp_path, plain, capsys):
    assert command.main([str(plain), "--out", str(tmp_path / "new/deep/models.json"), *PLAIN]) == 0
    assert "next           wcam check-models" in capsys.readouterr().out
    assert json.loads((tmp_path / "new/deep/models.json").read_text())["models"][0]["name"] == "plain"


def test_all_that_is_missing_is_said_at_once(tmp_path, plain, capsys):
    assert command.main([str(plain), "--classes", str(tmp_path / "none.txt")]) == 2
    said = capsys.readouterr().err
    for words in ("--name is missing", "--out is missing", "--arch is missing", "how pixels are normalised",
                  "none.txt: no such file"):  # fmt: skip
        assert words in said
    assert len(said.strip().splitlines()) == 5
    assert command.main([str(tmp_path / "absent.pth"), "--recipe", "augmix"]) == 2
    said = capsys.readouterr().err
    assert "--out is missing" in said and "absent.pth: no such file" in said and len(said.strip().splitlines()) == 2


@pytest.mark.parametrize("theirs, noted", [("0.4.1", True), ("9.0.0", False), (torch.__version__, False)])
def test_workers_with_an_older_libtorch_are_named(tmp_path, export, plain, monkeypatch, theirs, noted):
    worker = tmp_path / "wcam-worker"
    worker.write_text(f"#!/bin/sh\necho wcam 0.2.0\necho LibTorch {theirs}\n")
    worker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert (f"PyTorch {torch.__version__} wrote it, the workers have LibTorch {theirs}" in export(plain, *PLAIN)) == noted


class MakesItsOwnTensors(nn.Module):
    """As the masks of a Swin transformer in some versions of torchvision: on the device that it is traced on."""

    def __init__(self):
        super().__init__()
        self.convolution, self.head = nn.Conv2d(3, 8, 8, 8), nn.Linear(8, 4)

    def forward(self, x):
        x = self.convolution(x)
        mask = torch.arange(x.shape[3], device=x.device) < 14
        return self.head((x * mask).mean((2, 3)))


def test_a_network_traced_on_another_device_runs_on_the_workers_own(tmp_path, photographs):
    """Here the other device is one that is not there; as a network from a CPU on a GPU, without one."""
    net = MakesItsOwnTensors()
    torch.jit.trace(net, torch.zeros(1, 3, 224, 224)).save(str(tmp_path / "cpu.pt"))
    (tmp_path / "out").mkdir()
    with zipfile.ZipFile(tmp_path / "cpu.pt") as cpu, zipfile.ZipFile(tmp_path / "out/x.pt", "w") as gpu:
        for name in cpu.namelist():
            gpu.writestr(name, cpu.read(name).replace(b'torch.device("cpu")', b'torch.device("cuda:1")'))
        assert b'torch.device("cpu")' in b"".join(map(cpu.read, cpu.namelist()))
    (tmp_path / "out/models.json").write_text(json.dumps({"models": [{"name": "x", "file": "x.pt"}]}))
    found = logits_by_our_loader(tmp_path, photographs)["x"]
    assert (found - logits_of(net, layouts.IMAGENET, pixels_of(photographs))).abs().max() <= 1e-4


@pytest.mark.parametrize("call, said", [
    ("torch.of_tomorrow(", "Unknown builtin op: aten::of_tomorrow; was it made by a newer"),
    ("torch.relu6(", "aten::relu6(Tensor self) -> Tensor: Keyword argument tomorrow unknown; was it made by a newer"),
    ("ops.mylib.relu(", "Unknown builtin op: mylib::relu; that operator is of a library which no worker loads"),
])  # fmt: skip
def test_torchscript_that_a_worker_cannot_run_is_refused_with_its_cause(tmp_path, photographs, call, said):
    net = nn.Sequential(nn.Conv2d(3, 8, 8, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
    torch.jit.script(net).save(str(tmp_path / "ours.pt"))
    (tmp_path / "out").mkdir()
    with zipfile.ZipFile(tmp_path / "ours.pt") as ours, zipfile.ZipFile(tmp_path / "out/x.pt", "w") as newer:
        changed = 0
        for name in ours.namelist():
            content = ours.read(name)
            if name.endswith(".py"):
                changed += content.count(b"torch.relu(")
                more = b"tomorrow=1, " if "relu6" in call else b""
                content = content.replace(b"torch.relu(", call.encode() + more)
            newer.writestr(name, content)
    assert changed == 1
    (tmp_path / "out/models.json").write_text(json.dumps({"models": [{"name": "x", "file": "x.pt"}]}))
    done = subprocess.run([BIN / "wcam-worker", "check-models", tmp_path / "out/models.json"],
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 3 and "this worker's LibTorch" in done.stdout and said in done.stdout


PROGRAM = [*IMAGENET, "--trust", "--name", "program"]


def refused_before_torch_export(export, file):
    """Whether it is, with the remedy: Debian 12's PyTorch can neither write nor read what these tests are of."""
    if hasattr(torch, "export"):
        return False
    error = export(file, *PROGRAM, code=3)
    assert f"is an exported program, which PyTorch {torch.__version__} cannot read: run models/export.py on" in error
    assert "PyTorch 2.6 or newer" in error and len(error.splitlines()) == 1
    return True


def test_exported_programs_give_their_networks_logits_in_our_own_loader(tmp_path, export, photographs):
    nets = {"mobilenet": layouts.network("mobilenet_v2"), "resnet": layouts.network("resnet18"),
            "transformer": layouts.transformer()}  # fmt: skip
    file = tmp_path / "x.pth"  # what it is, not how it is called
    for name, net in nets.items():
        layouts.program(file, net)
        if refused_before_torch_export(export, file):
            return
        assert "for batches of any size" in export(file, *IMAGENET, "--trust", "--name", name)
    found = logits_by_our_loader(tmp_path, photographs)
    many = torch.randn(5, 3, 224, 224)
    for entry in entries(tmp_path):
        net = nets[entry["name"]]
        expected = logits_of(net, layouts.IMAGENET, pixels_of(photographs))
        assert expected.std(0).max() > 1e-2, "logits that do not depend on the picture prove nothing"
        assert (found[entry["name"]] - expected).abs().max() <= 1e-4
        with torch.no_grad():
            traced = torch.jit.load(str(tmp_path / "out" / entry["file"]))
            assert (traced(many) - net(many)).abs().max() <= 1e-4


@pytest.mark.parametrize("limits, said", [
    ({"batch": False, "pictures": 1}, "batches of 1 only"),
    ({"batch": False, "pictures": 16}, "batches of 16 only"),
    ({"pictures": 6, "min": 4}, "batches of 4 to 1024"),
    ({"max": 4}, "batches of 0 to 4"),
    ({"pictures": 4, "times": 2}, "batches of 2*s"),
])  # fmt: skip
def test_a_program_of_some_batch_sizes_is_refused_and_what_is_offered_exports(tmp_path, export, net, limits, said):
    file = tmp_path / "x.pt2"
    layouts.program(file, net, **limits)
    if refused_before_torch_export(export, file):
        return
    error = export(file, *PROGRAM, code=3)
    assert f"was exported for {said}" in error and ", and workers send 1 to 1024 pictures: " in error
    offered = error.strip().split("export it with ")[1]
    torch.export.save(eval(offered, {"torch": torch, "model": net}), file)
    assert "of any size" in export(file, *PROGRAM)


def test_a_largest_batch_is_said(tmp_path, export, net):
    layouts.program(tmp_path / "x.pt2", net, min=2, max=64)
    if not refused_before_torch_export(export, tmp_path / "x.pt2"):
        assert "for batches of up to 64: let no --batch-size be larger" in export(tmp_path / "x.pt2", *PROGRAM)


def test_a_program_of_other_inputs_is_refused(tmp_path, export, net):
    file = tmp_path / "x.pt2"
    layouts.program(file, net, side=64)
    if refused_before_torch_export(export, file):
        return
    error = export(file, *PROGRAM, code=3)
    assert "was exported for pictures 3 x 64 x 64, not 3 x 224 x 224: say --input-size" in error
    export(file, *PROGRAM, "--input-size", "64", "--resize", "64")
    layouts.program(file, nn.Linear(4, 3), example=torch.zeros(2, 4))
    assert "other than one input of pictures" in export(file, *PROGRAM, "--force", code=3)


def test_a_program_in_training_mode_is_refused(tmp_path, export):
    for net in (nn.Dropout(0.5), nn.BatchNorm2d(3)):
        net = nn.Sequential(nn.Conv2d(3, 3, 8, 8), net, nn.Flatten(), nn.Linear(3 * 28 * 28, 4)).train()
        layouts.program(tmp_path / "x.pt2", net)
        if not refused_before_torch_export(export, tmp_path / "x.pt2"):
            assert "in training mode, of a program because model.eval() was not called" in export(tmp_path / "x.pt2", *PROGRAM, code=3)


def edited(file, *changes):
    """The program with every text in its parts, and in the parts of these, replaced by another."""
    def edit(content):
        if zipfile.is_zipfile(io.BytesIO(content)):
            made = io.BytesIO()
            with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(made, "w") as after:
                for name in before.namelist():
                    after.writestr(name, edit(before.read(name)))
            return made.getvalue()
        for old, new in changes:
            content = content.replace(old, new)
        return content

    file.write_bytes(edit(file.read_bytes()))


def test_a_program_of_another_device_and_type_is_brought_to_the_checkpoints(tmp_path, export, photographs):
    """Here the other device is one that is not there; as a network from a GPU on a machine without one."""
    net = nn.Sequential(MakesItsOwnTensors(), nn.Linear(4, 4)).bfloat16()
    file = tmp_path / "x.pt2"
    layouts.program(file, net, example=torch.zeros(2, 3, 224, 224, dtype=torch.bfloat16))
    if refused_before_torch_export(export, file):
        return
    edited(file, (b'{"type": "cpu", "index": null}', b'{"type": "cuda", "index": 0}'),
           (b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))  # fmt: skip
    with pytest.raises(RuntimeError):
        torch.export.load(file)
    export(file, *PROGRAM)
    expected = logits_of(net.float(), layouts.IMAGENET, pixels_of(photographs))
    assert (logits_by_our_loader(tmp_path, photographs)["program"] - expected).abs().max() <= 1e-4


def test_a_program_is_run_only_for_those_who_trust_it(tmp_path, export, net):
    file = tmp_path / "x.pt2"
    layouts.program(file, net)
    if refused_before_torch_export(export, file):
        return
    code = f"__import__('os').makedirs('{tmp_path}/made', exist_ok=True) or Symbol("
    edited(file, (b'"expr_str": "Symbol(', f'"expr_str": "{code}'.encode()))
    assert "nothing was run" in (error := export(file, *IMAGENET, "--name", "x", code=3)) and "say --trust" in error
    assert not (tmp_path / "made").exists()
    export(file, *PROGRAM)
    assert (tmp_path / "made").exists(), "the program was harmless: this test shows nothing"


def test_options_that_weights_need_and_a_program_does_not_are_refused(tmp_path, export):
    layouts.zipped(tmp_path / "x.pt2", layouts.PROGRAM)
    error = export(tmp_path / "x.pt2", *PLAIN, "--strip-prefix", "x.", code=2)
    assert "--arch, --strip-prefix: " in error and "is an exported program, which holds its network whole" in error
    assert "the file carries no normaliser" in export(
        tmp_path / "x.pt2", "--name", "x", "--normalisation", "inside", code=2)  # fmt: skip


def test_programs_of_other_versions_and_what_was_compiled_of_them_are_told_apart(tmp_path, export):
    file = tmp_path / "x.pt2"
    for parts in (layouts.COMPILED, layouts.COMPILED_FROM_2_7):
        layouts.zipped(file, parts)
        error = export(file, *PROGRAM, code=3)
        assert "is a package of AOTInductor: machine code for one processor" in error and "torch.export.save" in error
    layouts.zipped(file, layouts.PROGRAM_FROM_2_8)
    error = export(file, *PROGRAM, code=3)
    assert "PyTorch 2.8 or newer" in error or "cannot be loaded by PyTorch" in error  # which is that or newer
    layouts.zipped(file, layouts.PROGRAM)
    if not refused_before_torch_export(export, file):
        assert "cannot be loaded by PyTorch" in export(file, *PROGRAM, code=3)
    layouts.zipped(file, {"x/models/model.json": "{}"})
    assert "is a zip archive without a checkpoint" in export(file, *PROGRAM, code=3)


@pytest.mark.parametrize("parts", [layouts.PROGRAM, layouts.PROGRAM_FROM_2_8, layouts.COMPILED,
                                   layouts.COMPILED_FROM_2_7])  # fmt: skip
def test_a_worker_names_what_makes_torchscript_of_a_program(tmp_path, parts):
    layouts.zipped(tmp_path / "x.pt2", parts)
    (tmp_path / "models.json").write_text(json.dumps({"models": [{"name": "x", "file": "x.pt2"}]}))
    done = subprocess.run([BIN / "wcam-worker", "check-models", tmp_path / "models.json"],
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 3 and "x.pt2: no TorchScript file but an exported program" in done.stdout


def test_the_help_can_be_followed():
    done = subprocess.run([ROOT / "models/export.py", "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == ""
    for word in ("--recipe augmix", "--normalisation", "Salman2020Do_R50", "examples:"):
        assert word in done.stdout
