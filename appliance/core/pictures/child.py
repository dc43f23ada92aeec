"""The process that opens one picture: reads it from stdin, writes squares of it as JPEG to stdout. Started by its path, with the
sizes and the limits as JSON in its one argument; imports the standard library and Pillow only.

Before it reads a byte it gives up all it could do harm with: it can open no file and no socket any more, start nothing, change no
file by its name, and has little time, memory and room. What an attacker's picture could make of it is a wrong picture.

Answer: a line of JSON, {"sizes": [bytes of each]} with the pictures after it, or {"refused": why}.
"""

import ctypes
import io
import json
import os
import resource
import signal
import sys
import warnings

from PIL import GifImagePlugin, Image, ImageColor, ImagePalette, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

# By their first bytes, whatever name they came with.
OPENERS = ((b'\xff\xd8\xff', JpegImagePlugin.JpegImageFile), (b'\x89PNG\r\n\x1a\n', PngImagePlugin.PngImageFile),
           (b'GIF87a', GifImagePlugin.GifImageFile), (b'GIF89a', GifImagePlugin.GifImageFile), (b'RIFF', WebPImagePlugin.WebPImageFile))
NO_PICTURE, TOO_LARGE, DAMAGED = 'no_picture', 'too_large', 'damaged'
ORIENTATION = 0x0112        # EXIF
QUALITY = 86
CPU_S, MEMORY_BYTES, ANSWER_BYTES = 10, 1 << 30, 4 << 20
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38      # linux/prctl.h
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446             # the same number on every processor
# linux/landlock.h, by the version of the kernel's interface: how many of the rights on files, on the network and of scopes there are.
FILE_RIGHTS, NETWORK_RIGHTS, SCOPES = {1: 13, 2: 14, 3: 15, 4: 15}, 2, 2


class Refused(Exception):
    """The picture is not taken; the argument is why."""


def lock_in():
    """Give up everything but what is open."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _deny_files(libc)
    for what, most in ((resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_FSIZE, ANSWER_BYTES),
                       (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
                       # No new descriptor: neither a file nor a socket can be opened.
                       (resource.RLIMIT_NOFILE, 0)):
        resource.setrlimit(what, (most, most))


def _deny_files(libc):
    """By Landlock, where the kernel has it: no file can be reached, renamed or removed by its name, no signal sent to others."""
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    rights = [(1 << FILE_RIGHTS.get(version, 16)) - 1]
    if version >= 4:
        rights.append((1 << NETWORK_RIGHTS) - 1)
    if version >= 6:
        rights.append((1 << SCOPES) - 1)
    attributes = (ctypes.c_uint64 * len(rights))(*rights)
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(ctypes.sizeof(attributes)), 0)
    if ruleset >= 0:
        libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


def squares(file, sizes, most_pixels):
    """The centre square of a picture at each size, as JPEG without anything else that the file held. Refused says why not."""
    warnings.simplefilter('error')
    Image.MAX_IMAGE_PIXELS = most_pixels
    try:
        picture = _opened(file, most_pixels)
        turned = picture.getexif().get(ORIENTATION, 1)
        # A JPEG is read at a fraction of its size; the centre stays the centre, however it is turned.
        picture.draft('RGB', (2 * max(sizes), 2 * max(sizes)))
        picture.load()
        largest = _upright(_flat(_square(picture, max(sizes))), turned)
    except Refused:
        raise
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(TOO_LARGE) from None
    except Exception:       # whatever a decoder stumbles over
        raise Refused(DAMAGED) from None
    return [_written(largest if size == max(sizes) else largest.resize((size, size), Image.Resampling.LANCZOS)) for size in sizes]


def _opened(file, most_pixels):
    """The picture with its header read; nothing is decoded yet."""
    head = file.read(12)
    file.seek(0)
    opener = next((opener for mark, opener in OPENERS if head.startswith(mark)), None)
    if opener is None or (head.startswith(b'RIFF') and head[8:] != b'WEBP'):
        raise Refused(NO_PICTURE)
    picture = opener(file)
    if picture.width * picture.height > most_pixels:
        raise Refused(TOO_LARGE)
    return picture


def _square(picture, size):
    """The centre square, in colours that can be mixed."""
    if picture.mode.startswith('I;16'):
        picture = picture.convert('I').point(lambda level: level * (1 / 256)).convert('L')
    elif picture.mode not in ('L', 'RGB', 'RGBA'):
        picture = picture.convert('RGBA' if picture.has_transparency_data else 'RGB')
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side), reducing_gap=3)


def _flat(picture):
    """On white, where it is transparent."""
    if picture.mode != 'RGBA':
        return picture.convert('RGB')
    sheet = Image.new('RGB', picture.size, 'white')
    sheet.paste(picture, mask=picture.getchannel('A'))
    return sheet


def _upright(picture, turned):
    """As the camera was held (EXIF's eight ways)."""
    way = Image.Transpose
    ways = {2: way.FLIP_LEFT_RIGHT, 3: way.ROTATE_180, 4: way.FLIP_TOP_BOTTOM, 5: way.TRANSPOSE, 6: way.ROTATE_270, 7: way.TRANSVERSE,
            8: way.ROTATE_90}
    return picture.transpose(ways[turned]) if turned in ways else picture


def _written(picture):
    picture.info.clear()    # a comment would be written along
    written = io.BytesIO()
    picture.save(written, 'JPEG', quality=QUALITY, optimize=True)
    return written.getvalue()


def warm_up():
    """Have Pillow import all that it will want: later nothing can be imported."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for kind in ('JPEG', 'PNG', 'GIF', 'WEBP'):
        with io.BytesIO() as tiny:
            Image.new('P' if kind == 'GIF' else 'RGB', (2, 2)).save(tiny, kind, exif=exif)
            tiny.seek(0)
            squares(tiny, [1], 4)


def main(request):
    """Answer one request: JSON with `sizes` and `most_pixels`."""
    request = json.loads(request)
    source, answer = open(0, 'rb', closefd=False), open(1, 'wb', closefd=False)
    warm_up()
    lock_in()
    try:
        found = squares(source, request['sizes'], request['most_pixels'])
    except Refused as refused:
        found, head = [], {'refused': refused.args[0]}
    else:
        head = {'sizes': [len(one) for one in found]}
    answer.write(json.dumps(head).encode() + b'\n' + b''.join(found))
    answer.flush()
    # Without the interpreter's leave-taking, which would want to import.
    os._exit(0)


if __name__ == '__main__':
    main(sys.argv[1])
