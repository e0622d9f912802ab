"""Work that keeps a processor busy, and nothing else: the scenarios `cpu` and `cpu-image`.

Knows nothing of Django, so that a pool's process that imports it is ready quickly.
"""

import io

from PIL import Image, ImageFilter

THUMBNAIL = 256  # pixels


def primes_below(limit: int) -> int:
    """How many prime numbers there are below a limit, by trial division: plain Python.

    The interpreter's lock is held all the while, so threads can only take turns.
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
    """The size of a thumbnail, as a JPEG, of a picture so wide and high that is made for it.

    Pillow works in C and lets go of the interpreter meanwhile, so threads help where there
    are cores for them.
    """
    grey = Image.radial_gradient("L").resize((pixels, pixels), Image.Resampling.BICUBIC)
    picture = Image.merge("RGB", [grey, grey, grey])
    picture = picture.filter(ImageFilter.GaussianBlur(pixels / 50))
    picture = picture.rotate(30, Image.Resampling.BICUBIC)
    picture.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.tell()
