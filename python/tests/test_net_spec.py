"""Tests of nets written in Python."""

import copy

import numpy as np
import pytest

import caffe
from caffe import layers as L
from caffe import params as P
from caffe.net_spec import assign_proto, param_name_dict
from caffe.proto import caffe_pb2


def test_a_net_has_the_names_that_its_blobs_are_assigned_to():
    n = caffe.NetSpec()
    n.data, n.label = L.Data(source="db", backend=P.Data.LMDB, batch_size=4, ntop=2)
    n.conv1 = L.Convolution(n.data, kernel_size=5, num_output=20, weight_filler=dict(type="xavier"))
    n["relu1"] = L.ReLU(n.conv1, in_place=True)
    n.loss = L.SoftmaxWithLoss(n.relu1, n.label)
    net = n.to_proto()
    assert [(layer.name, layer.type) for layer in net.layer] == [
        ("data", "Data"),
        ("conv1", "Convolution"),
        ("relu1", "ReLU"),
        ("loss", "SoftmaxWithLoss"),
    ]
    assert list(net.layer[0].top) == ["data", "label"]
    assert net.layer[0].data_param.backend == caffe_pb2.DataParameter.LMDB
    assert list(net.layer[2].bottom) == list(net.layer[2].top) == ["conv1"]
    assert list(net.layer[3].bottom) == ["conv1", "label"]
    assert list(net.layer[1].convolution_param.kernel_size) == [5]
    assert net.layer[1].convolution_param.weight_filler.type == "xavier"


def test_blobs_without_names_are_numbered_by_type():
    data, label = L.DummyData(shape=[dict(dim=[1, 2]), dict(dim=1)], ntop=2)
    first = L.InnerProduct(data, num_output=3)
    second = L.InnerProduct(first, num_output=3)
    net = caffe.to_proto(L.EuclideanLoss(second, label))
    assert [layer.name for layer in net.layer] == [
        "DummyData1",
        "InnerProduct1",
        "InnerProduct2",
        "EuclideanLoss1",
    ]
    assert list(net.layer[0].top) == ["DummyData1", "DummyData2"]
    assert [list(shape.dim) for shape in net.layer[0].dummy_data_param.shape] == [[1, 2], [1]]


def test_a_layer_is_written_once_for_several_tops():
    data = L.Input(shape=dict(dim=[1]))
    net = caffe.to_proto(L.ReLU(data), L.TanH(data))
    assert [layer.type for layer in net.layer] == ["Input", "ReLU", "TanH"]
    assert [layer.type for layer in L.ReLU(data).to_proto().layer] == ["Input", "ReLU"]


def test_a_layer_without_tops_can_have_a_name():
    n = caffe.NetSpec()
    n.data = L.Input(shape=dict(dim=[1]))
    n.quiet = L.Silence(n.data, ntop=0)
    net = n.to_proto()
    assert (net.layer[1].name, list(net.layer[1].top)) == ("quiet", [])


def test_settings_go_to_the_layer_where_its_own_message_lacks_them():
    param = [dict(lr_mult=1, decay_mult=1), dict(lr_mult=2, decay_mult=0)]
    layer = (
        L.InnerProduct(
            num_output=1,
            name="fc",
            param=param,
            loss_weight=1,
            include=dict(phase=caffe.TEST),
            propagate_down=[True],
        )
        .to_proto()
        .layer[0]
    )
    assert layer.name == "fc"
    assert [p.lr_mult for p in layer.param] == [1, 2]
    assert (list(layer.loss_weight), layer.include[0].phase) == ([1], caffe.TEST)
    layer = L.Data(transform_param=dict(scale=0.5, mean_value=[1, 2, 3])).to_proto().layer[0]
    assert list(layer.transform_param.mean_value) == [1, 2, 3]


def test_a_deconvolution_takes_settings_of_a_convolution_either_way():
    plain = L.Deconvolution(num_output=2, kernel_size=4).to_proto()
    assert plain == L.Deconvolution(convolution_param=dict(num_output=2, kernel_size=4)).to_proto()


def test_numbers_and_arrays_of_numpy_are_values():
    layer = (
        L.Convolution(num_output=np.int64(3), kernel_size=np.array([1, 2]), pad=(1, 0))
        .to_proto()
        .layer[0]
    )
    assert layer.convolution_param.num_output == 3
    assert list(layer.convolution_param.kernel_size) == [1, 2]
    assert list(layer.convolution_param.pad) == [1, 0]


def test_a_bottom_must_be_a_top():
    with pytest.raises(
        TypeError, match=r"^Silence input 0 is not a Top \(type is <class 'tuple'>\)$"
    ):
        L.Silence(L.DummyData(ntop=2), ntop=0)
    n = caffe.NetSpec()
    n.data = L.DummyData(ntop=2)
    with pytest.raises(TypeError, match="data is not a Top"):
        n.to_proto()


def test_an_unknown_setting_is_an_error_with_a_hint():
    with pytest.raises(
        AttributeError, match="Convolution has no setting kernel_sise: did you mean kernel_size?"
    ):
        L.Convolution(kernel_sise=3).to_proto()
    with pytest.raises(
        AttributeError, match="FillerParameter has no field typ .did you mean type?"
    ):
        L.Convolution(weight_filler=dict(typ="xavier")).to_proto()
    with pytest.raises(AttributeError):
        P.Pooling.MEDIAN  # noqa: B018


@pytest.mark.needs_library
@pytest.mark.parametrize(
    ("wrong", "right"),
    [("Convolutoin", "Convolution"), ("Relu", "ReLU"), ("InnerProdct", "InnerProduct"), ("Softmaxwithloss", "SoftmaxWithLoss")],
)
def test_a_misspelt_type_is_an_error_with_a_hint(wrong, right):
    with pytest.raises(AttributeError, match=f"no layer type {wrong}; did you mean {right}?"):
        getattr(L, wrong)(num_output=3)


def test_types_of_other_caffes_can_be_written():
    for name in ("Convolution3D", "ReLU6", "ROIPooling", "ConvolutionDepthwise", "Normalize", "PriorBox", "CReLU", "Interp"):
        assert getattr(L, name)().to_proto().layer[0].type == name


def test_a_misspelt_value_is_an_error_with_a_hint():
    with pytest.raises(AttributeError, match="no value MAXX; did you mean MAX?"):
        P.Pooling.MAXX  # noqa: B018
    with pytest.raises(AttributeError, match="no PolingParameter; did you mean Pooling?"):
        P.Poling  # noqa: B018
    with pytest.raises(ValueError, match="no value AVERAGE"):
        L.Pooling(pool="AVERAGE").to_proto()
    assert L.Pooling(pool="AVE").to_proto().layer[0].pooling_param.pool == P.Pooling.AVE
    n = caffe.NetSpec()
    n.conv1 = L.Convolution(num_output=1)
    with pytest.raises(KeyError, match="did you mean conv1"):
        n.conv  # noqa: B018


def test_an_unknown_blob_is_a_key_error():
    n = caffe.NetSpec()
    with pytest.raises(KeyError):
        n.nothing  # noqa: B018
    n.data = L.Input()
    assert "data" in n and list(n.tops) == ["data"]
    del n.data
    assert "data" not in n


def test_a_spec_can_be_copied():
    n = caffe.NetSpec()
    n.data = L.Input(shape=dict(dim=[1]))
    assert copy.deepcopy(n).to_proto() == n.to_proto()


def test_a_very_deep_net_can_be_written():
    top = L.Input(shape=dict(dim=[1]))
    for _ in range(3000):
        top = L.ReLU(top)
    assert len(top.to_proto().layer) == 3001


def test_one_value_stands_for_a_list_and_a_dict_for_a_message():
    layer = caffe_pb2.LayerParameter()
    assign_proto(layer, "bottom", "data")
    assign_proto(layer, "include", dict(stage=["a", "b"]))
    assign_proto(layer, "blobs", [])
    assign_proto(layer, "input_param", dict())
    assert list(layer.bottom) == ["data"] and list(layer.include[0].stage) == ["a", "b"]
    assert layer.HasField("input_param")


def test_types_have_fields():
    names = param_name_dict()
    assert names["InnerProduct"] == "inner_product"
    assert (
        names["ReLU"] == "relu"
        and names["HDF5Data"] == "hdf5_data"
        and names["Transformation"] == "transform"
    )


@pytest.mark.needs_library
def test_the_text_of_a_spec_builds_a_net(tmp_path):
    n = caffe.NetSpec()
    n.data = L.Input(shape=dict(dim=[2, 3]))
    n.ip = L.InnerProduct(n.data, num_output=4)
    path = tmp_path / "net.prototxt"
    path.write_text(str(n.to_proto()))
    net = caffe.Net(str(path), caffe.TEST)
    assert net.blobs["ip"].data.shape == (2, 4)
