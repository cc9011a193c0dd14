"""Compare the score that a submission claims with those of its shipped weights and of a model trained here.

The comparison only informs; no result depends on it.
"""

from harness.claims._claimed import ClaimFile, FoundClaims, claim_files, find_claims
from harness.claims._describe_claims import describe_agreement, describe_figures, differs

__all__ = [
    "ClaimFile",
    "FoundClaims",
    "claim_files",
    "describe_agreement",
    "describe_figures",
    "differs",
    "find_claims",
]
