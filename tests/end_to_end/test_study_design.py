"""Labels, replicates and controls of a sweep, as a stranger reads them in its results: every row against the stored
predictions, against the plan, and against `wcam explain` of the same picture, class and design."""
import collections
import json
import re
import subprocess

import h5py
import numpy as np
import pytest

from conftest import Study, run

OPTIONS = ["--explain", "predicted,source,true", "--replicates", "2", "--controls", "matched", "--severities", "1,3,5",
           "--sufficient"]  # fmt: skip


def table(group):
    names = [name for name in group if group[name].ndim == 1]
    columns = [group[name].asstr()[:] if h5py.check_string_dtype(group[name].dtype) else group[name][:] for name in names]
    return [dict(zip(names, row)) for row in zip(*columns)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = Study(tmp_path_factory.mktemp("design"))
    study.labels = {"texture-0.png": 3, "texture-1.png": 1, "texture-2.png": 2, "texture-3.png": 9}
    (study.folder / "labels.tsv").write_text("".join(f"{name}\t{label}\n" for name, label in study.labels.items()))
    study.options = [*OPTIONS, "--labels", study.folder / "labels.tsv"]
    study.run(*study.options)
    with h5py.File(study.sweep / "results.h5") as file:
        study.profiles, study.predictions = table(file["profiles"]), table(file["predictions"])
        study.wcam, study.top = file["profiles/wcam"][:], (file["predictions/top_labels"][:], file["predictions/top_probabilities"][:])
    return study


def predicted(study):
    return {(row["image"], row["variant"], row["case"]): row["label"] for row in study.predictions}


def test_explained_says_all_that_a_label_is(study):
    labels = predicted(study)
    for row in study.profiles:
        are = {"predicted": labels[row["image"], row["variant"], row["case"]],
               "source": labels[row["image"], "source", row["case"]], "true": study.labels[row["image"]]}  # fmt: skip
        assert row["explained"] == ",".join(kind for kind, label in are.items() if label == row["label"])


def test_every_label_asked_for_is_explained_once_with_every_replicate(study):
    labels = predicted(study)
    explained = collections.defaultdict(list)
    for row in study.profiles:
        explained[row["image"], row["variant"], row["case"]].append((row["label"], row["replicate"]))
    assert len({row["job"] for row in study.profiles}) == len(study.profiles)
    for (image, variant, case), found in explained.items():
        asked = {labels[image, variant, case], labels[image, "source", case], study.labels[image]}
        assert sorted(found) == sorted((label, replicate) for label in asked for replicate in (0, 1))


def test_controls_are_unaffected_and_of_the_nearest_severity_that_is_left(study):
    labels = predicted(study)
    severity = lambda variant: int(variant.rsplit("/", 1)[1])
    pairs = collections.defaultdict(dict)
    for row in study.profiles:
        if row["control_of"]:
            pairs[row["image"], row["case"]][row["control_of"]] = row["variant"]
            assert row["role"] == "unaffected"
            assert row["severity_difference"] == severity(row["variant"]) - severity(row["control_of"])
    assert pairs
    variants = {row["variant"] for row in study.predictions} - {"source"}
    for (image, case), control_of in pairs.items():
        source = labels[image, "source", case]
        assert len(set(control_of.values())) == len(control_of)
        assert all(labels[image, control, case] == source != labels[image, altered, case] for altered, control in control_of.items())
        free = {v for v in variants if labels[image, v, case] == source} - set(control_of.values())
        for altered, control in control_of.items():
            distance = abs(severity(control) - severity(altered))
            assert all(abs(severity(v) - severity(altered)) >= distance for v in free)


def test_all_cases_explain_the_same_variants(study):
    variants = collections.defaultdict(set)
    for row in study.profiles:
        variants[row["image"], row["case"]].add(row["variant"])
    for image in {image for image, _ in variants}:
        assert len({frozenset(variants[image, case]) for case in Study.CASES}) == 1


def test_a_replicate_is_the_wcam_of_its_own_design(study, tmp_path):
    """Of the source, whose pixels a file has, for the label that is true."""
    with h5py.File(study.sweep / "results.h5") as file:
        row = next(i for i, row in enumerate(study.profiles)
                   if row["variant"] == "source" and row["replicate"] == 1 and "predicted" not in row["explained"])  # fmt: skip
    is_it = study.profiles[row]
    run("wcam", "explain", study.images / is_it["image"], "--models", study.models / "models.json", "--case", is_it["case"],
        "--label", is_it["label"], "--grid", "8", "--design-seed", "43", "--out", tmp_path / "one.h5")  # fmt: skip
    with h5py.File(tmp_path / "one.h5") as file:
        np.testing.assert_array_equal(file["profiles/wcam"][0], study.wcam[row])
        assert file["profiles/explained"].asstr()[0] == ""
    other = next(i for i, o in enumerate(study.profiles) if o["replicate"] == 0 and all(
        o[k] == is_it[k] for k in ("image", "variant", "case", "label")))  # fmt: skip
    assert abs(study.wcam[other] - study.wcam[row]).max() > 1e-3


def test_the_five_largest_predictions_are_stored(study):
    labels, probabilities = study.top
    np.testing.assert_array_equal(labels[:, 0], [row["label"] for row in study.predictions])
    np.testing.assert_array_equal(probabilities[:, 0], [row["probability"] for row in study.predictions])
    assert (np.diff(probabilities, axis=1) <= 0).all() and (probabilities.sum(axis=1) <= 1 + 1e-5).all()
    assert all(len(set(row)) == 5 for row in labels)


def test_sufficient_cells_are_of_the_ladder_and_counted(study):
    ladder = [*range(1, 12), 13, 15, 17, 19, 21, 24, 27, 30, 33, 37, 41, 46, 51, 57, 63, 64]
    fewest, stay = (np.array([row[name] for row in study.profiles]) for name in ("sufficient_cells", "sufficient_cells_stay"))
    assert set(fewest) | set(stay) <= {-1, *ladder}
    assert ((stay == -1) | ((stay >= fewest) & (fewest > 0))).all()
    # The class predicted is found more often than another, which a classifier seldom sees in a part of the picture.
    predicted = np.array(["predicted" in row["explained"] for row in study.profiles])
    assert (fewest[predicted] > 0).mean() > (fewest[~predicted] > 0).mean() and (fewest == -1).any()
    said = json.loads(run("wcam", "info", study.sweep, "--json").stdout)
    assert (said["asked_sufficient"], said["found_sufficient"]) == (len(fewest), (fewest > 0).sum())
    assert said["median_sufficient_cells"] == np.median(fewest[fewest > 0])
    assert said["plan"]["wcam"]["sufficient"] is True
    text = run("wcam", "info", study.sweep).stdout
    assert f"sufficient {(fewest > 0).sum()} of {len(fewest)} WCAMs have their class from their most important cells" in text
    assert "approximation: perturb, sufficient cells asked for\n" in text


def test_an_extension_goes_on_asking_for_sufficient_cells(study):
    said = run("wcam", "plan", "--sweep", study.sweep, "--extend", "--replicates", 3, "--no-measure").stdout
    assert f"WCAMs of {4 * (64 + 1) + 1 + 27} forwards" in said, said


def test_the_sufficient_image_is_drawn(study, tmp_path):
    row = next(row for row in study.profiles if row["role"] == "source" and row["replicate"] == 0 and
               "predicted" in row["explained"] and row["sufficient_cells"] > 0)  # fmt: skip
    words = ("--image", row["image"], "--case", row["case"], "--replicate", 0, "--out", tmp_path, "--format", "pdf")
    files = run("wcam", "plot", "rebuilt", study.sweep, *words).stdout.split()
    (figure,) = [file for file in files if file.endswith(".pdf")]
    text = " ".join(subprocess.run(["pdftotext", figure, "-"], capture_output=True, text=True, check=True).stdout.split())
    assert "Label returns" in text and f"at {row['sufficient_cells']} of 64 cells" in text, text
    with open(figure.replace(".pdf", ".txt")) as caption:
        assert "with which the classifier gives the class explained" in " ".join(caption.read().split())


def largest_of_rows(caption):
    """What a figure's caption says is the largest index of its source's row and of the altered one's."""
    rows = re.findall(r"\((Source|Altered)\): colours from \S+ to (\S+), (?:nothing cut|.*? the largest (\S+))\. ", caption)
    return {name: float(largest or end) for name, end, largest in rows}


@pytest.mark.parametrize("options, label, replicates", [
    ([], "predicted", [0, 1]),
    (["--replicate", 0], "predicted", [0]),
    (["--label-explained", "source", "--replicate", 1], "source", [1]),
])  # fmt: skip
def test_figures_show_the_label_and_the_replicates_asked_for(study, options, label, replicates, tmp_path):
    """Without being asked, the predicted label and the mean of all replicates: by the caption's numbers."""
    folder = study.sweep / "figures"
    if options:
        folder = tmp_path
        run("wcam", "plot", "figure-5", study.sweep, "--format", "pdf", "--out", folder, *options)
    ranks = sorted({(row["rank"], row["image"]) for row in study.profiles})
    assert len(ranks) == 2
    for rank, image in ranks:
        (caption,) = (folder / "figure-5").glob(f"robust_training_corruptions_{rank}_*.txt")
        shown = largest_of_rows(" ".join(caption.read_text().split()))
        altered = [row for row in study.profiles if row["image"] == image and row["role"] == "altered"]
        variant = min(altered, key=lambda row: row["role_index"])["variant"]
        for line, of in (("Source", "source"), ("Altered", variant)):
            largest = lambda label, replicates: max(
                np.mean([wcam for row, wcam in zip(study.profiles, study.wcam) if (row["image"], row["variant"], row["case"]) ==
                         (image, of, case) and label in row["explained"].split(",") and row["replicate"] in replicates], axis=0).max()
                for case in Study.CASES)  # fmt: skip
            assert shown[line] == pytest.approx(largest(label, replicates), rel=6e-3), caption
            others = [largest(label, other) for other in ([0], [1], [0, 1]) if other != replicates]
            if of != "source":
                others += [largest(other, replicates) for other in ("predicted", "source") if other != label]
            assert all(shown[line] != pytest.approx(other, rel=6e-3) for other in others)  # or nothing is told apart


def test_a_sweep_with_controls_labels_and_replicates_is_sound(study):
    assert "is sound" in run("wcam", "verify", study.sweep).stdout


def test_only_correct_leaves_out_what_is_misclassified(study, tmp_path):
    """Of the images that were predicted one is labelled with what a case predicts, the others with another class."""
    labels = predicted(study)
    images = sorted({row["image"] for row in study.predictions})
    right = images[0]
    true = {image: labels[image, "source", "adv"] if image == right else labels.get((image, "source", "adv"), 0) + 1 for image in study.labels}
    (tmp_path / "labels.csv").write_text("".join(f"{image},{label % 12}\n" for image, label in true.items()))
    run("wcam", "run", *study.inputs(), "--models", study.models / "models.json", "--cases", "adv", "--corruptions", "brightness",
        "--severities", "5", "--grid", "2", "--levels", "1", "--select", "all", "--only-correct", "--labels", tmp_path / "labels.csv",
        "--sweep", tmp_path / "sweep")  # fmt: skip
    with h5py.File(tmp_path / "sweep/results.h5") as file:
        explained = set(file["profiles/image"].asstr()[:])
    assert right in explained and not explained & (set(images) - {right})


@pytest.mark.parametrize("options, code, words", [
    (["--explain", "true"], 3, "the true label is to be explained and not known: give --labels"),
    (["--explain", "right"], 2, "--explain: label 'right' is none of predicted,source,true"),
    (["--controls", "none"], 2, "--controls 'none' is unknown; known: matched"),
    (["--controls", "matched", "--max-unaffected", "2"], 2, "--max-unaffected 2 does not go with --controls matched"),
    (["--only-correct"], 3, "only images that are classified rightly are wanted, and what is right is not known"),
    (["--labels", "folders"], 3, "4 images in no folder named after a class"),
    (["--replicates", "0"], 2, "--replicates 0"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_made(study, options, code, words, tmp_path):
    words_of_run = study.arguments(*options)
    words_of_run[words_of_run.index("--sweep") + 1] = tmp_path / "none"
    refused = run("wcam", *words_of_run, code=code)
    assert words in refused.stderr, refused.stderr
    assert not (tmp_path / "none").exists()
