"""Tests of the functions shaped like OpenCV's. Expected numbers are those of cv2 4.14."""

import numpy as np
import pytest
from conftest import CLASSIFIER, pattern

import caffe
from caffe import _resize, dnn


@pytest.fixture
def images():
    return [pattern(5, 7, 3), pattern(6, 4, 3)[::-1].copy()]


# -- Blobs --


@pytest.mark.needs_library
def test_images_are_resized_as_by_opencv(images):
    blob = dnn.blobFromImages(images, size=(4, 3))
    assert blob.dtype == np.float32
    assert blob[:, :, 1].tolist() == [
        [[73, 143, 213, 32], [170, 209, 59, 129], [16, 86, 156, 226]],
        [[149, 64, 104, 144], [121, 161, 201, 115], [92, 132, 47, 87]],
    ]
    assert blob.sum() == 8740


def test_images_are_cropped_swapped_and_scaled_as_by_opencv(images):
    blob = dnn.blobFromImages(images, 1 / 127.5, (4, 3), (104, 117, 123), swapRB=True, crop=True)
    expected = [
        [
            [-0.70588, -0.18039, 0.3451, 0.86275],
            [0.4, 0.92549, -0.51765, 0.0],
            [-0.40784, 0.11765, 0.64314, -0.80784],
        ],
        [
            [0.53333, 0.84706, -0.80784, -0.49412],
            [-0.32941, -0.01569, 0.29804, 0.61176],
            [0.83137, -0.82353, -0.5098, -0.19608],
        ],
    ]
    assert np.allclose(blob[:, :, 1], expected, atol=1e-5)
    assert np.isclose(blob.sum(dtype=float), 3.1529413, atol=1e-5)


@pytest.mark.needs_library
def test_a_gray_image_has_one_channel(images):
    blob = dnn.blobFromImage(images[0][:, :, 0], 2, (3, 2), (5, 6, 7), swapRB=True)
    assert blob.tolist() == [[[[86, 274, 334], [232, 418, 104]]]]


@pytest.mark.needs_library
def test_bytes_can_stay_bytes(images):
    blob = dnn.blobFromImage(images[0], size=(3, 2), ddepth=dnn.CV_8U)
    assert blob.dtype == np.uint8
    assert blob[0, :, 1].tolist() == [[121, 214, 57], [176, 60, 154], [64, 157, 125]]


def test_images_of_floats_are_resized_as_by_opencv(images):
    blob = dnn.blobFromImage((images[0] / 255).astype(np.float32), size=(3, 2))
    expected = [
        [0.474183, 0.840196, 0.221895],
        [0.690523, 0.236275, 0.602288],
        [0.250654, 0.616667, 0.490523],
    ]
    assert np.allclose(blob[0, :, 1], expected, atol=1e-6)


@pytest.mark.needs_library
def test_the_engine_and_numpy_resize_bytes_alike():
    for channels, shape in [(1, (3, 50)), (3, (17, 9)), (3, (8, 10)), (4, (40, 31))]:
        image = pattern(16, 20, channels)
        fast = caffe._caffe.resize_image_u8(image, *shape)
        assert np.array_equal(fast.reshape(*shape, channels), _resize.resize_u8(image, shape))


def test_an_image_of_the_right_size_is_kept(images):
    blob = dnn.blobFromImage(images[0])
    assert np.array_equal(blob[0], images[0].transpose(2, 0, 1))
    assert np.array_equal(dnn.imagesFromBlob(blob)[0], images[0])
    assert dnn.imagesFromBlob(blob[:, :1])[0].shape == (5, 7)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(images=[]), "no images"),
        (dict(images=[np.zeros((2, 2, 2))]), "1, 3 or 4 channels"),
        (dict(images=[np.zeros((2, 2, 3)), np.zeros((2, 2))]), "as many"),
        (dict(size=(0, 3)), "width, height"),
        (dict(ddepth=0, scalefactor=2), "CV_8U"),
        (dict(ddepth=6), "ddepth is 6"),
    ],
)
def test_bad_images_and_sizes_are_errors(change, message):
    arguments = {"images": [np.zeros((2, 2, 3), np.uint8)], **change}
    with pytest.raises(ValueError, match=message):
        dnn.blobFromImages(**arguments)


# -- Boxes --

BOXES = [
    [10, 10, 20, 20], [12, 12, 20, 20], [11, 10, 20, 20], [40, 40, 10, 10],
    [41, 41, 8, 8], [0, 0, 0, 0], [5, 5, 0, 0], [100, 100, 5, 50],
]  # fmt: skip
SCORES = [0.6, 0.9, 0.75, 0.5, 0.55, 0.4, 0.45, 0.1]


@pytest.mark.parametrize(
    "thresholds, plain, shrinking, best_three",
    [
        ((0.2, 0.3), [1, 4, 6], [1, 4, 6], [1]),
        ((0.2, 0.6), [1, 4, 6], [1, 4, 6], [1]),
        ((0.47, 0.9), [1, 2, 4, 3], [1, 4], [1, 2]),
    ],
)
def test_overlapping_boxes_go_as_in_opencv(thresholds, plain, shrinking, best_three):
    assert dnn.NMSBoxes(BOXES, SCORES, *thresholds).tolist() == plain
    assert dnn.NMSBoxes(BOXES, SCORES, *thresholds, eta=0.5).tolist() == shrinking
    assert dnn.NMSBoxes(BOXES, SCORES, *thresholds, top_k=3).tolist() == best_three


def test_without_boxes_there_are_no_indices():
    assert dnn.NMSBoxes([], [], 0.5, 0.5).shape == (0,)
    assert dnn.NMSBoxes(BOXES, SCORES, 1, 0.5).shape == (0,)
    with pytest.raises(ValueError, match="8 boxes and 1 scores"):
        dnn.NMSBoxes(BOXES, [1], 0.5, 0.5)


# -- Nets --


@pytest.fixture
def net(classifier_files):
    model, weights = classifier_files
    return dnn.readNetFromCaffe(model, weights[0])


def expected_outputs(classifier_files, batch, **settings):
    model, weights = classifier_files
    net = caffe.Net(model, caffe.TEST, weights=weights[0])
    net.blobs["data"].reshape(*batch.shape)
    return {name: value.copy() for name, value in net.forward(data=batch, **settings).items()}


def batch_of(count):
    return np.random.default_rng(0).random((count, 3, 4, 4), dtype=np.float32)


@pytest.mark.needs_library
def test_a_net_gives_its_last_output(net, classifier_files):
    batch = batch_of(3)
    net.setInput(batch)
    assert np.allclose(net.forward(), expected_outputs(classifier_files, batch)["prob"], atol=1e-6)
    net.setInput(batch / 2 + 7, "data", 2, (7, 7, 7))
    assert np.allclose(
        net.forward("prob"), expected_outputs(classifier_files, batch)["prob"], atol=1e-5
    )


@pytest.mark.needs_library
def test_several_outputs_are_those_before_later_layers_work_in_place(net, classifier_files):
    batch = batch_of(2)
    net.setInput(batch)
    relu, conv, prob = net.forward(["relu", "conv", "prob"])
    assert (conv < 0).any()
    assert np.allclose(relu, np.where(conv > 0, conv, conv / 2))
    assert np.allclose(prob, expected_outputs(classifier_files, batch)["prob"], atol=1e-6)
    assert np.allclose(net.forwardAndRetrieve(["relu"])[0][0], relu)


@pytest.mark.needs_library
def test_an_output_stays_when_the_net_runs_again(net):
    net.setInput(batch_of(2))
    first = net.forward()
    kept = first.copy()
    net.setInput(-batch_of(2))
    net.forward()
    assert np.array_equal(first, kept)


@pytest.mark.needs_library
def test_a_net_can_be_read_from_bytes(net, classifier_files):
    model, weights = classifier_files
    net.setInput(batch_of(2))
    expected = net.forward()
    wire = open(weights[0], "rb").read()
    for sources in (
        (CLASSIFIER.encode(), wire),
        (model, wire),
        (np.frombuffer(CLASSIFIER.encode(), np.uint8), weights[0]),
    ):
        other = dnn.readNetFromCaffe(*sources)
        other.setInput(batch_of(2))
        assert np.array_equal(other.forward(), expected)
    assert dnn.readNet(weights[0], model).getLayerNames() == net.getLayerNames()
    with pytest.raises(ValueError, match="only Caffe"):
        dnn.readNet("net.onnx", framework="onnx")


@pytest.mark.needs_library
def test_layers_have_names_numbers_types_and_weights(net):
    assert net.getLayerNames() == ["conv", "relu", "ip", "prob"]
    assert (net.getLayerId("conv"), net.getLayerId("nothing")) == (1, -1)
    layer = net.getLayer(3)
    assert (layer.name, layer.type) == ("ip", "InnerProduct") and layer.blobs[0].shape == (5, 8)
    assert net.getLayer("prob").type == "Softmax"
    assert net.getUnconnectedOutLayers().tolist() == [4]
    assert net.getUnconnectedOutLayersNames() == ["prob"]
    assert net.getLayersCount("ReLU") == 1 and "Softmax" in net.getLayerTypes()
    assert not net.empty() and dnn.Net().empty()


@pytest.mark.needs_library
def test_weights_can_be_read_and_set(net):
    bias = net.getParam("ip", 1)
    net.setParam("ip", 1, bias + 1)
    assert np.array_equal(net.getParam(3, 1), bias + 1)
    with pytest.raises(ValueError, match="shape"):
        net.setParam("ip", 1, np.zeros(3))
    with pytest.raises(ValueError, match="2 blobs"):
        net.getParam("ip", 2)


@pytest.mark.needs_library
def test_costs_and_times_are_known(net):
    # 2 · (2×2 places × 2 outputs × 27 inputs + 5 × 8) for one image
    assert net.getFLOPS((1, 3, 4, 4)) == 2 * (2 * 2 * 2 * 27 + 5 * 8)
    net.setInput(batch_of(1))
    net.forward()
    total, of_layers = net.getPerfProfile()
    assert total > 0 and of_layers.shape == (4,) and (of_layers > 0).all()


@pytest.mark.needs_library
def test_choices_of_backends_are_accepted(net):
    net.setPreferableBackend(dnn.DNN_BACKEND_OPENCV)
    net.setPreferableTarget(dnn.DNN_TARGET_CPU)


@pytest.mark.needs_library
def test_unknown_names_are_errors(net):
    with pytest.raises(ValueError, match="not an input"):
        net.setInput(batch_of(1), "image")
    with pytest.raises(ValueError, match="no layer fc8"):
        net.forward("fc8")
    with pytest.raises(ValueError, match="no layer 9"):
        net.getLayer(9)
    with pytest.raises(ValueError, match="empty"):
        dnn.Net().forward()
