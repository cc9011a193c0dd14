"""Plain data between host and worker: typed JSON messages and raw arrays, nothing that runs when read."""

from harness.wire._channel import Admit, ArrayHeader, Channel, ChannelClosed, Frame, WireError, anything
from harness.wire._codec import Form, pack, unpack
from harness.wire._messages import (
    Done,
    Echo,
    File,
    Fit,
    Inspect,
    Load,
    Logged,
    Operators,
    Predict,
    Raised,
    Reason,
    Reply,
    Request,
    Save,
    Setup,
)

__all__ = [
    "Admit",
    "ArrayHeader",
    "Channel",
    "ChannelClosed",
    "Done",
    "Echo",
    "File",
    "Fit",
    "Form",
    "Frame",
    "Inspect",
    "Load",
    "Logged",
    "Operators",
    "Predict",
    "Raised",
    "Reason",
    "Reply",
    "Request",
    "Save",
    "Setup",
    "WireError",
    "anything",
    "pack",
    "unpack",
]
