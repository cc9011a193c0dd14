"""Virtual patients with type 1 diabetes, seen through a sensor.

Glucose and remote insulin are Bergman's minimal model (Bergman et al. 1979, Am. J. Physiol. 236:E667), meals and
injected insulin arrive through two compartments each (Hovorka et al. 2004, Physiol. Meas. 25:905). Minutes are the
unit of time; insulin is counted from the basal level, which keeps glucose at its fasting value.
"""

import numpy as np

EVERY = 5
MINUTES_A_DAY = 24 * 60
MEALS = ((7.5, 45), (12.5, 70), (19, 75))  # hour, grams of carbohydrate
SNACKS = ((10, 15), (16, 20), (21.5, 15))  # eaten on half of the days, without insulin
LOW = 65  # mg/dL: the patient takes 15 g
FLOOR = 40

P1, P2, P3 = 0.012, 0.025, 1.3e-5  # 1/min, 1/min, L/(mU min²)
GLUCOSE_VOLUME, INSULIN_VOLUME = 120, 12  # dL, L
CLEARANCE = 0.093  # of insulin, 1/min
GUT, SKIN = 40, 55  # minutes to the peak of what was eaten, injected
AVAILABLE = 0.8  # of the carbohydrate eaten
GRAMS_A_UNIT = 9
SENSOR_MEMORY, SENSOR_NOISE = 0.7, 2.5  # of its error from one reading to the next; mg/dL


def simulate(patients: int, days: int, generator: np.random.Generator) -> np.ndarray:
    """Return (patients, readings) of sensor glucose in mg/dL, one every five minutes."""
    sensitivity, fasting, gut, skin = (
        typical * generator.lognormal(0, spread, patients)
        for typical, spread in ((P3, 0.25), (125, 0.12), (GUT, 0.2), (SKIN, 0.15))
    )
    eaten, injected = _day_plans(patients, days, generator)
    glucose, remote, insulin = fasting.copy(), np.zeros(patients), np.zeros(patients)
    depots = np.zeros((4, patients))  # stomach, gut, skin, below the skin
    since_rescue = np.full(patients, MINUTES_A_DAY)
    trace = np.empty((days * MINUTES_A_DAY, patients))
    for minute in range(days * MINUTES_A_DAY):
        rescue = (glucose < LOW) & (since_rescue > 30)
        since_rescue = np.where(rescue, 0, since_rescue + 1)
        depots[0] += AVAILABLE * 1000 * (eaten[:, minute] + 15 * rescue)  # mg
        depots[2] += 1000 * injected[:, minute]  # mU
        appearing, absorbed = depots[1] / gut, depots[3] / skin
        depots += (-depots[0] / gut, depots[0] / gut - appearing, -depots[2] / skin, depots[2] / skin - absorbed)
        dawn = 1 + 0.1 * np.sin(2 * np.pi * (minute / MINUTES_A_DAY - 0.05))
        glucose = glucose - (P1 + remote) * glucose + P1 * dawn * fasting + appearing / GLUCOSE_VOLUME
        glucose = np.maximum(glucose, FLOOR)
        remote = remote - P2 * remote + sensitivity * insulin
        insulin = insulin - CLEARANCE * insulin + absorbed / INSULIN_VOLUME
        trace[minute] = glucose
    return _sensed(trace[::EVERY].T, generator)


def _day_plans(patients: int, days: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw what is eaten (g) and injected (U) in each minute; people misjudge their meals and inject early or late."""
    eaten, injected = np.zeros((2, patients, days * MINUTES_A_DAY))
    for patient in range(patients):
        for day in range(days):
            for hour, grams in (*MEALS, *SNACKS):
                if (hour, grams) in SNACKS and generator.random() < 0.5:
                    continue
                minute = day * MINUTES_A_DAY + int(60 * hour + generator.uniform(-75, 75))
                carbohydrate = grams * generator.lognormal(0, 0.3)
                eaten[patient, minute] += carbohydrate
                if (hour, grams) in MEALS:
                    units = carbohydrate * generator.lognormal(-0.1, 0.25) / GRAMS_A_UNIT
                    injected[patient, minute + int(generator.integers(-15, 25))] += units
    return eaten, injected


def _sensed(glucose: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    error = np.zeros(len(glucose))
    readings = np.empty_like(glucose)
    for step in range(glucose.shape[1]):
        error = SENSOR_MEMORY * error + generator.normal(0, SENSOR_NOISE, len(glucose))
        readings[:, step] = glucose[:, step] + error
    return np.clip(readings, FLOOR, 400).round(1)  # as a sensor shows it
