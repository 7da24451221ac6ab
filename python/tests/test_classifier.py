"""Tests of the classifier and the detector."""

import importlib.util

import numpy as np
import pytest
from conftest import pattern

import caffe

pytestmark = pytest.mark.needs_library


def image(*shape):
    return (pattern(*shape, 3) / 255).astype(np.float32)


def outputs(files, batch):
    net = caffe.Net(files[0], caffe.TEST, weights=files[1][0])
    return net.forward_all(data=batch)["prob"]


def test_the_middle_of_each_image_is_classified(classifier_files):
    classifier = caffe.Classifier(
        classifier_files[0],
        classifier_files[1][0],
        image_dims=(6, 8),
        mean=np.array([1, 2, 3]),
        raw_scale=255,
        channel_swap=(2, 1, 0),
        input_scale=0.1,
    )
    images = [image(6, 8), image(6, 8)[::-1], image(9, 9)]
    predictions = classifier.predict(images, oversample=False)
    resized = np.stack([caffe.io.resize_image(each, (6, 8)) for each in images])
    middle = (
        resized[:, 1:5, 2:6, ::-1].transpose(0, 3, 1, 2) * 255 - np.array([1, 2, 3])[:, None, None]
    )
    assert np.allclose(predictions, outputs(classifier_files, middle * 0.1), atol=1e-5)


def test_ten_crops_are_averaged(classifier_files):
    classifier = caffe.Classifier(classifier_files[0], classifier_files[1][0], image_dims=(6, 8))
    images = np.stack([image(6, 8), image(6, 8)[::-1]])
    crops = caffe.io.oversample(images, (4, 4)).transpose(0, 3, 1, 2)
    expected = outputs(classifier_files, crops).reshape(2, 10, 5).mean(1)
    assert np.allclose(classifier.predict(images), expected, atol=1e-6)


def test_by_default_images_are_resized_to_the_input(classifier_files):
    classifier = caffe.Classifier(classifier_files[0], classifier_files[1][0])
    assert tuple(classifier.image_dims) == tuple(classifier.crop_dims) == (4, 4)
    assert classifier.predict([image(9, 5)], oversample=False).shape == (1, 5)
    assert isinstance(classifier, caffe.Net)


def test_a_classifier_refuses_no_images_and_small_ones(classifier_files):
    classifier = caffe.Classifier(classifier_files[0], classifier_files[1][0], image_dims=(3, 9))
    with pytest.raises(ValueError, match="no images"):
        classifier.predict([])
    with pytest.raises(ValueError, match="less than the crop"):
        classifier.predict([image(4, 4)], oversample=False)


def test_windows_are_classified_in_order(classifier_files, write_png):
    detector = caffe.Detector(classifier_files[0], classifier_files[1][0], raw_scale=255)
    picture = pattern(12, 16, 3)
    name = write_png(picture)
    windows = np.array([[0, 0, 4, 4], [3, 5, 7, 9]])
    detections = detector.detect_windows(iter([(name, windows)]))
    assert [d["filename"] for d in detections] == [name, name]
    assert np.array_equal([d["window"] for d in detections], windows)
    cut = np.stack([picture[0:4, 0:4], picture[3:7, 5:9]]).transpose(0, 3, 1, 2).astype(np.float32)
    assert np.allclose(
        [d["prediction"] for d in detections], outputs(classifier_files, cut), atol=1e-5
    )
    assert detector.detect_windows([]) == []


def test_a_window_shows_what_lies_around_it(classifier_files):
    detector = caffe.Detector(
        classifier_files[0],
        classifier_files[1][0],
        mean=np.array([10.0, 20, 30]),
        raw_scale=10,
        channel_swap=(2, 1, 0),
        context_pad=1,
    )
    crop = detector.crop(np.full((20, 20, 3), 0.5, np.float32), (8, 8, 12, 12))
    assert crop.shape == (4, 4, 3) and np.allclose(crop, 0.5)
    # In a corner of the image, the outside has the value of the mean: in RGB, before scaling.
    crop = detector.crop(np.full((20, 20, 3), 0.5, np.float32), (0, 0, 9, 9))
    assert np.allclose(crop[0, 0], [3, 2, 1]) and np.allclose(crop[-1, -1], 0.5)
    with pytest.raises(ValueError, match="outside of the image"):
        detector.crop(np.zeros((20, 20, 3), np.float32), (90, 90, 95, 95))
    with pytest.raises(ValueError, match="leaves nothing"):
        detector.configure_crop(2)


@pytest.mark.skipif(
    importlib.util.find_spec("selective_search_ijcv_with_python") is not None,
    reason="the package is installed",
)
def test_selective_search_says_what_it_needs(classifier_files):
    detector = caffe.Detector(classifier_files[0], classifier_files[1][0])
    with pytest.raises(ImportError, match="needs MATLAB"):
        detector.detect_selective_search(["cat.jpg"])
