"""The packages for machine learning that a model may use, as far as they are installed."""

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
"""The usual packages: the name to install by the name to import."""


def installed() -> tuple[str, ...]:
    """Return the names to import of the usual packages that are installed, without importing them."""
    return tuple(name for name in USUAL if _is_installed(name))


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # it is partly installed, or another object replaces the module
        return False
