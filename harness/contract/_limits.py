"""What a submission may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

from harness.contract._checks import Problems, is_count, is_number

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Caps on one evaluation; seconds are of the wall clock but for `fit_cpu_seconds`."""

    import_seconds: float = 60
    fit_cpu_seconds: float = 300
    """CPU time of the whole process tree; the wall clock stops it at three times that."""
    save_seconds: float = 60
    load_seconds: float = 60
    predict_seconds: float = 60
    """For the whole part that is scored."""
    measure_seconds: float = 60
    memory_bytes: int = 4 * GIB
    processes: int = 64
    """Processes and threads together, as the kernel counts them."""
    scratch_bytes: int = 2 * GIB
    artifact_bytes: int = 256 * MIB
    shipped_bytes: int = 64 * KIB
    """Data files beside ``model.py`` when the model is trained."""
    output_bytes: int = 8 * MIB
    """What a worker prints beyond this is dropped, not punished."""
    parameters: int | None = None

    def __post_init__(self) -> None:
        problems = Problems("Limits.")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "parameters":
                problems.expect(value is None or is_count(value), field.name, value, "a whole number above 0, or None")
            elif field.type == "int":
                problems.expect(is_count(value), field.name, value, "a whole number above 0")
            else:
                problems.expect(is_number(value) and value > 0, field.name, value, "a number of seconds above 0")
        problems.tell()

    @property
    def fit_seconds(self) -> float:
        """The wall-clock backstop of `fit`."""
        return 3 * self.fit_cpu_seconds
