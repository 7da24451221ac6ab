"""The rows of the tables: which nets, with which batches."""

import dataclasses

INFERENCE, TRAINING = "inference", "training"


@dataclasses.dataclass(frozen=True)
class Row:
    kind: str
    net: str
    batch: int

    def __str__(self):
        return f"{self.kind}/{self.net}/{self.batch}"

    @classmethod
    def named(cls, text):
        kind, net, batch = text.split("/")
        return cls(kind, net, int(batch))


def _rows(kind, batches):
    return [Row(kind, net, batch) for net, sizes in batches.items() for batch in sizes]


ROWS = _rows(
    INFERENCE,
    {
        "lenet": [64],
        "cifar10_quick": [100],
        "caffenet": [1, 10, 64],
        "googlenet": [1, 10],
        "vgg16": [1, 8],
        "resnet50": [1, 8],
        "squeezenet": [1, 10],
        "mobilenet": [1, 10],
    },
) + _rows(
    TRAINING,
    {
        "lenet": [64],
        "cifar10_quick": [100],
        "caffenet": [64],
        "googlenet": [16],
        "resnet50": [8],
        "vgg16": [4],
        "squeezenet": [16],
        "mobilenet": [16],
    },
)
