"""Shapes and operations of the nets in Benchmarks/nets."""

import pytest

from benchmarks.files import flops_of, graph_of
from benchmarks.rows import ROWS, Row

# GFLOP of a forward pass of one image, or of a training step of one, multiplications counted twice.
GFLOP = {
    "inference/lenet/64": 0.29,
    "inference/cifar10_quick/100": 2.47,
    "inference/caffenet/1": 1.45,
    "inference/googlenet/10": 31.65,
    "inference/vgg16/1": 30.94,
    "inference/resnet50/8": 61.73,
    "inference/squeezenet/1": 0.78,
    "inference/mobilenet/10": 11.37,
    "training/lenet/64": 0.84,
    "training/cifar10_quick/100": 6.92,
    "training/caffenet/64": 264.68,
    "training/googlenet/16": 148.96,
    "training/resnet50/8": 183.29,
    "training/vgg16/4": 370.59,
    "training/squeezenet/16": 36.52,
    "training/mobilenet/16": 54.25,
}


@pytest.mark.parametrize("name", GFLOP)
def test_operations_are_counted(name):
    assert flops_of(Row.named(name)) / 1e9 == pytest.approx(GFLOP[name], abs=0.006)


def test_pooling_rounds_up_as_caffe_does():
    shapes = {step.name: step.shape for step in graph_of(Row("inference", "googlenet", 1)).steps}
    assert shapes["pool1/3x3_s2"] == (1, 64, 56, 56)
    assert shapes["pool5/7x7_s1"] == (1, 1024, 1, 1)


def test_layers_in_place_give_values_of_their_own():
    graph = graph_of(Row("inference", "resnet50", 1))
    outputs = [step.output for step in graph.steps]
    assert len(outputs) == len(set(outputs))
    assert all(step.scale is not None for step in graph.steps if step.type == "BatchNorm")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_row_has_the_batch_that_it_names(row):
    graph = graph_of(row)
    assert graph.inputs["data"][0] == row.batch
    assert graph.steps[0].shape[0] == row.batch
