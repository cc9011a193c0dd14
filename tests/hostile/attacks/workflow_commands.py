"""Print commands for a CI runner and a terminal: annotations, masks, titles, a changed result.

Held: fit_error in fit
Checked by: no line that the harness prints begins with a command, and none contains an escape sequence.
"""

import harness

COMMANDS = (
    "::error file=tasks/blobs/task.py::broken", "  ::add-mask::passed", "::stop-commands::x", "::set-output name=a::b",
    "\x1b]0;title\x07\x1b[2K\rpassed: workflow-commands", "\u202egnihton\u2028::warning::x\r::notice::y",
)  # fmt: skip


class Model(harness.Model):
    def fit(self, train, validation):
        for command in COMMANDS:
            print(command)
            self.log(**{command: 1.0})
        raise RuntimeError("\n".join(COMMANDS))

    def predict(self, inputs):
        pass
