#!/usr/bin/env python3
"""Holds the order of the rooms, as the tables of ARCHITECTURE.md give it, and each foreign library to its place.

    scripts/check_includes.py [--compile BUILD]    --compile: also that each header compiles alone, with the flags of
                                                   BUILD/compile_commands.json; minutes

A file of coordinator/, worker/, analysis/ or common/ lies in a room of its table and includes only its own room, rooms
below it, and common/. plotting/ may include analysis/, too. The standard headers of what a file uses come by itself or
by a header of ours. Says what does not hold, a line each, and ends with 1. scripts/check_includes_test.py plants
mistakes.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

FOLDERS = ("coordinator", "worker", "common", "analysis", "plotting", "cluster")
WITH_ROOMS = ("coordinator", "worker", "common", "analysis")
# The folders that one may include beside itself; the others: common/.
BELOW = {"plotting": ("common", "analysis")}
# What only some places may include: by how the header's name begins.
FOREIGN = {
    "LibTorch": (("ATen/", "c10/", "torch/"), ("worker/",)),
    "Cairo and Pango": (("cairo", "pango"), ("plotting/",)),
    "ZeroMQ": (("zmq",), ("coordinator/transport/", "coordinator/operate/", "worker/protocol/", "common/wire/")),
    "SQLite": (("sqlite3",), ("coordinator/ledger/",)),
    "OpenCV": (("opencv2/",), ("worker/images/", "worker/corruption/")),
    "HDF5": (("hdf5", "H5"), ("common/store/",)),
    "Boost.Asio and Beast": (("boost/asio", "boost/beast"), ("coordinator/serve/",)),
    "Boost.Math": (("boost/math",), ("analysis/statistics/",)),
    "LEMON": (("lemon/",), ("analysis/maps/",)),
    "libzip": (("zip.h",), ("analysis/tables/",)),
    "Mustache": (("kainjow/",), ("plotting/report/",)),
}
# Libraries that are built where there is nothing but LibTorch (CMakeLists.txt, WCAM_ONLY_KERNELS), and what may be
# included there beside it and the language.
KERNELS = {"common": "common_kernels", "worker": "worker_kernels"}
POSIX = ("dlfcn.h", "malloc.h", "sys/utsname.h", "unistd.h")
# What a standard header is included for, where another may or may not bring it along: that differs between releases of
# GCC, and what compiles here would not there.
STANDARD = {
    "algorithm": r"(adjacent_find|all_of|any_of|binary_search|clamp|copy_if|copy_n|copy|count|count_if|equal|fill|fill_n|"
                 r"find|find_if|find_if_not|for_each|is_sorted|lower_bound|max|max_element|min|min_element|minmax|"
                 r"minmax_element|mismatch|none_of|nth_element|partial_sort|remove_if|reverse|rotate|shuffle|sort|"
                 r"stable_sort|transform|unique|upper_bound)\(",
    "atomic": r"atomic\b",
    "cctype": r"(is(alnum|alpha|digit|space|upper)|to(lower|upper))\(",
    "cmath": r"(abs|ceil|erf|exp|floor|hypot|isfinite|isnan|log|log2|lround|pow|round|sqrt)\(",
    "functional": r"function<",
    "iterator": r"(back_inserter|istreambuf_iterator)",
    "limits": r"numeric_limits<",
    "memory": r"(make_shared|make_unique|shared_ptr|unique_ptr)\b",
    "numeric": r"(accumulate|inner_product|iota|partial_sum)\(",
    "tuple": r"(tie\(|tuple<)",
    "utility": r"(exchange|swap)\(",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def rooms_of(architecture):
    """{folder: [room, ...]}, top first."""
    rooms, folder = {}, None
    for line in architecture.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            folder = None
        elif cells[0].rstrip("/") in WITH_ROOMS and cells[0].endswith("/"):
            folder = cells[0].rstrip("/")
            rooms[folder] = []
        elif folder and (name := re.fullmatch(r"`(\w+)/?`", cells[0])):
            rooms[folder].append(name[1])
    return rooms


def place_of(file):
    """("coordinator", "queue") of coordinator/queue/seeded_order.h; the room is empty where there are none."""
    parts = file.split("/")
    return parts[0], parts[1] if parts[0] in WITH_ROOMS and len(parts) > 2 else ""


def problems_of(file, text, rooms):
    folder, room = place_of(file)
    if folder in rooms and room not in rooms[folder]:
        yield f"{file} lies in no room of {folder}/: ARCHITECTURE.md lists {', '.join(rooms[folder])}"
        return
    for _, name in INCLUDE.findall(text):
        if name.split("/")[0] in FOLDERS:
            other, below = place_of(name)
            if other != folder and other not in (below_it := BELOW.get(folder, ("common",))):
                yield f"{file} includes {name}: {folder}/ may include its own and {'/, '.join(below_it)}/, not {other}/"
            elif other == folder and folder in rooms:
                order = rooms[folder]
                if below not in order or order.index(below) < order.index(room):
                    yield f"{file} includes {name}: {room} is below {below or 'nothing'} and may not look up"
        for library, (beginnings, places) in FOREIGN.items():
            if name.startswith(beginnings) and not file.startswith(places):
                yield f"{file} includes {name}: {library} belongs in {', '.join(places)}"


def kernel_problems(root, files):
    """What a library of KERNELS includes by whatever way, and may not."""
    wanted = []
    for folder, library in KERNELS.items():
        listed = re.search(rf"add_library\({library} STATIC([^)]*)\)", (root / folder / "CMakeLists.txt").read_text())
        wanted += [f"{folder}/{name}" for name in listed[1].split()]
    seen = set()
    while wanted:
        if (file := wanted.pop()) in seen:
            continue
        seen.add(file)
        for mark, name in INCLUDE.findall(files[file]):
            if mark == '"':
                wanted.append(name)
            elif "." in name and not name.startswith(FOREIGN["LibTorch"][0]) and name not in POSIX:
                yield f"{file} includes {name}: {', '.join(KERNELS.values())} are built on LibTorch alone"


def header_problems(file, text, files):
    """A header that its own .cc includes first is seen to compile alone whenever that is built."""
    source = re.sub(r"\.h$", ".cc", file)
    if file.endswith(".cc") and (header := re.sub(r"\.cc$", ".h", file)) in files:
        first = INCLUDE.search(text)
        if first is None or first[2] != header:
            yield f"{file} does not include {header} first, so nothing shows that it compiles alone"
    elif file.endswith(".h") and source not in files and "#pragma once" not in text:
        yield f"{file} lacks #pragma once"


def standard_problems(file, files):
    """What a file uses of STANDARD, and neither it nor a header of ours that it includes brings."""
    included, seen, wanted = set(), set(), [file]
    while wanted:
        if (one := wanted.pop()) in seen or one not in files:
            continue
        seen.add(one)
        for mark, name in INCLUDE.findall(files[one]):
            if mark == "<":
                included.add(name)
            else:
                wanted.append(name)
    for header, used in STANDARD.items():
        if header not in included and (found := re.search(rf"\bstd::(ranges::)?{used}", files[file])):
            yield f"{file} uses {found[0]} and does not include <{header}>"


def flags_for(header, commands):
    """Those of a source near it."""
    def nearness(entry):
        return len(os.path.commonprefix([entry["file"], header]))

    words = shlex.split(max(commands, key=nearness)["command"])
    words = words[next(i for i, word in enumerate(words) if re.search(r"(g|clang)?\+\+(-\d+)?$", word)):]
    kept, skip = [], False
    for word in words:
        if skip or word in ("-c", "-MD"):
            skip = False
        elif word in ("-o", "-MT", "-MF"):
            skip = True
        elif not word.endswith(".cc"):
            kept.append(word)
    return [*kept, "-w", "-fsyntax-only", "-x", "c++"]


def compile_alone(root, files, build):
    commands = json.loads((root / build / "compile_commands.json").read_text())
    headers = [file for file in files if file.endswith(".h") and re.sub(r"\.h$", ".cc", file) not in files]

    def compiled(header):
        path = str(root / header)
        run = subprocess.run([*flags_for(path, commands), path], capture_output=True, text=True, check=False)
        return [] if run.returncode == 0 else [f"{header} does not compile alone: {run.stderr.splitlines()[0]}"]

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for found in pool.map(compiled, headers) for problem in found]


def sources_of(root, folders):
    return {str(path.relative_to(root)): path.read_text() for folder in folders
            for pattern in ("*.h", "*.cc") for path in sorted((root / folder).rglob(pattern))}


def check(root, build=None):
    rooms = rooms_of((root / "ARCHITECTURE.md").read_text())
    found = [f"ARCHITECTURE.md has no table of the rooms of {folder}/" for folder in WITH_ROOMS if not rooms.get(folder)]
    files = sources_of(root, FOLDERS)
    for folder, names in rooms.items():
        found += [f"ARCHITECTURE.md lists the room {folder}/{name}, which is not there"
                  for name in names if not (root / folder / name).is_dir()]
    for file, text in files.items():
        found += problems_of(file, text, rooms)
        found += header_problems(file, text, files)
    found += kernel_problems(root, files)
    around = files | sources_of(root, ("tests", "benchmarks"))
    for file in around:
        found += standard_problems(file, around)
    return found + (compile_alone(root, files, build) if build else [])


def main():
    build = sys.argv[2] if sys.argv[1:2] == ["--compile"] else None
    found = check(pathlib.Path(__file__).resolve().parent.parent, build)
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
