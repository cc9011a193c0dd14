"""Save a small compressed archive that expands to 200 MB.

Held: resource_limit in weigh
Checked by: the size is computed from the headers in the archive, and it is over the limit.
"""

import zipfile

import harness

HEADER = (
    b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (50000000,), }".ljust(117) + b"\n"
)


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        with (
            zipfile.ZipFile(folder / "weights.npz", "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("weights.npy", "w") as member,
        ):
            member.write(HEADER)
            for _ in range(200):
                member.write(bytes(1_000_000))

    def predict(self, inputs):
        pass
