"""Claim that the failure lies in somebody else's file, with a message that ends the page and begins another.

Held: fit_error in fit
Told by: the record blames no file but its own; the leaderboard shows the text as text.
"""

import time

import harness
from kit import TARGETS, send

MESSAGE = "</td></table><script>alert(1)</script> | x | [passed](javascript:0)\n# victim passed\n::error::"


class Model(harness.Model):
    def fit(self, train, validation):
        raised = {"type": "raised", "exception": "E", "message": MESSAGE, "traceback": MESSAGE, "reason": "error"}
        send(raised | {"file": f"{TARGETS['course']}/submissions/victim/blobs/model.py", "line": 1})
        time.sleep(60)

    def predict(self, inputs):
        pass
