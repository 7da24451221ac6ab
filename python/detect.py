#!/usr/bin/env python3
"""Classifies windows of images and writes them with the net's answers to a .csv or .h5 file."""

import argparse
import csv
import io
import time
from typing import Any

import numpy as np

import caffe
from caffe import _command

CORNERS = ["ymin", "xmin", "ymax", "xmax"]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "input_file",
        help="A .txt of image names, one a line, or a .csv of filename,xmin,ymin,xmax,ymax.",
    )
    parser.add_argument(
        "output_file", help='The .csv to write, or the .h5 (a table "df", by pandas).'
    )
    _command.add_net_arguments(parser)
    parser.add_argument(
        "--crop_mode",
        default="selective_search",
        choices=["list", "selective_search"],
        help="Where windows come from: the .csv, or proposals made with MATLAB.",
    )
    parser.add_argument(
        "--context_pad",
        type=int,
        default=16,
        help="The width of the border of the input around a window.",
    )
    arguments = parser.parse_args()
    name, is_list = arguments.input_file.lower(), arguments.crop_mode == "list"
    if not name.endswith((".txt", ".csv")):
        parser.error(f"{arguments.input_file}: Unknown input file type: not in txt or csv.")
    if is_list and not name.endswith(".csv"):
        parser.error("--crop_mode=list takes the windows from a .csv.")
    if not arguments.output_file.lower().endswith((".csv", ".h5", ".hdf5", ".hdf")):
        parser.error(f"{arguments.output_file}: the output can be .csv or .h5.")
    return arguments


def read_table(path: str) -> "csv.DictReader[str]":
    """The rows of a .csv by the names in its first line."""
    text = io.StringIO(_command.read_text(path), newline="")
    return csv.DictReader(text, skipinitialspace=True)


def read_windows(path: str) -> list[tuple[str, np.ndarray]]:
    """Windows (ymin, xmin, ymax, xmax) of each image, images in the order of their first line."""
    windows: dict[str, list[list[float]]] = {}
    reader = read_table(path)
    missing = {"filename", *CORNERS} - set(reader.fieldnames or [])
    if missing:
        raise ValueError(f"{path}: the first line lacks {', '.join(sorted(missing))}.")
    for row in reader:
        try:
            window = [float(row[corner]) for corner in CORNERS]
            if not all(abs(edge) < 1e9 for edge in window):
                raise ValueError
        except (TypeError, ValueError):
            raise ValueError(f"{path}:{reader.line_num}: a window has four numbers.") from None
        windows.setdefault(row["filename"], []).append(window)
    return [(name, np.array(rows).astype(int)) for name, rows in windows.items()]


def read_names(path: str) -> list[str]:
    """The image names in a .txt, or in the column `filename` of a .csv."""
    if path.lower().endswith(".csv"):
        reader = read_table(path)
        if "filename" not in (reader.fieldnames or []):
            raise ValueError(f"{path}: the first line lacks filename.")
        return list(dict.fromkeys(row["filename"] for row in reader))
    return [line.strip() for line in _command.read_text(path).splitlines() if line.strip()]


def save(path: str, detections: list[dict[str, Any]]) -> None:
    if path.lower().endswith(".csv"):
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            classes = detections[0]["prediction"].size if detections else 0
            writer.writerow(
                ["filename", *CORNERS, *(f"class{number}" for number in range(classes))]
            )
            for each in detections:
                writer.writerow([each["filename"], *each["window"], *each["prediction"].ravel()])
        return
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "An .h5 needs pandas and tables (pip install pandas tables); a .csv does not."
        ) from error
    table = pandas.DataFrame(detections, columns=["filename", "prediction"]).set_index("filename")
    windows = np.array([each["window"] for each in detections]).reshape(-1, 4)
    table[CORNERS] = pandas.DataFrame(windows, index=table.index, columns=CORNERS)
    table.to_hdf(path, key="df", mode="w")


def main() -> None:
    arguments = parse_arguments()
    mean = _command.read_mean(arguments.mean_file)
    if mean is not None and mean.ndim == 3:
        mean = mean.mean(axis=(1, 2))
    _command.choose_mode(arguments.gpu)
    detector = caffe.Detector(
        arguments.model_def,
        arguments.pretrained_model,
        mean=mean,
        input_scale=arguments.input_scale,
        raw_scale=arguments.raw_scale,
        channel_swap=arguments.channel_swap or None,
        context_pad=arguments.context_pad,
    )
    started = time.time()
    print("Loading input...")
    if arguments.crop_mode == "list":
        detections = detector.detect_windows(read_windows(arguments.input_file))
    else:
        detections = detector.detect_selective_search(read_names(arguments.input_file))
    print(f"Processed {len(detections)} windows in {time.time() - started:.3f} s.")
    started = time.time()
    save(arguments.output_file, detections)
    print(f"Saved to {arguments.output_file} in {time.time() - started:.3f} s.")


if __name__ == "__main__":
    _command.run(main)
