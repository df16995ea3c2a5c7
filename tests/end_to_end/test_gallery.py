"""`wcam gallery` as a real browser shows it from a file: what is seen is compared with what h5py wrote."""

import base64
import io
import json
import pathlib
import re
import urllib.parse

import h5py
import numpy
import PIL.Image
import pytest

from conftest import run, wait_for
from made_sweep import make_sweep
from browser import SEEN, Browser

ODD_IMAGE = "sets/</script><img src=x onerror=document.title='owned'> & \"é猫\u2028.png"
ODD_CLASS = "<!--<script>dog & 'wolf'"
VARIANTS = ("corruptions/jpeg/1", "corruptions/jpeg/5", "corruptions/motion-blur/5")
CASES = ("baseline", "augmix")
ACCENT = numpy.array([47, 111, 219])  # of gallery.css, in a light window


class Gallery:
    """A page in a window, light unless it is dark."""

    def __init__(self, page, folder, width=1280, height=900, dark=False, hash=""):
        self.folder = folder
        self.browser = Browser("about:blank", folder / f"browser-{width}-{dark}-{len(list(folder.iterdir()))}", width, height)
        if dark:
            self.browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.browser.ask("Page.navigate", url=pathlib.Path(page).resolve().as_uri() + hash)
        self.settle()

    def settle(self):
        """Until every row on the screen is drawn."""
        wait_for("maps", lambda: self.value("typeof index === 'object' && index && [...mounted.values()].every(one => one.drawn)"))
        wait_for("photographs", lambda: self.value("[...document.images].every(one => one.complete)"))

    def value(self, expression):
        return self.browser.value(expression)

    def seen(self, selector):
        return self.value(f"{SEEN}({json.dumps(selector)})")

    def count(self):
        return self.value("document.getElementById('count').innerText")

    def key(self, key):
        code = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Escape": 27, "Home": 36, "End": 35}.get(key, 0)
        words = {"key": key, "windowsVirtualKeyCode": code} | ({"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {})
        self.browser.ask("Input.dispatchKeyEvent", type="keyDown", **words)
        self.browser.ask("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settle()

    def choose(self, filter, value):
        self.value(f"""(select => {{ select.value = {json.dumps(value)}; select.dispatchEvent(new Event("change")); }})(
            document.getElementById({json.dumps(filter)}))""")
        self.settle()

    def point(self, box, cell, grid):
        x, y = ((k + 0.5) / grid for k in cell)
        self.browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=box["left"] + x * box["width"], y=box["top"] + y * box["height"])

    def pixels(self):
        shot = self.browser.ask("Page.captureScreenshot")["data"]
        return numpy.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB")).astype(int)

    def complaints(self):
        self.browser.complaints.seek(0)
        return [line for line in self.browser.complaints.read().splitlines() if "CONSOLE" in line]

    def close(self):
        self.browser.close()
        assert not self.complaints()


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return make_sweep(tmp_path_factory.mktemp("gallery") / "study", images=(ODD_IMAGE, "b.png", "c.png"), variants=VARIANTS,
                      cases=CASES, classes=("cat", ODD_CLASS), doubtful=(0,))  # fmt: skip


@pytest.fixture(scope="module", params=["one file", "folder"])
def page(request, sweep):
    """Where a page and no other file of the sweep is."""
    folder = sweep.file.parent.parent / request.param
    folder.mkdir()
    options = [] if request.param == "one file" else ["--one-file-mb", "0"]
    done = run("wcam", "gallery", sweep.file.parent, "--out", folder, *options)
    assert done.stdout == f"{folder}/gallery.html\n"
    names = {path.name for path in folder.iterdir()}
    assert names == ({"gallery.html"} if request.param == "one file" else {"gallery.html", "gallery_files"})
    return folder / "gallery.html"


@pytest.fixture
def gallery(page, tmp_path):
    gallery = Gallery(page, tmp_path)
    yield gallery
    gallery.close()


def rows_of(sweep, **wanted):
    return [i for i, row in enumerate(sweep.profiles) if all(row[name] == value for name, value in wanted.items())]


def in_order(sweep):
    """Numbers of the rows as the page shows them: by image, variant, case."""
    variants = ["source", *VARIANTS]
    return sorted(range(len(sweep.profiles)), key=lambda i: (
        sweep.profiles[i]["rank"], variants.index(sweep.profiles[i]["variant"]), CASES.index(sweep.profiles[i]["case"])))  # fmt: skip


def colours_of(values, errors, low, high, ink):
    """By docs/gallery.md: 256 equal steps from low to high; within two standard errors of 0 three quarters nearer to 0's."""
    steps = numpy.clip(((values - low) / (high - low) * 256).astype(int), 0, 255)
    steps[values <= low] = 0
    zero = ink[numpy.clip(int(-low / (high - low) * 256), 0, 255)]
    return numpy.where((abs(values) <= 2 * errors)[..., None], (ink[steps] + 3 * zero) // 4, ink[steps])


def scale_of(values):
    ordered = numpy.sort(values.ravel())
    return ordered[0], ordered[-1 - len(ordered) // 100]


def ink_of(gallery):
    return numpy.array([[int(c[k : k + 2], 16) for k in (0, 2, 4)] for c in gallery.value("index.colours")])


def check_maps(gallery, sweep, rows, scales):
    """The middle of every cell on the screen has its value's colour; rows: of the panels in order, scales: of each."""
    ink, shot, grid = ink_of(gallery), gallery.pixels(), sweep.wcam.shape[1]
    boxes = gallery.seen(".panel canvas")
    assert len(boxes) >= len(rows)
    for box, row, (low, high) in zip(boxes, rows, scales):
        expected = colours_of(sweep.wcam[row].astype(float), sweep.standard_error[row], low, high, ink)
        middle = lambda k, start, length: round(start + (k + 0.6) * length / grid)
        found = numpy.array([[shot[middle(y, box["top"], box["height"]), middle(x, box["left"], box["width"])] for x in range(grid)] for y in range(grid)])
        assert (abs(found - expected).max(axis=2) <= 2).all(), row


def test_cells_have_the_colours_of_their_values(gallery, sweep):
    rows = in_order(sweep)[:4]  # two rows of two cases are on the screen
    scales = [scale_of(sweep.wcam[pair]) for pair in (rows[:2], rows[:2], rows[2:], rows[2:])]
    check_maps(gallery, sweep, rows, scales)
    gallery.choose("scale", "all")
    check_maps(gallery, sweep, rows, [scale_of(sweep.wcam)] * 4)
    gallery.key("s")
    check_maps(gallery, sweep, rows, scales)


def test_a_photograph_stands_beside_its_maps(gallery, sweep):
    with h5py.File(sweep.file) as file:
        of = {(image, variant): pixels.mean(axis=(0, 1)) for image, variant, pixels in
              zip(file["images/image"].asstr()[:], file["images/variant"].asstr()[:], file["images/pixels"][:])}  # fmt: skip
    shot = gallery.pixels()
    for box, variant in zip(gallery.seen(".picture img"), ["source", *VARIANTS][:2]):
        inner = shot[int(box["top"]) + 5 : int(box["bottom"]) - 5, int(box["left"]) + 5 : int(box["right"]) - 5]
        assert (abs(inner.mean(axis=(0, 1)) - of[ODD_IMAGE, variant]) < 4).all()


def test_the_cell_under_the_pointer_is_read_in_every_map(gallery, sweep):
    before = gallery.pixels()
    boxes, rows, cell = gallery.seen(".panel canvas"), in_order(sweep), (5, 1)
    gallery.point(boxes[2], cell, 8)
    told = [one["text"] for one in wait_for("values", lambda: gallery.seen(".caption .value"))]
    assert len(told) == len(boxes) >= 4
    for text, row in zip(told, rows):
        value, error = (float(part) for part in text.split(" ± "))
        assert value == pytest.approx(sweep.wcam[row, 1, 5], rel=0.006) and error == pytest.approx(sweep.standard_error[row, 1, 5], rel=0.006)
    assert gallery.seen("#cell")[0]["text"].startswith("column 5, row 1 · V1, details of level 1 at vertical edges")
    # The mark is seen around that cell in each map, and nowhere else in it.
    changed = abs(gallery.pixels() - before).max(axis=2) > 40
    for box in boxes[:4]:
        ys, xs = numpy.nonzero(changed[round(box["top"]) : round(box["bottom"]), round(box["left"]) : round(box["right"])])
        side = box["width"] / 8
        assert abs(xs.mean() - 5.5 * side) < 2 and abs(ys.mean() - 1.5 * side) < 2
        assert xs.min() >= 5 * side - 4 and xs.max() <= 6 * side + 4


@pytest.mark.parametrize("cell, words", [
    ((0, 0), "A, the approximation"), ((1, 0), "V3, details of level 3 at vertical edges"), ((0, 2), "H2, details of level 2 at horizontal edges"),
    ((7, 4), "D1, details of level 1 at diagonal edges"), ((1, 3), "H2, details of level 2 at horizontal edges"),
])  # fmt: skip
def test_a_cell_is_named_by_its_subband(gallery, cell, words):
    gallery.point(gallery.seen(".panel canvas")[0], cell, 8)
    wait_for(words, lambda: gallery.seen("#cell")[0]["text"].startswith(f"column {cell[0]}, row {cell[1]} · {words} ·"))


def test_filters_and_search_change_what_is_seen(gallery, sweep):
    assert gallery.count() == "24 maps, 12 rows"
    gallery.choose("filter-case", "=AugMix")
    assert gallery.count() == "12 of 24 maps, 12 rows"
    assert {one["text"] for one in gallery.seen(".caption .name")} == {"AugMix"}
    first = in_order(sweep)[1::2][:2]
    check_maps(gallery, sweep, first, [scale_of(sweep.wcam[row]) for row in first])
    gallery.choose("filter-severity", "=5")
    assert gallery.count() == "6 of 24 maps, 6 rows"
    gallery.choose("filter-variant", "=motion-blur")
    assert [one["text"] for one in gallery.seen(".what")] == ["motion-blur, severity 5"] * 3
    gallery.choose("filter-image", f"={ODD_IMAGE}")
    gallery.choose("filter-severity", "")
    assert gallery.count() == "1 of 24 maps, 1 row"
    (row,) = rows_of(sweep, image=ODD_IMAGE, variant=VARIANTS[2], case="augmix")
    check_maps(gallery, sweep, [row], [scale_of(sweep.wcam[row])])
    for key in "/", *"nothing like it":
        gallery.key(key)
    assert gallery.seen("#none")[0]["height"] > 10 and not gallery.seen(".panel")
    gallery.value("document.getElementById('clear').click()")
    gallery.settle()
    assert gallery.count() == "24 maps, 12 rows"
    gallery.choose("filter-role", "=unaffected")
    assert gallery.count() == "6 of 24 maps, 3 rows"
    gallery.choose("filter-role", "")
    gallery.choose("filter-explained", "=source")
    assert gallery.count() == "12 of 24 maps, 6 rows"
    gallery.choose("filter-explained", "")
    gallery.choose("filter-doubts", "=doubtful")
    assert gallery.count() == "1 of 24 maps, 1 row" and "?" in gallery.seen(".caption .name")[0]["text"]


def framed(gallery):
    """Numbers of the maps that are seen in the frame of the current one."""
    shot = gallery.pixels()
    middles = [(round(box["top"] + box["height"] / 2), round(box["left"]) - 2) for box in gallery.seen(".panel canvas")]
    return [k for k, (y, x) in enumerate(middles) if 0 <= y < len(shot) and (abs(shot[y, x] - ACCENT) < 30).all()]


def test_keys_go_from_map_to_map(gallery, sweep):
    assert framed(gallery) == []
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        gallery.key(key)
        seen += framed(gallery)
    assert seen == [0, 1, 3, 2, 0]
    gallery.key("End")
    last = gallery.seen(".panel.current canvas")[0]
    assert 0 < last["top"] and last["bottom"] < 900  # on the screen
    assert gallery.value("state.at") == f"{in_order(sweep)[-1] + 1:016x}"
    gallery.key("Home")
    assert framed(gallery) == [0] and gallery.value("scrollY") < 60
    gallery.key("Enter")
    large = gallery.seen("#large canvas")[1]  # the first is the bar
    assert large["width"] > 400
    gallery.point(large, (3, 2), 8)
    value = wait_for("a value", lambda: next(iter(re.findall(r"^(\S+) ± (\S+)$", gallery.seen("#large .value")[0]["text"])), None))
    row = in_order(sweep)[0]
    assert float(value[0]) == pytest.approx(sweep.wcam[row, 2, 3], rel=1e-4) and float(value[1]) == pytest.approx(sweep.standard_error[row, 2, 3], rel=1e-4)
    assert "an index above 1" in gallery.seen("#large dl")[0]["text"] and ODD_IMAGE.split("\u2028")[0] in gallery.seen("#large dl")[0]["text"]
    gallery.key("ArrowRight")
    assert "AugMix" in gallery.seen("#large dl")[0]["text"]
    gallery.key("Escape")
    assert not gallery.value("document.getElementById('large').open")
    gallery.key("?")
    assert "Keys" in gallery.seen("#help")[0]["text"] and gallery.seen("#help")[0]["height"] > 200
    gallery.key("Escape")
    gallery.key("/")
    assert gallery.value("document.activeElement.id") == "search"


def test_names_are_text_and_nothing_is_asked_of_a_network(gallery, page):
    assert gallery.seen(".row-head b")[0]["text"] == ODD_IMAGE.replace("\u2028", " ")
    assert gallery.value("document.querySelector('[src=x]')") is None and gallery.value("document.title") == "study · wcam gallery"
    assert any(ODD_CLASS in one["text"] for one in gallery.seen(".caption div"))
    asked = gallery.value("performance.getEntriesByType('resource').map(one => one.name)")
    files = page.parent.resolve().as_uri()
    assert all(name.startswith((files, "data:")) for name in asked)
    assert not re.search(r"(https?:)?//(?!www\.w3\.org)[a-z]+\.[a-z]", page.read_text().split('<script type="application/json"')[0].split("wcamData(\"")[0])


def test_an_address_brings_back_what_was_chosen(page, sweep, tmp_path):
    row = rows_of(sweep, image="c.png", variant=VARIANTS[1], case="augmix")[0]
    asked = urllib.parse.urlencode({"severity": "5", "scale": "all", "at": f"{row + 1:016x}"})
    gallery = Gallery(page, tmp_path, height=500, hash="#" + asked)
    assert gallery.count() == "12 of 24 maps, 6 rows" and gallery.value("document.getElementById('scale').value") == "all"
    current = gallery.seen(".panel.current canvas")[0]
    assert 0 < current["top"] and current["bottom"] < 500
    gallery.choose("filter-severity", "")
    assert "severity" not in gallery.value("location.hash") and f"at={row + 1:016x}" in gallery.value("location.hash")
    gallery.value("location.hash = 'case=AugMix&q=c.png'")
    wait_for("what the address says", lambda: gallery.count() == "4 of 24 maps, 4 rows")
    gallery.close()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width, height", ((1280, 900), (390, 844)))
def test_nothing_stands_out_of_a_window(page, tmp_path, width, height, dark):
    gallery = Gallery(page, tmp_path, width, height, dark)
    assert gallery.value("document.documentElement.scrollWidth") <= width
    shot, ground = gallery.pixels(), numpy.array((17, 21, 27) if dark else (246, 247, 249))
    assert (abs(shot[height // 2, 3] - ground) < 3).all()
    for one in gallery.seen(".panel") + gallery.seen("header > *"):
        assert one["left"] >= 0 and one["right"] <= width, one
    maps = gallery.seen(".panel canvas")
    assert all(one["width"] >= 100 for one in maps)
    text = gallery.seen(".caption .name")[0]
    drawn = shot[round(text["top"]) : round(text["bottom"]), round(text["left"]) : round(text["left"]) + 50]
    assert abs(drawn - ground).max() > 120  # its letters
    gallery.key("ArrowRight")
    gallery.key("Enter")
    large = gallery.seen("#large")[0]
    assert large["left"] >= 0 and large["right"] <= width and large["bottom"] <= height
    assert gallery.value("document.getElementById('large').scrollWidth <= document.getElementById('large').clientWidth")
    gallery.close()


def test_one_map_without_standard_errors(tmp_path):
    """Two design points give none: every cell is set back, and none is said to be known."""
    sweep = make_sweep(tmp_path / "study", variants=(), nb_design=2)
    run("wcam", "gallery", sweep.file, "--out", tmp_path / "one.html")
    gallery = Gallery(tmp_path / "one.html", tmp_path)
    assert gallery.count() == "1 map, 1 row"
    check_maps(gallery, sweep, [0], [scale_of(sweep.wcam)])
    gallery.point(gallery.seen(".panel canvas")[0], (1, 1), 8)
    wait_for("the value", lambda: gallery.seen(".caption .value") and gallery.seen(".caption .value")[0]["text"].endswith(" ± unknown"))
    gallery.key("ArrowDown")
    assert framed(gallery) == [0]
    gallery.close()


def test_a_long_name_of_a_case_hides_neither_its_end_nor_a_doubt(tmp_path):
    sweep = make_sweep(tmp_path / "study", cases=("a_network_of_a_very_long_name_at_width_025",), doubtful=(0,))
    run("wcam", "gallery", sweep.file, "--out", tmp_path / "one.html")
    gallery = Gallery(tmp_path / "one.html", tmp_path)
    assert gallery.value("(name => name.scrollWidth > name.clientWidth)(document.querySelector('.case').firstChild)"), "else it shows nothing"
    (doubt,), (beginning, end, *_) = gallery.seen(".caption .doubt"), gallery.seen(".case > span")
    assert doubt["text"] == "?" and end["text"] == "idth_025" and beginning["right"] <= end["left"]
    assert end["right"] <= doubt["left"] and doubt["right"] <= gallery.seen(".panel canvas")[0]["right"]
    gallery.close()


def test_cases_of_one_title_are_told_apart(tmp_path):
    sweep = make_sweep(tmp_path / "study", cases=("adv_free", "adv-free"))
    run("wcam", "gallery", sweep.file, "--out", tmp_path / "one.html")
    gallery = Gallery(tmp_path / "one.html", tmp_path)
    gallery.choose("filter-case", "=Adv. free (adv-free)")
    assert gallery.count() == "2 of 4 maps, 2 rows"
    gallery.close()


def test_a_cell_that_straddles_subbands_is_named_by_all(tmp_path):
    """On a grid of 28 the approximation ends in the middle of the fourth row and column (common/store/format.md)."""
    sweep = make_sweep(tmp_path / "study", grid=28, side=224)
    run("wcam", "gallery", sweep.file, "--out", tmp_path / "one.html")
    gallery = Gallery(tmp_path / "one.html", tmp_path)
    box = gallery.seen(".panel canvas")[0]
    for cell, names in (((3, 0), {"A", "V3"}), ((3, 3), {"A", "V3", "H3", "D3"}), ((6, 3), {"V3", "D3"}), ((7, 3), {"V2"})):
        gallery.point(box, cell, 28)
        told = wait_for(f"cell {cell}", lambda: re.match(rf"column {cell[0]}, row {cell[1]} · (.*) · ", gallery.seen("#cell")[0]["text"]))
        assert {part.split(",")[0] for part in told[1].split("; and ")} == names
    gallery.close()


def test_only_what_is_on_the_screen_is_there(tmp_path):
    sweep = make_sweep(tmp_path / "study", images=[f"{i:03}.png" for i in range(300)], variants=("corruptions/jpeg/5",), cases=CASES)
    run("wcam", "gallery", sweep.file.parent)
    gallery = Gallery(sweep.file.parent / "gallery.html", tmp_path)
    assert gallery.count() == "1,200 maps, 600 rows" and len(gallery.seen(".row")) < 12
    for row in range(40, 440, 40):
        gallery.value(f"scrollTo(0, tops[{row}] - 100)")
        wait_for(f"row {row}", lambda: f"{row // 2:03}.png" in {one["text"] for one in gallery.seen(".row-head b")})
    gallery.settle()
    assert len(gallery.seen(".row")) < 12
    gallery.choose("filter-image", "=299.png")
    rows = [i for i in range(len(sweep.profiles)) if sweep.profiles[i]["image"] == "299.png" and sweep.profiles[i]["variant"] == "source"]
    check_maps(gallery, sweep, rows, [scale_of(sweep.wcam[rows])] * 2)
    gallery.close()


def test_a_page_that_lost_its_folder_says_so(tmp_path):
    sweep = make_sweep(tmp_path / "study")
    run("wcam", "gallery", sweep.file.parent, "--one-file-mb", "0")
    moved = tmp_path / "elsewhere.html"
    (sweep.file.parent / "gallery.html").rename(moved)
    gallery = Gallery(moved, tmp_path)
    assert "cannot read gallery_files, which belongs beside this page" in gallery.seen(".picture")[0]["text"]
    gallery.browser.close()


def test_a_smaller_gallery_leaves_nothing_of_a_larger_one(tmp_path):
    sweep = make_sweep(tmp_path / "study")
    run("wcam", "gallery", sweep.file.parent, "--one-file-mb", "0")
    files = sweep.file.parent / "gallery_files"
    assert {path.name for path in files.iterdir()} == {"maps-0.js", "photographs-0.js"}
    (files / "mine.txt").write_text("somebody's own")
    run("wcam", "gallery", sweep.file.parent)
    assert {path.name for path in files.iterdir()} == {"mine.txt"}
    (files / "mine.txt").unlink()
    run("wcam", "gallery", sweep.file.parent, "--one-file-mb", "0")
    run("wcam", "gallery", sweep.file.parent)
    assert not files.exists()


@pytest.mark.parametrize("side", (32, 112, 224, 304))
def test_a_photograph_is_at_most_112_pixels_each_the_mean_of_its_own(tmp_path, side):
    sweep = make_sweep(tmp_path / "study", side=side)
    run("wcam", "gallery", sweep.file, "--out", tmp_path / "one.html")
    gallery = Gallery(tmp_path / "one.html", tmp_path)
    sent = gallery.value("photographOf(0)").removeprefix("data:image/png;base64,")
    found = numpy.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(sent))))
    with h5py.File(sweep.file) as file:
        source = file["images/pixels"][0].astype(int)
    small = min(side, 112)
    edges = [k * side // small for k in range(small + 1)]
    means = [[source[a:b, c:d].mean(axis=(0, 1)) for c, d in zip(edges, edges[1:])] for a, b in zip(edges, edges[1:])]
    numpy.testing.assert_array_equal(found, numpy.floor(numpy.array(means) + 0.5))
    gallery.close()


def test_what_cannot_be_done_is_said(tmp_path):
    assert "nowhere" in run("wcam", "gallery", tmp_path / "nowhere", code=3).stderr
    sweep = make_sweep(tmp_path / "study")
    assert "--one-file-mb -1 is outside 0 to 400" in run("wcam", "gallery", sweep.file, "--one-file-mb", "-1", code=2).stderr
    (tmp_path / "in-the-way").write_text("")
    assert "in-the-way" in run("wcam", "gallery", sweep.file, "--out", tmp_path / "in-the-way/x.html", code=3).stderr
