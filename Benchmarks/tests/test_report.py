"""The tables and the chart, from numbers made up."""

import xml.etree.ElementTree

import pytest

from benchmarks.chart import chart
from benchmarks.report import best_peer, complaints, geometric_mean, limit_ms, median, ratio, tables


def result(*rounds, **more):
    return {"precision": "float32", "rounds": list(rounds), "megabytes": 100.0, **more}


@pytest.fixture
def document():
    results = {
        "caffe": result(10, 11, 40),
        "openvino": result(20, 22, 44),
        "ncnn": result(5, 5, 5, agrees=False, difference=0.2),
        "onnxruntime": {"precision": "float32", "failure": "out of memory"},
        "openvino-bf16": result(4, 4, 4) | {"precision": "bfloat16"},
    }
    entry = {"gflop": 1.0, "gbytes": 0.2, "threads": 2, "results": results}
    limits = {"float32_gflops": 500.0, "bfloat16_gflops": 1000.0, "memory_gbytes": 50.0}
    return {"rows": {"inference/lenet/64": entry}, "limits": limits}


def results_of(document):
    return document["rows"]["inference/lenet/64"]["results"]


def test_a_ratio_is_paired_round_by_round(document):
    results = results_of(document)
    assert median(results["caffe"]) == 11
    assert ratio(results["openvino"], results["caffe"]) == 2


def test_a_wrong_or_failed_peer_is_never_the_best(document):
    assert best_peer(results_of(document)) == "openvino"


def test_peers_of_another_precision_are_compared_apart(document):
    assert best_peer(results_of(document), "bfloat16") == "openvino-bf16"


def test_mistakes_stand_in_the_table_and_are_complained_of(document):
    text = tables(document)
    assert "5.00 WRONG" in text
    assert "failed" in text
    assert list(complaints(document)) == [
        "inference/lenet/64: ncnn differs by 0.2 of the largest value",
        "inference/lenet/64: onnxruntime failed: out of memory",
    ]


def test_the_limit_is_multiplying_or_moving(document):
    entry = document["rows"]["inference/lenet/64"]
    assert limit_ms(entry, document["limits"]) == pytest.approx(4)
    assert limit_ms(entry | {"gbytes": 0}, document["limits"]) == pytest.approx(2)


def test_the_geometric_mean():
    assert geometric_mean([0.5, 2, 8]) == pytest.approx(2)
    assert geometric_mean([]) is None


def test_the_chart_has_a_bar_for_each_row(document):
    root = xml.etree.ElementTree.fromstring(chart(document))
    bars = [node for node in root.iter() if node.tag.endswith("rect") and node.get("x")]
    assert len(bars) == 1
