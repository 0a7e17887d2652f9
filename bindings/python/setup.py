# SPDX-License-Identifier: Apache-2.0
"""Builds the extension: a C compiler and an installed libpolicy are all it takes.

libpolicy is found by pkg-config; or by LIBPOLICY_CFLAGS and LIBPOLICY_LIBS, where both are set.
"""
import glob
import os
import shlex
import subprocess

from setuptools import Extension, setup


def flags(variable, option):
    if os.environ.get(variable):
        return shlex.split(os.environ[variable])
    try:
        return shlex.split(subprocess.run(["pkg-config", option, "libpolicy"], check=True, capture_output=True, text=True).stdout)
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(f"libpolicy is not installed: pkg-config does not know it (or set {variable})")


setup(
    ext_modules=[
        Extension(
            "libpolicy._native",
            sorted(glob.glob("src/*.c")),
            depends=["src/native.h", "src/handle.h"],
            define_macros=[("Py_LIMITED_API", "0x030A0000")],
            py_limited_api=True,
            extra_compile_args=["-std=gnu11", "-O2", "-fvisibility=hidden", *flags("LIBPOLICY_CFLAGS", "--cflags")],
            extra_link_args=flags("LIBPOLICY_LIBS", "--libs"),
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
