"""What the grading tests share: the module that builds the demonstration class."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

collect_ignore = ["class"]  # students' files, not tests


@pytest.fixture(scope="session")
def classroom() -> ModuleType:
    """Return tests/grading/classroom.py as a module."""
    name, path = "cs_cnn_classroom", Path(__file__).with_name("classroom.py")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]
