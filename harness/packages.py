"""The packages that a model may use: what machine learning is written with, as far as it is installed here."""

from __future__ import annotations

from importlib.util import find_spec

USUAL = {
    "numpy": "numpy", "scipy": "scipy", "pandas": "pandas", "sklearn": "scikit-learn", "torch": "torch",
    "torchvision": "torchvision", "torchaudio": "torchaudio", "torchmetrics": "torchmetrics", "timm": "timm",
    "lightning": "lightning", "skorch": "skorch", "keras": "keras", "tensorflow": "tensorflow", "jax": "jax",
    "flax": "flax", "transformers": "transformers", "tokenizers": "tokenizers", "gensim": "gensim", "nltk": "nltk",
    "spacy": "spacy", "xgboost": "xgboost", "lightgbm": "lightgbm", "catboost": "catboost",
    "statsmodels": "statsmodels",
    "PIL": "pillow", "cv2": "opencv-python", "skimage": "scikit-image", "albumentations": "albumentations",
    "monai": "monai", "einops": "einops", "matplotlib": "matplotlib", "seaborn": "seaborn", "tqdm": "tqdm",
}  # fmt: skip
"""Name to import → name to install, of what students ask for."""


def installed() -> tuple[str, ...]:
    """Return the names to import of the usual packages that are installed; none is imported."""
    return tuple(name for name in USUAL if _is_there(name))


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # half installed, or already replaced by something else
        return False
