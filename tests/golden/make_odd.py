#!/usr/bin/env python3
"""Makes odd/: what goes wrong with picture files in practice, from coffee.png. Needs Pillow; prints what Pillow reads.

    tests/golden/make_odd.py
"""

import pathlib

from PIL import Image, ImageStat

HERE = pathlib.Path(__file__).resolve().parent
ORIENTATION = 0x112  # EXIF's tag


def main():
    odd = HERE / "odd"
    odd.mkdir(exist_ok=True)
    coffee = Image.open(HERE / "coffee.png")
    part = coffee.crop((150, 60, 450, 260))

    part.resize((150, 100)).convert("CMYK").save(odd / "cmyk.jpg")
    part.resize((150, 100)).convert("L").save(odd / "grey.jpg")
    part.crop((100, 0, 183, 200)).save(odd / "tall.jpg")
    part.resize((160, 128)).save(odd / "small.jpg")
    part.resize((75, 56)).save(odd / "tiny.jpg")
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    part.resize((150, 100)).save(odd / "turned.jpg", exif=turned)
    for path in sorted(odd.glob("*.jpg")):
        with Image.open(path) as image:
            means = ", ".join(f"{mean:.3f}" for mean in ImageStat.Stat(image.convert("RGB")).mean)
            print(f"{path.name}: {image.mode}, {image.height} rows, {image.width} columns, means {means}")

    sound = (odd / "small.jpg").read_bytes()
    (odd / "cut_off.JPEG").write_bytes(sound[: len(sound) // 2])
    (odd / "not_an_image.JPEG").write_text("not an image\n")


if __name__ == "__main__":
    main()
