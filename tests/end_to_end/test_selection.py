"""What is explained under each selection rule, counted with h5py."""

import itertools
import json

import h5py
import pytest

from conftest import Study, run, write_png, textured_image


class SmallStudy(Study):
    """Few forwards: what is explained counts here, not its numbers."""

    OPTIONS = {"--grid": "4", "--severities": "1,5", "--corruptions": "contrast,gaussian-blur"}
    VARIANTS = [f"corruptions/{name}/{severity}" for name in ("contrast", "gaussian-blur") for severity in (1, 5)]


@pytest.fixture
def study(tmp_path):
    return SmallStudy(tmp_path)


def check_roles(study):
    """Each row explains its own prediction, in the role that the predictions give it."""
    rows = study.rows()
    with h5py.File(study.sweep / "results.h5") as file:
        predictions = file["predictions"]
        names = [predictions[name].asstr()[:] for name in ("image", "variant", "case")]
        labels = dict(zip(zip(*names), predictions["label"][:]))
        profiles = file["profiles"]
        numbers = list(zip(*[profiles[name].asstr()[:] for name in ("image", "case", "role")], profiles["role_index"][:]))
    assert len(set(numbers)) == len(numbers), "two WCAMs of a role have one number"
    for (image, variant, case), (role, _, label, _, _) in rows.items():
        assert label == labels[image, variant, case]
        if variant == "source":
            assert role == "source"
        else:
            assert role == ("unaffected" if label == labels[image, "source", case] else "altered")
    return rows


def test_select_all_explains_every_variant_of_every_image_under_every_case(study):
    done = study.run("--select", "all")
    rows = check_roles(study)
    images = [f"texture-{i}.png" for i in range(4)]
    assert set(rows) == set(itertools.product(images, ["source", *study.VARIANTS], study.CASES))
    assert {rank for _, rank, *_ in rows.values()} == {0, 1, 2, 3}
    assert {role for role, *_ in rows.values()} == {"source", "altered", "unaffected"}
    assert "figure-5/robust_training_corruptions_3_texture-" in done.stdout
    assert len(list(study.sweep.glob("figures/figure-4/*.pdf"))) == 4 * len(study.CASES)


def test_select_all_takes_as_many_images_as_asked_in_the_seeded_order(study):
    study.run("--select", "all", "--sample-size", "2")
    rows = check_roles(study)
    by_rank = {rank: image for (image, _, _), (_, rank, *_) in rows.items()}
    assert set(by_rank) == {0, 1}
    plan = json.loads((study.sweep / "plan.json").read_text())
    assert plan["selection"] == {"rule": "all", "sample_size": 2}
    refused = study.run("--select", "all", "--sample-size", "3", code=3)
    assert "sample_size: 2 in the sweep, 3 asked" in refused.stderr
    refused = study.run(code=3)
    assert "select: all in the sweep, published asked" in refused.stderr


def test_a_select_file_decides_exactly_what_is_explained_in_its_own_order(study):
    wanted = study.folder / "wanted.tsv"
    wanted.write_text(
        "# image\tvariant\tcase\n"
        "texture-3.png\tsource\tadv\n"
        "texture-3.png\tcorruptions/contrast/5\n"
        "texture-0.png\tcorruptions/gaussian-blur/5\tbaseline\n"
    )
    done = study.run("--select-file", wanted)
    rows = check_roles(study)
    assert {key: rank for key, (_, rank, *_) in rows.items()} == {
        ("texture-3.png", "source", "adv"): 0,
        ("texture-3.png", "corruptions/contrast/5", "baseline"): 0,
        ("texture-3.png", "corruptions/contrast/5", "adv"): 0,
        ("texture-0.png", "corruptions/gaussian-blur/5", "baseline"): 1,
    }
    with h5py.File(study.sweep / "results.h5") as file:
        assert set(file["predictions/image"].asstr()[:]) == {"texture-0.png", "texture-3.png"}
    assert "figure-5/robust_training_corruptions_1_texture-0.pdf" in done.stdout
    assert "2 of 2 images selected" in run("wcam", "status", study.sweep).stdout

    # The file's content is part of the sweep, its place is not.
    elsewhere = wanted.rename(study.folder / "elsewhere.tsv")
    study.run("--select-file", elsewhere)
    run("wcam", "run", "--sweep", study.sweep)
    with elsewhere.open("a") as file:
        file.write("texture-0.png\tsource\tbaseline\n")
    refused = study.run("--select-file", elsewhere, code=3)
    assert "WCAM of texture-0.png, source, baseline: asked, not in the sweep" in refused.stderr


def test_an_image_named_alone_means_all_of_it_and_a_bad_one_is_set_aside(study):
    (study.images / "broken.png").write_text("not an image")
    write_png(study.images / "never-listed.png", textured_image(9))
    wanted = study.folder / "wanted.tsv"
    wanted.write_text("broken.png\ntexture-1.png\n")
    failed = study.run("--select-file", wanted, code=4)
    assert "set aside: image broken.png" in failed.stderr
    assert "1 of the 2 images asked for were selected, of 2: 1 set aside" in failed.stderr
    assert set(check_roles(study)) == set(
        itertools.product(["texture-1.png"], ["source", *study.VARIANTS], study.CASES)
    )
