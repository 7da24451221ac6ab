"""Image files as arrays of their samples, whatever their depth: 8 or 16 bits, floating point."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import urllib.request
from typing import Any

import numpy as np

from . import _caffe, _tiff

_URL = re.compile(r"(?:https?|ftp|file|data):", re.IGNORECASE)


def read(source: Any) -> np.ndarray:
    """The samples of an image, H×W×C as they are stored, from a path, a URL or an open binary file."""
    content, name = _content(source)
    if not content:
        raise ValueError(f"{name} is empty: it holds no image")
    try:
        return _decoded(content)
    except (ValueError, RuntimeError) as error:
        reason = str(error)
        for start in (f"{name}: ", "image: ", "error: ", "image: "):
            reason = reason[len(start) :] if reason.startswith(start) else reason
        raise type(error)(f"{name}: {reason}") from None


def as_floats(samples: np.ndarray) -> np.ndarray:
    """Samples as float64, so that the largest that their type can hold is 1; floats stay as they are."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float64)
    if samples.dtype.kind == "b":
        return samples.astype(np.float64)
    largest = np.iinfo(samples.dtype).max
    return np.maximum(samples.astype(np.float64) / largest, -1)


def _content(source: Any) -> tuple[bytes, str]:
    if hasattr(source, "read"):
        content = source.read()
        name = getattr(source, "name", None)
        if not isinstance(content, (bytes, bytearray, memoryview)):
            raise TypeError(f"an image is read from a file that is open in binary mode, not from {source!r:.80}")
        return bytes(content), name if isinstance(name, str) else "image"
    path = os.fspath(source)
    if isinstance(path, str) and _URL.match(path):
        shown = path if len(path) < 200 else path[:60] + "…"
        try:
            with urllib.request.urlopen(path, timeout=60) as answer:
                return answer.read(), shown
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise FileNotFoundError(f"{shown}: no image can be had from there: {reason}") from None
    name = os.fsdecode(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{name}: no such image")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{name} is a folder, not an image")
    with open(path, "rb") as file:
        return file.read(), name


def _decoded(content: bytes) -> np.ndarray:
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[24:25] == b"\x10":
        return _caffe.decode_png16(content)
    if re.match(rb"P[1-6]\s", content[:3]):
        return _portable_map(content)
    if content[:4] in (b"II*\0", b"MM\0*"):
        samples = _tiff.read(content)
        if samples is not None:
            return samples
    try:
        return _caffe.decode_image_bytes(content, True)
    except RuntimeError:
        if importlib.util.find_spec("PIL") is None:
            raise
    return _by_pillow(content)


def _by_pillow(content: bytes) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.mode == "F":
                return np.asarray(image, np.float32)[:, :, np.newaxis]
            if image.mode.startswith("I;16"):
                return np.asarray(image).astype(np.uint16)[:, :, np.newaxis]
            if image.mode == "I":
                return np.asarray(image, np.int32)[:, :, np.newaxis]
            bits = getattr(image, "tag_v2", {}).get(258, (8,))
            if max(bits if isinstance(bits, tuple) else (bits,)) > 8:
                raise ValueError(
                    f"a TIFF file of {max(bits)} bits a sample in this form would lose its lower bits: "
                    "store it without compression, or as PNG"
                )
            return np.asarray(image.convert("RGB"))
    except UnidentifiedImageError:
        raise ValueError("this is no image of a format that Pillow or this package knows") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"the image is damaged: {error}") from None


def _portable_map(content: bytes) -> np.ndarray:
    """A Netpbm file, P1 to P6, text or binary, as fractions of its greatest value."""
    kind = int(content[1:2])
    is_bitmap, is_text, channels = kind in (1, 4), kind <= 3, 3 if kind in (3, 6) else 1
    numbers, start = _header(content, 2 if is_bitmap else 3)
    width, height = numbers[:2]
    greatest = 1 if is_bitmap else numbers[2]
    if not (0 < width < 1 << 31 and 0 < height < 1 << 31 and 0 < greatest < 1 << 16):
        raise ValueError(f"a Netpbm file cannot be {width}×{height} with values up to {greatest}")
    row = width * channels
    wanted = height * row
    if is_text:
        text = re.sub(rb"#[^\n\r]*", b"", content[start:])
        # The digits of a bitmap need no spaces between them.
        words = re.findall(rb"[01]" if is_bitmap else rb"\d+", text)
        _require(len(words), wanted)
        values = np.array([min(int(word), greatest) for word in words[:wanted]], np.float64)
    else:
        body = memoryview(content)[start:]
        if is_bitmap:
            stride = (width + 7) // 8
            _require(len(body), height * stride)
            rows = np.frombuffer(body, np.uint8, height * stride).reshape(height, stride)
            values = np.unpackbits(rows, axis=1)[:, :width].astype(np.float64)
        else:
            dtype = np.dtype(np.uint8 if greatest < 256 else ">u2")
            _require(len(body), wanted * dtype.itemsize)
            values = np.frombuffer(body, dtype, wanted).clip(0, greatest).astype(np.float64)
    values = values.reshape(height, width, channels)
    # In a bitmap, 1 is black.
    return 1 - values if is_bitmap else values / greatest


def _header(content: bytes, count: int) -> tuple[list[int], int]:
    """Numbers between spaces and comments, and where the pixels begin: behind one more space."""
    number = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*(\d{1,10})(?=\s|#)")
    place, numbers = 2, []
    for _ in range(count):
        found = number.match(content, place)
        if found is None:
            raise ValueError("the header of this Netpbm file is damaged")
        numbers.append(int(found[1]))
        place = found.end()
    return numbers, place + 1


def _require(found: int, wanted: int) -> None:
    if found < wanted:
        raise ValueError(f"this Netpbm file is cut short: it has {found} of {wanted} values")
