"""All messages and enumerations of caffe.proto as protobuf classes.

    from caffe.proto import caffe_pb2
    from google.protobuf import text_format

    net = caffe_pb2.NetParameter()
    text_format.Merge(open('train_val.prototxt').read(), net)

The classes are built from the compiled caffe.proto when this module is imported, not by code that
`protoc` generated: generated code fits few versions of protobuf, and this works with each since
3.20. They live in a pool of their own, so that another package may bring its caffe.proto into the
same program.
"""

import copyreg
import inspect
import pathlib
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from google.protobuf.internal import enum_type_wrapper

_pool = descriptor_pool.DescriptorPool()
if hasattr(message_factory, "GetMessageClass"):
    _class_of = message_factory.GetMessageClass
else:  # protobuf before 4.22
    _class_of = message_factory.MessageFactory(_pool).GetPrototype


def _load_file():
    """Adds caffe.proto to the pool and returns its descriptor."""
    compiled = pathlib.Path(__file__).with_name("caffe.desc").read_bytes()
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(compiled).file
    _pool.AddSerializedFile(file.SerializeToString())
    return _pool.FindFileByName(file.name)


def _make_class(descriptor) -> type:
    """The class of a message, its nested messages among its attributes."""
    cls = _class_of(descriptor)
    cls.__module__ = __name__
    cls.__qualname__ = descriptor.full_name[len(descriptor.file.package) + 1 :]
    # protobuf itself would look for the class in the pool that all packages share.
    copyreg.pickle(cls, _reduce)
    for nested in descriptor.nested_types:
        nested_cls = _make_class(nested)
        if inspect.getattr_static(cls, nested.name, None) is None:
            setattr(cls, nested.name, nested_cls)
    return cls


def _reduce(value: message.Message):
    return _restore, (type(value).__qualname__, value.SerializePartialToString())


def _restore(name: str, wire: bytes) -> message.Message:
    """The message of the class called `name` (dots for nested ones), unpickled."""
    found: Any = globals()[name.partition(".")[0]]
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found.FromString(wire)


def _declarations(file) -> dict[str, Any]:
    """What a generated module would have at its top level."""
    names: dict[str, Any] = {"DESCRIPTOR": file}
    for name, descriptor in file.message_types_by_name.items():
        names[name] = _make_class(descriptor)
        # The descriptors under the names that generated code gave them, which some converters use.
        names["_" + name.upper()] = descriptor
        for enum in descriptor.enum_types:
            names[f"_{name}_{enum.name}".upper()] = enum
    for name, enum in file.enum_types_by_name.items():
        names[name] = enum_type_wrapper.EnumTypeWrapper(enum)
        names["_" + name.upper()] = enum
        names.update((value.name, value.number) for value in enum.values)
    return names


globals().update(_declarations(_load_file()))
