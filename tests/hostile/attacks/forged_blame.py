"""Report a failure in somebody else's file, with a message that contains HTML and Markdown.

Held: fit_error in fit
Checked by: the record names no file of another submission; the leaderboard shows the message as text.
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
