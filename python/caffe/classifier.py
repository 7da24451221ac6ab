"""Classification of images."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Optional

import numpy as np

from . import io
from .proto.caffe_pb2 import TEST
from .pycaffe import Net


def image_transformer(
    name: str,
    shape: Sequence[int],
    mean: Optional[np.ndarray] = None,
    input_scale: Optional[float] = None,
    raw_scale: Optional[float] = None,
    channel_swap: Optional[Sequence[int]] = None,
) -> io.Transformer:
    """A Transformer for the input called `name`, of N×K×H×W; what is None is left out."""
    transformer = io.Transformer({name: tuple(shape)})
    transformer.set_transpose(name, (2, 0, 1))
    if mean is not None:
        transformer.set_mean(name, mean)
    if input_scale is not None:
        transformer.set_input_scale(name, input_scale)
    if raw_scale is not None:
        transformer.set_raw_scale(name, raw_scale)
    if channel_swap is not None:
        transformer.set_channel_swap(name, channel_swap)
    return transformer


class ImagePrediction:
    """`predict` for a net, or what passes for one, whose first input takes images."""

    if TYPE_CHECKING:

        @property
        def inputs(self) -> list[str]: ...

        @property
        def outputs(self) -> list[str]: ...

        @property
        def blobs(self) -> Mapping[str, Any]: ...

    forward_all: Callable[..., dict[str, np.ndarray]]
    transformer: io.Transformer
    crop_dims: np.ndarray
    image_dims: io.Lengths

    def prepare(self, image_dims: Optional[Sequence[int]] = None, **preprocessing: Any) -> None:
        """Sets how images become input, by `image_transformer`.

        `image_dims` is the size that they are resized to before they are cropped, by default the
        input's.
        """
        name = self.inputs[0]
        shape = self.blobs[name].data.shape
        self.transformer = image_transformer(name, shape, **preprocessing)
        self.crop_dims = np.array(shape[2:])
        self.image_dims = (
            self.crop_dims if image_dims is None or not len(image_dims) else image_dims
        )

    def predict(self, inputs: io.Images, oversample: bool = True) -> np.ndarray:
        """The first output for each image, N×C.

        Images are H×W×K, as `caffe.io.load_image` gives them, of any sizes. With `oversample` ten
        crops of each are run (corners, centre, mirrored) and their outputs averaged; without, the
        crop from the centre.
        """
        if not len(inputs):
            raise ValueError("There are no images to predict.")
        images = np.stack([io.resize_image(image, self.image_dims) for image in inputs])
        height, width = self.crop_dims
        if oversample:
            images = io.oversample(images, self.crop_dims)
        else:
            top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
            if top < 0 or left < 0:
                raise ValueError(
                    f"image_dims {tuple(self.image_dims)} are less than the crop {height}×{width}."
                )
            images = images[:, top : top + height, left : left + width]
        name = self.inputs[0]
        batch = np.stack([self.transformer.preprocess(name, image) for image in images])
        predictions = self.forward_all(**{name: batch})[self.outputs[0]]
        if oversample:
            predictions = predictions.reshape(len(predictions) // 10, 10, -1).mean(1)
        return predictions


class Classifier(Net, ImagePrediction):
    """A net that classifies images.

        classifier = caffe.Classifier('deploy.prototxt', 'net.caffemodel', image_dims=(256, 256),
                                      mean=np.array([104, 117, 123]), raw_scale=255,
                                      channel_swap=(2, 1, 0))
        probabilities = classifier.predict([caffe.io.load_image('cat.jpg')])

    `image_dims` is the (height, width) that images are resized to, by default the input's; for the
    others see `caffe.io.Transformer`.
    """

    def __init__(
        self,
        model_file: str,
        pretrained_file: str,
        image_dims: Optional[Sequence[int]] = None,
        mean: Optional[np.ndarray] = None,
        input_scale: Optional[float] = None,
        raw_scale: Optional[float] = None,
        channel_swap: Optional[Sequence[int]] = None,
    ):
        Net.__init__(self, model_file, TEST, weights=pretrained_file)
        self.prepare(
            image_dims,
            mean=mean,
            input_scale=input_scale,
            raw_scale=raw_scale,
            channel_swap=channel_swap,
        )
