"""Folders as people have them."""

import numpy as np
import pytest
from PIL import Image

from ae_lib import load_images


def ramp(height=40, width=60):
    """A grey ramp from left to right."""
    return np.tile(np.linspace(0, 255, width).astype("uint8"), (height, 1))


def test_all_sizes_and_kinds_become_one_array(tmp_path):
    grey = Image.fromarray(ramp())
    grey.save(tmp_path / "a.png")
    grey.convert("RGB").save(tmp_path / "b.JPG", quality=95)
    grey.convert("P").save(tmp_path / "c.gif")
    grey.resize((100, 200)).save(tmp_path / "d.bmp")
    Image.fromarray(ramp().astype("uint16") << 8).save(tmp_path / "e.png")
    (tmp_path / "folder").mkdir()
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    for colour, channels in ((False, 1), (True, 3)):
        images = load_images(tmp_path, (20, 30), colour)
        assert images.shape == (5, 20, 30, channels)
        assert images.dtype == "float32"
        expected = ramp()[::2, ::2, None] / 255
        for name, image in zip("abcde", images, strict=True):
            if name != "d":
                assert abs(image - expected).max() < 0.05, name
        assert 0 <= images.min() < 0.02
        assert 0.98 < images.max() <= 1


def test_an_image_is_cut_and_not_stretched(tmp_path):
    wide = np.zeros((40, 120), "uint8")
    wide[:, 40:80] = 255  # the middle third
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert load_images(tmp_path, (40, 40)).min() == 1


def test_transparent_is_white_and_photographs_stand_upright(tmp_path):
    clear = np.zeros((8, 8, 4), "uint8")
    Image.fromarray(clear).save(tmp_path / "a.png")
    lying = Image.fromarray(np.vstack([np.full((8, 16), 255), np.zeros((8, 16))]).astype("uint8"))
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    lying.save(tmp_path / "b.png", exif=exif)
    first, second = load_images(tmp_path, (16, 16))
    assert first.min() == 1
    assert second[:8].max() == 0
    assert second[8:].min() == 1


def test_what_is_no_image_is_named(tmp_path):
    Image.fromarray(ramp()).save(tmp_path / "good.png")
    for name in ("notes.txt", "IMG_1.heic"):
        (tmp_path / name).write_text("something", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"2 files \(IMG_1.heic, notes.txt\)"):
        assert len(load_images(tmp_path, (8, 8))) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>not found</html>", "page.png is no image, whatever its name says"),
        (b"", "page.png is no image"),
        ("half", "page.png cannot be read: "),
        ("float", "page.png .*mode F, without a range"),
    ],
)
def test_a_broken_file_is_named(content, message, tmp_path):
    path = tmp_path / "page.png"
    if content == "half":
        rng = np.random.default_rng(0)
        Image.fromarray(rng.integers(0, 255, (90, 90), "uint8")).save(path)
        content = path.read_bytes()[:3000]
    if content == "float":
        Image.fromarray(ramp().astype("float32")).save(tmp_path / "float.tiff")
        (tmp_path / "float.tiff").rename(path)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        load_images(tmp_path, (8, 8))
    assert f"Take it out of {tmp_path.name}, or save it anew" in str(error.value)


def test_no_folder_no_images_no_size(tmp_path):
    with pytest.raises(NotADirectoryError, match="there is no such folder"):
        load_images(tmp_path / "nothing", (8, 8))
    (tmp_path / "thesis.pdf").write_bytes(b"%PDF")
    with pytest.raises(ValueError, match="holds 1 files, and no image"):
        load_images(tmp_path, (8, 8))
    for size in ((0, 8), (8,), 8, (8.5, 8), "88", (8, 8, 3)):
        with pytest.raises(ValueError, match="expected height and width"):
            load_images(tmp_path, size)
