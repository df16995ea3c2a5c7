"""The page that `--http` serves, as urllib, Prometheus's own parser and a real browser see it."""

import http.client
import io
import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request

import numpy
import PIL.Image
import pytest
from prometheus_client.parser import text_string_to_metric_families

from browser import SEEN, Browser
from conftest import Study, alive, children, end, run, textured_image, wait_for, write_png

ODD_IMAGE = "<img src=x onerror=document.title='owned'>.png"
ODD_FIGURE = "robust & <b>#1.png"


class Page:
    """A sweep with a page. Its only worker is stopped with jobs in hand, so that nothing moves while we look."""

    def __init__(self, study):
        self.study = study
        study.workers = 1
        (study.images / ODD_IMAGE).write_bytes(b"not an image")
        self.sweep = study.start("--http", "127.0.0.1:0", "--lease-seconds", "600", "--sample-size", "4")
        try:
            wait_for("a bad image and some results", self.is_under_way)
            self.worker = next(pid for pid, name in children(self.sweep.pid).items() if name == "wcam-worker")
            os.kill(self.worker, signal.SIGSTOP)
            self.url = self.status()["http"]
            stopped = self.status()["updated"]  # two turns later all has been seen that the worker sent before
            wait_for("two turns", lambda: self.status()["updated"] >= stopped + 2)
            figures = study.sweep / "figures/figure-5"
            figures.mkdir(parents=True)
            write_png(figures / ODD_FIGURE, textured_image(1, 64))
        except BaseException:
            self.close()
            raise

    def status(self):
        return json.loads((self.study.sweep / "status.json").read_text())

    def is_under_way(self):
        assert self.sweep.poll() is None, self.study.log.read_text()
        try:
            status = self.status()
        except FileNotFoundError:
            return False
        return status["set_aside"] and status["jobs"]["explain"]["done"] > 0

    def address(self):
        host, port = self.url.removeprefix("http://").rstrip("/").split(":")
        return host, int(port)

    def ask(self, path, method="GET"):
        """(status, body); the path goes out as it is, which urllib would not do."""
        connection = http.client.HTTPConnection(*self.address(), timeout=30)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def wake(self):
        if hasattr(self, "worker") and alive(self.worker):
            os.kill(self.worker, signal.SIGCONT)

    def close(self):
        self.wake()
        end(self.sweep, signal.SIGINT)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    page = Page(Study(tmp_path_factory.mktemp("web")))
    yield page
    page.close()


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.headers, answer.read()


def test_the_address_is_printed_and_told(page):
    assert re.search(r"^page: http://127\.0\.0\.1:\d+/$", page.study.log.read_text(), re.MULTILINE)
    assert f"page: {page.url}\n" in run("wcam", "status", page.study.sweep).stdout


def test_status_is_the_file_with_workers_and_cases(page):
    told, file = json.loads(fetch(page.url + "status.json")[1]), page.status()
    for document in (told, file):
        for moving in ("updated", "jobs_per_minute", "eta_seconds"):
            del document[moving]
    assert {name: told[name] for name in file} == file
    (worker,) = told["by_worker"]
    assert worker["pid"] == page.worker and worker["device"] == "cpu" and worker["host"] == socket.gethostname()
    assert worker["connected"] and worker["done"] == told["done"]
    assert len(worker["in_hand"]) == sum(kind["leased"] for kind in told["jobs"].values()) > 0
    assert {case["name"]: case["done"] > 0 for case in told["by_case"]} == dict.fromkeys(page.study.CASES, True)
    assert sum(case["done"] for case in told["by_case"]) == told["done"]
    assert sum(case["known"] for case in told["by_case"]) == told["total"]
    assert sum(case["set_aside"] for case in told["by_case"]) == sum(kind["set_aside"] for kind in told["jobs"].values()) == 1
    assert all(row["jobs_per_minute"] >= 0 for row in told["by_case"] + told["by_worker"])
    (figure,) = told["figures"]
    assert figure["name"] == f"figure-5/{ODD_FIGURE}" and abs(figure["modified"] / 1000 - time.time()) < 600


def test_metrics_are_prometheus_text_and_true(page):
    headers, body = fetch(page.url + "metrics")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert all(family.documentation and family.type in ("gauge", "counter") for family in families.values())

    def value(name, **labels):
        (found,) = [s.value for f in families.values() for s in f.samples if s.name == name and s.labels == labels]
        return found

    status = page.status()
    for kind, states in status["jobs"].items():
        for state, number in states.items():
            assert value("wcam_jobs", kind=kind, state=state) == number
    assert value("wcam_images", state="set_aside") == 1
    assert value("wcam_workers") == 1
    assert sum(s.value for s in families["wcam_jobs_done"].samples) == status["done"]
    (worker,) = families["wcam_worker_jobs_done"].samples
    assert worker.value == status["done"] and worker.labels["device"] == "cpu"
    assert value("wcam_messages_unhandled_total", reason="malformed") == 0
    assert value("wcam_answers_unused_total", reason="duplicate") == 0
    assert value("wcam_workers_lost_total") == 0


def test_the_loop_turns(page):
    assert fetch(page.url + "healthz")[1] == b"ok\n"


def test_only_figures_are_served_and_only_read(page):
    odd = f"/figures/figure-5/{urllib.request.pathname2url(ODD_FIGURE)}"
    picture = (page.study.sweep / "figures/figure-5" / ODD_FIGURE).read_bytes()
    assert page.ask(odd) == (200, picture)
    assert page.ask(odd, "HEAD") == (200, b"")
    for path in ("/figures/../plan.json", "/figures/%2e%2e/plan.json", "/figures/..%2fplan.json", "/plan.json",
                 "/figures//etc/passwd", "/figures/figure-5/%2e%2e/%2e%2e/plan.json", "/figures/"):  # fmt: skip
        assert page.ask(path)[0] == 404, path
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert page.ask("/", method)[0] == 405, method


# What page.css makes of the parts, whatever the fonts of a machine: colours, not letters.
CARD, GROUND, DONE, GOOD, BAD = (255, 255, 255), (246, 247, 249), (47, 111, 219), (29, 138, 84), (200, 69, 47)


def check_look(browser):
    """What the pixels of a screenshot show where the parts are: cards on their ground, with something on them."""
    selectors = ("main > section", "#figures-of-merit div", ".bar .done", ".bar .set_aside", "#state", "#workers td:first-child, #cases td:first-child", "#figures img")
    boxes_now = f"Object.fromEntries({json.dumps(selectors)}.map((selector) => [selector, {SEEN}(selector)]))"

    def still():
        """A screenshot, and where things are in it: the page draws itself anew every second."""
        boxes = browser.value(boxes_now)
        shot = browser.screenshot()
        return (shot, boxes) if browser.value(boxes_now) == boxes else None

    seen = wait_for("a page that stands still", still)
    shot, boxes = numpy.asarray(PIL.Image.open(io.BytesIO(seen[0])).convert("RGB")).astype(int), seen[1]

    def pixels(box):
        return shot[round(box["top"]) : round(box["bottom"]), round(box["left"]) : round(box["right"])].reshape(-1, 3)

    def share(box, colour):
        near = (abs(pixels(box) - colour) < 12).all(axis=1)
        return near.mean() if near.size else 0

    def inner(bar):
        """Without the edges, which its rounding blends with what is behind, and where it lies between pixels a row more."""
        return bar | {"top": bar["top"] + bar["height"] / 4, "bottom": bar["bottom"] - bar["height"] / 4}

    def all_of(selector):
        assert boxes[selector], selector
        return boxes[selector]

    assert (abs(shot[2, 2] - GROUND) < 3).all()
    cards = all_of("main > section") + all_of("#figures-of-merit div")
    assert len(cards) == 10  # five sections, five tiles
    for card in cards:
        ink = (pixels(card).sum(axis=1) < 3 * 110).mean() if share(card, CARD) else 0
        assert share(card, CARD) > 0.4 and ink > 0.002, card
    for bar in all_of(".bar .done"):
        assert bar["width"] < 4 or share(inner(bar), DONE) > 0.8, bar
    set_aside = all_of(".bar .set_aside")
    assert len(set_aside) == 2 and all(share(inner(bar), BAD) > 0.5 for bar in set_aside)  # of its kind and of its case
    assert share(all_of("#state")[0], GOOD) > 0.5
    for cell in all_of("#workers td:first-child, #cases td:first-child"):
        assert (pixels(cell).sum(axis=1) < 3 * 110).mean() > 0.002, cell
    picture = all_of("#figures img")[0]
    middle = (picture["left"] + picture["right"]) / 2
    drawn = pixels(picture | {"left": middle - 60, "right": middle + 60})
    assert (abs(drawn.mean(axis=0) - textured_image(1, 64).mean(axis=(0, 1))) < 12).all() and drawn.std() > 20


@pytest.mark.parametrize("width, height", ((1280, 900), (390, 844)))
def test_what_is_seen_in_a_browser(page, width, height):
    browser = Browser(page.url, page.study.folder / f"browser-{width}", width, height)
    try:
        wait_for("the page", lambda: browser.value("document.title") != "wcam" and browser.value("document.images[0]?.complete"))
        status = page.status()

        def seen(selector):
            return browser.value(f"{SEEN}({json.dumps(selector)})")

        def text_of(selector):
            return " ".join(one["text"] for one in seen(selector))

        assert re.fullmatch(r"\d+ % · wcam", browser.value("document.title"))
        assert text_of("#state") == "running"
        assert f"jobs done {status['done']} of {status['total']} known" in text_of("#figures-of-merit")
        # Each part of the page is as wide as people need it, and none stands out of the window.
        parts = seen("main > *:not([hidden])")
        assert len(parts) == 6
        for part in parts:
            assert part["width"] > 250 and part["height"] > 40, part
            assert part["left"] >= 0 and part["right"] <= width, part
        assert browser.value("[...document.querySelectorAll('section')].every(one => one.scrollWidth <= one.clientWidth)")
        explain = status["jobs"]["explain"]
        assert f"WCAMs {explain['done']} of {sum(explain.values()) - explain['cancelled']} ·" in text_of("#progress")
        assert re.search(rf"{re.escape(socket.gethostname())}, {page.worker} worker\.[0-9a-f]+ cpu", text_of("#workers"))
        for case in page.study.CASES:
            assert re.search(rf"\b{case}\b \d+ of \d+", text_of("#cases"))
        for row, case in enumerate(json.loads(fetch(page.url + "status.json")[1])["by_case"], 1):
            (whole,), (part,) = seen(f"#cases tr:nth-child({row}) .bar"), seen(f"#cases tr:nth-child({row}) .done")
            assert part["width"] / whole["width"] == pytest.approx(case["done"] / case["known"], abs=0.03)
        assert all(bar["width"] > 50 and bar["height"] > 5 for bar in seen(".bar"))
        # What the tables' speeds are of, the sum is of too.
        told = json.loads(fetch(page.url + "status.json")[1])
        told |= {"jobs_per_minute": 99, "by_case": [case | {"jobs_per_minute": 3.5} for case in told["by_case"]]}
        assert browser.value(f"show({json.dumps(told)}), {SEEN}('#figures-of-merit div')[2].text") == "jobs/min 7.0"
        # What is no text of ours is shown as text.
        assert f"image {ODD_IMAGE}: " in text_of("#set-aside")
        assert browser.value("document.querySelector('[src=x]')") is None
        (figure,) = seen("#figures img")
        assert figure["width"] > 200 and figure["height"] > 100
        assert browser.value("document.images[0].naturalWidth") == 64
        assert text_of("#figures") == f"figure-5/{ODD_FIGURE}"
        (page.study.folder / f"page-{width}.png").write_bytes(browser.screenshot())
        check_look(browser)
        # A part that is hidden, whatever hides it, and a lost stylesheet are noticed.
        for number in range(5):
            part = f"document.querySelectorAll('main > section')[{number}].style"
            browser.value(f"{part}.visibility = 'hidden'")
            with pytest.raises(AssertionError):
                check_look(browser)
            browser.value(f"{part}.visibility = ''")
        check_look(browser)
        # Nothing is left to do, though not all is done; numbers stay in their tiles, and names of cases whole.
        told["jobs"] = {kind: jobs | {"leased": 0, "waiting": 0, "set_aside": 1} for kind, jobs in told["jobs"].items()}
        told |= {"done": 123456, "total": 123458}
        told["by_case"][0] |= {"name": "adversarially", "done": 1234, "known": 1234}
        tiles = "[...document.querySelectorAll('dd')].every(one => one.scrollWidth <= one.clientWidth)"
        lines = "(range => (range.selectNodeContents(document.querySelector('#cases td').firstChild), range.getClientRects().length))"
        looks = f"[{SEEN}('#figures-of-merit div')[1].text, {tiles}, {lines}(document.createRange())]"
        assert browser.value(f"show({json.dumps(told)}), {looks}") == ["time left –", True, 1]
        browser.value("document.styleSheets[0].disabled = true")
        with pytest.raises(AssertionError):
            check_look(browser)
    finally:
        browser.close()
    browser.complaints.seek(0)
    assert "CONSOLE" not in browser.complaints.read()  # an error of ours, or something the policy refused


def test_a_port_in_use_is_refused_before_anything_is_made(page, tmp_path):
    host, port = page.address()
    study = page.study
    arguments = [word if word != study.sweep else tmp_path / "other" for word in study.arguments()]
    refused = run("wcam", *arguments, "--http", f"{host}:{port}", code=3)
    assert f"cannot listen on {host}:{port} (--http): Address already in use" in refused.stderr
    refused = run("wcam", *arguments, "--http", "0.0.0.0:0", code=2)
    assert "--http 0.0.0.0:0 would let other hosts read the page" in refused.stderr
    assert not (tmp_path / "other").exists()


def test_figures_that_the_run_draws_appear_on_the_page(study):
    sweep = study.start("--http", "127.0.0.1:0")
    shown, states = set(), set()
    try:
        url = wait_for("the page", lambda: re.search(r"^page: (\S+)$", study.log.read_text(), re.MULTILINE))[1]
        while sweep.poll() is None:  # as often as the page itself asks
            try:
                told = json.loads(fetch(url + "status.json")[1])
                states.add(told["state"])
                shown = {figure["name"] for figure in told.get("figures", [])}
                pictures = [fetch(f"{url}figures/{name}")[1] for name in shown]
                assert all(picture.startswith(b"\x89PNG") for picture in pictures)
                assert told["state"] != "finished" or fetch(url + "healthz")[1] == b"ok\n"
            except (urllib.error.URLError, ConnectionError):  # not yet, or no longer
                pass
            time.sleep(2)
        assert sweep.wait() == 0, study.log.read_text()
    finally:
        end(sweep)
    drawn = study.sweep / "figures"
    assert shown == {str(file.relative_to(drawn)) for file in drawn.rglob("*.png")} and len(shown) > 4
    assert states >= {"running", "finished"}


def test_an_interrupt_ends_a_run_that_draws_and_its_page(study):
    sweep = study.start("--http", "127.0.0.1:0")
    try:
        wait_for("figures", lambda: any((study.sweep / "figures").glob("figure-4/*.p*")))
        coordinator = next(pid for pid, name in children(sweep.pid).items() if name.startswith("wcam-coord"))
        sweep.send_signal(signal.SIGINT)
        code = sweep.wait(60)
        assert code in (0, 5), study.log.read_text()  # 0: they were there already
        assert not alive(coordinator)
    finally:
        end(sweep)


# Last: the sweep is over then.
def test_a_held_connection_does_not_keep_the_sweep_from_ending(page):
    held = [socket.create_connection(page.address()) for _ in range(4)]
    held[0].sendall(b"GET / HTTP/1.1\r\n")
    page.wake()
    assert page.sweep.wait(120) == 4, page.study.log.read_text()
    assert page.status()["state"] == "finished"
    with pytest.raises(urllib.error.URLError):
        fetch(page.url)
