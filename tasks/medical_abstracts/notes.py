"""Generated clinical notes: one condition is found, others are feared and ruled out, so single words mislead."""

import numpy as np

from harness import Parts, Split

from .._shared.divide import hold_out_groups
from .data import SEED, key

NOTES = 1500
TEST = 0.4
VALIDATION = 0.15
SHARE_UNCLEAR = 0.2  # of the notes never name what was found: only symptoms tell

FINDINGS = (
    "melanoma, lymphoma, a carcinoma, a sarcoma, a hepatic tumour, leukaemia, a glioma, metastases",
    "gastritis, colitis, an ulcer, cirrhosis, pancreatitis, gallstones, reflux, a hepatic abscess",
    "a stroke, epilepsy, migraine, a neuropathy, sclerosis, dementia, a glioma, an aneurysm",
    "an infarction, angina, hypertension, arrhythmia, stenosis, a thrombosis, cardiomyopathy, an aneurysm",
    "sepsis, an abscess, a fistula, oedema, a haematoma, an ulcer, a thrombosis, fibrosis",
)
SIGNS = (
    "weight loss, night sweats, a palpable mass, fatigue, enlarged nodes, bone pain",
    "abdominal pain, nausea, jaundice, weight loss, vomiting, a distended abdomen",
    "headache, seizures, dizziness, weakness, numbness, confusion",
    "chest pain, dyspnoea, palpitations, dizziness, syncope, fatigue",
    "fever, pain, swelling, weakness, fatigue, night sweats",
)
PATIENTS = "man, woman, boy, girl, patient, smoker, nurse, farmer"
TESTS = "biopsy, computed tomography, ultrasound, laboratory work, autopsy, a scan, endoscopy, an angiogram"
ENDS = (
    "recovery was uneventful, treatment was started, follow-up is recommended, the outcome was poor, "
    "symptoms resolved, surgery was performed, the dose was reduced, the literature is reviewed"
)
FOUND = "confirmed {0}, showed {0}, was consistent with {0}, revealed {0}, established {0}"
UNCLEAR = "remained inconclusive, added nothing, could not be interpreted"
RULED_OUT = "excluded {0}, ruled out {0}, showed no {0}, was negative for {0}, gave no sign of {0}"
ORDERS = (
    "a {age} year old {who} presented with {sign} and {other_sign}. {test} {found}. {other_test} {not_found}. {end}.",
    "{sign} in a {age} year old {who}. {other_test} {not_found} and {test} {found}. {end}.",
    "we report a {who} of {age} years with {sign}. {other_sign} was noted. {test} {found} but {not_found}. {end}.",
    "a {who} with {sign} was first treated for {other}. {test} {not_found} and {other_test} {found}. {end}.",
    "in this {who} {other_test} {not_found}, {test} {found}. {sign} and {other_sign} had been present. {end}.",
)


def generate_notes() -> Parts:
    generator = np.random.Generator(np.random.PCG64(SEED))
    labels = generator.integers(0, len(FINDINGS), NOTES)
    everything = Split([_note(int(label), generator) for label in labels], labels.astype(np.int64))
    rest, test = hold_out_groups(everything, [key(text) for text in everything.inputs], TEST, SEED)
    train, validation = hold_out_groups(rest, [key(text) for text in rest.inputs], VALIDATION, SEED)
    return Parts(train, validation, test)


def _note(label: int, generator: np.random.Generator) -> str:
    def one_of(words: str) -> str:
        return str(generator.choice(words.split(", ")))

    unclear = generator.random() < SHARE_UNCLEAR
    feared = int(generator.choice([other for other in range(len(FINDINGS)) if other != label]))
    finding, other = one_of(FINDINGS[label]), one_of(FINDINGS[feared])
    return str(generator.choice(ORDERS)).format(
        age=generator.integers(18, 90),
        who=one_of(PATIENTS),
        sign=one_of(SIGNS[label]),
        other_sign=one_of(SIGNS[generator.choice([label, feared])]),
        other=other,
        test=one_of(TESTS),
        other_test=one_of(TESTS),
        found=one_of(UNCLEAR if unclear else FOUND).format(finding),
        not_found=one_of(RULED_OUT).format(other.removeprefix("a ").removeprefix("an ")),
        end=one_of(ENDS),
    )
