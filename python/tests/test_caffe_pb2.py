"""Tests of the messages of caffe.proto."""

import base64
import copy
import pathlib
import pickle
import re
import shutil
import subprocess
import sys

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, text_format

from caffe.proto import caffe_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = ROOT / "Sources/CaffeProto"
COMPILED = pathlib.Path(caffe_pb2.__file__).with_name("caffe.desc")


def small_net():
    net = caffe_pb2.NetParameter(name="net")
    layer = net.layer.add(name="conv", type="Convolution", top=["conv"])
    layer.convolution_param.kernel_size.append(3)
    layer.blobs.add(data=[1, 2]).shape.dim.append(2)
    layer.include.add(phase=caffe_pb2.TEST)
    return net


def test_enumeration_values_are_names_of_the_module_or_of_their_message():
    assert (caffe_pb2.TRAIN, caffe_pb2.TEST) == (0, 1)
    assert caffe_pb2.PoolingParameter.AVE == 1
    assert caffe_pb2.V1LayerParameter.CONVOLUTION == 4
    assert caffe_pb2.Phase.Name(1) == "TEST"
    assert caffe_pb2.V1LayerParameter.LayerType.Value("RELU") == 18
    assert caffe_pb2.PoolingParameter.PoolMethod.DESCRIPTOR.values_by_name["MAX"].number == 0


def test_descriptors_have_the_names_of_generated_code():
    assert caffe_pb2.DESCRIPTOR.name == "caffe.proto"
    assert caffe_pb2._NETPARAMETER is caffe_pb2.NetParameter.DESCRIPTOR
    assert caffe_pb2._V1LAYERPARAMETER_LAYERTYPE.values_by_number[4].name == "CONVOLUTION"


def test_bytes_text_and_copies_keep_a_message():
    net = small_net()
    assert caffe_pb2.NetParameter.FromString(net.SerializeToString()) == net
    assert text_format.Parse(text_format.MessageToString(net), caffe_pb2.NetParameter()) == net
    assert text_format.Merge(str(net), caffe_pb2.NetParameter()) == net
    assert copy.copy(net) == copy.deepcopy(net) == net
    other = caffe_pb2.NetParameter()
    other.CopyFrom(net)
    other.layer.extend(net.layer)
    assert len(other.layer) == 2


def test_messages_and_classes_can_be_pickled():
    net = small_net()
    assert pickle.loads(pickle.dumps(net)) == net
    assert pickle.loads(pickle.dumps(net.layer[0])) == net.layer[0]
    assert pickle.loads(pickle.dumps(caffe_pb2.LayerParameter)) is caffe_pb2.LayerParameter


def test_parts_of_a_message_have_the_classes_of_the_module():
    layer = small_net().layer[0]
    assert type(layer) is caffe_pb2.LayerParameter
    assert type(layer.convolution_param) is caffe_pb2.ConvolutionParameter
    assert layer.HasField("convolution_param") and not layer.HasField("pooling_param")


def test_the_pool_that_all_packages_share_stays_clean():
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindFileByName("caffe.proto")


def test_another_package_may_bring_its_caffe_proto():
    other = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    other.message_type.add(name="NetParameter").field.add(name="mine", number=1, type=9, label=1)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import types; "
        'caffe = sys.modules["caffe"] = types.ModuleType("caffe"); '
        'caffe.__path__ = [sys.argv[1] + "/caffe"]; '
        "from google.protobuf import descriptor_pool; "
        f"descriptor_pool.Default().AddSerializedFile({other.SerializeToString()!r}); "
        "from caffe.proto import caffe_pb2; "
        'assert caffe_pb2.NetParameter(name="a").name == "a"'
    )
    subprocess.run([sys.executable, "-c", script, str(COMPILED.parents[2])], check=True)


def declared(compiled: bytes):
    return descriptor_pb2.FileDescriptorSet.FromString(compiled)


def test_the_compiled_file_is_the_one_that_swift_has():
    swift = (PROTOS / "Descriptor.pb.swift").read_text()
    text = re.search(r'"""(.*?)"""', swift, re.DOTALL).group(1)
    assert declared(base64.b64decode(re.sub(r"[\\\s]", "", text))) == declared(
        COMPILED.read_bytes()
    )


@pytest.mark.skipif(shutil.which("protoc") is None, reason="protoc is not installed")
def test_the_compiled_file_agrees_with_caffe_proto(tmp_path):
    fresh = tmp_path / "caffe.desc"
    subprocess.run(
        ["protoc", f"--proto_path={PROTOS}", f"--descriptor_set_out={fresh}", "caffe.proto"],
        check=True,
    )
    assert declared(fresh.read_bytes()) == declared(COMPILED.read_bytes()), (
        "run Scripts/generate-proto"
    )


def test_the_type_stub_names_every_message():
    stub = pathlib.Path(caffe_pb2.__file__).with_suffix(".pyi").read_text()
    declared_names = set(re.findall(r"^class (\w+)\(_message", stub, re.MULTILINE))
    assert declared_names == set(caffe_pb2.DESCRIPTOR.message_types_by_name)
