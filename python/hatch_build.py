"""Gives the wheel its platform: the library in it runs on one, under every Python from 3.9 on."""

import pathlib
import sysconfig
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeLibrary(BuildHookInterface):
    """Sets the tag of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # `pip install --editable` uses the library that `swift build` leaves in the clone.
        if version == "editable":
            return
        if not pathlib.Path(self.root, "caffe", "_native").is_dir():
            raise RuntimeError(
                "The native library is not here: build the wheel by Scripts/build-wheel."
            )
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
