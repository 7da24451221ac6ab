"""Detection by classifying windows of images.

As in R-CNN (Girshick et al., 2014, https://arxiv.org/abs/1311.2524).
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Optional

import numpy as np

from . import io
from .classifier import image_transformer
from .proto.caffe_pb2 import TEST
from .pycaffe import Net


class Detector(Net):
    """A net that classifies windows of images.

        detector = caffe.Detector('deploy.prototxt', 'net.caffemodel', raw_scale=255,
                                  mean=np.array([104, 117, 123]), channel_swap=(2, 1, 0),
                                  context_pad=16)
        detector.detect_windows([('cat.jpg', [(10, 20, 110, 220)])])

    For `mean`, `input_scale`, `raw_scale` and `channel_swap` see `caffe.io.Transformer`.
    `context_pad` is the width of the border of the input that shows what lies around a window.
    """

    def __init__(
        self,
        model_file: str,
        pretrained_file: str,
        mean: Optional[np.ndarray] = None,
        input_scale: Optional[float] = None,
        raw_scale: Optional[float] = None,
        channel_swap: Optional[Sequence[int]] = None,
        context_pad: Optional[int] = None,
    ):
        Net.__init__(self, model_file, TEST, weights=pretrained_file)
        name = self.inputs[0]
        self.transformer = image_transformer(
            name, self.blobs[name].data.shape, mean, input_scale, raw_scale, channel_swap
        )
        self.configure_crop(context_pad)

    def detect_windows(
        self, images_windows: Iterable[tuple[str, Iterable[Sequence[float]]]]
    ) -> list[dict[str, Any]]:
        """The first output for each window of each image file.

        Windows are (ymin, xmin, ymax, xmax) in pixels and are warped to the net's input. Gives a
        list of dicts with `window`, `prediction` and `filename`, in the order of the windows.
        """
        name = self.inputs[0]
        detections: list[dict[str, Any]] = []
        batch = []
        for filename, windows in images_windows:
            image = io.load_image(filename)
            for window in windows:
                batch.append(self.transformer.preprocess(name, self.crop(image, window)))
                detections.append({"window": window, "prediction": None, "filename": filename})
        if batch:
            inputs: dict[str, Any] = {name: np.stack(batch)}
            predictions = self.forward_all(**inputs)[self.outputs[0]]
            for detection, prediction in zip(detections, predictions):
                detection["prediction"] = prediction
        return detections

    def detect_selective_search(self, image_fnames: Iterable[str]) -> list[dict[str, Any]]:
        """As `detect_windows`, with windows that the MATLAB code of selective search proposes."""
        try:
            import selective_search_ijcv_with_python as selective_search
        except ImportError as error:
            raise ImportError(
                "Selective search needs MATLAB and the Python package "
                "selective_search_ijcv_with_python, of github.com/sergeyk. Windows from elsewhere "
                "can be given to detect_windows, or in a .csv with --crop_mode=list."
            ) from error
        # MATLAB runs in another folder.
        paths = [os.path.abspath(name) for name in image_fnames]
        return self.detect_windows(
            zip(paths, selective_search.get_windows(paths, cmd="selective_search_rcnn"))
        )

    def crop(self, im: np.ndarray, window: Sequence[float]) -> np.ndarray:
        """The part of an H×W×K image in a window (ymin, xmin, ymax, xmax).

        With `context_pad` the window is widened so that it fills the input but for that border, and
        resized to the input; what lies outside of the image has the value of the mean.
        """
        box = np.array(window, dtype=float)
        if not self.context_pad:
            top, left, bottom, right = box.astype(int)
            return im[top:bottom, left:right]

        side = int(self.crop_dims[1])
        half = (box[2:] - box[:2] + 1) / 2
        center = box[:2] + half
        reach = half * side / (side - 2 * self.context_pad)
        box = np.round(np.concatenate([center - reach, center + reach]))
        scale = side / (box[2:] - box[:2] + 1)
        pad = np.round(np.maximum(0, -box[:2]) * scale).astype(int)

        inside = np.clip(box, 0, np.tile(im.shape[:2], 2)).astype(int)
        top, left, bottom, right = inside
        size = np.round((inside[2:] - inside[:2] + 1) * scale).astype(int)
        height, width = np.minimum(size, side - pad)
        if bottom <= top or right <= left or height < 1 or width < 1:
            raise ValueError(
                f"The window {tuple(float(edge) for edge in window)} is outside of the image, {im.shape[0]}×{im.shape[1]}."
            )

        crop = np.broadcast_to(self.crop_mean, tuple(self.crop_dims)).astype(np.float32)
        crop[pad[0] : pad[0] + height, pad[1] : pad[1] + width] = io.resize_image(
            im[top:bottom, left:right], (height, width)
        )
        return crop

    def configure_crop(self, context_pad: Optional[int]) -> None:
        """Sets the width of the border around windows; None or 0 for none."""
        name = self.inputs[0]
        back = np.argsort(self.transformer.transpose[name])
        self.crop_dims = np.array(self.blobs[name].data.shape[1:])[back]
        self.context_pad = context_pad
        if not context_pad:
            return
        if 2 * context_pad >= self.crop_dims[1]:
            raise ValueError(
                f"context_pad {context_pad} leaves nothing of an input {self.crop_dims[1]} wide."
            )
        # What the image would have to be for the input to be 0.
        mean = self.transformer.mean.get(name)
        self.crop_mean = np.zeros(tuple(self.crop_dims), dtype=np.float32)
        if mean is not None:
            mean = mean.transpose(back).astype(np.float32)
            swap = self.transformer.channel_swap.get(name)
            if swap is not None and mean.shape[2] == len(swap):
                mean = mean[:, :, np.argsort(swap)]
            self.crop_mean = mean / (self.transformer.raw_scale.get(name) or 1)
