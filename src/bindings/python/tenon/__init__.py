"""Tenon takes a trained neural network, optimizes it for the machine at hand, and runs it.

    network = tenon.Network.load("model.onnx")
    engine = tenon.build(network, shapes={"image": ((1, 3, 224, 224), (4, 3, 224, 224), (8, 3, 224, 224))})
    context = engine.create_context()
    logits = context(image)

docs/python.md has the rest. What Tenon raises is a tenon.Error: a ModelError says what the model or the caller got
wrong, a DeviceError that a device or memory failed, an InternalError is a bug.
"""

from __future__ import annotations

import atexit
import copyreg
import logging

from tenon import _tenon
from tenon._tenon import *  # noqa: F403
from tenon._calibrator import Calibrator
from tenon._plugin import Plugin
from tenon._tenon import Engine, LogLevel, set_log_sink, version

__version__ = version()
__all__ = [*(name for name in vars(_tenon) if not name.startswith("_")), "__version__", "Calibrator", "Plugin", "use_logging"]
for _name in __all__:
    if isinstance(globals().get(_name), type):
        globals()[_name].__module__ = "tenon"


def use_logging(logger: logging.Logger | None = None) -> None:
    """Sends Tenon's messages to `logger`, by default logging.getLogger("tenon"), from its present level on."""
    target = logger or logging.getLogger("tenon")
    levels = {LogLevel.debug: logging.DEBUG, LogLevel.info: logging.INFO, LogLevel.warning: logging.WARNING,
              LogLevel.error: logging.ERROR}
    threshold = next((ours for ours, theirs in levels.items() if target.isEnabledFor(theirs)), LogLevel.error)
    set_log_sink(lambda level, message: target.log(levels[level], "%s", message), threshold)


def _engine(data: bytes) -> Engine:
    return Engine.deserialize(data)


copyreg.pickle(Engine, lambda engine: (_engine, (engine.serialize(),)))
atexit.register(set_log_sink, None)
