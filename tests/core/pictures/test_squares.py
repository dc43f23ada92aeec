"""Pictures as people send them become small squares that hold pixels and nothing else; what is none is refused in words."""
import io
import random
import zipfile
import zlib

import pytest
from PIL import Image, PngImagePlugin

from appliance.core import storage
from appliance.core.errors import Busy, Invalid
from appliance.core.i18n import language
from appliance.core.pictures import child, reading

pytestmark = pytest.mark.slow       # a process of its own for each picture
RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """A data folder for the lock that lets one picture in at a time."""
    storage.use_folder(tmp_path)


@pytest.fixture
def ask(tmp_path):
    """`ask(content, sizes)`: the squares as opened pictures."""
    def call(content, sizes=(64, 16)):
        (tmp_path / 'sent').write_bytes(content)
        with (tmp_path / 'sent').open('rb') as file:
            found = reading.squares(file, list(sizes))
        return [Image.open(io.BytesIO(one)) for one in found]
    return call


def made(kind='JPEG', size=(120, 80), mode='RGB', colour=RED, **options):
    """The bytes of a picture of one colour."""
    return saved(Image.new(mode, size, colour), kind, **options)


def saved(picture, kind, **options):
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def refusal(ask, content, **options):
    with pytest.raises(Invalid) as refused:
        ask(content, **options)
    assert refused.value.field == 'photo'
    return str(refused.value)


def near(colour, other):
    return all(abs(one - two) < 12 for one, two in zip(colour, other, strict=True))


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP', 'GIF'])
@pytest.mark.parametrize('size', [(120, 80), (80, 120), (3, 500), (1, 1), (4000, 10)])
def test_squares_of_each_size(ask, kind, size):
    found = ask(made(kind, size))
    assert [(one.format, one.size, one.mode) for one in found] == [('JPEG', (64, 64), 'RGB'), ('JPEG', (16, 16), 'RGB')]
    assert all(near(one.getpixel((5, 5)), RED) for one in found)


def test_the_square_is_the_centre(ask):
    wide = Image.new('RGB', (300, 100), BLUE)
    wide.paste(RED, (100, 0, 200, 100))
    square, = ask(saved(wide, 'PNG'), [50])
    assert all(near(square.getpixel(place), RED) for place in ((4, 4), (45, 45), (25, 2)))


@pytest.mark.parametrize('turned', range(1, 9))
def test_it_stands_as_the_camera_was_held(ask, turned):
    """The upper left quarter of the upright picture is blue, however it lies in the file."""
    upright = Image.new('RGB', (200, 200), RED)
    upright.paste(BLUE, (0, 0, 100, 100))
    back = {2: 'FLIP_LEFT_RIGHT', 3: 'ROTATE_180', 4: 'FLIP_TOP_BOTTOM', 5: 'TRANSPOSE', 6: 'ROTATE_90', 7: 'TRANSVERSE', 8: 'ROTATE_270'}
    lying = upright.transpose(Image.Transpose[back[turned]]) if turned in back else upright
    exif = Image.Exif()
    exif[child.ORIENTATION] = turned
    square, = ask(saved(lying, 'JPEG', exif=exif, quality=95), [40])
    assert near(square.getpixel((8, 8)), BLUE) and near(square.getpixel((32, 8)), RED) and near(square.getpixel((8, 32)), RED)


def test_nothing_of_what_describes_it_is_left(ask, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = 'SECRET-CAMERA'
    exif.get_ifd(0x8825)[1] = 'SECRET-PLACE'
    text = PngImagePlugin.PngInfo()
    text.add_text('Comment', 'SECRET-TEXT')
    for content in (made(exif=exif, comment=b'SECRET-COMMENT', icc_profile=b'SECRET-PROFILE'), made('PNG', pnginfo=text, exif=exif),
                    made('WEBP', exif=exif, xmp=b'SECRET-XMP'), made('GIF', comment=b'SECRET-COMMENT')):
        assert b'SECRET' in content
        (tmp_path / 'sent').write_bytes(content)
        with (tmp_path / 'sent').open('rb') as file:
            found, = reading.squares(file, [64])
        assert b'SECRET' not in found and b'Exif' not in found and b'ICC_PROFILE' not in found


def test_what_is_transparent_becomes_white(ask):
    palette = Image.new('P', (40, 40), 0)
    palette.putpalette([10, 20, 30] * 256)
    for content in (made('PNG', mode='RGBA', colour=(0, 0, 0, 0)), made('PNG', mode='LA', colour=(0, 0)), made('WEBP', mode='RGBA', colour=(9, 9, 9, 0), lossless=True),
                    saved(palette, 'GIF', transparency=0), saved(palette, 'PNG', transparency=0)):
        assert near(ask(content)[0].getpixel((30, 30)), (255, 255, 255))


@pytest.mark.parametrize(('kind', 'mode', 'colour', 'expected'), [
    ('PNG', '1', 1, (255, 255, 255)), ('PNG', 'L', 77, (77, 77, 77)), ('PNG', 'I;16', 77 * 256, (77, 77, 77)), ('JPEG', 'L', 77, (77, 77, 77)),
    ('JPEG', 'CMYK', (0, 255, 255, 0), (255, 0, 0))])
def test_other_colours(ask, kind, mode, colour, expected):
    assert near(ask(made(kind, mode=mode, colour=colour))[0].getpixel((30, 30)), expected)


def test_of_a_moving_picture_the_first(ask):
    frames = [Image.new('RGB', (50, 50), colour) for colour in (RED, BLUE, BLUE)]
    for kind in ('GIF', 'WEBP', 'PNG'):
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert near(ask(content)[0].getpixel((30, 30)), RED)


def test_a_camera_s_picture(ask):
    assert ask(saved(Image.radial_gradient('L').resize((8000, 6000)).convert('RGB'), 'JPEG'), [512, 96])[0].size == (512, 512)


# What nobody should send.

def png_header(width, height):
    """A PNG that claims to be that large, with the little data that a bomb has."""
    def chunk(name, data):
        return len(data).to_bytes(4, 'big') + name + data + zlib.crc32(name + data).to_bytes(4, 'big')
    head = width.to_bytes(4, 'big') + height.to_bytes(4, 'big') + b'\x08\x02\x00\x00\x00'
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(bytes(100_000))) + chunk(b'IEND', b'')


@pytest.mark.parametrize('content', [
    b'', b'\xff', b'\xff\xd8\xff', b'hello', b'<svg xmlns="http://www.w3.org/2000/svg"/>', b'<?xml version="1.0"?><svg/>', b'%PDF-1.7', b'PK\x03\x04',
    b'GIF89', b'GIF89a<script>alert(1)</script>', b'RIFF\x00\x00\x00\x00WAVEfmt ', b'RIFF\xff\xff\xff\x7fWEBPVP8 ', b'BM' + bytes(100),
    b'<html><img src=x>', b'\x00\x00\x00\x18ftypheic' + bytes(100), bytes(1000), b'\x89PNG\r\n\x1a\n', b'8BPS' + bytes(50), b'II*\x00' + bytes(50)], ids=repr)
def test_what_is_no_picture(ask, content):
    assert 'picture' in refusal(ask, content)


@pytest.mark.parametrize(('width', 'height'), [(100_000, 100_000), (2**31 - 1, 1), (9000, 9000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_not_opened(ask, width, height):
    assert '80 million pixels' in refusal(ask, png_header(width, height))


def test_a_picture_without_a_side(ask):
    assert 'damaged' in refusal(ask, png_header(0, 10))


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP'])
def test_a_cut_picture(ask, kind):
    content = saved(Image.effect_noise((300, 300), 80).convert('RGB'), kind)
    for part in (0.9, 0.5, 0.1):
        assert 'damaged' in refusal(ask, content[:int(len(content) * part)])


def test_a_picture_of_two_kinds_keeps_one(ask, tmp_path):
    """A JPEG that is a ZIP and a page too: only its pixels come out."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w') as packed:
        packed.writestr('evil.html', '<script>alert(1)</script>')
    (tmp_path / 'sent').write_bytes(made() + b'<html><script>alert(1)</script>' + archive.getvalue())
    with (tmp_path / 'sent').open('rb') as file:
        found, = reading.squares(file, [64])
    assert b'script' not in found and b'PK\x03\x04' not in found and found.endswith(b'\xff\xd9')


def test_a_bomb_that_unpacks_into_text(ask):
    """A megabyte that becomes a gigabyte of comment."""
    data = b'Comment\x00\x00' + zlib.compress(bytes(1 << 30), 9)
    chunk = len(data).to_bytes(4, 'big') + b'zTXt' + data + zlib.crc32(b'zTXt' + data).to_bytes(4, 'big')
    content = made('PNG')
    try:
        ask(content[:33] + chunk + content[33:])
    except Invalid:
        pass        # either is well: it is passed over, or refused


def test_what_takes_too_much_memory(ask, monkeypatch):
    monkeypatch.setattr(reading, 'PICTURE_PIXELS', 10**9)
    assert 'too large' in refusal(ask, png_header(30_000, 30_000))


def test_bytes_by_chance_are_an_answer_and_no_failure(ask):
    """Good pictures with a few bytes changed: each becomes squares or is refused in words."""
    chance = random.Random(7)
    for kind in ('JPEG', 'PNG', 'WEBP', 'GIF') * 4:
        content = bytearray(made(kind, (60, 60)))
        for _number in range(8):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            assert ask(bytes(content), [32])[0].size == (32, 32)
        except Invalid as refused:
            assert refused.field == 'photo'


def test_refusals_speak_the_person_s_language(ask):
    with language('es'):
        assert refusal(ask, b'<svg/>').startswith('Esto no es una imagen')


def test_one_at_a_time(ask, monkeypatch):
    monkeypatch.setattr(reading, 'TURN_WITHIN_S', 0.2)
    with reading._turn(), pytest.raises(Busy):
        ask(made())
    assert len(ask(made())) == 2
