"""`wcam check-models` on networks that are in order and on those that are not."""

import json

import pytest

from conftest import ROOT, run, textured_image, write_png


def check(models, *more, code=0):
    done = run("wcam", "check-models", models, "--json", *more, code=code)
    found = {model["name"]: model for model in json.loads(done.stdout)["models"]}
    assert found
    for model in found.values():
        model["stderr"] = done.stderr
    return found


def write_models(folder, entries):
    models = [{"name": name, "file": f"{name}.pt", **keys} for name, keys in entries.items()]
    (folder / "models.json").write_text(json.dumps({"models": models}))
    return folder / "models.json"


def test_trained_networks_need_no_photographs():
    found = check(ROOT / "models/demo/models.json")
    assert len(found) == 7
    for model in found.values():
        assert model["warnings"] == [] and "accuracy" not in model


def test_two_cases_of_one_network_are_said(tmp_path):
    file = str(ROOT / "models/demo/baseline.pt")
    found = check(write_models(tmp_path, {"one": {"file": file}, "two": {"file": file}}))
    assert found["two"]["stderr"] == f"note: cases one and two are one network: both name {file}\n"


def test_labels_are_also_names_of_classes(tmp_path):
    for i, name in enumerate(["coffee cup", "Motorcycle", "rocket_launch_pad", "unheard of"]):
        (tmp_path / name).mkdir()
        write_png(tmp_path / name / "1.png", textured_image(i))
    for model in check(ROOT / "models/demo/models.json", "--labelled", tmp_path).values():
        assert model["accuracy"][0]["photographs"] == 3
        assert model["stderr"].count("'unheard of' is no class: 1 photograph left out") == 1
    # As many folders as classes: in their order, also when fewer photographs than folders are drawn.
    for i in range(12 - 4):
        (tmp_path / f"other {i}").mkdir()
        write_png(tmp_path / f"other {i}/1.png", textured_image(10 + i))
    for model in check(ROOT / "models/demo/models.json", "--labelled", tmp_path, "--photographs", "5", code=4).values():
        assert model["accuracy"][0]["photographs"] == 5 and model["stderr"] == ""
        (warning,) = model["warnings"]  # this order is not that of the names, which three folders have
        assert "by the labels' order" in warning and "is one of the two in another order?" in warning


def test_networks_whose_weights_were_not_loaded_are_noticed_without_photographs(tmp_path):
    torch = pytest.importorskip("torch", reason="Debian: python3-torch")
    torchvision = pytest.importorskip("torchvision", reason="Debian: python3-torchvision")
    torch.manual_seed(0)
    for name in ("resnet18", "mobilenet_v2"):
        network = getattr(torchvision.models, name)().eval()
        torch.jit.trace(network, torch.zeros(1, 3, 224, 224)).save(str(tmp_path / f"{name}.pt"))
    found = check(write_models(tmp_path, {"resnet18": {}, "mobilenet_v2": {}}), code=4)
    assert "hardly depend on the picture" in found["resnet18"]["warnings"][0]
    assert "near-uniform" in found["mobilenet_v2"]["warnings"][0]


def test_a_mistake_is_one_clear_line(tmp_path):
    models = ROOT / "models/demo/models.json"
    write_png(tmp_path / "unlabelled.png", textured_image(1))
    for words, code, expected in [
        (["check-models"], 2, "MODELS is missing"),
        (["check-models", models, "--class-ids", models], 2, "give both"),
        (["check-models", models, "--labelled", tmp_path / "none"], 3, "none is not a folder"),
        (["check-models", models, "--labelled", tmp_path], 3, "no photograph lies in a folder named after its class"),
        (["check-models", models, "--photographs", "0"], 2, "--photographs 0 is outside 1 to"),
        (["check-models", models, "--device", "gpu"], 2, "--device 'gpu' is not cpu or cuda:N"),
        (["check-models", models, "--device", "cuda:99"], 2, "--device cuda:99: "),
        (["check-models", tmp_path / "models.json"], 3, "cannot read"),
    ]:
        done = run("wcam", *words, code=code)
        assert expected in done.stderr and done.stderr.count("\n") == 1
    ids = tmp_path / "ids.txt"
    ids.write_text("a\nb\n")
    (tmp_path / "a").mkdir()
    write_png(tmp_path / "a/1.png", textured_image(1))
    found = check(models, "--labelled", tmp_path, "--class-ids", ids, code=4)
    assert found["adv"]["warnings"] == ["accuracy not checked: --class-ids has 2 lines, the case has 12 classes"]
