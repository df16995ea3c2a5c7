#!/usr/bin/env python3
"""Says which lines of ours are too long: of Markdown beyond 100 characters, tables and code apart; comments in C++ and
in the protocol beyond 110, which clang-format leaves as they are. Exit 1 when there are any.
    scripts/check_lines.py FILE...
"""
import re
import sys

MARKDOWN, COMMENT = 100, 110


def long_in_markdown(lines):
    """Numbers of the lines; a fence of another kind than the one that opened a block is part of its code."""
    fence = None
    for number, line in enumerate(lines, 1):
        mark = re.match(r"\s*(```|~~~)", line)
        if mark and fence in (None, mark[1]):
            fence = None if fence else mark[1]
        elif fence is None and not line.lstrip().startswith("|") and len(line) > MARKDOWN:
            yield number


def long_comments(lines):
    """Numbers of the lines. A comment begins with // after a blank or at the margin: the // of an address does not."""
    return (number for number, line in enumerate(lines, 1) if len(line) > COMMENT and re.search(r"(^|\s)//\s", line))


def main(names):
    found = 0
    for name in names:
        with open(name, encoding="utf-8") as file:
            lines = file.read().splitlines()
        check, bound = (long_in_markdown, MARKDOWN) if name.endswith(".md") else (long_comments, COMMENT)
        for number in check(lines):
            found += 1
            print(f"{name}:{number}: {len(lines[number - 1])} characters, {bound} are allowed", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
