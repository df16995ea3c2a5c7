"""What lies in the folders that people give, and how its pictures are read; what is refused before anything is made."""

import io
import json

import h5py
import numpy
import pytest
from PIL import Image

from conftest import run, textured_image, write_png
from test_selection import SmallStudy


@pytest.fixture
def study(tmp_path):
    return SmallStudy(tmp_path)


def jpeg(seed, **options):
    file = io.BytesIO()
    Image.fromarray(textured_image(seed)).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def plan(study, *more, code=0):
    return run("wcam", "plan", *study.arguments(*more)[1:], "--no-measure", code=code)


def case(study, **change):
    """models.json with the first case changed."""
    file = study.models / "models.json"
    models = json.loads(file.read_text())
    models["models"][0].update(change)
    file.write_text(json.dumps(models))


def test_what_is_not_taken_is_said_and_kept_and_no_part_of_the_sweep(study):
    before = json.loads(plan(study, "--json").stdout)["sweep"]
    (study.images / "gone.png").symlink_to("/no/where.png")
    (study.images / "@eaDir" / "texture-0.png").mkdir(parents=True)
    write_png(study.images / "@eaDir/texture-0.png/THUMB.png", textured_image(9))
    (study.images / "film.gif").write_bytes(b"GIF89a")
    said = plan(study, "--json")
    assert json.loads(said.stdout)["sweep"] == before
    expected = (
        f"not taken from {study.images}: 1 whose content is not here: gone.png (git annex get, dvc pull or git lfs pull "
        "fetch such; in a container, bind the folder that the links lead to); 1 folder of a system: @eaDir; by ending: 1 .gif"
    )
    assert said.stderr.splitlines() == [expected]
    done = run("wcam-coordinator", *[str(word) for word in study.coordinator_command("--prepare")[1:]])
    assert expected in done.stderr
    assert json.loads((study.sweep / "plan.json").read_text())["provenance"] == {"not_taken": [expected]}


def test_a_sweep_that_is_only_prepared_is_neither_packed_nor_drawn(study):
    done = study.run("--prepare")
    assert done.stdout == f"{study.sweep}: prepared, nothing begun; `wcam run --sweep {study.sweep}` goes on\n"
    assert (study.sweep / "plan.json").exists() and not (study.sweep / "results.h5").exists()
    assert f"{study.sweep}: is there already; " in study.run("--prepare").stdout


def test_a_file_of_a_sweep_is_told_from_the_sweep(study):
    study.run("--prepare")
    file = study.sweep / "plan.json"
    for words in (["status", file], ["verify", file], ["plan", "--sweep", file]):
        refused = run("wcam", *words, code=3).stderr
        assert refused == f"wcam {words[0]}: {file} is a file, no sweep's directory: that is {study.sweep}\n"
    assert run("wcam", "status", "plan.json", code=3, cwd=study.sweep).stderr.endswith(": that is .\n")
    assert run("wcam", "status", study.models / "models.json", code=3).stderr.endswith(" is a file, no sweep's directory\n")


def test_a_folder_of_links_to_nothing_says_what_to_do(study):
    for file in study.images.iterdir():
        file.unlink()
        file.symlink_to("/no/where.png")
    refused = plan(study, code=3).stderr
    assert "it holds 4 whose content is not here: texture-0.png, texture-1.png" in refused and "git annex get" in refused


def test_other_names_of_jpeg_are_images(study):
    (study.images / "photo.jfif").write_bytes(jpeg(5))
    (study.images / "text.jfif").write_text("no picture")
    said = plan(study, "--json")
    assert json.loads(said.stdout)["images"] == 5
    assert "by ending: 1 .jfif" in said.stderr


REFUSED = [
    ({"classes": "short.txt"}, "it has 12 classes, the list of names has 3"),
    ({"mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4]}, "from 0 to 255: set \"mean\": [0.485098, 0.456078, 0.405882]"),
]


@pytest.mark.parametrize("change,expected", REFUSED, ids=["classes", "mean"])
def test_a_case_that_cannot_work_is_refused_before_anything_is_made(change, expected, study):
    (study.models / "short.txt").write_text("a\nb\nc\n")
    case(study, **change)
    for done in (run("wcam", "plan", *study.arguments()[1:], code=3), study.run(code=3)):
        assert expected in done.stderr, done.stderr
        assert not study.sweep.exists()


def test_one_value_of_mean_is_for_all_channels_and_enlarged_pictures_are_said(study, tmp_path):
    write_png(tmp_path / "small.png", textured_image(3, side=64))
    model = next(study.models.glob("baseline*.pt"))
    words = ["explain", tmp_path / "small.png", "--model", model, "--grid", "4", "--nb-design", "2"]
    three = run("wcam", *words, "--out", tmp_path / "a.h5", "--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25")
    one = run("wcam", *words, "--out", tmp_path / "b.h5", "--mean", "0.5", "--std", "0.25")
    for done in (one, three):
        assert "caution: its 64 x 64 pixels are enlarged to the network's 224 x 224" in done.stdout
    with h5py.File(tmp_path / "a.h5") as a, h5py.File(tmp_path / "b.h5") as b:
        assert (a["profiles/outputs"][:] == b["profiles/outputs"][:]).all()
        assert a["images/caution"].asstr()[0].startswith("its 64 x 64 pixels")
    assert "pixels from 0 to 255" in run("wcam", *words, "--out", tmp_path / "c.h5", "--mean", "123", code=2).stderr


def test_damaged_pictures_are_set_aside_and_dark_ones_are_said(study):
    whole = jpeg(7)
    (study.images / "damaged.jpg").write_bytes(whole[: len(whole) // 2] + b"\xff\xd9")
    twelve_bits = textured_image(8)[..., 0].astype(numpy.uint16) * 16
    Image.fromarray(twelve_bits).save(study.images / "dark.png")
    done = study.run("--select", "all", code=4)
    assert "damaged.jpg: damaged JPEG, part of the picture is lost: Corrupt JPEG data: premature end" in done.stderr
    assert done.stderr.count("image dark.png: its numbers of 16 bits are at most") == 1
    with h5py.File(study.sweep / "results.h5") as file:
        cautions = dict(zip(file["images/image"].asstr()[:], file["images/caution"].asstr()[:]))
    assert cautions["dark.png"].startswith("its numbers of 16 bits") and cautions["texture-0.png"] == ""
    assert "damaged.jpg" not in cautions
