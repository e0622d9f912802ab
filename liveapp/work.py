"""Pure CPU work: the scenarios `cpu` and `cpu-image`.

Does not import Django, so that a pool's process that imports it is ready quickly.
"""

import io

from PIL import Image, ImageFilter

THUMBNAIL = 256  # pixels


def primes_below(limit: int) -> int:
    """Return the number of primes below a limit, by trial division in plain Python.

    The interpreter's lock is held throughout, so threads can only take turns.
    """
    primes: list[int] = []
    for number in range(2, limit):
        root = number**0.5
        for prime in primes:
            if prime > root:
                primes.append(number)
                break
            if number % prime == 0:
                break
        else:
            primes.append(number)
    return len(primes)


def thumbnail_bytes(pixels: int) -> int:
    """Return the size of a JPEG thumbnail of a generated picture of this width and height.

    Pillow works in C and releases the interpreter's lock, so threads help if there are cores
    for them.
    """
    grey = Image.radial_gradient("L").resize((pixels, pixels), Image.Resampling.BICUBIC)
    picture = Image.merge("RGB", [grey, grey, grey])
    picture = picture.filter(ImageFilter.GaussianBlur(pixels / 50))
    picture = picture.rotate(30, Image.Resampling.BICUBIC)
    picture.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.tell()
