"""Striatal phantoms: transaxial DaTscan slices of people with Parkinson's disease, drawn instead of measured.

What binds where follows the literature, simplified:

- Without the disease the binding ratio (specific over unspecific) is about 3.15 ± 0.54 in the caudate and
  1.89 ± 0.26 in the putamen; Lange et al. 2014, PLoS ONE 9:e108328, table 2.
- In Hoehn and Yahr's stage 1 the putamen has lost 51 % on the side that shows no symptoms and 64 % on the other,
  the striatum as a whole 39 and 51 %; Tissingh et al. 1998, by the table of doi:10.1002/ana.21995.
- Loss goes on with the stage, the putamen before the caudate (putamen : caudate 0.50 in patients, 0.82 in controls);
  Seibyl et al. 1995, Ann Neurol 38:589.
- Patients of neighbouring stages overlap considerably; Benamer et al. 2000, Mov Disord 15:692.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from .._shared.drawing import ellipse

SHAPE = (91, 109)
"""Pixels of 2 mm, from left to right and from back to front."""
HIGHEST = 8.0
"""Of the uptake that is kept, in units of the unspecific one."""

CAUDATE, PUTAMEN = 3.15, 1.89
RECOVERY = 1.7
"""What the camera's blur takes from structures this small is put on before."""
CAMERA, FILTER = 1.9, 1.2
"""Standard deviations in pixels: about 9 mm of the collimator, 6 mm of the filter, full width at half maximum."""
COUNTS = 30.0
"""Photons a pixel of unspecific uptake."""


@dataclass(frozen=True)
class Stage:
    """Mean share of binding lost: (less, more) affected side."""

    caudate: tuple[float, float]
    putamen: tuple[float, float]


STAGES = (
    Stage(caudate=(0.20, 0.32), putamen=(0.50, 0.64)),
    Stage(caudate=(0.38, 0.46), putamen=(0.67, 0.76)),
    Stage(caudate=(0.54, 0.60), putamen=(0.80, 0.85)),
)
CONTROL = Stage(caudate=(0.0, 0.0), putamen=(0.0, 0.0))


@dataclass(frozen=True)
class Head:
    """How a head lies in the scanner, and how big it is."""

    middle: np.ndarray
    size: float
    turn: float

    def piece(
        self, place: tuple[float, float], radii: tuple[float, float], angle: float = 0.0, softness: float = 0.5
    ) -> np.ndarray:
        """Return the coverage of a structure; `place` is (right, front) of the middle in the head's own frame."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        away = self.size * np.array([place[0] * cos - place[1] * sin, place[0] * sin + place[1] * cos])
        scaled = (radii[0] * self.size, radii[1] * self.size)
        return ellipse(SHAPE, tuple(self.middle + away), scaled, angle + self.turn, softness)


def phantom(stage: Stage, generator: np.random.Generator) -> np.ndarray:
    """Return one (91, 109) slice in uint16 thousandths of the unspecific uptake."""
    head = Head(np.array([45, 54]) + generator.normal(0, 1.2, 2), generator.normal(1, 0.04), generator.normal(0, 0.06))
    uptake = head.piece((0, 0), (33, 42), softness=1.0)
    for side in (-1, 1):  # the ventricles bind nothing and hold little
        uptake -= 0.35 * head.piece((side * 3.0, 4.0), (1.8, 6.0), side * 0.15)
    severity, binding = generator.normal(0, 0.08), generator.normal(1, 0.12)
    worse = generator.choice((-1, 1))
    for side in (-1, 1):
        affected = int(side == worse)
        lost = [
            np.clip(losses[affected] + generator.normal(0, 0.05) + severity * (stage is not CONTROL), 0, 0.95)
            for losses in (stage.caudate, stage.putamen)
        ]
        caudate, putamen = (
            RECOVERY * binding * ratio * (1 - share) for ratio, share in zip((CAUDATE, PUTAMEN), lost, strict=True)
        )
        wide = generator.normal(1, 0.06, 4)
        uptake += caudate * head.piece((side * 6.5, 6.0), (2.6 * wide[0], 5.0 * wide[1]), side * 0.3)
        # the back of the putamen goes first
        for back, share in ((-4.0, 1 - 0.5 * lost[1]), (3.0, 1 + 0.5 * lost[1])):
            radii = (2.9 * wide[2], 5.0 * wide[3])
            uptake += putamen * share * head.piece((side * 13.0, back), radii, side * 0.35)
    photons = generator.poisson(COUNTS * np.clip(gaussian_filter(uptake, CAMERA), 0, None))
    return np.round(1000 * relative(gaussian_filter(photons / COUNTS, FILTER))).astype(np.uint16)


def relative(image: np.ndarray) -> np.ndarray:
    """Divide a slice by its unspecific uptake, the median of all that is brighter than a fifth of the brightest."""
    level = float(np.median(image[image > 0.2 * image.max()]))
    return np.clip(image / level, 0, HIGHEST)
