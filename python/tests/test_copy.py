"""Copies, pickles and other processes: nets and solvers travel, their parts say that they do not."""

import contextlib
import copy
import multiprocessing
import os
import pickle
import signal
import threading

import numpy as np
import pytest

import caffe
from caffe import dnn
from caffe.proto import caffe_pb2

pytestmark = pytest.mark.needs_library

NET = """
name: 'small'
force_backward: true
layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: 'gaussian' std: 0.5 } bias_filler { value: 1 } } }
layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }
layer { name: 'drop' type: 'Dropout' bottom: 'conv' top: 'drop' }
layer { name: 'ip' type: 'InnerProduct' bottom: 'drop' top: 'ip'
  inner_product_param { num_output: 5 weight_filler { type: 'xavier' } } }
layer { name: 'other' type: 'InnerProduct' bottom: 'drop' top: 'other' inner_product_param { num_output: 2 } }
layer { name: 'prob' type: 'Softmax' bottom: 'ip' top: 'prob' }
"""

TRAIN = """
layer { name: 'data' type: 'DummyData' top: 'data' top: 'target'
  dummy_data_param { shape { dim: 8 dim: 3 } shape { dim: 8 dim: 2 }
    data_filler { type: 'gaussian' } data_filler { type: 'constant' value: 1 } } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'
  inner_product_param { num_output: 2 weight_filler { type: 'gaussian' std: 0.1 } } }
layer { name: 'drop' type: 'Dropout' bottom: 'ip' top: 'ip' }
layer { name: 'loss' type: 'EuclideanLoss' bottom: 'ip' bottom: 'target' top: 'loss' include { phase: TRAIN } }
layer { name: 'error' type: 'EuclideanLoss' bottom: 'ip' bottom: 'target' top: 'error' include { phase: TEST stage: 'show' } }
"""

COPIES = [
    copy.copy,
    copy.deepcopy,
    lambda thing: pickle.loads(pickle.dumps(thing)),
    lambda thing: pickle.loads(pickle.dumps(thing, protocol=2)),
]

every_copy = pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle", "pickle 2"])


@pytest.fixture
def images():
    return np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)


@every_copy
@pytest.mark.parametrize("phase", [caffe.TRAIN, caffe.TEST])
def test_a_copy_of_a_net_computes_the_same_and_is_its_own(copied, phase, images):
    net = caffe.Net.from_text(NET, phase)
    net.forward(data=images)
    other = copied(net)
    assert (other.name, other.phase, other._layer_names, list(other.blobs)) == (
        net.name, net.phase, net._layer_names, list(net.blobs),
    )  # fmt: skip
    assert (other.inputs, other.outputs) == (net.inputs, net.outputs)
    assert np.array_equal(other.blobs["prob"].data, net.blobs["prob"].data)
    # The inputs came along, and so did the place in the random numbers.
    assert np.array_equal(other.forward()["prob"], net.forward()["prob"])
    net.params["conv"][0].data[...] = 0
    net.blobs["data"].data[...] = 0
    assert other.params["conv"][0].data.any() and other.blobs["data"].data.any()


def test_shapes_and_gradients_come_along(images):
    net = caffe.Net.from_text(NET, caffe.TRAIN)
    net.blobs["data"].reshape(1, 3, 8, 8)
    net.forward(data=images[:1])
    net.backward(prob=np.ones((1, 5)), other=np.ones((1, 2)))
    other = copy.deepcopy(net)
    assert other.blobs["prob"].shape == (1, 5)
    assert np.array_equal(other.params["conv"][0].diff, net.params["conv"][0].diff)


def test_shared_weights_become_weights_of_the_copy(images):
    one, two = caffe.Net.from_text(NET, caffe.TEST), caffe.Net.from_text(NET, caffe.TEST)
    two.share_with(one)
    other = copy.deepcopy(two)
    one.params["ip"][0].data[...] = 0
    assert not two.params["ip"][0].data.any() and other.params["ip"][0].data.any()


def test_level_stages_and_splits_are_those_of_the_original():
    rules = NET + "layer { name: 'a' type: 'Silence' bottom: 'prob' include { stage: 'show' min_level: 2 } }"
    path_free = caffe.Net.from_text(rules, caffe.TEST, level=3, stages=["show"])
    assert copy.copy(path_free)._layer_names == path_free._layer_names
    assert "a" in path_free._layer_names


class Counted(caffe.Net):
    """A net with an attribute of its own."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.counts = [1, 2]


def test_a_class_of_ones_own_keeps_its_attributes(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    net = Counted(str(path), caffe.TEST)
    deep, shallow = copy.deepcopy(net), copy.copy(net)
    assert type(deep) is Counted and deep.counts == [1, 2] and deep.counts is not net.counts
    assert shallow.counts is net.counts


@every_copy
def test_classifiers_ensembles_and_opencvs_nets_are_copied(copied, classifier_files):
    model, weights = classifier_files
    images = [np.random.default_rng(1).random((6, 6, 3)).astype(np.float32)]
    classifier = caffe.Classifier(model, weights[0], image_dims=(5, 5), mean=np.ones(3), channel_swap=(2, 1, 0))
    assert np.array_equal(copied(classifier).predict(images), classifier.predict(images))
    ensemble = caffe.Ensemble(model, weights)
    assert np.array_equal(copied(ensemble).predict(images), ensemble.predict(images))
    net = dnn.readNetFromCaffe(model, weights[0])
    net.setInput(np.ones((2, 3, 4, 4)))
    other = copied(net)
    assert np.array_equal(other.forward(), net.forward())


def test_a_net_with_lent_arrays_goes_on_where_it_was():
    net = caffe.Net.from_text(
        "layer { name: 'data' type: 'MemoryData' top: 'data' top: 'label' memory_data_param "
        "{ batch_size: 2 channels: 1 height: 1 width: 1 } }",
        caffe.TRAIN,
    )
    net.set_input_arrays(np.arange(6, dtype="f4").reshape(6, 1, 1, 1), np.arange(6, dtype="f4"))
    net.forward()
    other = copy.deepcopy(net)
    for each in (net, other):
        each.forward()
        assert list(each.blobs["data"].data.flat) == [2, 3]


@every_copy
@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdaDelta"])
def test_a_copy_of_a_solver_trains_on_to_the_same_weights(copied, kind, tmp_path):
    (tmp_path / "net.prototxt").write_text(TRAIN)
    path = tmp_path / "solver.prototxt"
    path.write_text(
        f"net: '{tmp_path}/net.prototxt' type: '{kind}' base_lr: 0.1 lr_policy: 'step' gamma: 0.5 stepsize: 4 momentum: 0.9 "
        f"max_iter: 40 random_seed: 3 snapshot_prefix: '{tmp_path}/s' test_iter: 1 test_interval: 3 test_state {{ stage: 'show' }}"
    )
    solver = caffe.get_solver(str(path))
    solver.step(5)
    solver.param.base_lr = 0.05
    (tmp_path / "net.prototxt").unlink()
    other = copied(solver)
    assert type(other) is type(solver) and (other.iter, other.lr) == (5, solver.lr)
    assert str(other.param) == str(solver.param)
    assert other.test_nets[0].outputs == ["error"]
    for each in (solver, other):
        each.step(5)
    assert np.array_equal(solver.net.params["ip"][0].data, other.net.params["ip"][0].data)
    assert np.array_equal(solver.test_nets[0].blobs["error"].data, other.test_nets[0].blobs["error"].data)
    solver.net.params["ip"][0].data[...] = 0
    assert other.net.params["ip"][0].data.any()


def test_the_seed_is_not_used_up_by_copies():
    def weights(copies):
        caffe.set_random_seed(5)
        first = caffe.Net.from_text(NET, caffe.TEST)
        if copies:
            copy.copy(first)
        return caffe.Net.from_text(NET, caffe.TEST).params["conv"][0].data.copy()

    assert np.array_equal(weights(True), weights(False))


@every_copy
def test_parts_of_nets_say_what_to_copy_instead(copied):
    net = caffe.Net.from_text(NET, caffe.TEST)
    for part in (net.blobs["data"], net.params["conv"][0]):
        with pytest.raises(TypeError, match=r"blob\.data\.copy\(\)\), or the net"):
            copied(part)
    with pytest.raises(TypeError, match="copy the net"):
        copied(net.layers[1])
    with pytest.raises(TypeError, match="copy the array"):
        copied(net.blobs["data"].data.base)
    if copied is not copy.copy:
        with pytest.raises(TypeError, match="or the net"):
            copied(net.params)
    assert copied(net.blobs["data"].data).shape == (2, 3, 8, 8)


def test_settings_are_copied_as_a_message(tmp_path):
    (tmp_path / "net.prototxt").write_text(TRAIN)
    (tmp_path / "solver.prototxt").write_text(f"net: '{tmp_path}/net.prototxt' base_lr: 0.5 lr_policy: 'fixed'")
    param = caffe.get_solver(str(tmp_path / "solver.prototxt")).param
    settings = copy.deepcopy(param)
    assert isinstance(settings, caffe_pb2.SolverParameter) and settings.base_lr == 0.5
    # The solver is gone: its settings can be read, and no more.
    assert param.base_lr == 0.5
    with pytest.raises(RuntimeError, match="the solver is gone"):
        param.base_lr = 1


def test_parts_are_not_made_by_hand():
    net = caffe.Net.from_text(NET, caffe.TEST)
    with pytest.raises(TypeError, match="made by nets"):
        caffe.pycaffe.Blob(1, 2)
    with pytest.raises(TypeError, match="made by nets"):
        type(net.layers[1])(1, "Convolution", None)


def test_a_copy_of_a_net_that_is_not_trusted_is_not_trusted_either():
    net = caffe.Net.from_text(NET, caffe.TEST, trusted=False, memory_limit=1 << 20)
    for each in (net, copy.copy(net)):
        each.blobs["data"].reshape(4000, 3, 8, 8)
        with pytest.raises(RuntimeError):
            each.reshape()


def test_a_damaged_pickle_is_an_exception():
    net = caffe.Net.from_text(NET, caffe.TEST)
    function, (cls, content), *_ = net.__reduce__()
    for damaged in (content[:-3], content[:100], b"", b"\xff" * 40):
        with pytest.raises(RuntimeError):
            function(cls, damaged)


def test_a_net_that_writes_a_file_is_not_copied(tmp_path):
    net = caffe.Net.from_text(
        NET + "layer { name: 'label' type: 'DummyData' top: 'label' dummy_data_param { shape { dim: 2 } } }"
        "layer { name: 'out' type: 'HDF5Output' bottom: 'prob' bottom: 'label' "
        f"hdf5_output_param {{ file_name: '{tmp_path}/out.h5' }} }}",
        caffe.TEST,
    )
    with pytest.raises(RuntimeError, match="overwrite"):
        copy.copy(net)


# Other processes.


def answer(net, image):
    return net.forward(data=image)["prob"].copy()


def test_a_copy_computes_by_the_engine_of_the_original():
    x = np.random.default_rng(2).standard_normal((2, 3, 8, 8)).astype(np.float32)
    try:
        caffe.set_engine("reference")
        net = caffe.Net.from_text(NET, caffe.TEST)
    finally:
        caffe.set_engine(None)
    expected = net.forward(data=x)["prob"]
    assert np.array_equal(copy.deepcopy(net).forward(data=x)["prob"], expected)
    assert np.array_equal(pickle.loads(pickle.dumps(net)).forward(data=x)["prob"], expected)
    fast = caffe.Net.from_text(NET, caffe.TEST)
    fast.share_with(net)
    assert not np.array_equal(fast.forward(data=x)["prob"], expected)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_takes_a_net_as_an_argument(method, images):
    net = caffe.Net.from_text(NET, caffe.TEST)
    expected = answer(net, images)
    with multiprocessing.get_context(method).Pool(2) as pool:
        answers = pool.starmap_async(answer, [(net, images)] * 4).get(timeout=60)
    assert all(np.allclose(each, expected, atol=1e-6) for each in answers)


_global = None


def answer_of_global(image):
    return answer(_global, image)


LARGE = """
layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 16 dim: 64 dim: 64 } } }
layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
  convolution_param { num_output: 32 kernel_size: 3 pad: 1 weight_filler { type: 'gaussian' std: 0.1 } } }
layer { name: 'tanh' type: 'TanH' bottom: 'conv' top: 'conv' }
layer { name: 'prob' type: 'Softmax' bottom: 'conv' top: 'prob' }
"""


def in_a_fork(function, seconds=60):
    """What the function returns in a forked process, as bytes."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(seconds)
            os.write(writer, function())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        content = file.read()
    assert os.waitpid(child, 0)[1] == 0
    return content


def test_a_net_from_before_the_fork_computes_the_same_in_the_new_process():
    global _global
    _global = caffe.Net.from_text(LARGE, caffe.TEST)
    x = np.random.default_rng(0).standard_normal((2, 16, 64, 64))
    expected = answer_of_global(x)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map_async(answer_of_global, [x] * 4).get(timeout=60)
    assert all(np.array_equal(each, expected) for each in answers)
    # Also in a process that comes out of one that came out of this one, and trains.
    train = caffe.Net.from_text(LARGE, caffe.TRAIN)

    def grandchild():
        return in_a_fork(lambda: b"%d" % np.isfinite(train.forward(data=x)["prob"]).all())

    assert in_a_fork(grandchild) == b"1"
    _global = None


def test_a_product_of_few_rows_is_computed_in_the_new_process_too():
    net = caffe.Net.from_text(
        """layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3072 } } }
           layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip'
             inner_product_param { num_output: 1000 weight_filler { type: 'xavier' } } }""",
        caffe.TEST,
    )
    x = np.random.default_rng(1).standard_normal((1, 3072)).astype(np.float32)
    expected = net.forward(x=x)["ip"]
    assert np.allclose(np.frombuffer(in_a_fork(lambda: net.forward(x=x)["ip"].tobytes()), np.float32), expected[0], atol=1e-5)


def test_data_are_read_on_in_a_forked_process(tmp_path, write_png):
    names = [write_png(np.full((4, 4, 3), 10 * number, np.uint8), f"{number}.png") for number in range(8)]
    (tmp_path / "list.txt").write_text("".join(f"{name} {number}\n" for number, name in enumerate(names)))
    net = caffe.Net.from_text(
        f"layer {{ name: 'data' type: 'ImageData' top: 'data' top: 'label' "
        f"image_data_param {{ source: '{tmp_path}/list.txt' batch_size: 2 }} }}",
        caffe.TEST,
    )
    net.forward()

    def labels():
        found = []
        for _ in range(6):
            net.forward()
            found += net.blobs["label"].data.astype(int).tolist()
        return repr(found).encode()

    expected = [2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5]
    assert eval(in_a_fork(labels)) == expected
    assert eval(labels()) == expected


def test_hdf5_files_can_be_read_though_another_thread_was_reading_one_at_the_fork(tmp_path):
    path = str(tmp_path / "weights.h5")
    read, forked = (caffe.Net.from_text(LARGE, caffe.TEST) for _ in range(2))
    read.save_hdf5(path)
    is_over = threading.Event()

    def read_all_the_time():
        while not is_over.is_set():
            read.load_hdf5(path)

    def child():
        forked.load_hdf5(path)
        return b"read"

    thread = threading.Thread(target=read_all_the_time)
    thread.start()
    try:
        assert [in_a_fork(child) for _ in range(8)] == [b"read"] * 8
    finally:
        is_over.set()
        thread.join()


def test_a_process_can_log_though_another_thread_was_logging_at_the_fork():
    # Nobody reads the pipe, and it is full: the thread stays in its call. The new process logs elsewhere.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 4096)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b".")
    os.set_blocking(writer, True)
    standard_error = os.dup(2)
    thread = threading.Thread(target=caffe.log, args=("never mind",))

    def child():
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        caffe.log("something")
        return b"logged"

    try:
        os.dup2(writer, 2)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert in_a_fork(child) == b"logged"
    finally:
        os.dup2(standard_error, 2)
        os.close(writer)
        while os.read(reader, 1 << 16):
            pass
        thread.join()
        os.close(reader)
        os.close(standard_error)


def test_a_net_that_ran_in_another_thread_at_the_fork_is_an_exception():
    net = caffe.Net.from_text(LARGE, caffe.TEST)
    started, go_on = threading.Event(), threading.Event()

    def hook(layer):
        started.set()
        go_on.wait(60)

    net.before_forward(hook)
    thread = threading.Thread(target=net.forward)
    thread.start()
    started.wait(60)

    def child():
        try:
            net.forward()
        except RuntimeError as error:
            return str(error).encode()
        return b"no error"

    try:
        assert b"was running when the process forked" in in_a_fork(child)
    finally:
        go_on.set()
        thread.join()
