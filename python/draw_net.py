#!/usr/bin/env python3
"""Draws a net: its layers, its blobs and how they hang together."""

import argparse

from google.protobuf import text_format

import caffe
import caffe.draw
from caffe import _command
from caffe.proto import caffe_pb2


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("input_net_proto_file", help="The net (.prototxt).")
    parser.add_argument(
        "output_image_file",
        help="The picture to write: .svg, .png, .raw; with Graphviz also .pdf and others.",
    )
    parser.add_argument(
        "--rankdir",
        default="LR",
        choices=["LR", "RL", "TB", "BT"],
        help="Where layers lead to: left to right, top to bottom, or back.",
    )
    parser.add_argument(
        "--phase",
        default="ALL",
        choices=["ALL", "TRAIN", "TEST"],
        help="The phase whose layers to draw.",
    )
    parser.add_argument(
        "--display_lrm",
        action="store_true",
        help="Write the learning rate multipliers of layers with weights.",
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    text = _command.read_text(arguments.input_net_proto_file)
    try:
        net = text_format.Merge(text, caffe_pb2.NetParameter())
    except text_format.ParseError as error:
        raise ValueError(f"{arguments.input_net_proto_file}:{error}") from error
    print(f"Drawing net to {arguments.output_image_file}")
    phase = {"ALL": None, "TRAIN": caffe.TRAIN, "TEST": caffe.TEST}[arguments.phase]
    caffe.draw.draw_net_to_file(
        net, arguments.output_image_file, arguments.rankdir, phase, arguments.display_lrm
    )


if __name__ == "__main__":
    _command.run(main)
