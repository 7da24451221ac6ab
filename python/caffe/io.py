"""Images, and arrays in protobuf messages.

Images are arrays of H×W×K with RGB channels and values from 0 to 1; `Transformer` makes the K×H×W
of a net's input.
"""

import os
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Optional, Union

import numpy as np

from . import _image_files, _resize
from .proto import caffe_pb2

PathLike = Union[str, "os.PathLike[str]"]
ImageSource = Union[PathLike, BinaryIO]
Images = Union[Sequence[np.ndarray], np.ndarray]
Lengths = Union[Sequence[int], np.ndarray]


# -- Messages --------------------------------------------------------------------------------------


def blobproto_to_array(blob, return_diff: bool = False) -> np.ndarray:
    """The values of a BlobProto (its gradients, if `return_diff`) in its shape, float64."""
    if return_diff:
        values = blob.diff or blob.double_diff
    else:
        values = blob.data or blob.double_data
    array = np.fromiter(values, dtype=float, count=len(values))
    old_axes = ("num", "channels", "height", "width")
    if any(blob.HasField(axis) for axis in old_axes):
        return array.reshape([getattr(blob, axis) for axis in old_axes])
    return array.reshape(tuple(blob.shape.dim))


def array_to_blobproto(arr: np.ndarray, diff: Optional[np.ndarray] = None):
    """A BlobProto with the values of an array and, if given, gradients of the same shape."""
    blob = caffe_pb2.BlobProto()
    blob.shape.dim.extend(np.shape(arr))
    blob.data.extend(np.asarray(arr, dtype=float).ravel())
    if diff is not None:
        blob.diff.extend(np.asarray(diff, dtype=float).ravel())
    return blob


def arraylist_to_blobprotovector_str(arraylist: Iterable[np.ndarray]) -> bytes:
    """Several arrays as the bytes of a BlobProtoVector."""
    blobs = [array_to_blobproto(array) for array in arraylist]
    return caffe_pb2.BlobProtoVector(blobs=blobs).SerializeToString()


def blobprotovector_str_to_arraylist(str: bytes) -> list[np.ndarray]:
    """The arrays in the bytes of a BlobProtoVector."""
    return [blobproto_to_array(blob) for blob in caffe_pb2.BlobProtoVector.FromString(str).blobs]


def array_to_datum(arr: np.ndarray, label: Optional[int] = None):
    """A Datum with a channels × height × width array: as bytes if it is uint8, else as floats."""
    if arr.ndim != 3:
        raise ValueError("Incorrect array shape.")
    datum = caffe_pb2.Datum()
    datum.channels, datum.height, datum.width = arr.shape
    if arr.dtype == np.uint8:
        datum.data = arr.tobytes()
    else:
        datum.float_data.extend(arr.astype(float).ravel())
    if label is not None:
        datum.label = int(label)
    return datum


def datum_to_array(datum) -> np.ndarray:
    """The channels × height × width array of a Datum: uint8 if it holds bytes, else float64."""
    if datum.encoded:
        raise ValueError(
            "The datum holds a compressed image: write datum.data to a file for load_image."
        )
    if datum.data:
        array = np.frombuffer(datum.data, dtype=np.uint8).copy()
    else:
        array = np.array(datum.float_data, dtype=float)
    return array.reshape(datum.channels, datum.height, datum.width)


# -- Preparation of inputs -------------------------------------------------------------------------


class Transformer:
    """Makes inputs of a net from images.

        transformer = caffe.io.Transformer({'data': net.blobs['data'].data.shape})
        transformer.set_transpose('data', (2, 0, 1))
        transformer.set_mean('data', np.array([104, 117, 123]))
        transformer.set_raw_scale('data', 255)
        transformer.set_channel_swap('data', (2, 1, 0))
        net.blobs['data'].data[...] = transformer.preprocess('data', image)

    Whatever the order of these calls, `preprocess` resizes, transposes, swaps channels, multiplies
    by the raw scale, subtracts the mean and multiplies by the input scale, in this order; steps
    that are not set are left out.
    """

    def __init__(self, inputs: dict[str, Sequence[int]]):
        """`inputs` has the shape of each input, N×K×H×W."""
        self.inputs = inputs
        self.transpose: dict[str, Sequence[int]] = {}
        self.channel_swap: dict[str, Sequence[int]] = {}
        self.raw_scale: dict[str, float] = {}
        self.mean: dict[str, np.ndarray] = {}
        self.input_scale: dict[str, float] = {}

    def _item_shape(self, in_: str) -> tuple:
        """The shape of one item of the input."""
        if in_ not in self.inputs:
            raise ValueError(f"{in_} is not one of the net inputs: {self.inputs}")
        return tuple(self.inputs[in_])[1:]

    def preprocess(self, in_: str, data: np.ndarray) -> np.ndarray:
        """The float32 K×H×W for the input called `in_` of an image H'×W'×K, which is kept."""
        size = self._item_shape(in_)[1:]
        array = np.array(data, dtype=np.float32)
        if len(size) == 2 and array.shape[:2] != size:
            array = resize_image(array, size)
        if in_ in self.transpose:
            array = array.transpose(self.transpose[in_])
        if in_ in self.channel_swap:
            array = array[list(self.channel_swap[in_])]
        if in_ in self.raw_scale:
            array *= self.raw_scale[in_]
        if in_ in self.mean:
            array -= self.mean[in_]
        if in_ in self.input_scale:
            array *= self.input_scale[in_]
        return array

    def deprocess(self, in_: str, data: np.ndarray) -> np.ndarray:
        """The image that `preprocess` made `data` of, without axes of length 1."""
        rank = len(self._item_shape(in_))
        array = np.array(data, dtype=np.result_type(data, np.float32))
        while array.ndim > rank and array.shape[0] == 1:
            array = array[0]
        if in_ in self.input_scale:
            array /= self.input_scale[in_]
        if in_ in self.mean:
            array += self.mean[in_]
        if in_ in self.raw_scale:
            array /= self.raw_scale[in_]
        if in_ in self.channel_swap:
            array = array[np.argsort(self.channel_swap[in_])]
        if in_ in self.transpose:
            array = array.transpose(np.argsort(self.transpose[in_]))
        return array.squeeze()

    def set_transpose(self, in_: str, order: Sequence[int]) -> None:
        """Sets the order of the image's axes in the input: (2, 0, 1) makes K×H×W of H×W×K."""
        rank = len(self._item_shape(in_))
        if sorted(order) != list(range(rank)):
            raise ValueError(f"{tuple(order)} does not order the {rank} axes of an item of {in_}.")
        self.transpose[in_] = order

    def set_channel_swap(self, in_: str, order: Sequence[int]) -> None:
        """Sets the order of channels (the first axis after transposing): (2, 1, 0) for BGR."""
        channels = self._item_shape(in_)[0]
        if len(order) != channels or not all(-channels <= index < channels for index in order):
            raise ValueError(
                f"{tuple(order)} does not name each of the {channels} channels of {in_}."
            )
        self.channel_swap[in_] = order

    def set_raw_scale(self, in_: str, scale: float) -> None:
        """Sets a factor for the values before the mean is subtracted: 255 makes them 8-bit ones."""
        self._item_shape(in_)
        self.raw_scale[in_] = scale

    def set_mean(self, in_: str, mean: np.ndarray) -> None:
        """Sets what is subtracted: one value a channel, an H×W for all channels, or a K×H×W.

        A mean image of another size than the input's is resized.
        """
        channels, *size = self._item_shape(in_)
        mean = np.asarray(mean)
        counts = {channels}
        if mean.ndim == 1:
            mean = mean[:, np.newaxis, np.newaxis]
        elif mean.ndim in (2, 3):
            mean = mean.reshape(-1, *mean.shape[-2:])
            counts.add(1)
        else:
            raise ValueError("Mean shape invalid")
        if mean.shape[0] not in counts:
            raise ValueError("Mean channels incompatible with input.")
        if mean.shape[1:] not in ((1, 1), tuple(size)):
            mean = resize_image(mean.transpose(1, 2, 0), size).transpose(2, 0, 1)
        self.mean[in_] = mean

    def set_input_scale(self, in_: str, scale: float) -> None:
        """Sets a factor for the values after the mean is subtracted."""
        self._item_shape(in_)
        self.input_scale[in_] = scale


# -- Images ----------------------------------------------------------------------------------------


def load_image(filename: ImageSource, color: bool = True) -> np.ndarray:
    """Reads an image as float32 from 0 to 1: H×W×3 RGB, or H×W×1 luminance if not `color`.

    The image is a file's name, a URL, or a file that is open in binary mode. A gray image has three
    equal channels; transparency is dropped. Luminance is 0.2125 R + 0.7154 G + 0.0721 B. Samples of
    8 and 16 bits are divided by the greatest of their kind; those of floating point stay as they
    are. JPEG, PNG, Netpbm and plain TIFF are read by this package, other formats by Pillow where
    that is installed.
    """
    image = _image_files.as_floats(_image_files.read(filename))
    if color:
        return np.broadcast_to(image, (*image.shape[:2], 3)).astype(np.float32)
    if image.shape[2] == 3:
        image = (image @ np.array([0.2125, 0.7154, 0.0721]))[:, :, np.newaxis]
    return image.astype(np.float32)


def resize_image(im: np.ndarray, new_dims: Lengths, interp_order: int = 1) -> np.ndarray:
    """Resizes an H×W×K array to (height, width), float32, without smoothing.

    Order 1 interpolates linearly, 0 takes the nearest pixel, 3 is cubic. With 1 or 3 channels, new
    pixel i lies at

        x[i] = (i + ½) · length / new length − ½

    and beyond the border lies the least value of the image; a constant image keeps its value. With
    other numbers of channels the corners of both images coincide: x[i] = i · (length − 1) / (new
    length − 1). H×W is one channel.
    """
    im = np.asarray(im)
    height, width = (int(length) for length in new_dims)
    if im.ndim == 3 and im.shape[2] not in (1, 3):
        resized = _resize.resize(im, (height, width), interp_order, _resize.aligned_corners)
    else:
        lowest, highest = float(im.min()), float(im.max())
        resized = _resize.resize(im, (height, width), interp_order, _resize.centers, outside=lowest)
        resized = resized.clip(lowest, highest)
    return resized.astype(np.float32)


def oversample(images: Images, crop_dims: Lengths) -> np.ndarray:
    """Ten crops of each image: four corners and the centre, then the same mirrored.

    Takes N images of H×W×K (all alike) and (height, width); gives 10·N × height × width × K,
    float32. The corners come row by row.
    """
    image_height, image_width, channels = images[0].shape
    height, width = (int(length) for length in crop_dims)
    bottom, right = image_height - height, image_width - width
    if bottom < 0 or right < 0:
        raise ValueError(
            f"Crops of {height}×{width} do not fit in images of {image_height}×{image_width}."
        )
    places = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    crops = np.empty((len(images), 2, 5, height, width, channels), dtype=np.float32)
    for of_image, image in zip(crops, images):
        for place, (top, left) in enumerate(places):
            of_image[0, place] = image[top : top + height, left : left + width]
    crops[:, 1] = crops[:, 0, :, :, ::-1]
    return crops.reshape(-1, height, width, channels)
