"""`caffe.io.load_image`: depths, formats, file objects and URLs."""

import functools
import http.server
import io
import struct
import threading
import zlib

import numpy as np
import pytest
from conftest import pattern, png_bytes

import caffe

pytestmark = pytest.mark.needs_library
load = caffe.io.load_image

DEEP = (np.arange(5 * 7 * 3) * 12347 % 65536).reshape(5, 7, 3).astype(np.uint16)


def deep_png(image):
    """A 16-bit H×W×C image, or one with transparency, as a PNG file."""
    height, width, channels = image.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in image)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def tiff(image, order="<", compression=1, predictor=1, rows=2, planar=False, photometric=None, claimed=None):
    """A TIFF file of strips, which may claim to have other extents than it has."""
    height, width, channels = image.shape
    kind = {"u": 1, "i": 2, "f": 3}[image.dtype.kind]
    planes = [image[:, :, c : c + 1] for c in range(channels)] if planar else [image]
    strips = []
    for plane in planes:
        for top in range(0, height, rows):
            part = plane[top : top + rows]
            if predictor == 2:
                part = np.concatenate([part[:, :1], np.diff(part, axis=1)], axis=1).astype(image.dtype)
            body = part.astype(image.dtype.newbyteorder(order)).tobytes()
            strips.append(zlib.compress(body) if compression != 1 else body)
    photometric = (2 if channels >= 3 else 1) if photometric is None else photometric
    fields = [
        (256, 4, [claimed or width]), (257, 4, [claimed or height]), (258, 3, [image.dtype.itemsize * 8] * channels), (259, 3, [compression]),
        (262, 3, [photometric]), (273, 4, [0] * len(strips)), (277, 3, [channels]), (278, 4, [claimed or rows]),
        (279, 4, [len(strip) for strip in strips]), (284, 3, [2 if planar else 1]), (317, 3, [predictor]), (339, 3, [kind] * channels),
    ]  # fmt: skip
    place = 8 + 2 + 12 * len(fields) + 4
    extra, entries = b"", b""
    sizes = {3: (2, "H"), 4: (4, "I")}

    def pack(kind, values):
        return struct.pack(f"{order}{len(values)}{sizes[kind][1]}", *values)

    long_fields = sum(len(values) * sizes[kind][0] for _, kind, values in fields if len(values) * sizes[kind][0] > 4)
    offset = place + long_fields
    for _, _, values in (field for field in fields if field[0] == 273):
        for index, strip in enumerate(strips):
            values[index] = offset
            offset += len(strip)
    for tag, kind, values in fields:
        body = pack(kind, values)
        if len(body) > 4:
            entries += struct.pack(order + "HHII", tag, kind, len(values), place + len(extra))
            extra += body
        else:
            entries += struct.pack(order + "HHI", tag, kind, len(values)) + body.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + struct.pack(order + "H", len(fields)) + entries + b"\0\0\0\0" + extra + b"".join(strips)


@pytest.fixture
def write(tmp_path):
    def write(content, name="image"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


def test_a_png_of_16_bits_keeps_them(write):
    assert np.allclose(load(write(deep_png(DEEP))), DEEP / 65535, atol=1e-7)
    gray = load(write(deep_png(DEEP[:, :, :1])))
    assert gray.shape == (5, 7, 3) and np.allclose(gray, DEEP[:, :, :1] / 65535, atol=1e-7)
    assert np.allclose(load(write(deep_png(DEEP[:, :, :1])), color=False), DEEP[:, :, :1] / 65535, atol=1e-7)
    luminance = load(write(deep_png(DEEP)), color=False)
    assert np.allclose(luminance[:, :, 0], DEEP / 65535 @ [0.2125, 0.7154, 0.0721], atol=1e-6)
    opaque = np.concatenate([DEEP, DEEP[:, :, :1]], axis=2)
    assert np.allclose(load(write(deep_png(opaque))), DEEP / 65535, atol=1e-7)
    assert np.allclose(load(write(deep_png(opaque[:, :, 2:]))), DEEP[:, :, 2:] / 65535, atol=1e-7)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "f2", "f4", "f8"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_tiff_keeps_its_numbers(write, order, kind, channels):
    values = np.random.default_rng(0).random((5, 7, channels))
    image = values.astype(kind) if kind[0] == "f" else (values * np.iinfo(kind).max).astype(kind)
    expected = image.astype(float) if kind[0] == "f" else image / np.iinfo(kind).max
    for settings in ({}, {"compression": 8}, {"rows": 5}, {"planar": True}):
        loaded = load(write(tiff(image, order, **settings)))
        assert loaded.dtype == np.float32 and loaded.shape == (5, 7, 3)
        assert np.allclose(loaded, expected[:, :, : 3 if channels > 1 else 1], atol=1e-6)
    if kind[0] == "u":
        loaded = load(write(tiff(image, order, compression=32946, predictor=2)))
        assert np.allclose(loaded, expected[:, :, : 3 if channels > 1 else 1], atol=1e-6)


def test_a_tiff_in_which_0_is_white_is_turned_round(write):
    assert np.allclose(load(write(tiff(DEEP[:, :, :1], photometric=0))), 1 - DEEP[:, :, :1] / 65535, atol=1e-6)


def test_negative_numbers_and_floats_beyond_1_stay(write):
    image = np.array([[[-32767], [0], [32767]]], np.int16)
    assert load(write(tiff(image)), color=False).ravel().tolist() == [-1, 0, 1]
    image = np.array([[[-2.5], [0], [700]]], np.float32)
    assert load(write(tiff(image)), color=False).ravel().tolist() == [-2.5, 0, 700]


def test_tiffs_that_pillow_writes_are_read(tmp_path):
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "x.tiff"
    for array, compression in (
        (DEEP[:, :, 0], None), (DEEP[:, :, 0], "tiff_lzw"), (DEEP[:, :, 0], "tiff_adobe_deflate"),
        (DEEP[:, :, 0].astype(np.float32) / 7, None), (DEEP[:, :, 0].astype(np.float32), "tiff_lzw"),
        (pattern(5, 7, 3), "tiff_lzw"), (pattern(5, 7, 3), None), (pattern(5, 7), None),
    ):  # fmt: skip
        image.fromarray(array).save(path, compression=compression)
        largest = np.iinfo(array.dtype).max if array.dtype.kind == "u" else 1
        expected = np.broadcast_to(array.reshape(5, 7, -1) / largest, (5, 7, 3))
        assert np.allclose(load(path), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("greatest", [1, 15, 255, 1023, 65535])
@pytest.mark.parametrize("channels", [1, 3])
def test_netpbm_files_are_fractions_of_their_greatest_value(write, greatest, channels):
    image = (np.arange(5 * 7 * channels) * 331 % (greatest + 1)).reshape(5, 7, channels)
    expected = np.broadcast_to(image / greatest, (5, 7, 3))
    kind = 5 if channels == 1 else 6
    binary = image.astype(">u2" if greatest > 255 else "u1").tobytes()
    assert np.allclose(load(write(b"P%d\n# a comment\n7 5\n%d\n" % (kind, greatest) + binary)), expected, atol=1e-6)
    text = " ".join(map(str, image.ravel())).encode()
    assert np.allclose(load(write(b"P%d 7 5 # a comment\n%d\n" % (kind - 3, greatest) + text + b"\n")), expected, atol=1e-6)


def test_bitmaps_are_black_where_they_are_1(write):
    expected = np.array([[0, 1, 0], [1, 1, 0]], float)
    assert np.array_equal(load(write(b"P1\n3 2\n101\n0 0 1\n"), color=False)[:, :, 0], expected)
    assert np.array_equal(load(write(b"P4\n3 2\n" + bytes([0b10100000, 0b00100000])), color=False)[:, :, 0], expected)


def test_open_files_and_bytes_in_memory_are_read(write):
    content = png_bytes(pattern(4, 5, 3))
    expected = pattern(4, 5, 3) / 255
    with open(write(content), "rb") as file:
        assert np.allclose(load(file), expected)
    assert np.allclose(load(io.BytesIO(content)), expected)
    assert np.allclose(load(io.BytesIO(deep_png(DEEP))), DEEP / 65535)
    with pytest.raises(TypeError, match="binary mode"):
        load(io.StringIO("text"))


def test_urls_are_read(write, tmp_path):
    expected = pattern(4, 5, 3) / 255
    path = write(png_bytes(pattern(4, 5, 3)), "a b.png")
    assert np.allclose(load(path.as_uri()), expected)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert np.allclose(load(f"{address}/a%20b.png"), expected)
        with pytest.raises(FileNotFoundError, match="none.png.*(?i:not found)"):
            load(f"{address}/none.png")
        server.shutdown()
    with pytest.raises(FileNotFoundError, match="nothing"):
        load("file:///nothing.png")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no image", b"\x89PNG\r\n\x1a\n", deep_png(DEEP)[:60], deep_png(DEEP)[:25], b"P5", b"P5 2 2 255\n\0", b"P5 0 2 255\n",
        b"P6 99999999999 2 255\n", b"P2 2 2 9\n1 2 3", b"P5 2 2 70000\n" + b"\0" * 9, b"P7\nWIDTH 2\n", tiff(DEEP)[:100], tiff(DEEP)[:-9],
        b"P5\n4294967295 4294967295\n255\r1234", tiff(DEEP, compression=8, claimed=(1 << 31) - 1),
        b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", tiff(DEEP, compression=8)[:-40], b"GIF89a" + b"\0" * 20,
    ],
)  # fmt: skip
def test_a_damaged_image_is_an_exception_that_names_it(write, content):
    path = write(content, "the image")
    with pytest.raises((RuntimeError, ValueError), match="the image") as error:
        load(path)
    assert not isinstance(error.value, UnicodeError) and "\n" not in str(error.value)


def test_what_is_no_file_is_an_exception(tmp_path):
    with pytest.raises(IsADirectoryError, match="folder"):
        load(tmp_path)
    for wrong in (None, 5, [1], np.zeros((4, 4, 3))):
        with pytest.raises(TypeError):
            load(wrong)
