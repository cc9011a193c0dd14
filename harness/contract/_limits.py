"""The limits on what a submission may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

from harness.contract._documented import Documented
from harness.contract._problems import Problems, is_count, is_number

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
_LEAST_SECONDS = 0.1
WALL_CLOCK_FACTOR = 3
"""How much more wall-clock time than CPU time a phase may take, because other work may keep the machine busy."""


@dataclass(frozen=True, kw_only=True)
class Limits(metaclass=Documented):
    """The resources that one evaluation of a submission may use.

    The limits on import, fit, save and load are seconds of CPU time, in all processes and threads together. These
    phases are also stopped after three times as many seconds of wall-clock time, because other work may keep the
    machine busy. `predict_seconds` and `measure_seconds` are wall-clock time. A submission that exceeds a limit fails,
    and the message names the limit. The exception is `output_bytes`: output beyond it is dropped.

    Parameters
    ----------
    import_seconds : float, default 60
        Seconds to import ``model.py`` and to create `Model()`.
    fit_cpu_seconds : float, default 300
        Seconds of CPU time for `Model.fit`. `fit_seconds` are the seconds of wall-clock time after which it is stopped.
    save_seconds : float, default 60
        Seconds for `Model.save`.
    load_seconds : float, default 60
        Seconds for `Model.load`.
    predict_seconds : float, default 60
        Seconds for `Model.predict` on all items of the scored part.
    measure_seconds : float, default 60
        Seconds for the timed run. A slow model is timed on as many inputs as they allow; it fails if it cannot answer
        five single inputs.
    memory_bytes : int, default 4 GiB
        Bytes of memory of all processes together. At least 64 MiB, which Python and NumPy need.
    processes : int, default 64
        Processes and threads together, as the kernel counts them.
    scratch_bytes : int, default 2 GiB
        Bytes in the folder for temporary files.
    artifact_bytes : int, default 256 MiB
        Bytes that `Model.save` may write.
    shipped_bytes : int, default 64 KiB
        Bytes of data files next to ``model.py``, if the model is trained; 0 for none.
    output_bytes : int, default 8 MiB
        Bytes of printed output. Further output is dropped; the submission does not fail.
    parameters : int or None, default None
        Numbers in the arrays that the model keeps; None for no limit.

    Raises
    ------
    TaskError
        A value is not a number, a time is less than 0.1 s, or bytes, processes or parameters are not whole numbers.
    """

    import_seconds: float = 60
    fit_cpu_seconds: float = 300
    save_seconds: float = 60
    load_seconds: float = 60
    predict_seconds: float = 60
    measure_seconds: float = 60
    memory_bytes: int = 4 * GIB
    processes: int = 64
    scratch_bytes: int = 2 * GIB
    artifact_bytes: int = 256 * MIB
    shipped_bytes: int = 64 * KIB
    output_bytes: int = 8 * MIB
    parameters: int | None = None

    def __post_init__(self) -> None:
        problems = Problems("Limits.")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "parameters":
                problems.expect(value is None or is_count(value), field.name, value, "a whole number above 0, or None")
            elif field.name == "shipped_bytes":
                problems.expect(is_count(value, 0), field.name, value, "a whole number of at least 0")
            elif field.type == "int":
                problems.expect(is_count(value), field.name, value, "a whole number above 0")
            else:
                expected = f"a number of seconds, at least {_LEAST_SECONDS}"
                problems.expect(is_number(value, _LEAST_SECONDS), field.name, value, expected)
        problems.raise_if_any()

    @property
    def fit_seconds(self) -> float:
        """Seconds of wall-clock time after which `Model.fit` is stopped: three times `fit_cpu_seconds`."""
        return self.wall_clock_seconds("fit_cpu_seconds")

    def wall_clock_seconds(self, limit: str) -> float:
        """Return after how many seconds of wall-clock time a phase is stopped whose CPU time has this limit."""
        seconds: float = getattr(self, limit)
        return WALL_CLOCK_FACTOR * seconds
