"""TIFF files of the plain kinds that hold measurements: strips of numbers of 8 to 64 bits, stored as they are or deflated."""

from __future__ import annotations

import struct
import zlib

import numpy as np

# Tags of a TIFF file's directory (TIFF 6.0, Aldus, 1992).
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _OFFSETS, _CHANNELS = 256, 257, 258, 259, 262, 273, 277
_ROWS, _COUNTS, _PLANAR, _PREDICTOR, _FORMAT = 278, 279, 284, 317, 339
_WHITE_IS_ZERO, _PALETTE = 0, 3

# Letters of `struct` for the types of fields that hold whole numbers.
_TYPES = {1: "B", 3: "H", 4: "I"}


def read(content: bytes) -> np.ndarray | None:
    """The samples H×W×C of the first image; None for files of other kinds, which Pillow may know."""
    try:
        return _read(content)
    except (struct.error, zlib.error, IndexError) as error:
        raise ValueError(f"the TIFF file is damaged: {error}") from None


def _read(content: bytes) -> np.ndarray | None:
    order = "<" if content[:2] == b"II" else ">"
    tags = _directory(content, order)

    def one(tag: int, default: int) -> int:
        return tags.get(tag, (default,))[0]

    bits, kind = tags.get(_BITS, (1,)), one(_FORMAT, 1)
    compression, predictor = one(_COMPRESSION, 1), one(_PREDICTOR, 1)
    letter = {1: "u", 2: "i", 3: "f"}.get(kind)
    known = (
        letter is not None
        and len(set(bits)) == 1
        and bits[0] in ((16, 32, 64) if letter == "f" else (8, 16, 32))
        and compression in (1, 8, 32946)
        and (predictor == 1 or (predictor == 2 and letter != "f"))
        and one(_PHOTOMETRIC, 1) in (0, 1, 2)
        and _OFFSETS in tags
    )
    if not known:
        return None
    width, height, channels = one(_WIDTH, 0), one(_HEIGHT, 0), one(_CHANNELS, 1)
    if not (0 < width < 1 << 31 and 0 < height < 1 << 31 and 0 < channels <= 16):
        raise ValueError(f"a TIFF file cannot be {width}×{height} with {channels} samples a pixel")
    dtype = np.dtype(f"{order}{letter}{bits[0] // 8}")
    is_planar = one(_PLANAR, 1) == 2 and channels > 1
    planes = [_plane(content, tags, height, width, 1 if is_planar else channels, dtype, index)
              for index in range(channels if is_planar else 1)]  # fmt: skip
    image = np.concatenate(planes, axis=2).astype(dtype.newbyteorder("="), copy=False)
    if one(_PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        image = 1 - image if letter == "f" else np.iinfo(image.dtype).max - image
    # Behind gray or red, green and blue may come transparency and the like.
    return image[:, :, : 3 if channels >= 3 else 1]


def _directory(content: bytes, order: str) -> dict[int, tuple[int, ...]]:
    """The fields of the first directory that hold whole numbers."""
    (start,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, start)
    tags = {}
    for index in range(count):
        entry = start + 2 + 12 * index
        tag, kind, length = struct.unpack_from(order + "HHI", content, entry)
        if kind not in _TYPES:
            continue
        form = f"{order}{length}{_TYPES[kind]}"
        place = entry + 8
        if struct.calcsize(form) > len(content):
            raise ValueError("the TIFF file is damaged: a field is longer than the file")
        if struct.calcsize(form) > 4:
            (place,) = struct.unpack_from(order + "I", content, place)
        values = struct.unpack_from(form, content, place)
        if values:
            tags[tag] = values
    return tags


def _plane(
    content: bytes, tags: dict[int, tuple[int, ...]], height: int, width: int, channels: int, dtype: np.dtype, plane: int
) -> np.ndarray:
    """The samples of one plane, strip by strip."""
    rows = min(tags.get(_ROWS, (height,))[0], height)
    if rows < 1:
        raise ValueError("the TIFF file is damaged: its strips have no rows")
    strips = -(-height // rows)
    offsets, counts = tags[_OFFSETS], tags.get(_COUNTS, ())
    compression, predictor = tags.get(_COMPRESSION, (1,))[0], tags.get(_PREDICTOR, (1,))[0]
    parts = []
    for strip in range(strips):
        lines = min(rows, height - strip * rows)
        wanted = lines * width * channels * dtype.itemsize
        offset = offsets[plane * strips + strip]
        count = counts[plane * strips + strip] if counts else wanted
        stored = content[offset : offset + count]
        # Deflate makes at most 1032 bytes of one.
        if compression != 1 and wanted > 1032 * len(stored):
            raise ValueError(f"the TIFF file is cut short: strip {strip} cannot have {wanted} bytes")
        body = stored if compression == 1 else zlib.decompressobj().decompress(stored, wanted)
        if len(body) < wanted:
            raise ValueError(f"the TIFF file is cut short: strip {strip} has {len(body)} of {wanted} bytes")
        part = np.frombuffer(body, dtype, wanted // dtype.itemsize).reshape(lines, width, channels)
        parts.append(np.cumsum(part, axis=1, dtype=dtype) if predictor == 2 else part)
    return np.concatenate(parts)
