"""Tests of the scripts beside the package, run as processes."""

import csv
import subprocess
import sys

import numpy as np
import pytest
from conftest import CLASSIFIER, PYTHON, pattern

import caffe

pytestmark = pytest.mark.needs_library


def run(script, *arguments, status=0):
    done = subprocess.run(
        [sys.executable, str(PYTHON / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


@pytest.fixture
def net_arguments(classifier_files):
    model, weights = classifier_files
    return [f"--model_def={model}", f"--pretrained_model={weights[0]}", "--mean_file="]


def test_classify_writes_probabilities(net_arguments, classifier_files, write_png, tmp_path):
    name, output = write_png(pattern(8, 9, 3)), tmp_path / "out.npy"
    printed = run("classify.py", name, output, *net_arguments, "--images_dim=6,6")
    assert (
        "CPU mode" in printed
        and "Classifying 1 inputs." in printed
        and f"Saving results into {output}" in printed
    )
    settings = dict(image_dims=(6, 6), raw_scale=255, channel_swap=(2, 1, 0))
    classifier = caffe.Classifier(classifier_files[0], classifier_files[1][0], **settings)
    assert np.allclose(np.load(output), classifier.predict([caffe.io.load_image(name)]), atol=1e-5)


def test_classify_takes_a_folder_or_an_array(net_arguments, write_png, tmp_path):
    for name in ("b.png", "a.png"):
        write_png(pattern(8, 9, 3), name)
    output, mean = tmp_path / "out.npy", tmp_path / "mean.npy"
    np.save(mean, np.ones(3))
    settings = [*net_arguments[:2], f"--mean_file={mean}", "--center_only", "--images_dim=6,6"]
    run("classify.py", tmp_path, output, "--ext=png", *settings)
    assert np.load(output).shape == (2, 5)
    np.save(tmp_path / "images.npy", np.zeros((3, 7, 7, 3), np.float32))
    run("classify.py", tmp_path / "images.npy", output, *settings)
    assert np.load(output).shape == (3, 5)


def test_classify_names_what_is_missing(net_arguments, tmp_path):
    output = tmp_path / "out.npy"
    assert "nothing.jpg: no such image" in run(
        "classify.py", "nothing.jpg", output, *net_arguments, status=1
    )
    assert "--mean_file" in run("classify.py", "a.jpg", output, "--mean_file=none.npy", status=1)
    assert "has no images" in run(
        "classify.py", tmp_path, output, *net_arguments, "--ext=gif", status=1
    )
    assert "usage" in run("classify.py", status=2)


@pytest.mark.parametrize("content", [b"", b"no mean", b"\x93NUMPY", b"\x89PNG\r\n", b"\x08\x01"])
def test_a_file_that_is_no_mean_is_named(net_arguments, write_png, tmp_path, content):
    for name in ("mean.binaryproto", "mean.npy"):
        mean = tmp_path / name
        mean.write_bytes(content)
        arguments = (write_png(pattern(8, 9, 3)), tmp_path / "out.npy", *net_arguments[:2], f"--mean_file={mean}")
        complaint = run("classify.py", *arguments, status=1)
        assert f"{mean}: it is no mean" in complaint and "Traceback" not in complaint


@pytest.mark.parametrize("swap", ["2,1", "7,1,0"])
def test_a_swap_that_names_no_channels_is_a_sentence(net_arguments, write_png, tmp_path, swap):
    arguments = (write_png(pattern(8, 9, 3)), tmp_path / "out.npy", *net_arguments, f"--channel_swap={swap}")
    complaint = run("classify.py", *arguments, status=1)
    assert "does not name each of the 3 channels" in complaint and "Traceback" not in complaint


def test_detect_writes_a_line_for_each_window(net_arguments, write_png, tmp_path):
    name = write_png(pattern(12, 16, 3))
    windows, output = tmp_path / "windows.csv", tmp_path / "out.csv"
    windows.write_text(f"filename,xmin,ymin,xmax,ymax\n{name},0,1,9,8\n{name},2,2,8,9\n")
    printed = run(
        "detect.py", windows, output, *net_arguments, "--crop_mode=list", "--context_pad=1"
    )
    assert "Processed 2 windows" in printed
    with open(output, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "filename",
        "ymin",
        "xmin",
        "ymax",
        "xmax",
        *(f"class{n}" for n in range(5)),
    ]
    assert [rows[0][corner] for corner in ("ymin", "xmin", "ymax", "xmax")] == ["1", "0", "8", "9"]
    assert abs(sum(float(rows[1][f"class{n}"]) for n in range(5)) - 1) < 1e-4


def test_detect_reads_lists_that_begin_with_a_byte_order_mark(net_arguments, write_png, tmp_path):
    name, windows, output = write_png(pattern(8, 9, 3)), tmp_path / "w.csv", tmp_path / "out.csv"
    text = f"\ufefffilename,xmin,ymin,xmax,ymax\r\n{name},0,0,5,5\r\n"
    windows.write_bytes(text.encode())
    run("detect.py", windows, output, *net_arguments, "--crop_mode=list", "--context_pad=1")
    with open(output, newline="") as file:
        assert [row["filename"] for row in csv.DictReader(file)] == [str(name)]


def test_scripts_name_another_encoding(net_arguments, tmp_path):
    windows = tmp_path / "w.csv"
    settings = [tmp_path / "o.csv", *net_arguments, "--context_pad=0"]
    for content, words in (
        ("filename".encode("utf-16"), "w.csv: it is in UTF-16"),
        (b"filename\ncaf\xe9", "w.csv:2: it is not UTF-8"),
    ):
        windows.write_bytes(content)
        assert words in run("detect.py", windows, *settings, status=1)
        assert words in run("draw_net.py", windows, tmp_path / "o.svg", status=1)


def test_draw_net_reads_a_net_that_begins_with_a_byte_order_mark(tmp_path):
    net, picture = tmp_path / "net.prototxt", tmp_path / "net.svg"
    net.write_bytes("\ufeffname: 'x' layer { name: 'a' type: 'Input' top: 'a' }".encode())
    run("draw_net.py", net, picture)
    assert "<svg" in picture.read_text()


def test_detect_explains_bad_input(net_arguments, tmp_path):
    windows = tmp_path / "windows.csv"
    settings = [tmp_path / "out.csv", *net_arguments, "--crop_mode=list", "--context_pad=0"]
    windows.write_text("name,xmin\n")
    assert "the first line lacks filename" in run("detect.py", windows, *settings, status=1)
    windows.write_text("filename,xmin,ymin,xmax,ymax\na.png,1,2,3\n")
    assert "windows.csv:2: a window has four numbers" in run(
        "detect.py", windows, *settings, status=1
    )
    assert "not in txt or csv" in run("detect.py", "a.json", *settings, status=2)


def test_draw_net_writes_a_picture(tmp_path):
    model, picture = tmp_path / "net.prototxt", tmp_path / "net.svg"
    model.write_text(CLASSIFIER)
    assert f"Drawing net to {picture}" in run(
        "draw_net.py", model, picture, "--phase=TEST", "--rankdir=TB"
    )
    assert b"<svg" in picture.read_bytes()
    model.write_text('layer { kind: "ReLU" }')
    assert "net.prototxt:1:9" in run("draw_net.py", model, picture, status=1)


SOLVER = """
net_param {
  layer { name: "data" type: "DummyData" top: "data" dummy_data_param {
    shape { dim: 2 dim: 3 } data_filler { type: "constant" value: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
    inner_product_param { num_output: 1 } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "ip" top: "loss" }
}
base_lr: 0.1 lr_policy: "fixed" max_iter: 3 display: 1 snapshot_after_train: false
"""


def test_train_runs_a_solver(tmp_path):
    solver = tmp_path / "solver.prototxt"
    solver.write_text(SOLVER)
    run("train.py", f"--solver={solver}", "--timing")
    assert "Could not open" in run("train.py", "--solver=nothing.prototxt", status=1)
    if not caffe.has_nccl():
        assert "NCCL" in run("train.py", f"--solver={solver}", "--gpus", 0, 1, status=1)
