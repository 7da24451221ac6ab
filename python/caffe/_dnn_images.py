"""Blobs of images and choices of boxes, as OpenCV makes them; offered to users by `caffe.dnn`."""

from collections.abc import Sequence
from typing import Union

import numpy as np

from . import _caffe, _resize

CV_8U, CV_32F = 0, 5

Numbers = Union[float, Sequence[float]]


def blobFromImage(
    image: np.ndarray,
    scalefactor: float = 1.0,
    size: Sequence[int] = (0, 0),
    mean: Numbers = (),
    swapRB: bool = False,
    crop: bool = False,
    ddepth: int = CV_32F,
) -> np.ndarray:
    """A blob 1×C×H×W with one image; see `blobFromImages`."""
    return blobFromImages([image], scalefactor, size, mean, swapRB, crop, ddepth)


def blobFromImages(
    images: Sequence[np.ndarray],
    scalefactor: float = 1.0,
    size: Sequence[int] = (0, 0),
    mean: Numbers = (),
    swapRB: bool = False,
    crop: bool = False,
    ddepth: int = CV_32F,
) -> np.ndarray:
    """A blob N×C×H×W of images H×W×C or H×W, with values scalefactor · (image − mean).

    `size` is (width, height); (0, 0) is the first image's. Images of other sizes are resized
    linearly; with `crop` they keep their proportions and the middle is taken. `swapRB` exchanges
    the first and the third channel; `mean` has a value for each channel after that, and missing
    ones are 0. `ddepth` CV_8U keeps bytes as they are.
    """
    if not len(images):
        raise ValueError("There are no images.")
    arrays = [_image(image) for image in images]
    width, height = (int(length) for length in size)
    if width == 0 and height == 0:
        height, width = arrays[0].shape[:2]
    if width < 1 or height < 1:
        raise ValueError(f"size is {tuple(size)}; it is (width, height).")
    if ddepth == CV_8U and (scalefactor != 1 or np.any(mean)):
        raise ValueError("With ddepth CV_8U there can be no scalefactor and no mean.")
    if ddepth not in (CV_8U, CV_32F):
        raise ValueError(f"ddepth is {ddepth}; it can be CV_8U ({CV_8U}) or CV_32F ({CV_32F}).")
    channels = arrays[0].shape[2]
    means = np.zeros(4, dtype=np.float32)
    given = np.atleast_1d(np.asarray(mean, dtype=np.float32))
    means[: len(given)] = given[:4]
    order = [2, 1, 0, 3][:channels] if swapRB and channels > 2 else list(range(channels))

    dtype = np.uint8 if ddepth == CV_8U else np.float32
    blob = np.empty((len(arrays), channels, height, width), dtype=dtype)
    for item, array in zip(blob, arrays):
        if array.shape[2] != channels:
            raise ValueError(
                f"Images have {channels} and {array.shape[2]} channels; all must have as many."
            )
        planes = _fit(array, height, width, crop)[:, :, order].transpose(2, 0, 1)
        if ddepth == CV_8U:
            item[...] = np.rint(planes).clip(0, 255)
        else:
            np.subtract(planes, means[:channels, None, None], out=item)
            item *= np.float32(scalefactor)
    return blob


def _image(image: np.ndarray) -> np.ndarray:
    """The image as H×W×C of uint8 or float32."""
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or not array.size:
        raise ValueError(
            f"An image is H×W or H×W×C with 1, 3 or 4 channels; this has the shape {array.shape}."
        )
    return array if array.dtype == np.uint8 else array.astype(np.float32)


def _fit(image: np.ndarray, height: int, width: int, crop: bool) -> np.ndarray:
    """The image resized, or resized and cropped, to height × width."""
    if image.shape[:2] == (height, width):
        return image
    if not crop:
        if image.dtype == np.uint8:
            resized = _caffe.resize_image_u8(np.ascontiguousarray(image), height, width)
            return resized.reshape(height, width, -1)
        return _resize.resize(image, (height, width), 1, _resize.centers)
    factor = np.float32(
        max(np.float32(height) / image.shape[0], np.float32(width) / image.shape[1])
    )
    step = 1 / float(factor)
    shape = tuple(round(length * float(factor)) for length in image.shape[:2])
    if image.dtype == np.uint8:
        image = _resize.resize_u8(image, shape, (step, step))
    else:
        image = _resize.resize(
            image, shape, 1, lambda length, new_length: _resize.centers(length, new_length, step)
        )
    top, left = int(0.5 * (shape[0] - height)), int(0.5 * (shape[1] - width))
    return image[top : top + height, left : left + width]


def imagesFromBlob(blob: np.ndarray) -> list[np.ndarray]:
    """The images H×W×C (H×W if C is 1) in a blob N×C×H×W."""
    if blob.ndim != 4:
        raise ValueError(f"A blob of images is N×C×H×W; this has the shape {blob.shape}.")
    images = [np.ascontiguousarray(item.transpose(1, 2, 0), dtype=np.float32) for item in blob]
    return [image[:, :, 0] if image.shape[2] == 1 else image for image in images]


def NMSBoxes(
    bboxes: Sequence[Sequence[float]],
    scores: Sequence[float],
    score_threshold: float,
    nms_threshold: float,
    eta: float = 1.0,
    top_k: int = 0,
) -> np.ndarray:
    """Indices of the boxes to keep, best first, so that no two overlap too much.

    That is, by more than `nms_threshold` as intersection over union.
    Boxes are (x, y, width, height). Only scores above `score_threshold` count, and of these the
    best `top_k` if that is not 0. With `eta` below 1 the threshold shrinks by that factor after
    each kept box while above ½.
    """
    if len(bboxes) != len(scores):
        raise ValueError(f"There are {len(bboxes)} boxes and {len(scores)} scores.")
    if not len(bboxes):
        return np.empty(0, np.int32)
    boxes = np.asarray(bboxes, dtype=float).reshape(-1, 4)
    values = np.asarray(scores, dtype=np.float32).ravel()
    order = np.argsort(-values, kind="stable")
    order = order[values[order] > np.float32(score_threshold)]
    if top_k > 0:
        order = order[:top_k]
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    areas = boxes[:, 2] * boxes[:, 3]
    kept: list[int] = []
    threshold = np.float32(nms_threshold)
    for index in order:
        sides = np.minimum(high[index], high[kept]) - np.maximum(low[index], low[kept])
        common = sides.clip(0).prod(1)
        both = areas[index] + areas[kept]
        # Two boxes without area are the same to OpenCV.
        empty = both <= np.finfo(float).eps
        overlap = np.where(empty, 1, common / np.where(empty, 1, both - common)).astype(np.float32)
        if (overlap <= threshold).all():
            kept.append(index)
            if eta < 1 and threshold > 0.5:
                threshold = np.float32(threshold * eta)
    return np.array(kept, np.int32)
