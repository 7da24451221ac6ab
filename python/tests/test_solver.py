"""Solvers."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import caffe
from caffe.proto import caffe_pb2

NET = """
layer { name: 'data' type: 'DummyData' top: 'data' top: 'target'
  dummy_data_param { shape { dim: 8 dim: 3 } shape { dim: 8 dim: 2 }
    data_filler { type: 'gaussian' } data_filler { type: 'constant' value: 1 } } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'
  inner_product_param { num_output: 2 weight_filler { type: 'gaussian' std: 0.1 } } }
layer { name: 'loss' type: 'EuclideanLoss' bottom: 'ip' bottom: 'target' top: 'loss' }
"""


@pytest.fixture
def solver_file(tmp_path):
    def write(more="", net=NET):
        (tmp_path / "net.prototxt").write_text(net)
        path = tmp_path / "solver.prototxt"
        path.write_text(
            f"net: '{tmp_path}/net.prototxt' base_lr: 0.1 lr_policy: 'step' gamma: 0.5 stepsize: 10 momentum: 0.9 "
            f"max_iter: 40 display: 0 snapshot_prefix: '{tmp_path}/s' random_seed: 3 snapshot_after_train: false {more}"
        )
        return str(path)

    return write


def test_a_solver_steps_and_its_loss_falls(solver_file):
    solver = caffe.SGDSolver(solver_file())
    solver.net.forward()
    first = float(solver.net.blobs["loss"].data)
    solver.step(30)
    assert solver.iter == 30 and float(solver.net.blobs["loss"].data) < first / 5
    assert solver.lr == pytest.approx(0.1 * 0.5**3)
    solver.solve()
    assert solver.iter == 40


@pytest.mark.parametrize(
    "name", ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam", "AdamW"]
)
def test_get_solver_makes_the_class_that_the_file_names(solver_file, name):
    momentum = {"AdaGrad": "momentum: 0", "RMSProp": "momentum: 0"}.get(name, "")
    path = solver_file(f"type: '{name}' delta: 1e-4 " + momentum)
    if momentum:
        text = open(path).read().replace("momentum: 0.9", "")
        open(path, "w").write(text)
    solver = caffe.get_solver(path)
    assert type(solver) is getattr(caffe, f"{name}Solver", caffe.pycaffe.AdamWSolver)
    solver.step(2)


def test_a_class_trains_by_its_own_rule_whatever_the_file_says(solver_file):
    path = solver_file("type: 'SGD'")
    assert caffe.AdamSolver(path).param.type == "Adam"


def test_the_nets_of_a_solver_are_always_the_same_objects(solver_file):
    solver = caffe.get_solver(solver_file("test_iter: 2 test_interval: 10"))
    assert solver.net is solver.net and solver.test_nets[0] is solver.test_nets[0]
    assert (solver.net.phase, solver.test_nets[0].phase) == (caffe.TRAIN, caffe.TEST)
    assert list(solver.test_nets[0].params) == ["ip"]


def test_test_nets_share_the_weights_once_tested(solver_file):
    solver = caffe.get_solver(solver_file("test_iter: 2 test_interval: 10"))
    solver.step(1)
    trained = solver.net.params["ip"][0].data
    assert np.array_equal(solver.test_nets[0].params["ip"][0].data, trained)
    solver.step(1)
    assert np.array_equal(solver.test_nets[0].params["ip"][0].data, trained)
    solver.test_nets[0].forward()


def test_the_settings_can_be_read_and_base_lr_written(solver_file):
    solver = caffe.get_solver(solver_file())
    assert (solver.param.max_iter, solver.param.display) == (40, 0)
    assert solver.param.layer_wise_reduce is True
    solver.param.base_lr = 0.25
    assert solver.param.base_lr == 0.25 and solver.lr == 0.25


def test_settings_that_count_in_training_take_effect(solver_file):
    solver = caffe.get_solver(solver_file("test_iter: 1 test_interval: 10"))
    param = solver.param
    param.max_iter = 3
    solver.solve()
    assert solver.iter == 3 and param.max_iter == 3
    param.lr_policy, param.gamma = "exp", 0.5
    assert solver.lr == pytest.approx(0.1 * 0.5**3)
    param.lr_policy = "multistep"
    # A list that was changed in place counts from the next call on.
    param.stepvalue.extend([1])
    assert solver.lr == pytest.approx(0.1 * 0.5)
    param.stepvalue = [1, 2]
    assert solver.lr == pytest.approx(0.1 * 0.25)
    param.momentum = param.weight_decay = 0
    before = solver.net.params["ip"][0].data.copy()
    solver.net.clear_param_diffs()
    solver.apply_update()
    assert np.array_equal(solver.net.params["ip"][0].data, before)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("type", "Adam", RuntimeError), ("net", "other.prototxt", RuntimeError), ("random_seed", 5, RuntimeError),
        ("lr_policy", "stepp", RuntimeError), ("stepsize", 0, RuntimeError), ("iter_size", 0, RuntimeError),
        ("base_lr", float("nan"), RuntimeError), ("test_iter", [1, 2], RuntimeError), ("snapshot_best", True, RuntimeError),
        ("max_iters", 3, AttributeError), ("max_iter", "3", TypeError), ("max_iter", 2**40, ValueError),
        ("snapshot_prefix", "a\0b", ValueError), ("_message", None, AttributeError),
    ],
)  # fmt: skip
def test_settings_that_cannot_change_are_refused_and_stay(solver_file, name, value, error):
    solver = caffe.get_solver(solver_file())
    before = str(solver.param)
    with pytest.raises(error):
        setattr(solver.param, name, value)
    assert str(solver.param) == before
    solver.step(1)


def test_a_list_that_was_changed_in_vain_is_as_before(solver_file):
    solver = caffe.get_solver(solver_file())
    solver.param.test_iter.append(3)
    with pytest.raises(RuntimeError, match="number of test_iter"):
        solver.step(1)
    assert list(solver.param.test_iter) == []
    solver.step(1)


def test_restored_weights_are_in_the_test_nets_at_once(solver_file, tmp_path):
    solver = caffe.get_solver(solver_file("test_iter: 1 test_interval: 1000 test_initialization: false"))
    solver.step(3)
    solver.snapshot()
    resumed = caffe.get_solver(solver_file("test_iter: 1 test_interval: 1000 test_initialization: false"))
    resumed.test_nets[0].forward()
    resumed.restore(str(tmp_path / "s_iter_3.solverstate"))
    expected = solver.net.params["ip"][0].data
    assert np.array_equal(resumed.test_nets[0].params["ip"][0].data, expected)


@pytest.mark.parametrize("count", [-1, 2**31, 2**63, 2**64 + 1, 1.5, None, "3"])
def test_only_so_many_updates_can_be_made(solver_file, count):
    solver = caffe.get_solver(solver_file())
    solver.step(1)
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        solver.step(count)
    assert solver.iter == 1


def test_what_is_no_function_is_no_callback(solver_file):
    solver = caffe.get_solver(solver_file())
    with pytest.raises(TypeError, match="no function"):
        solver.add_callback(print, 3)
    with pytest.raises(TypeError, match="given to a caffe.Net"):
        solver.share_weights(3)


def test_a_loop_by_hand_equals_step(solver_file):
    ours, theirs = caffe.SGDSolver(solver_file()), caffe.SGDSolver(solver_file())
    for _ in range(5):
        ours.net.clear_param_diffs()
        ours.net.forward()
        ours.net.backward()
        ours.apply_update()
    theirs.step(5)
    assert ours.iter == theirs.iter == 5
    assert np.array_equal(ours.net.params["ip"][0].data, theirs.net.params["ip"][0].data)


def test_callbacks_run_before_and_after_the_gradients(solver_file):
    solver = caffe.SGDSolver(solver_file())
    seen = []

    def ready():
        seen.append(("ready", float(np.abs(solver.net.params["ip"][0].diff).sum()) > 0))
        solver.net.params["ip"][0].diff[...] = 0
        solver.net.params["ip"][1].diff[...] = 0

    solver.add_callback(lambda: seen.append(("start", solver.iter)), ready)
    before = solver.net.params["ip"][0].data.copy()
    solver.step(2)
    assert seen == [("start", 0), ("ready", True), ("start", 1), ("ready", True)]
    assert np.array_equal(before, solver.net.params["ip"][0].data)


def test_a_snapshot_brings_training_back(solver_file, tmp_path):
    solver = caffe.SGDSolver(solver_file())
    solver.step(5)
    solver.snapshot()
    assert (tmp_path / "s_iter_5.caffemodel").exists()
    solver.step(5)
    resumed = caffe.SGDSolver(solver_file())
    resumed.restore(str(tmp_path / "s_iter_5.solverstate"))
    assert resumed.iter == 5
    resumed.step(5)
    assert np.array_equal(solver.net.params["ip"][0].data, resumed.net.params["ip"][0].data)
    again = caffe.SGDSolver(solver_file())
    again.solve(str(tmp_path / "s_iter_5.solverstate"))
    assert again.iter == 40


def test_weights_are_given_to_another_net(solver_file, tmp_path):
    solver = caffe.SGDSolver(solver_file())
    net = caffe.Net(str(tmp_path / "net.prototxt"), caffe.TEST)
    solver.share_weights(net)
    solver.step(3)
    assert np.array_equal(net.params["ip"][0].data, solver.net.params["ip"][0].data)


def test_nets_survive_their_solver(solver_file):
    solver = caffe.SGDSolver(solver_file())
    net, blob = solver.net, solver.net.params["ip"][0]
    del solver
    net.forward()
    assert blob.data.shape == (2, 3)


def test_a_solver_written_by_protobuf_trains(solver_file, tmp_path):
    solver_file()
    message = caffe_pb2.SolverParameter()
    message.train_net = str(tmp_path / "net.prototxt")
    message.base_lr = 0.1
    message.lr_policy = "fixed"
    message.max_iter = 3
    message.snapshot_after_train = False
    message.solver_mode = caffe_pb2.SolverParameter.CPU
    path = tmp_path / "written.prototxt"
    path.write_text(str(message))
    solver = caffe.get_solver(str(path))
    solver.solve()
    assert solver.iter == 3


def test_mistakes_are_exceptions(solver_file, tmp_path):
    with pytest.raises(RuntimeError, match="Could not open file"):
        caffe.SGDSolver(str(tmp_path / "none.prototxt"))
    path = solver_file("lr_policy: 'stepp'")
    with pytest.raises(RuntimeError, match="stepp"):
        caffe.SGDSolver(path)
    solver = caffe.SGDSolver(solver_file())
    with pytest.raises(RuntimeError, match="Could not open file"):
        solver.restore("nothing.solverstate")


def test_a_loss_that_is_no_number_is_an_exception(solver_file):
    solver = caffe.SGDSolver(solver_file())
    solver.net.params["ip"][0].data[...] = np.nan
    with pytest.raises(RuntimeError, match="(?i)nan|number"):
        solver.step(1)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_ends_training_after_an_iteration(solver_file):
    solver = caffe.SGDSolver(solver_file("test_iter: 1 test_interval: 1000000"))
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        solver.step(100_000_000)
    assert time.monotonic() - begin < 20
    done = solver.iter
    assert 0 < done < 100_000_000
    solver.step(2)
    assert solver.iter == done + 2


def test_two_solvers_step_in_turns(solver_file):
    first, second = caffe.SGDSolver(solver_file()), caffe.AdamSolver(solver_file())
    for _ in range(3):
        first.step(1)
        second.step(1)
    assert first.iter == second.iter == 3
