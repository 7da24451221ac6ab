"""What the original computed, computed again through `import caffe`."""

import os
from pathlib import Path

import numpy as np
import pytest

import caffe

h5py = pytest.importorskip("h5py")
golden = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "golden"
layer_cases = sorted((golden / "layers").glob("*.h5"))
solver_cases = sorted(
    path
    for path in (golden / "solvers").glob("*.h5")
    if path.with_suffix(".solver.prototxt").exists()
)
net_cases = [
    (path, weights)
    for path in sorted((golden / "nets").glob("*.prototxt"))
    for weights in (path.with_suffix(".caffemodel"), path.with_suffix(".caffemodel.h5"))
    if weights.exists()
]

pytestmark = pytest.mark.skipif(
    not golden.is_dir(), reason="the recorded cases lie in the repository, not in the package"
)


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def names(value):
    return [name for name in text(value).split("\n") if name]


def leaves(group):
    """The datasets below a group, by path."""
    found = {}
    if group is not None:
        group.visititems(
            lambda path, item: (
                found.update({path: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


def assert_agrees(actual, expected, tolerance, what):
    expected = np.asarray(expected)
    assert actual.shape == expected.shape, what
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0, np.abs(actual - expected) / np.maximum(1, np.abs(expected)))
    assert error.size == 0 or error.max() <= tolerance, f"{what} is off by {error.max():.2g}"


def param(net, path):
    layer, index = path.rsplit("/", 1)
    return net.params[layer][int(index)]


@pytest.mark.parametrize("path", layer_cases, ids=lambda path: path.stem)
def test_a_layer_gives_the_originals_numbers(path, monkeypatch):
    monkeypatch.chdir(golden / "layers")
    with h5py.File(path) as case:
        attributes = case.attrs
        phase = caffe.TRAIN if text(attributes["phase"]) == "TRAIN" else caffe.TEST
        net = caffe.Net.from_text(
            text(attributes["prototxt"]),
            phase,
            level=int(attributes.get("level", 0)),
            stages=names(attributes.get("stages", b"")),
        )
        assert net._layer_names == names(attributes["layer_names"])
        assert [layer.type for layer in net.layers] == names(attributes["layer_types"])
        assert net._blob_names == names(attributes["blob_names"])
        assert net.outputs == names(attributes["outputs"])
        for name, values in leaves(case.get("param")).items():
            param(net, name).data[...] = values
        for step in range(int(attributes["steps"])):
            replay(net, case if step == 0 else case[f"step{step}"], attributes)


def replay(net, part, attributes):
    tolerance = float(attributes["tolerance"])
    for name, values in leaves(part.get("bottom")).items():
        net.blobs[name].reshape(*values.shape)
        net.blobs[name].data[...] = values
    loss = net._forward(0, len(net.layers) - 1)
    if "loss" in part.attrs:
        assert_agrees(np.float32(loss), np.float32(part.attrs["loss"]), tolerance, "loss")
    for group in ("top", "inner"):
        for name, values in leaves(part.get(group)).items():
            assert_agrees(net.blobs[name].data, values, tolerance, f"{group}/{name}")
    if int(attributes["backward"]):
        for name, values in leaves(part.get("top_diff")).items():
            net.blobs[name].diff[...] = values
        if int(attributes["clear_param_diffs"]):
            net.clear_param_diffs()
        net.backward()
        for group in ("bottom_diff", "inner_diff"):
            for name, values in leaves(part.get(group)).items():
                assert_agrees(net.blobs[name].diff, values, tolerance, f"{group}/{name}")
        for name, values in leaves(part.get("param_diff")).items():
            assert_agrees(param(net, name).diff, values, tolerance, f"param_diff/{name}")
    for name, values in leaves(part.get("param_after")).items():
        assert_agrees(param(net, name).data, values, tolerance, f"param_after/{name}")


@pytest.mark.parametrize("path", solver_cases, ids=lambda path: path.stem)
def test_a_solver_takes_the_originals_steps(path, monkeypatch, tmp_path):
    for file in (golden / "solvers").iterdir():
        os.symlink(file, tmp_path / file.name)
    monkeypatch.chdir(tmp_path)
    with h5py.File(path) as case:
        tolerance = float(case.attrs["tolerance"])
        solver_file = f"{path.stem}.solver.prototxt"
        solver = caffe.get_solver(solver_file)
        for name, values in leaves(case["init"]).items():
            param(solver.net, name).data[...] = values
        recorded = {int(key[4:]): case[key] for key in case if key.startswith("iter")}
        for iteration in range(1, int(case.attrs["iterations"]) + 1):
            if "lr" in case:
                assert_agrees(
                    np.float32(solver.lr), case["lr"][iteration - 1], tolerance, f"lr {iteration}"
                )
            solver.step(1)
            for name, values in leaves(recorded.get(iteration)).items():
                assert_agrees(
                    param(solver.net, name).data, values, tolerance, f"{iteration} {name}"
                )
        assert solver.iter == int(case.attrs["iterations"])

        state = tmp_path / f"{path.stem}_iter_10.solverstate"
        if "resumed" in case and state.exists():
            resumed = caffe.get_solver(solver_file)
            resumed.restore(str(state))
            resumed.step(10)
            for name, values in leaves(case["resumed"]).items():
                assert_agrees(param(resumed.net, name).data, values, tolerance, f"resumed {name}")


@pytest.mark.parametrize(("path", "weights"), net_cases, ids=lambda path: path.name)
def test_a_whole_net_gives_the_originals_numbers(path, weights, monkeypatch):
    monkeypatch.chdir(golden / "nets")
    with h5py.File(path.with_suffix(".h5")) as case:
        tolerance = float(case.attrs["tolerance"])
        for phase in (caffe.TRAIN, caffe.TEST):
            part = case[["TRAIN", "TEST"][phase]]
            net = caffe.Net(path.name, phase, weights=str(weights))
            for name, values in leaves(case["bottom"]).items():
                net.blobs[name].data[...] = values
            net.forward()
            for name, values in leaves(part["blob"]).items():
                assert_agrees(net.blobs[name].data, values, tolerance, name)
            if phase == caffe.TRAIN:
                net.clear_param_diffs()
                net.backward()
                for name, values in leaves(part.get("param_diff")).items():
                    assert_agrees(param(net, name).diff, values, tolerance, f"gradient of {name}")
