"""Sweeps over variants that lie on disk: edited images, ImageNet-C, and what may befall the files."""

import json
import shutil
import signal

import h5py
import numpy
import pytest

from conftest import Study, end, run, textured_image, write_png


def blurred(image, reach):
    """Mean of the pixels up to `reach` to the left and above."""
    total = image.astype(float)
    for axis in (0, 1):
        total = sum(numpy.roll(total, k, axis) for k in range(reach)) / reach
    return total.astype(numpy.uint8)


EDITS = {
    "ori": lambda image: image,
    "background_20": lambda image: blurred(image, 20),
    "size-0.5": lambda image: numpy.pad(image[::2, ::2], ((64, 64), (64, 64), (0, 0))),
    "Negative": lambda image: 255 - image,
    # What resizing to 256 and cropping leaves of these images.
    "cropped": lambda image: image[16:240, 16:240],
}


class EditingStudy(Study):
    OPTIONS = {"--grid": "8", "--max-altered": "2", "--sample-size": "2"}

    def __init__(self, folder):
        super().__init__(folder)
        shutil.rmtree(self.images)
        self.variants = folder / "edited"
        for name, edit in EDITS.items():
            for i in range(4):
                file = self.variants / name / f"group-{i % 2}" / f"texture-{i}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                write_png(file, edit(textured_image(i)))

    def inputs(self):
        return ["--variants", self.variants, "--perturbation", "editing"]


@pytest.fixture
def editing(tmp_path):
    return EditingStudy(tmp_path)


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """A sweep over edited images that ran in one go."""
    study = EditingStudy(tmp_path_factory.mktemp("edited"))
    study.output = study.run()
    return study


def predictions(sweep):
    """{(image, variant, case): (label, logit, probability)} of results.h5."""
    with h5py.File(sweep / "results.h5") as file:
        group = file["predictions"]
        keys = zip(*(group[name].asstr()[:] for name in ("image", "variant", "case")))
        return dict(zip(keys, zip(*(group[name][:].tolist() for name in ("label", "logit", "probability")))))


def test_every_folder_but_the_source_is_a_variant_by_its_own_name(edited):
    names = ["editing/Negative", "editing/background_20", "editing/cropped", "editing/size-0.5"]
    assert json.loads((edited.sweep / "plan.json").read_text())["variants"] == names
    found = predictions(edited.sweep)
    assert {variant for _, variant, _ in found} == {"source", *names}
    rows = edited.rows()
    assert {variant for _, variant, _ in rows} <= {"source", *names}
    for (image, variant, case), (role, _, label, _, _) in rows.items():
        assert label == found[image, variant, case][0]
        assert (role == "altered") == (label != found[image, "source", case][0])
    with h5py.File(edited.sweep / "results.h5") as file:
        assert set(file["profiles/perturbation"].asstr()[:]) == {"editing"}


def test_an_image_that_has_the_models_size_is_not_resized_again(edited):
    found = predictions(edited.sweep)
    for (image, variant, case), numbers in found.items():
        if variant == "editing/cropped":
            assert numbers == found[image, "source", case]


def test_figures_of_edited_images_carry_the_familys_name(edited):
    drawn = {path.name for path in edited.sweep.glob("figures/*/*.pdf")}
    with h5py.File(edited.sweep / "results.h5") as file:
        images = dict(zip(file["profiles/rank"][:], file["profiles/image"].asstr()[:]))
    names = [f"{i}_{images[i].split('/')[-1].removesuffix('.png')}.pdf" for i in (0, 1)]
    assert drawn == {f"editing_{case}_{name}" for case in Study.CASES for name in names} | {
        f"robust_training_editing_{name}" for name in names
    }


def test_a_folder_of_variants_gives_the_same_numbers_under_its_own_name(edited, editing):
    words = editing.arguments("--source-name", "ori")
    words[words.index("editing")] = "folders"
    run("wcam", *words)
    expected = predictions(edited.sweep)
    found = {(i, v.replace("folders/", "editing/"), c): numbers for (i, v, c), numbers in predictions(editing.sweep).items()}
    shared = expected.keys() & found.keys()  # how many images are predicted depends on who is faster
    assert len({image for image, _, _ in shared}) >= 2
    assert all(found[key] == expected[key] for key in shared)


class CorruptedStudy(Study):
    """Two images, all of whose variants are explained."""

    OPTIONS = {"--grid": "4", "--select": "all", "--severities": "1,5", "--corruptions": "gaussian-noise,jpeg"}

    def __init__(self, folder):
        folder.mkdir()
        super().__init__(folder)
        for i in (2, 3):
            (self.images / f"texture-{i}.png").unlink()


class ImageNetCStudy(CorruptedStudy):
    """The same, the variants stored as ImageNet-C stores them."""

    def __init__(self, folder):
        super().__init__(folder)
        self.variants = folder / "imagenet-c"
        for image in self.images.iterdir():
            for name, spelling in (("gaussian-noise", "gaussian_noise"), ("jpeg", "jpeg_compression")):
                for severity in (1, 5):
                    stored = self.variants / spelling / str(severity) / "n01443537" / image.name
                    stored.parent.mkdir(parents=True, exist_ok=True)
                    run("wcam", "corrupt", image, "--name", name, "--severity", severity, "--out", stored)

    def inputs(self):
        return ["--images", self.images, "--variants", self.variants, "--perturbation", "imagenet-c"]


def test_imagenet_c_on_disk_gives_to_the_bit_what_the_same_corruptions_give_when_made_in_memory(tmp_path):
    made, stored = CorruptedStudy(tmp_path / "made"), ImageNetCStudy(tmp_path / "stored")
    for study in (made, stored):
        study.run()

    def renamed(found):
        return {(i, v.replace("corruptions/", "imagenet-c/"), c): numbers for (i, v, c), numbers in found.items()}

    assert len(predictions(stored.sweep)) == 2 * 5 * len(Study.CASES)
    assert predictions(stored.sweep) == renamed(predictions(made.sweep))
    assert stored.rows() == renamed(made.rows())
    assert len(list((stored.sweep / "figures/figure-4").glob("imagenet-c_adv_0_texture-*.png"))) == 1


def test_variants_that_have_moved_are_found_when_the_new_place_is_given(editing, edited):
    editing.interrupt(1)
    before = editing.variants
    editing.variants = before.rename(editing.folder / "moved")
    refused = run("wcam-coordinator", "run", "--sweep", editing.sweep, code=3).stderr
    assert f"no longer in {before}: repeat the sweep's command with the new places" in refused
    editing.run()
    assert editing.rows() == edited.rows()


def test_another_file_is_refused_on_resume_naming_its_image_and_set_aside_when_nobody_looked(editing):
    end(editing.start_coordinator(), signal.SIGINT)
    write_png(editing.variants / "Negative/group-1/texture-3.png", textured_image(77))
    refused = editing.run(code=3).stderr
    assert "image group-1/texture-3.png: SHA-256" in refused and "with variants of " in refused
    # Without --models the files are not read before their jobs are.
    done = run("wcam", "run", "--sweep", editing.sweep, "--workers", "2", code=4)
    assert "group-1/texture-3.png" in done.stderr and "changed after the sweep began" in done.stderr
    assert {image for image, _, _ in editing.rows()}.isdisjoint({"group-1/texture-3.png"})


def test_missing_files_are_listed_before_anything_runs_or_their_images_left_out(editing):
    (editing.variants / "Negative/group-0/texture-0.png").unlink()
    (editing.variants / "size-0.5/group-0/texture-0.png").unlink()
    write_png(editing.variants / "cropped/group-9.png", textured_image(0, 32))
    refused = editing.run(code=3).stderr
    assert "1 of 4 images lack variants" in refused and "--skip-incomplete" in refused
    assert "1 missing file in editing/Negative, editing/size-0.5: group-0/texture-0.png" in refused
    assert not editing.sweep.exists()
    done = editing.run("--skip-incomplete", "--sample-size", "1", "--grid", "4")
    assert "1 of 4 images are left out" in done.stderr
    assert "files without an image, not used:\n  1 file in editing/cropped: group-9.png" in done.stderr
    assert {image for image, _, _ in predictions(editing.sweep)}.isdisjoint({"group-0/texture-0.png"})


def test_a_name_that_is_not_there_is_refused_with_those_that_are(editing):
    refused = editing.run("--variant-names", "background-20", code=2).stderr
    assert "no variant 'background-20'" in refused and "Known: Negative, background_20, cropped, size-0.5" in refused
    assert not editing.sweep.exists()


def test_a_sweep_over_folders_grows_by_a_folder(editing, tmp_path):
    """What is there stays and is not predicted again; the whole is what a sweep over all folders has."""
    editing.OPTIONS = {"--grid": "4", "--select": "all", "--sample-size": "2", "--variant-names": "background_20,size-0.5"}
    editing.run()
    before, segments = predictions(editing.sweep), {file.name: file.read_bytes() for file in editing.segments()}
    said = run("wcam", "run", "--sweep", editing.sweep, "--extend", "--variant-names", "Negative").stderr
    assert "1 variant: editing/Negative" in said and "to do: 4 predict jobs of " in said, said
    after = predictions(editing.sweep)
    assert set(before) < set(after) and all(after[key] == row for key, row in before.items())
    assert {variant for _, variant, _ in set(after) - set(before)} == {"editing/Negative"}
    assert all((editing.sweep / "segments" / name).read_bytes() == content for name, content in segments.items())
    assert "is sound" in run("wcam", "verify", editing.sweep).stdout
    # The whole command, in whatever order, is of the sweep as it is now.
    editing.OPTIONS["--variant-names"] = "Negative,background_20,size-0.5"
    editing.run()

    (tmp_path / "whole").mkdir()
    whole = EditingStudy(tmp_path / "whole")
    whole.OPTIONS = editing.OPTIONS
    whole.run()
    expected = predictions(whole.sweep)
    assert after.keys() == expected.keys() and all(after[key][0] == row[0] for key, row in expected.items())
    # Up to rounding: in a predict job of its own a variant has another place in its batch.
    assert all(after[key][1:] == pytest.approx(row[1:], rel=1e-4, abs=1e-5) for key, row in expected.items())
    grown, new = editing.rows(), whole.rows()
    assert grown.keys() == new.keys() and all(grown[key][3] == new[key][3] for key in new)

    for file in (editing.variants / "Negative").rglob("*.png"):
        write_png(file, textured_image(9))
    refused = run("wcam", "run", "--sweep", editing.sweep, "--extend", "--variant-names", "cropped", code=3).stderr
    assert "the files of its variants are others now of " in refused, refused
