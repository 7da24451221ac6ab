#!/usr/bin/env python3
"""Classifies images and writes the probabilities of the classes, N × classes, to a .npy file."""

import argparse
import glob
import os
import time

import numpy as np

import caffe
from caffe import _command


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "input_file", help="An image, a folder of images, or a .npy of images N×H×W×K."
    )
    parser.add_argument("output_file", help="The .npy to write.")
    _command.add_net_arguments(parser)
    parser.add_argument(
        "--center_only",
        action="store_true",
        help="Only the middle of each image, not the mean of ten crops.",
    )
    parser.add_argument(
        "--images_dim",
        type=_command.numbers,
        default="256,256",
        help="The height,width that images are resized to before they are cropped.",
    )
    parser.add_argument(
        "--ext", default="jpg", help="What image names end with, if a folder is given."
    )
    return parser.parse_args()


def read_images(path: str, ext: str):
    path = os.path.expanduser(path)
    if path.endswith("npy"):
        print(f"Loading file: {path}")
        return np.load(path)
    if os.path.isdir(path):
        print(f"Loading folder: {path}")
        names = sorted(glob.glob(os.path.join(glob.escape(path), f"*.{ext}")))
        if not names:
            raise ValueError(f"{path} has no images *.{ext}; say their kind by --ext.")
        return [caffe.io.load_image(name) for name in names]
    print(f"Loading file: {path}")
    return [caffe.io.load_image(path)]


def main() -> None:
    arguments = parse_arguments()
    _command.choose_mode(arguments.gpu)
    classifier = caffe.Classifier(
        arguments.model_def,
        arguments.pretrained_model,
        image_dims=arguments.images_dim,
        mean=_command.read_mean(arguments.mean_file),
        input_scale=arguments.input_scale,
        raw_scale=arguments.raw_scale,
        channel_swap=arguments.channel_swap or None,
    )
    images = read_images(arguments.input_file, arguments.ext)
    print(f"Classifying {len(images)} inputs.")
    started = time.time()
    predictions = classifier.predict(images, not arguments.center_only)
    print(f"Done in {time.time() - started:.2f} s.")
    print(f"Saving results into {arguments.output_file}")
    np.save(arguments.output_file, predictions)


if __name__ == "__main__":
    _command.run(main)
