"""Tests of the scripts in Examples/python: each runs in a short form, draws its pictures, and its numbers make sense."""

import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from conftest import PYTHON

import caffe

EXAMPLES = PYTHON.parent / "Examples" / "python"
sys.path.insert(0, str(EXAMPLES))

pytestmark = pytest.mark.needs_library


@pytest.fixture
def run(tmp_path):
    """Runs a script as its command line does, checks its pictures, and gives the numbers that it found."""

    def run(name, *arguments, pictures):
        found = importlib.import_module(name).main([f"--out={tmp_path}", *map(str, arguments)])
        for picture in pictures:
            pixels = caffe._caffe.decode_image(tmp_path / picture)
            assert pixels.shape[2] == 3 and min(pixels.shape[:2]) > 50, picture
            assert len(np.unique(pixels)) > 10, f"{picture} is empty"
        return found

    return run


def test_a_photograph_is_classified(run):
    found = run("classification", "--repeats=1", pictures=["top5.png"])
    assert found["top5"][0] == "Egyptian cat"
    assert {"tabby", "tiger cat"} < set(found["top5"])
    assert 0.7 < found["probabilities"][0] < 0.9
    assert all(milliseconds > 0 for milliseconds in found["times"].values())


def test_an_image_of_ones_own_is_classified_by_the_command(tmp_path):
    photo = EXAMPLES / "photos" / "coffee.jpg"
    script = EXAMPLES / "classification.py"
    done = subprocess.run(
        [sys.executable, str(script), f"--image={photo}", f"--out={tmp_path}", "--repeats=1"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "espresso" in done.stdout.splitlines()[0]


def test_filters_and_activations_are_drawn(run):
    pictures = ["conv1_filters", "conv1_activations", "fire9_activations", "fire9_histogram"]
    found = run("filters", pictures=[f"{name}.png" for name in [*pictures, "probabilities"]])
    assert found["activations"]["conv1"] == (1, 96, 111, 111)
    assert found["parameters"]["conv1"] == [(96, 3, 7, 7), (96,)]
    assert found["count"] == 1_248_424
    assert 0.5 < found["share_of_zeros"] < 1


def test_filters_are_edited_and_inner_products_become_convolutions(run):
    names = ["random_filters.png", "edited_filters.png", "page.png"]
    found = run("net_surgery", "--iterations=120", pictures=names)
    assert found["edited"][0].std() > 10 * found["random"][0].std()
    assert np.allclose(found["shift"], 1, atol=1e-5)
    assert found["difference"] < 1e-5
    assert found["shape"] == (11, 54, 54)
    assert found["accuracy"] > 0.6
    # Most of a page is paper.
    assert 0.005 < (found["is_digit"] > 0.5).mean() < 0.3


def test_a_trained_net_learns_flowers_that_a_new_one_does_not(run):
    found = run(
        "fine_tuning",
        *("--iterations=12", "--images=200", "--batch=12"),
        pictures=["losses.png", "answers.png"],
    )
    tuned, scratch = found["losses"]["fine-tuned"], found["losses"]["from scratch"]
    # The new layer starts at zero: no opinion of five kinds.
    assert tuned[0] == pytest.approx(np.log(5), abs=1e-4)
    assert tuned[-4:].mean() < 1.5 < scratch[-4:].mean()
    assert found["accuracies"]["fine-tuned"] > max(0.35, found["accuracies"]["from scratch"])


def test_lenet_is_brewed(run):
    names = ["digits.png", "conv1_gradients.png", "training.png", "softmax_over_time.png"]
    found = run("brewing_lenet", "--iterations=60", pictures=names)
    accuracies = list(found["accuracies"].values())
    assert found["losses"][-10:].mean() < 0.5 * found["losses"][:5].mean()
    assert accuracies[0] < 0.5 < 0.75 < accuracies[-1]
    assert np.abs(found["gradients"]).max() > 0
    assert np.allclose(found["shares"].sum(axis=2), 1)
    assert (found["shares"][-1].argmax(axis=1) == found["labels"]).mean() >= 0.5
    assert pathlib.Path(found["weights"]).stat().st_size > 1_000_000


def test_layers_in_python_train_a_net(run):
    found = run("python_layers", "--iterations=60", pictures=["loss.png", "places.png"])
    assert found["loss"] == pytest.approx(found["library_loss"], abs=1e-6)
    assert found["gradient_difference"] < 1e-6
    assert found["gradient_error"] < 1e-3
    assert found["losses"][-10:].mean() < 0.5 * found["losses"][:3].mean()
    assert found["error"] < 0.6 * found["blind"]


def test_the_loss_layer_in_python_says_what_it_needs():
    import my_layers  # noqa: F401

    text = """
    layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: %d } } }
    layer { name: "b" type: "Input" top: "b" input_param { shape { dim: 2 dim: 3 } } }
    layer {
      name: "loss" type: "Python" bottom: "a" %s top: "loss" loss_weight: 1
      python_param { module: "my_layers" layer: "EuclideanLoss" }
    }
    """
    with pytest.raises(Exception, match="two bottoms"):
        caffe.Net.from_text(text % (3, ""), caffe.TRAIN)
    with pytest.raises(Exception, match="same size"):
        caffe.Net.from_text(text % (4, 'bottom: "b"'), caffe.TRAIN)


def test_logistic_regression_finds_what_newtons_method_finds(run):
    pytest.importorskip("h5py")
    names = ["logistic.png", "hidden.png", "losses.png"]
    found = run("hdf5_logistic_regression", "--iterations=200", pictures=names)
    assert found["losses"][-1] == pytest.approx(found["best_loss"], abs=1e-5)
    assert np.allclose(found["learned"], found["best"], atol=1e-3)
    assert found["accuracy"] > 0.8
    assert found["deep_accuracy"] > found["accuracy"] + 0.05


def test_siamese_branches_put_digits_of_a_kind_together(run):
    found = run("siamese", "--iterations=60", pictures=["plane.png", "loss.png"])
    assert found["twins"]
    assert found["losses"][-10:].mean() < found["losses"][:3].mean()
    assert found["same_distance"] < 0.6 * found["other_distance"]
    assert found["nearest"] > 0.3


def test_digits_are_detected(run):
    found = run(
        "detection", *("--iterations=150", "--scenes=60"), pictures=["detections.png", "loss.png"]
    )
    assert found["losses"][-10:].mean() < 0.5 * found["losses"][0]
    assert found["found"] >= 0.6 * found["count"]
    assert found["right"] >= 0.4 * found["count"]
