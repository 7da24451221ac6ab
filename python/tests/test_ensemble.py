"""Tests of ensembles."""

import numpy as np
import pytest
from conftest import pattern

import caffe

pytestmark = pytest.mark.needs_library


def batch_of(count):
    return np.random.default_rng(0).random((count, 3, 4, 4), dtype=np.float32)


def each_output(files, batch):
    return [
        caffe.Net(files[0], caffe.TEST, weights=weights)
        .forward_all(data=batch)["prob"]
        .astype(float)
        for weights in files[1]
    ]


def test_outputs_are_averaged(classifier_files):
    ensemble = caffe.Ensemble(*classifier_files)
    first, second = each_output(classifier_files, batch_of(2))
    assert not np.allclose(first, second)
    assert (ensemble.inputs, ensemble.outputs) == (["data"], ["prob"])
    assert np.allclose(ensemble.forward(data=batch_of(2))["prob"], (first + second) / 2, atol=1e-6)


def test_any_number_of_items_runs_in_batches(classifier_files):
    ensemble = caffe.Ensemble(*classifier_files)
    first, second = each_output(classifier_files, batch_of(5))
    found = ensemble.forward_all(blobs=iter(["ip"]), data=batch_of(5))
    assert np.allclose(found["prob"], (first + second) / 2, atol=1e-6)
    assert found["ip"].shape == (5, 5)
    ensemble.reshape_input("data", 5, 3, 4, 4)
    assert np.allclose(ensemble.forward(data=batch_of(5))["prob"], found["prob"], atol=1e-6)


def test_shares_weigh_the_nets(classifier_files):
    first, second = each_output(classifier_files, batch_of(2))
    ensemble = caffe.Ensemble(*classifier_files, shares=[3, 1])
    assert np.allclose(
        ensemble.forward(data=batch_of(2))["prob"], 0.75 * first + 0.25 * second, atol=1e-6
    )


def test_a_geometric_mean_is_scaled_to_probabilities(classifier_files):
    first, second = each_output(classifier_files, batch_of(2))
    found = caffe.Ensemble(*classifier_files, average="geometric").forward(data=batch_of(2))["prob"]
    expected = np.sqrt(first * second)
    assert np.allclose(found, expected / expected.sum(1, keepdims=True), atol=1e-6)


def test_images_are_predicted_as_by_a_classifier(classifier_files):
    model, weights = classifier_files
    images = [pattern(9, 8, 3) / 255, pattern(6, 7, 3) / 255]
    settings = dict(
        image_dims=(6, 6),
        mean=np.array([1, 2, 3]),
        raw_scale=255,
        channel_swap=(2, 1, 0),
        input_scale=0.1,
    )
    each = [caffe.Classifier(model, file, **settings).predict(images) for file in weights]
    ensemble = caffe.Ensemble([model, model], weights, **settings)
    assert np.allclose(ensemble.predict(images), np.mean(each, axis=0), atol=1e-6)


def test_nets_and_settings_must_fit_together(classifier_files, tmp_path):
    model, weights = classifier_files
    with pytest.raises(ValueError, match="2 models and 1 files"):
        caffe.Ensemble([model, model], weights[0])
    with pytest.raises(ValueError, match="shares"):
        caffe.Ensemble(model, weights, shares=[1])
    with pytest.raises(ValueError, match="harmonic"):
        caffe.Ensemble(model, weights, average="harmonic")
    other = tmp_path / "other.prototxt"
    other.write_text(open(model).read().replace('top: "prob"', 'top: "p"'))
    with pytest.raises(ValueError, match="must have the same"):
        caffe.Ensemble([model, str(other)], weights)
