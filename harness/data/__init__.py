"""Find, check and load a task's data; workers never import this package."""

from harness.data._assets import Asset, assets_here, fetch_asset
from harness.data._cached_facts import DataFacts, facts_file, read_facts, write_facts
from harness.data._digest import data_digest
from harness.data._fit_parts import FitParts
from harness.data._load import DataChoice, TaskData, load_data
from harness.data._private import Withheld, keep_private, private_folder
from harness.data._source_files import Bars, DownloadBar, NotHere, in_cache, no_bars
from harness.data._survey import Found, survey
from harness.places import Places

__all__ = [
    "Asset",
    "Bars",
    "DataChoice",
    "DataFacts",
    "DownloadBar",
    "FitParts",
    "Found",
    "NotHere",
    "Places",
    "TaskData",
    "Withheld",
    "assets_here",
    "data_digest",
    "facts_file",
    "fetch_asset",
    "in_cache",
    "keep_private",
    "load_data",
    "no_bars",
    "private_folder",
    "read_facts",
    "survey",
    "write_facts",
]
