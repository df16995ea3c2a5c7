"""Manual pages and completion, which the build makes of what each verb says to --help."""

import gzip
import re
import subprocess

import pytest

from conftest import BIN, run

MANUAL = BIN.parent / "manual"


def help_of(command):
    return run(*command, "--help").stdout


def verbs_of(command):
    """Its verbs, those of its verbs too, and itself: each a list of words."""
    verbs = re.search(r"^Verbs:\n((?:  .*\n)*)", help_of(command), re.M)
    names = [line.split()[0] for line in verbs[1].splitlines()] if verbs else []
    return [command] + [found for name in names for found in verbs_of([*command, name])]


PROGRAMS = ("wcam", "wcam-coordinator", "wcam-worker")
COMMANDS = [command for program in PROGRAMS for command in verbs_of([program])]
EACH_COMMAND = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def listed_options(command):
    return re.findall(r"^  (?:-\w \[ )?(--[a-z0-9-]+)", help_of(command), re.M)


def options_of(command):
    return set(listed_options(command))


def page(command):
    return MANUAL / "man1" / ("-".join(command) + ".1.gz")


def shown(command):
    """The page as man shows it, which must have nothing to complain of."""
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", page(command)], capture_output=True, text=True, timeout=60,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MAN_KEEP_FORMATTING": ""},
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


def completions(*words, cwd=None):
    """What bash offers for the last of these words."""
    script = f'. {MANUAL}/wcam; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wcam; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-uc", script, "bash", *words], capture_output=True, text=True, timeout=60, cwd=cwd)
    assert done.returncode == 0 and done.stderr == ""
    return set(done.stdout.split())


def test_there_is_a_page_for_each_verb_and_no_other():
    assert len(COMMANDS) > 20 and ["wcam", "plot", "figure-5"] in COMMANDS and ["wcam-worker", "run"] in COMMANDS
    assert {file.name for file in (MANUAL / "man1").iterdir()} == {page(command).name for command in COMMANDS}


@EACH_COMMAND
def test_a_page_has_every_option_and_every_section(command):
    text = shown(command)
    name = "-".join(command)
    sections = re.findall(r"^[A-Z][A-Z ]+$", text, re.M)
    assert sections == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
    assert re.search(rf"^NAME\n +{name} - \w", text, re.M)
    options = options_of(command)
    assert "--help" in options and options <= set(re.findall(r"^ +(?:-\w \[ )?(--[a-z0-9-]+)", text, re.M))


@EACH_COMMAND
def test_no_option_is_listed_twice(command):
    assert len(listed_options(command)) == len(options_of(command))


def test_run_lists_what_it_passes_on_to_the_coordinator():
    said_by_run_and_submit_themselves = {"--page-stays", "--dry-run"}
    assert options_of(["wcam-coordinator", "run"]) - said_by_run_and_submit_themselves < options_of(["wcam", "run"])


def test_a_verb_has_the_same_line_wherever_it_is_listed():
    def lines(program):
        return dict(re.findall(r"^  (\S+)  +(.*)$", re.search(r"^Verbs:\n((?:  .*\n)*)", help_of([program]), re.M)[1], re.M))

    own = {"run", "doctor"}  # other things of each program
    of_wcam = lines("wcam")
    for program in ("wcam-coordinator", "wcam-worker"):
        both = lines(program).keys() & of_wcam.keys() - own
        assert both and all(lines(program)[verb] == of_wcam[verb] for verb in both)


@EACH_COMMAND
def test_completion_offers_every_option(command):
    assert completions(*command, "-") == options_of(command)


def test_pages_do_not_depend_on_when_and_where_they_were_made():
    version = run("wcam", "--version").stdout.split()[1].encode()
    for command in COMMANDS:
        heading = gzip.decompress(page(command).read_bytes()).splitlines()[1].split(b'"')
        assert heading[3] == b"" and heading[5] == b"wcam " + version
        assert page(command).read_bytes()[4:8] == bytes(4)
    assert "default: one a core" in " ".join(shown(["wcam", "run"]).split())


def test_completion_offers_verbs_and_their_verbs():
    assert {"run", "status", "plot"} <= completions("wcam", "")
    ours = [command[1] for command in COMMANDS if len(command) == 2 and command[0] == "wcam"]
    assert completions("wcam", "re") == {verb for verb in ours if verb.startswith("re")}
    assert completions("/somewhere/wcam-worker", "me") == {"measure"}
    assert completions("wcam", "plot", "figure") == {"figure-4", "figure-5"}


def test_completion_offers_what_an_option_takes(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photo.jpg").touch()
    assert completions("wcam", "run", "--images", "ph", cwd=tmp_path) == {"photos"}
    assert completions("wcam", "explain", "ph", cwd=tmp_path) == {"photos", "photo.jpg"}
    assert completions("wcam", "explain", "photo.jpg", "--out", "=", "ph", cwd=tmp_path) == {"photos", "photo.jpg"}
    assert completions("wcam", "explain", "photo.jpg", "--out", "=", cwd=tmp_path) == {"photos", "photo.jpg"}
    assert completions("wcam", "run", "--mode", "") == {"reference", "corrected"}
    assert completions("wcam", "plot", "wcam", "--colour-map", "v") == {"viridis"}
    assert completions("wcam", "run", "--workers", "", cwd=tmp_path) == set()
    assert completions("wcam", "run", "--insecure", "ph", cwd=tmp_path) == {"photos", "photo.jpg"}
