"""What a submission claims, beside what its shipped weights and a model trained here reach; all of it informs only."""

from harness.claims._claimed import ClaimFile, FoundClaims, claim_files, find_claims
from harness.claims._describe_claims import describe_agreement, describe_figures, told_apart

__all__ = [
    "ClaimFile",
    "FoundClaims",
    "claim_files",
    "describe_agreement",
    "describe_figures",
    "find_claims",
    "told_apart",
]
