"""Nets written in Python.

    from caffe import layers as L, params as P

    n = caffe.NetSpec()
    n.data, n.label = L.Data(source='train_lmdb', backend=P.Data.LMDB, batch_size=64, ntop=2)
    n.conv1 = L.Convolution(n.data, kernel_size=5, num_output=20, weight_filler=dict(type='xavier'))
    n.relu1 = L.ReLU(n.conv1, in_place=True)
    n.loss = L.SoftmaxWithLoss(n.conv1, n.label)
    print(n.to_proto())

`L.<Type>` is a layer of any type, its arguments are bottoms and settings; `P.<Name>.<VALUE>` is a
value of an enumeration in `<Name>Parameter`.
"""

import functools
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Callable, Union

import numpy as np

from . import _caffe, _names
from .proto import caffe_pb2


def param_name_dict() -> dict[str, str]:
    """Layer types and the fields with their settings: {'InnerProduct': 'inner_product', …}."""
    return {
        field.message_type.name[: -len("Parameter")]: field.name[: -len("_param")]
        for field in caffe_pb2.LayerParameter.DESCRIPTOR.fields
        if field.name.endswith("_param") and field.message_type is not None
    }


def to_proto(*tops: "Top"):
    """A NetParameter with all layers that are needed for `tops`.

    Blobs and layers are named after their types, and numbered.
    """
    return _net(tops, {})


def assign_proto(proto, name: str, val: Any) -> None:
    """Sets a field of a message to a Python value.

    A dict becomes a message; a list, tuple or array becomes a repeated field; one value for a
    repeated field becomes its only element.
    """
    field = proto.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        near = _names.nearest(name, proto.DESCRIPTOR.fields_by_name)
        hint = f" (did you mean {near}?)" if near else ""
        raise AttributeError(f"{proto.DESCRIPTOR.name} has no field {name}{hint}")
    if field.enum_type is not None:
        for value in val if isinstance(val, (list, tuple)) else [val]:
            _check_enumeration(field.enum_type, value)
    if isinstance(val, (np.ndarray, np.generic)):
        val = val.tolist()
    if hasattr(getattr(proto, name), "extend"):
        for item in val if isinstance(val, (list, tuple)) else [val]:
            if isinstance(item, dict):
                _assign_all(getattr(proto, name).add(), item)
            else:
                getattr(proto, name).append(item)
    elif isinstance(val, dict):
        getattr(proto, name).SetInParent()
        _assign_all(getattr(proto, name), val)
    elif field.message_type is not None:
        getattr(proto, name).CopyFrom(val)
    else:
        setattr(proto, name, val)


def _check_enumeration(enumeration, value: Any) -> None:
    """Raises ValueError for a text that names no value."""
    known = enumeration.values_by_name
    if isinstance(value, str) and value not in known:
        raise ValueError(f"{enumeration.name} has no value {value}{_names.hint(value, known)}")


def _assign_all(proto, values: dict[str, Any]) -> None:
    for name, value in values.items():
        assign_proto(proto, name, value)


class Top:
    """A blob that a layer makes: number `n` of the tops of `fn`."""

    def __init__(self, fn: "Function", n: int):
        self.fn = fn
        self.n = n

    def to_proto(self):
        """A NetParameter with all layers that are needed for this blob."""
        return to_proto(self)


class Function:
    """A layer: its type, its bottoms and its settings."""

    def __init__(self, type_name: str, inputs: Sequence[Top], params: dict[str, Any]):
        for index, bottom in enumerate(inputs):
            if not isinstance(bottom, Top):
                raise TypeError(f"{type_name} input {index} is not a Top (type is {type(bottom)})")
        meant = _names.misspelt(type_name, _known_types())
        if meant is not None:
            raise AttributeError(f"there is no layer type {type_name}; did you mean {meant}?")
        self.type_name = type_name
        self.inputs = inputs
        self.params = dict(params)
        self.ntop: int = self.params.pop("ntop", 1)
        self.in_place: bool = self.params.pop("in_place", False)
        self.tops = tuple(Top(self, n) for n in range(self.ntop))

    @property
    def fn(self) -> "Function":
        """Itself, so that a layer without tops can stand where a Top does."""
        return self

    def _layer(self, bottoms: Sequence[str], name_of: Callable[[Union[Top, "Function"]], str]):
        """The layer as a message."""
        layer = caffe_pb2.LayerParameter(type=self.type_name, bottom=bottoms)
        layer.top.extend(bottoms if self.in_place else [name_of(top) for top in self.tops])
        layer.name = name_of(self.tops[0] if self.tops else self)
        own_name = _own_field(self.type_name)
        for name, value in self.params.items():
            own = getattr(layer, own_name) if own_name else layer
            # Of fields that both have, the layer type's own is meant.
            if name.endswith("param") or name not in own.DESCRIPTOR.fields_by_name:
                if name not in layer.DESCRIPTOR.fields_by_name:
                    raise AttributeError(self._no_field(name, own))
                own = layer
            assign_proto(own, name, value)
        return layer

    def _no_field(self, name: str, own) -> str:
        known = [
            *own.DESCRIPTOR.fields_by_name,
            *caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name,
        ]
        near = _names.nearest(name, known)
        hint = f": did you mean {near}?" if near else "."
        return f"{self.type_name} has no setting {name}{hint}"


class NetSpec:
    """A net whose blobs are its attributes, and are named like them.

    A layer takes the name of its first top. Layers come in the order in which they are needed by
    the blobs, taken in the order of their assignment.
    """

    tops: "OrderedDict[str, Union[Top, Function]]"

    def __init__(self):
        super().__setattr__("tops", OrderedDict())

    def __setattr__(self, name: str, value: Union[Top, Function]) -> None:
        self.tops[name] = value

    def __getattr__(self, name: str):
        # Python itself asks for such names, to copy an object for instance, and expects this error.
        if name.startswith("__") or name == "tops":
            raise AttributeError(name)
        return self[name]

    def __delattr__(self, name: str) -> None:
        del self.tops[name]

    __setitem__ = __setattr__

    def __getitem__(self, name: str):
        if name not in self.tops:
            raise KeyError(f"{name}{_names.hint(name, self.tops)}")
        return self.tops[name]

    def __delitem__(self, name: str) -> None:
        del self.tops[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tops

    def to_proto(self):
        """The NetParameter; `str()` of it is a prototxt."""
        for name, top in self.tops.items():
            if not isinstance(top, (Top, Function)):
                raise TypeError(f"{name} is not a Top (type is {type(top)})")
        return _net(self.tops.values(), {top: name for name, top in self.tops.items()})


def _net(roots: Iterable[Union[Top, Function]], names: dict[Union[Top, Function], str]):
    """A net of the layers that `roots` need, each after those that it needs itself."""
    counts: Counter = Counter()

    def name_of(item: Union[Top, Function]) -> str:
        if item not in names:
            type_name = item.fn.type_name
            counts[type_name] += 1
            names[item] = f"{type_name}{counts[type_name]}"
        return names[item]

    layers: OrderedDict[Function, Any] = OrderedDict()
    for root in roots:
        # A stack of its own, as nets are deeper than Python lets functions call themselves.
        waiting = [root.fn]
        while waiting:
            function = waiting[-1]
            needed = next((top.fn for top in function.inputs if top.fn not in layers), None)
            if function in layers:
                waiting.pop()
            elif needed is not None:
                waiting.append(needed)
            else:
                bottoms = [layers[top.fn].top[top.n] for top in function.inputs]
                layers[function] = function._layer(bottoms, name_of)
    net = caffe_pb2.NetParameter()
    net.layer.extend(layers.values())
    return net


class Layers:
    """What `L` is: `L.<Type>(*bottoms, ntop=1, in_place=False, **settings)` makes a layer.

    It gives the layer's Top, a tuple of them, or for ntop=0 the Function.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def layer(*bottoms: Top, **settings: Any) -> Union[Top, tuple[Top, ...], Function]:
            function = Function(name, bottoms, settings)
            if function.ntop == 0:
                return function
            return function.tops[0] if function.ntop == 1 else function.tops

        layer.__name__ = layer.__qualname__ = name
        return layer


class Parameters:
    """What `P` is: `P.<Name>` is `<Name>Parameter`, which has the values of its enumerations."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        message = getattr(caffe_pb2, name + "Parameter", None)
        if message is None:
            known = [each[: -len("Parameter")] for each in vars(caffe_pb2) if each.endswith("Parameter")]
            raise AttributeError(f"there is no {name}Parameter{_names.hint(name, known)}")
        return _Values(message)


class _Values:
    """The values of a message's enumerations."""

    def __init__(self, message) -> None:
        self._message = message

    def __call__(self, **fields: Any):
        return self._message(**fields)

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return getattr(self._message, name)
        except AttributeError:
            message = self._message.DESCRIPTOR
            known = [value.name for each in message.enum_types for value in each.values]
            raise AttributeError(f"{message.name} has no value {name}{_names.hint(name, known)}") from None


_param_names = param_name_dict()
# Layers that keep their settings in the message of another.
_param_names.update(
    Deconvolution="convolution", Im2col="convolution", RNN="recurrent", LSTM="recurrent"
)


@functools.lru_cache(maxsize=None)
def _known_types() -> list[str]:
    """The layer types of this package; none where its library is missing."""
    try:
        return list(_caffe.layer_type_list())
    except RuntimeError:
        return []


def _own_field(type_name: str) -> str:
    """The field of LayerParameter with the settings of a layer type; '' if it has none."""
    return _param_names[type_name] + "_param" if type_name in _param_names else ""


layers = Layers()
params = Parameters()
