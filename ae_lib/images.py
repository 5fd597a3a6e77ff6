"""Images of your own: a folder of files becomes one array that a network can be fed with."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

__all__ = ["load_images"]


def load_images(
    folder: str | Path, size: tuple[int, int], colour: bool = False, progress: bool = True
) -> np.ndarray:
    """Load all images of a folder, whatever their sizes and kinds, as one array.

    Each image is cut in the middle to the proportions of `size`, so that nothing is stretched, and
    then resized. Photographs are turned the way their camera says, transparent parts become white,
    and of 16 bits the upper eight are kept.

    Parameters
    ----------
    folder : path
        Where the files lie, in the order of whose names the images come. Other files are left out
        with a warning; folders inside it, and hidden files, without one.
    size : (int, int)
        Height and width of the result, in pixels.
    colour : bool
        Three channels, red, green and blue, or one, grey.
    progress : bool
        Show a bar if it takes longer than a second.

    Returns
    -------
    ndarray of shape (n, height, width, 3) or (n, height, width, 1), float32
        Values in [0, 1].

    Raises
    ------
    NotADirectoryError
        There is no such folder.
    ValueError
        It holds no images, one of them cannot be read, or `size` is not two positive whole
        numbers.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from ae_lib import load_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (60, 40), "white").save(f"{folder}/one.png")
    ...     Image.new("L", (30, 30), "black").save(f"{folder}/two.jpg")
    ...     load_images(folder, size=(28, 32)).shape
    (2, 28, 32, 1)
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise NotADirectoryError(f"folder is {str(folder)!r}; there is no such folder.")
    try:
        height, width = (int(side) for side in size if side == int(side) > 0)
    except (TypeError, ValueError):
        raise ValueError(
            f"size is {size!r}; expected height and width, two positive whole numbers."
        ) from None
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    kinds = Image.registered_extensions()
    paths = [path for path in files if kinds.get(path.suffix.lower()) in Image.OPEN]
    if not paths:
        raise ValueError(
            f"{folder} holds {len(files)} files, and no image: none ends in .png, .jpg or what "
            "else Pillow can read."
        )
    if others := [path.name for path in files if path not in set(paths)]:
        named = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        warnings.warn(f"Left out as no images: {len(others)} files ({named}).", stacklevel=2)
    images = np.empty((len(paths), height, width, 3 if colour else 1), "float32")
    for i, path in enumerate(tqdm(paths, unit=" images", delay=1, disable=not progress)):
        try:
            images[i] = _read(path, height, width, colour)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            unknown = isinstance(error, UnidentifiedImageError)  # its message repeats the path
            why = "is no image, whatever its name says" if unknown else f"cannot be read: {error}"
            raise ValueError(
                f"{path.name} {why}. Take it out of {folder.name}, or save it anew."
            ) from error
    return images


def _read(path: Path, height: int, width: int, colour: bool) -> np.ndarray:
    with Image.open(path) as file:
        picture: Image.Image = ImageOps.exif_transpose(file)
        if picture.mode.startswith("I;16"):  # Pillow would cut off all that is above 255
            picture = Image.fromarray((np.asarray(picture) >> 8).astype("uint8"))
        if picture.mode in ("I", "F"):
            raise ValueError(f"its pixels are of Pillow's mode {picture.mode}, without a range")
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        picture = ImageOps.fit(picture.convert("RGB" if colour else "L"), (width, height))
        return np.asarray(picture, "float32").reshape(height, width, -1) / 255
