"""Find, check and load a task's data; never imported by a worker."""

from harness.data._load import DataChoice, TaskData, load_data
from harness.data._places import Places
from harness.data._private import private_folder

__all__ = ["DataChoice", "Places", "TaskData", "load_data", "private_folder"]
