#!/usr/bin/env bash
# Run once, when Gradescope builds the image: a Python of its own for the harness.
set -euo pipefail
root=${AUTOGRADER:-/autograder}

new_enough() {
    "$1" -I -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    apt-get update -q
    apt-get install -y -q python3.11 python3.11-venv
    python=$(find_python)
fi
"$python" -I -m venv "$root/venv"
if [ -s "$root/source/torch_index" ]; then
    "$root/venv/bin/python" -I -m pip install --quiet --index-url "$(cat "$root/source/torch_index")" torch torchvision
fi
for wheel in "$root"/source/*.whl; do # with what metrics of boxes need: any task may have them
    "$root/venv/bin/python" -I -m pip install --quiet "${wheel}[detection]"
done
if [ -s "$root/source/packages" ]; then
    "$root/venv/bin/python" -I -m pip install --quiet --requirement "$root/source/packages"
fi
