"""A report's files, as a browser, html5lib, csv and poppler see them; SAMPLE writes sample_report.h's."""

import csv
import html.parser
import json
import pathlib
import re
import subprocess
import sys

import html5lib
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "end_to_end"))
from browser import SEEN, Browser  # noqa: E402
from conftest import BIN, wait_for  # noqa: E402

SIX_POINTS = 6 * 1.164  # as high as a line of the smallest type


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "sample"
    written = subprocess.run([BIN / "write_sample_report", out], check=True, capture_output=True, text=True).stdout
    assert sorted(written.split()) == sorted(str(file) for file in out.rglob("*.*"))
    return out


@pytest.fixture(scope="module")
def report(out):
    return json.loads((out / "report.json").read_text())


def charts_of(report):
    return [chart for section in report["sections"] for chart in section["charts"]]


def tables_of(report):
    return [table for section in report["sections"] for table in section["tables"]]


def test_the_page_is_html_without_an_error(out):
    html5lib.HTMLParser(strict=True).parse((out / "report.html").read_text())


class Attributes(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.found = set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.found += [(tag, name, value or "") for name, value in attributes]


def test_the_page_needs_nothing_else(out, report):
    text = (out / "report.html").read_text()
    assert not re.search(r"https?:|@import|url\((?!#)", text)
    attributes = Attributes()
    attributes.feed(text)
    assert not {"script", "iframe", "object", "embed"} & attributes.tags
    for tag, name, value in attributes.found:
        if name in ("src", "href") and tag != "a":
            assert value.startswith(("#", "data:")), (tag, name, value[:60])
    names = [value for _, name, value in attributes.found if name == "id"]
    assert len(names) == len(set(names))
    used = {value[1:] for _, name, value in attributes.found if name == "href" and value.startswith("#")}
    used |= set(re.findall(r"url\(#([^)]+)\)", text))
    assert used <= set(names) and len(used) > 100  # every glyph that is used is there
    links = {value for tag, name, value in attributes.found if tag == "a" and not value.startswith("#")}
    assert all((out / link).is_file() for link in links)
    assert len(links) == len(charts_of(report)) + len(tables_of(report)) + 1


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("width, height", ((1280, 900), (390, 844)))
def test_what_is_seen(out, report, tmp_path, width, height, scheme):
    browser = Browser(f"file://{out}/report.html", tmp_path / "profile", width, height)
    try:
        browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        wait_for("the page", lambda: browser.value("document.readyState") == "complete"
                 and browser.value("document.querySelector('footer') !== null"))  # fmt: skip

        def seen(selector):
            return [one for one in browser.value(f"{SEEN}({json.dumps(selector)})") if one["width"] * one["height"] > 0]

        def words(text):
            return re.sub(r"\s+", " ", text)

        sections = report["sections"]
        assert browser.value("document.title") == report["title"] + " · report"
        assert [one["text"] for one in seen("h1")] == [report["title"]]
        assert [one["text"] for one in seen(".made-of li")] == report["made_of"]
        # All answers first, in one screen where it is large.
        answers = seen("nav li")
        assert len(answers) == len(sections)
        for one, section in zip(answers, sections):
            assert section["question"] in one["text"] and words(section["in_short"]) in one["text"]
        assert answers[-1]["bottom"] < height
        assert [one["text"] for one in seen(".answer")] == [section["answer"] for section in sections]
        doubts = [doubt for section in sections for doubt in section["doubts"]]
        assert [one["text"] for one in seen(".doubts li")] == doubts
        counts = [section["images"] for section in sections]
        assert [one["text"] for one in seen(".images")] == [f"Rests on {n} images." for n in counts if n >= 8]
        assert [one["text"] for one in seen("nav small")] == [f"{n} images" for n in counts if n >= 8]
        assert min(counts) < 8  # of these nothing is asserted
        assert [one["text"] for one in seen("dd")] == [fact["value"] for fact in report["facts"]]
        captions = [one["text"] for one in seen("figcaption")]
        assert all(text.startswith(chart["caption"]) for text, chart in zip(captions, charts_of(report), strict=True))
        # Each chart once, as wide as there is room, none beyond the window's edge.
        figures = seen("figure svg")
        assert len(figures) == len(charts_of(report))
        assert all(figure["left"] >= 0 and figure["right"] <= width and figure["width"] > 0.8 * min(width, 960) for figure in figures)
        assert browser.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        points = browser.value("Math.min(...[...document.querySelectorAll('figure svg')].filter(s => s.clientWidth > 0)"
                               ".map(s => 6 * s.clientWidth / s.viewBox.baseVal.width))")  # fmt: skip
        assert points >= 10  # pixels, of the smallest type
        ground = browser.value("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(26, 26, 26)"}[scheme]
        # What is no text of ours is text; tables are there when they are asked for.
        assert browser.value("document.scripts.length") == 0
        shown_rows = "[...document.querySelectorAll('tbody tr')].filter(one => one.checkVisibility()).length"
        assert browser.value(shown_rows) == 0
        browser.value("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert browser.value(shown_rows) == sum(min(len(table["rows"]), 100) for table in tables_of(report))
        assert browser.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        (out.parent / f"page-{width}-{scheme}.png").write_bytes(browser.screenshot())
    finally:
        browser.close()
    browser.complaints.seek(0)
    assert "CONSOLE" not in browser.complaints.read()


def test_tables_are_csv_with_all_digits(out, report):
    assert sorted(file.name for file in (out / "tables").glob("*.csv")) == sorted(table["name"] for table in tables_of(report))
    for table in tables_of(report):
        with (out / "tables" / table["name"]).open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file, strict=True)
        assert header == table["columns"] and len(rows) == len(table["rows"])
        for row, expected in zip(rows, table["rows"]):
            for field, cell in zip(row, expected, strict=True):
                if cell is None:
                    assert field == ""
                else:
                    assert type(cell)(field) == cell
    robustness = (out / "tables/robustness.csv").read_text()
    assert robustness == ('case,severity,images,error_rate\nbaseline,1,17,0.3333333333333333\n'
                          '"a ""quoted"", case\nof two lines",5,17,\n基準,-2,0,1e-300\n')  # fmt: skip


def test_every_column_is_explained(out, report):
    text = (out / "tables/columns.md").read_text()
    for table in tables_of(report):
        part = text.split(f"## {table['name']}\n")[1].split("\n## ")[0]
        lines = [f"| `{name}` | {meaning} |" for name, meaning in zip(table["columns"], table["meanings"])]
        assert [line for line in part.splitlines() if line.startswith("| `")] == lines


def test_figures_are_what_a_paper_takes(out, report):
    assert sorted(file.stem for file in (out / "figures").glob("*.pdf")) == sorted(chart["name"] for chart in charts_of(report))
    for chart in charts_of(report):
        file = out / "figures" / f"{chart['name']}.pdf"
        assert file.with_suffix(".txt").read_text() == chart["caption"] + "\n"
        fonts = subprocess.run(["pdffonts", file], check=True, capture_output=True, text=True).stdout.splitlines()[2:]
        assert fonts
        for line in fonts:
            assert re.search(r"TrueType +\S+ +yes yes ", line), line  # embedded, a subset
        page = subprocess.run(["pdfinfo", file], check=True, capture_output=True, text=True).stdout
        wide, high = map(float, re.search(r"Page size: +([\d.]+) x ([\d.]+)", page).groups())
        assert wide == pytest.approx(396, abs=0.01) and high < 648
        boxes = subprocess.run(["pdftotext", "-bbox", file, "-"], check=True, capture_output=True, text=True).stdout
        words = [[float(n) for n in found] for found in
                 re.findall(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', boxes)]  # fmt: skip
        assert words
        for left, top, right, bottom in words:
            assert left >= 0 and top >= -0.5 and right <= wide + 0.1 and bottom <= high + 0.5, (file, left, top, right, bottom)
            assert max(right - left, bottom - top) > 0.95 * SIX_POINTS, (file, left, top)


